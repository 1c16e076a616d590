//! What a pull cannot beat: its layers through the decompressor on one core, or their bytes onto the disk.

use std::io::Write as _;
use std::time::Instant;

use crate::bench::measure::milliseconds;
use crate::bench::results::Row;
use crate::bench::scratch::Scratch;
use crate::bench::ship::IMAGES;
use crate::bench::ship::layout::Layout;
use crate::shell::{self, Outcome};

/// The slower of the two, for each image.
pub(crate) fn row(layout: &Layout, scratch: &Scratch) -> Outcome<Row> {
    let mut row = Row::new("limit", "");
    for image in IMAGES {
        let (inflate, bytes) = inflate(layout, image)?;
        let disk = disk(scratch, bytes)?;
        row.put(&format!("{image}_median_ms"), inflate.max(disk));
        row.put(&format!("{image}_inflate_ms"), inflate);
        row.put(&format!("{image}_disk_ms"), disk);
    }
    Ok(row)
}

/// Milliseconds on one core, and the bytes that come out.
fn inflate(layout: &Layout, image: &str) -> Outcome<(f64, u64)> {
    let files = layout.layers(image)?.into_iter().map(|layer| layer.file);
    let example =
        ["run", "--quiet", "--release", "--package", "coffer-store", "--example", "bench_inflate", "--"];
    let text = shell::capture(shell::cargo(example).args(files))?;
    let mut words = text.split_whitespace();
    let figures =
        (words.next().and_then(|word| word.parse().ok()), words.next().and_then(|word| word.parse().ok()));
    match figures {
        (Some(time), Some(bytes)) => Ok((time, bytes)),
        _ => Err(format!("bench_inflate says `{}`", text.trim())),
    }
}

/// Milliseconds for so many bytes into a file, as far as a pull waits for them: into the page cache.
fn disk(scratch: &Scratch, bytes: u64) -> Outcome<f64> {
    let path = scratch.path().join("written");
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let piece = vec![0x5a; 1 << 20];
    let begin = Instant::now();
    let mut file = std::fs::File::create(&path).map_err(failed)?;
    for _ in 0..bytes >> 20 {
        file.write_all(&piece).map_err(failed)?;
    }
    let elapsed = begin.elapsed();
    std::fs::remove_file(&path).map_err(failed)?;
    Ok(milliseconds(elapsed))
}
