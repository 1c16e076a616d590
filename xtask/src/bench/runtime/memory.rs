//! What a runtime itself takes of memory, and what it needs of a container's.

use std::process::Command;

use super::bundles::Bundles;
use super::contestants::Runtime;
use crate::bench::measure;
use crate::bench::results::Row;
use crate::bench::rootfs;
use crate::bench::scratch::Scratch;
use crate::shell::Outcome;

/// In kB; each is tried until one is enough.
const LIMITS: [u64; 7] = [512, 1024, 2048, 4096, 8192, 16384, 32768];

/// A limit is enough if so many starts in it succeed.
const TRIES: u64 = 5;

/// What hangs in a memory limit has failed there.
const SECONDS: &str = "20";

pub(super) fn measure(runtime: &Runtime, bundles: &Bundles, scratch: &Scratch, row: &mut Row) -> Outcome {
    let program = scratch.path().join("peak");
    rootfs::compile("peak.c", &program)?;
    let mut peaked = Command::new(program);
    let run = runtime.run(&bundles.plain, "bench-peak");
    if let Some(kilobytes) = peak(peaked.arg(run.get_program()).args(run.get_args()))? {
        row.put("peak_mb", kilobytes * 1024.0 / 1e6);
    }
    for kilobytes in LIMITS {
        let bundle = bundles.limited(scratch, kilobytes * 1024)?;
        let starts = |number| {
            let id = format!("bench-limit-{kilobytes}-{number}");
            let run = runtime.run(&bundle, &id);
            let mut bounded = Command::new("timeout");
            bounded.args(["--signal=KILL", SECONDS]).arg(run.get_program()).args(run.get_args());
            let outcome = measure::timed(&mut bounded)?;
            let _may_be_gone = measure::timed(runtime.command().args(["delete", "--force", &id]))?;
            Ok(outcome.is_some())
        };
        let started = (0..TRIES).map(starts).collect::<Outcome<Vec<bool>>>()?;
        if started.iter().all(|started| *started) {
            row.put("least_limit_mib", kilobytes as f64 / 1024.0);
            break;
        }
    }
    Ok(())
}

/// In kB; `None` if the program failed.
fn peak(command: &mut Command) -> Outcome<Option<f64>> {
    let output = command.output().map_err(|error| format!("cannot run peak: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find_map(|line| line.strip_prefix("peak ")?.trim().strip_suffix("kB"));
    let kilobytes = line.and_then(|number| number.trim().parse().ok());
    Ok(kilobytes.filter(|_| output.status.success()))
}
