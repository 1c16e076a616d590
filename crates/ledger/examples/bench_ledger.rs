//! Prints how long appending and verifying take: `cargo run --release -p coffer-ledger --example bench_ledger`.
//! One figure a line, `name value unit`; xtask bench reads them.

#![allow(clippy::print_stdout, reason = "the figures are its output")]

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use ledger::{Checkpoint, Durability, Ledger};

const ENTRIES: usize = 100_000;
const ORIGIN: &str = "bench.example/ledger";

fn main() -> Result<(), Box<dyn Error>> {
    let temporary = tempfile::tempdir_in(std::env::args_os().nth(1).unwrap_or_else(|| ".".into()))?;
    let directory = temporary.path().join("ledger");
    let ledger = Ledger::open(&directory, ORIGIN)?;
    let entry = [b'e'; 300];

    report("open", each(1000, || Ledger::open(&directory, ORIGIN).map(drop))?);
    report("append_buffered", each(2000, || ledger.append(&entry, Durability::Buffered).map(drop))?);
    report("append_flushed", each(2000, || ledger.append(&entry, Durability::Flushed).map(drop))?);
    report("open_and_append_flushed", each(1000, || once(&directory, &entry))?);
    report("append_flushed_of_a_start", starts(&ledger, 700)?);
    report("fdatasync_alone", flush_alone(temporary.path(), 2000)?);

    let mut slowest = each(2560, || ledger.append(&entry, Durability::Flushed).map(drop))?;
    slowest.sort();
    report("append_flushed_that_completes_a_bundle", slowest.split_off(2550));

    let missing = ENTRIES - ledger.len()? as usize;
    let started = Instant::now();
    ledger.append_all(&vec![entry.as_slice(); missing], Durability::Flushed)?;
    println!("append_all_per_entry {:.1} us", started.elapsed().as_secs_f64() * 1e6 / missing as f64);

    let saved = Checkpoint::parse(&ledger.checkpoint()?)?;
    report("open_at_100000", each(1000, || Ledger::open(&directory, ORIGIN).map(drop))?);
    report("append_flushed_at_100000", each(1000, || once(&directory, &entry))?);
    let mut times = each(9, || ledger.verify(Some(&saved)).map(drop))?;
    times.sort();
    println!("verify_{} {:.1} ms", ledger.len()?, times.get(4).map_or(0.0, Duration::as_secs_f64) * 1e3);
    Ok(())
}

fn once(directory: &Path, entry: &[u8]) -> Result<(), ledger::LedgerError> {
    Ledger::open(directory, ORIGIN)?.append(entry, Durability::Flushed).map(drop)
}

/// The entry that a container's start waits for; two that nobody waits for follow each.
fn starts(ledger: &Ledger, count: usize) -> Result<Vec<Duration>, ledger::LedgerError> {
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let started = Instant::now();
        ledger.append(&[b'p'; 600], Durability::Flushed)?;
        times.push(started.elapsed());
        ledger.append(&[b's'; 200], Durability::Buffered)?;
        ledger.append(&[b'x'; 250], Durability::Buffered)?;
    }
    Ok(times)
}

/// What the disk takes for the flush that an append cannot do without: of blocks that were written before.
fn flush_alone(directory: &Path, count: usize) -> std::io::Result<Vec<Duration>> {
    use std::os::unix::fs::FileExt as _;
    const LENGTH: usize = 404;
    let file = std::fs::File::create(directory.join("alone"))?;
    file.write_all_at(&vec![0; count * LENGTH], 0)?;
    file.sync_all()?;
    let mut end = 0;
    each(count, || {
        file.write_all_at(&[1; LENGTH], end)?;
        end += LENGTH as u64;
        file.sync_data()
    })
}

fn each<E>(count: usize, mut act: impl FnMut() -> Result<(), E>) -> Result<Vec<Duration>, E> {
    let timed = |_| {
        let started = Instant::now();
        act().map(|()| started.elapsed())
    };
    (0..count).map(timed).collect()
}

fn report(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |part: usize| times.get(times.len() * part / 100).map_or(0.0, Duration::as_secs_f64) * 1e6;
    let mean = times.iter().sum::<Duration>().as_secs_f64() * 1e6 / times.len() as f64;
    println!("{name} {:.1} us (p95 {:.1}, mean {mean:.1})", at(50), at(95));
}
