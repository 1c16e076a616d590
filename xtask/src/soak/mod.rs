//! `cargo xtask soak`: thousands of starts, killed at random instants, of which none may hang and none may
//! leave anything behind.

mod random;
mod bounded;
mod inside;
mod place;
mod trial;
mod tally;
mod traces;
mod batches;

use std::path::PathBuf;

use crate::packages;
use crate::shell::{self, Outcome};

pub(crate) const ARGUMENTS: &str = "runtime [--starts N] [--runtime PROGRAM] [--seed N] [--jobs N]";

const STARTS: u64 = 10_000;
/// So many containers live at once.
const JOBS: usize = 4;

/// What the command line says.
struct Settings {
    starts: u64,
    runtime: PathBuf,
    /// What is random follows from it and from the number of the start.
    seed: u64,
    jobs: usize,
}

impl Settings {
    /// Containers, and so their control groups and states, are called so, a hyphen, and a number.
    fn name(&self) -> String {
        format!("soak-{:08x}", self.seed)
    }
}

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let Some((what, rest)) = arguments.split_first().filter(|(what, _)| *what == "runtime") else {
        return Err(format!("usage: cargo xtask soak {ARGUMENTS}"));
    };
    if !shell::is_root() {
        return Err(format!("soak {what} needs root"));
    }
    // Its `spec` writes everybody's configuration.
    packages::ensure(packages::TESTS)?;
    let settings = settings(rest)?;
    if inside::is_here() { batches::all(&settings) } else { inside::again(&settings) }
}

fn settings(arguments: &[String]) -> Outcome<Settings> {
    let (mut starts, mut runtime, mut seed, mut jobs) = (STARTS, None, random::seed(), JOBS);
    let mut words = arguments.iter();
    while let Some(flag) = words.next() {
        let value = words.next().ok_or_else(|| format!("`{flag}` is unknown or lacks its value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{flag} `{value}` is not a number"));
        match flag.as_str() {
            "--starts" => starts = number()?,
            "--seed" => seed = number()?,
            "--jobs" => jobs = usize::try_from(number()?.max(1)).unwrap_or(JOBS),
            "--runtime" => runtime = Some(shell::program_file(value)?),
            _ => return Err(format!("there is no flag `{flag}`; usage: cargo xtask soak {ARGUMENTS}")),
        }
    }
    let runtime = match runtime {
        Some(program) => program,
        None => shell::runtime()?,
    };
    Ok(Settings { starts, runtime, seed, jobs })
}
