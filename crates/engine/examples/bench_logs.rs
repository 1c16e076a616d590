//! Prints how fast logs are written and read: `cargo run --release -p coffer-engine --example bench_logs`.
//! One figure a line, `name value unit`, by the processor time that it takes; the directory for the files may
//! be given.

#![allow(clippy::print_stdout, reason = "the figures are its output")]

use std::error::Error;
use std::ops::ControlFlow;
use std::os::fd::AsFd as _;
use std::time::Duration;

use coffer_engine::logs::{LogReader, LogWriter, Select, Stream, Tag, Written};
use coffer_engine::time::Moment;
use model::upkeep::Log;

/// What a keeper reads from a pipe at once.
const CHUNK: usize = 64 * 1024;
const NOW: Moment = Moment { seconds: 1_795_628_940, nanos: 123_456_789 };

fn main() -> Result<(), Box<dyn Error>> {
    let scratch = tempfile::tempdir_in(std::env::args_os().nth(1).unwrap_or_else(|| ".".into()))?;
    for (name, line, bytes) in [
        ("write_lines_of_2", "y\n".to_owned(), 64 << 20),
        ("write_lines_of_100", "x".repeat(99) + "\n", 512 << 20),
        (
            "write_lines_of_100_with_colour",
            "\u{1b}[32mok\u{1b}[0m ".to_owned() + &"x".repeat(86) + "\n",
            512 << 20,
        ),
        ("write_lines_of_4000", "x".repeat(3999) + "\n", 1 << 30),
    ] {
        let dir = tempfile::tempdir_in(scratch.path())?;
        rate(name, bytes, write(dir.path(), &Log::default(), &line, bytes)?);
    }
    let dir = tempfile::tempdir_in(scratch.path())?;
    let log = Log { max_size: Some(100 << 20), max_files: Some(2), ..Log::default() };
    write(dir.path(), &log, &("x".repeat(99) + "\n"), 55 << 20)?;
    let size = usize::try_from(std::fs::metadata(dir.path().join("log.json"))?.len())?;
    rate("read_file", size, read(dir.path(), &log, Select::default())?);
    let tail = Select { tail: Some(10), ..Select::default() };
    println!("read_tail_of_10 {:.1} us", read(dir.path(), &log, tail)?.as_secs_f64() * 1e6);
    Ok(())
}

fn write(dir: &std::path::Path, log: &Log, line: &str, bytes: usize) -> Result<Duration, Box<dyn Error>> {
    let fd = std::fs::File::open(dir)?;
    let tag = Tag { id: "0123456789ab", name: "bench", image: "bench" };
    let mut writer = LogWriter::open(fd.as_fd(), log, tag)?;
    let text = line.repeat(CHUNK.div_ceil(line.len()) * 2);
    let started = processor_time();
    for chunk in 0..bytes / CHUNK {
        let from = chunk * CHUNK % line.len();
        let Some(piece) = text.as_bytes().get(from..from + CHUNK) else { continue };
        if writer.write(Stream::Output, piece, NOW) == Written::Full {
            return Err("the disk is full".into());
        }
    }
    Ok(processor_time() - started)
}

fn read(dir: &std::path::Path, log: &Log, select: Select) -> Result<Duration, Box<dyn Error>> {
    let started = processor_time();
    let mut block = Vec::with_capacity(2 * CHUNK);
    let mut bytes = 0;
    let ended = LogReader::new(std::fs::File::open(dir)?.into(), log, select).read(&mut |entry| {
        if block.len() > CHUNK {
            bytes += std::hint::black_box(&block).len();
            block.clear();
        }
        block.extend_from_slice(entry.text);
        block.push(b'\n');
        ControlFlow::Continue(())
    })?;
    if ended.is_break() || bytes + block.len() == 0 {
        return Err("nothing was read".into());
    }
    Ok(processor_time() - started)
}

/// What this process has used, the kernel's work for it included: other work of the machine does not count.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

fn rate(name: &str, bytes: usize, time: Duration) {
    println!("{name} {:.0} MB/s", bytes as f64 / 1e6 / time.as_secs_f64());
}
