//! `bench runtime`: coffer-runtime beside other OCI runtimes, on the same bundles.

mod seccomp;
mod bundles;
mod contestants;
mod standing;
mod memory;

use std::path::PathBuf;

use crate::bench::Settings;
use crate::bench::bundle;
use crate::bench::cgroups;
use crate::bench::measure;
use crate::bench::results::{self, Results, Row};
use crate::bench::scratch::Scratch;
use crate::packages;
use crate::shell::{self, Outcome};

use bundles::Bundles;
use contestants::{Runtime, TASKS};
use standing::Crowd;

const ROUNDS: usize = 60;
const WARMUP: usize = 5;

/// Looked for in `$PATH`, beside those that are given with `--peer`.
const PEERS: [&str; 4] = ["crun", "runc", "crun-1.27", "youki"];

pub(crate) fn run(settings: &Settings) -> Outcome<Results> {
    if !shell::is_root() {
        return Err("the bundles need root".to_owned());
    }
    packages::ensure(packages::RUNTIMES)?;
    let scratch = Scratch::disk("runtime")?;
    let _mounted = cgroups::hugetlb()?;
    let bundles = Bundles::new(&scratch)?;
    let runtimes = runtimes(settings, &scratch)?;
    let _ends_in_the_end = Crowd(&runtimes);
    let mut rows: Vec<Row> =
        runtimes.iter().map(|runtime| Row::new(&runtime.name, &runtime.version)).collect();
    let mut notes = Vec::new();
    for task in TASKS {
        let rounds = settings.rounds.unwrap_or(ROUNDS);
        let standing = task.stand(&runtimes, &bundles);
        let contestants = runtimes.iter().map(|runtime| task.contestant(runtime, &bundles)).collect();
        let (measured, more) = measure::interleaved(contestants, WARMUP, rounds)?;
        drop(standing);
        notes.extend(more.into_iter().map(|note| format!("{}: {note}", task.name)));
        measured.iter().for_each(|from| results::merge(&mut rows, from, task.name));
    }
    for (runtime, row) in runtimes.iter().zip(&mut rows) {
        memory::measure(runtime, &bundles, &scratch, row)?;
    }
    Ok(Results::here("runtime", rows, notes))
}

fn runtimes(settings: &Settings, scratch: &Scratch) -> Outcome<Vec<Runtime>> {
    let ours = [("coffer-runtime".to_owned(), shell::runtime()?)];
    let found = PEERS.iter().filter_map(|name| Some(((*name).to_owned(), shell::find(name)?)));
    let given: Vec<(String, PathBuf)> = settings.peers.clone();
    let found = found.filter(|(name, _)| !given.iter().any(|(given, _)| given == name));
    let all = ours.into_iter().chain(found).chain(given.clone());
    all.map(|(name, program)| {
        let state = scratch.directory(&format!("state-{name}"))?;
        Ok(Runtime { version: bundle::version(&program)?, name, program, state })
    })
    .collect()
}
