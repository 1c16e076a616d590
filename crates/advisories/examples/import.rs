//! Imports paths and says what came of them: `cargo run --release --example import -p coffer-advisories -- PATH...`.
#![allow(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::path::PathBuf;
use std::time::Instant;

use advisories::import::{ImportError, Item, Limits, import};

fn main() -> Result<(), ImportError> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let begun = Instant::now();
    let mut ranges = 0;
    let imported = import(&paths, &Limits::default(), &mut |item| match item {
        Item::Record(advisories::advisory::Record::Advisory(advisory)) => {
            ranges += advisory.affected.iter().map(|affected| affected.ranges.len()).sum::<usize>();
        }
        Item::Record(_) => {}
        Item::Skipped(skipped) => println!("{} {}: {}", skipped.source, skipped.record, skipped.reason),
    })?;
    for (format, count) in &imported.formats {
        println!("{}: {count:?}", format.name());
    }
    println!("{} unknown files, {ranges} intervals, {:?}", imported.unknown, begun.elapsed());
    Ok(())
}
