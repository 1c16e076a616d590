//! Debian's lists of announcements: an update each, the vulnerabilities that it mends and the version that does.
//!
//! ```text
//! [05 Apr 2023] DLA-3383-1 grunt - security update
//!     {CVE-2022-1537}
//!     [buster] - grunt 1.0.1-8+deb10u2
//! ```

use model::finding::Severity;

use super::debian::{fixed, worded};
use super::output::Output;
use super::words::{cves, line, set, severity};
use crate::advisory::{Advisory, Affected, Topic};
use crate::ecosystem::of_debian;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads a whole list.
pub(super) fn read(text: &str, output: &mut Output<'_>) {
    let mut current: Option<Advisory> = None;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if line.starts_with([' ', '\t']) {
            match &mut current {
                Some(advisory) => add(advisory, line.trim(), output),
                None => output.skip(line.trim(), "it belongs to no announcement"),
            }
            continue;
        }
        if let Some(advisory) = current.take() {
            output.advisory(finished(advisory));
        }
        current = heading(line);
        if current.is_none() {
            output.skip(line, "it is no announcement");
        }
    }
    if let Some(advisory) = current {
        output.advisory(finished(advisory));
    }
}

/// `[05 Apr 2023] DLA-3383-1 grunt - security update`.
fn heading(text: &str) -> Option<Advisory> {
    let (date, rest) = text.strip_prefix('[')?.split_once(']')?;
    let (id, title) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
    id.contains('-').then(|| Advisory {
        id: id.to_owned(),
        summary: line(title, ""),
        reference: format!("https://security-tracker.debian.org/tracker/{id}"),
        published: day(date).unwrap_or_default(),
        source: "debian".to_owned(),
        ..Advisory::default()
    })
}

/// `05 Apr 2023`.
fn day(date: &str) -> Option<String> {
    let mut parts = date.split_whitespace();
    let day: u8 = parts.next()?.parse().ok()?;
    let month = parts.next()?;
    let month = MONTHS.iter().position(|name| month.starts_with(name))? + 1;
    let year: u16 = parts.next()?.parse().ok()?;
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

fn add(advisory: &mut Advisory, line: &str, output: &mut Output<'_>) {
    if let Some(list) = line.strip_prefix('{') {
        advisory.mends.extend(cves(list));
    } else if line.starts_with('[') || line.starts_with("- ") {
        match package(line) {
            Ok(affected) => advisory.affected.push(affected),
            Err(reason) => output.skip(&advisory.id, format!("`{line}`: {reason}")),
        }
    } else if !["NOTE:", "TODO:"].iter().any(|start| line.to_ascii_uppercase().starts_with(start)) {
        output.skip(&advisory.id, format!("`{line}` says nothing that is known"));
    }
}

/// `[buster] - grunt 1.0.1-8+deb10u2 (medium)`; without a release it is the unstable one.
fn package(line: &str) -> Result<Affected, String> {
    let (release, rest) = match line.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or("a bracket is open")?,
        None => ("sid", line),
    };
    let ecosystem = of_debian(release).ok_or_else(|| format!("`{release}` is no release that is known"))?;
    let rest = rest.trim().strip_prefix("- ").ok_or("no package follows")?;
    let mut words = rest.split_whitespace();
    let name = words.next().ok_or("no package follows")?;
    let version = words.next().ok_or("no version follows")?;
    let mut affected = Affected::new(&ecosystem, name);
    if version.starts_with('<') {
        worded(&mut affected, version)?
    } else {
        fixed(&mut affected, version)
    }
    affected.severity = words.next().and_then(bracketed);
    Ok(affected)
}

fn bracketed(word: &str) -> Option<Severity> {
    severity(word.trim_matches(['(', ')', ';', ',']))
}

/// An announcement of no package is news.
fn finished(mut advisory: Advisory) -> Advisory {
    advisory.mends = set(advisory.mends);
    if advisory.affected.is_empty() && advisory.mends.is_empty() {
        advisory.topic = Topic::Notice;
    }
    advisory
}
