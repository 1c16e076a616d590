//! EPSS: how likely each vulnerability is to be exploited, one line each: `CVE-2023-44487,0.81,0.98`.

use std::io::{BufRead, BufReader, Read};

use super::ImportError;
use super::output::Output;
use super::words::cves;
use crate::advisory::Remark;

/// Longest line, in bytes.
const MAX_LINE: u64 = 1024;

/// # Errors
/// What is wrong with the stream.
pub(super) fn read(input: &mut dyn Read, output: &mut Output<'_>) -> Result<(), ImportError> {
    let mut lines = BufReader::new(input);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = lines.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        let length = read.map_err(|cause| ImportError::Read { path: output.source().to_owned(), cause })?;
        if length == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if !text.is_empty() && !text.starts_with('#') && !text.starts_with("cve,") {
            match likelihood(text) {
                Some((cve, remark)) => output.remark(cve, remark),
                None => output.skip(text, "it is no CVE with two numbers from 0 to 1"),
            }
        }
    }
}

fn likelihood(line: &str) -> Option<(String, Remark)> {
    let mut fields = line.split(',');
    let cve = cves(fields.next()?).pop()?;
    let mut share = || fields.next()?.trim().parse().ok().filter(|share| (0.0..=1.0).contains(share));
    Some((cve, Remark::Likelihood { probability: share()?, percentile: share()? }))
}
