//! Decompresses gzip files one after the other on one core, as the store does, and prints the milliseconds that
//! took and the bytes that came out: what no pull can beat. For `cargo xtask bench ship`.
#![expect(clippy::print_stdout, reason = "an example talks to its terminal")]

use std::fs::File;
use std::io::{self, BufReader};
use std::time::Instant;

fn main() -> io::Result<()> {
    let files: Vec<_> = std::env::args_os().skip(1).collect();
    // The first round brings the files into the page cache.
    let mut bytes = 0;
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let begin = Instant::now();
        bytes = 0;
        for file in &files {
            let packed = BufReader::with_capacity(256 << 10, File::open(file)?);
            let mut reader =
                BufReader::with_capacity(256 << 10, flate2::bufread::MultiGzDecoder::new(packed));
            bytes += io::copy(&mut reader, &mut io::sink())?;
        }
        best = best.min(begin.elapsed().as_secs_f64() * 1e3);
    }
    println!("{best:.1} {bytes}");
    Ok(())
}
