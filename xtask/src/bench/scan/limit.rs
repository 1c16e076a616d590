//! What a cold scan cannot beat: reading the image once.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

use crate::bench::measure::milliseconds;
use crate::bench::results::Row;
use crate::shell::Outcome;

/// The best of so many readings: the first brings the archive into the page cache.
const READINGS: usize = 5;

/// Milliseconds for every byte of the archive, out of the page cache into memory.
pub(crate) fn row(image: &str, archive: &Path) -> Outcome<Row> {
    let mut best = f64::INFINITY;
    for _ in 0..READINGS {
        best = best.min(read(archive).map_err(|error| format!("{}: {error}", archive.display()))?);
    }
    let mut row = Row::new(&format!("{image}: limit"), "");
    row.put("cold_median_ms", best);
    Ok(row)
}

fn read(archive: &Path) -> std::io::Result<f64> {
    let mut piece = vec![0; 1 << 20];
    let begin = Instant::now();
    let mut file = File::open(archive)?;
    while file.read(&mut piece)? > 0 {}
    Ok(milliseconds(begin.elapsed()))
}

pub(crate) fn megabytes(file: &Path) -> Outcome<u64> {
    let meta = std::fs::metadata(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(meta.len() / 1_000_000)
}
