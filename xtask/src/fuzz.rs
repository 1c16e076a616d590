//! `cargo xtask fuzz`: the targets of `fuzz/`, which build apart from the workspace. With cargo-fuzz they are libFuzzer's;
//! without, they are sent inputs by a mutator of our own, which sees nothing of what they reach.

mod mutate;
mod seeds;
mod trial;

use std::process::Command;
use std::time::Duration;

use crate::shell::{self, Outcome};
use trial::{Outcomes, Trial};

pub(crate) const ARGUMENTS: &str = "[TARGET [SECONDS]] | [TARGET] --minutes N [--number N] [--seeds DIR]...";

const DEFAULT_SECONDS: &str = "60";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    if arguments.iter().any(|word| word.starts_with("--")) {
        return try_all(&Wishes::of(arguments)?);
    }
    match arguments {
        [] => list(),
        [target] => fuzz(target, DEFAULT_SECONDS),
        [target, seconds] => fuzz(target, seconds),
        _ => Err(usage()),
    }
}

fn usage() -> String {
    format!("usage: cargo xtask fuzz {ARGUMENTS}")
}

fn list() -> Outcome {
    targets()?.iter().for_each(|target| println!("{target}"));
    Ok(())
}

fn known(target: &str) -> Outcome {
    if targets()?.iter().any(|known| known == target) {
        return Ok(());
    }
    Err(format!("there is no fuzz target `{target}`; `cargo xtask fuzz` lists them"))
}

fn fuzz(target: &str, seconds: &str) -> Outcome {
    known(target)?;
    if shell::find("cargo-fuzz").is_none() {
        return Err(
            "cargo-fuzz is missing: cargo install cargo-fuzz; or do without it: --minutes N".to_owned()
        );
    }
    // Counting what is reached needs no nightly compiler; a sanitizer would, and `unsafe` is in crate `sys` alone.
    let mut command = Command::new("cargo");
    command.current_dir(shell::top()).args(["fuzz", "run", "--sanitizer", "none", target, "--"]);
    shell::show(command.arg(format!("-max_total_time={seconds}")))
}

/// What the command line asks of our own mutator.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wishes {
    /// All targets where none is named.
    target: Option<String>,
    /// For each target.
    minutes: u64,
    /// The same number makes the same inputs.
    number: u64,
    /// Files and directories beside those of the tests.
    seeds: Vec<String>,
}

impl Wishes {
    fn of(arguments: &[String]) -> Outcome<Self> {
        let mut wishes = Self::default();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            if !word.starts_with("--") && wishes.target.is_none() {
                known(word)?;
                wishes.target = Some(word.clone());
                continue;
            }
            let value = words.next().ok_or_else(usage)?;
            let number = || value.parse().map_err(|_| format!("{word} `{value}`: a number is needed"));
            match word.as_str() {
                "--minutes" => wishes.minutes = number()?,
                "--number" => wishes.number = number()?,
                "--seeds" => wishes.seeds.push(value.clone()),
                _ => return Err(usage()),
            }
        }
        if wishes.minutes == 0 { Err(usage()) } else { Ok(wishes) }
    }
}

/// One target after the other, and what ended them.
fn try_all(wishes: &Wishes) -> Outcome {
    let chosen = wishes.target.clone().map_or_else(targets, |target| Ok(vec![target]))?;
    let mut found = 0;
    for target in chosen {
        let Outcomes { inputs, findings } = try_one(&target, wishes)?;
        println!("{target}: {inputs} inputs, {} findings", findings.len());
        findings.iter().for_each(|file| println!("  {}", file.display()));
        found += findings.len();
    }
    if found == 0 { Ok(()) } else { Err(format!("{found} inputs ended a target, or held it up")) }
}

fn try_one(target: &str, wishes: &Wishes) -> Outcome<Outcomes> {
    let program = shell::build_apart("fuzz/Cargo.toml", target)?;
    let seeds = seeds::of(target, &wishes.seeds)?;
    let time = Duration::from_secs(wishes.minutes.saturating_mul(60));
    Trial { target, program: &program, seeds: &seeds, time, number: wishes.number }.run()
}

fn targets() -> Outcome<Vec<String>> {
    let directory = shell::top().join("fuzz/fuzz_targets");
    let entries =
        std::fs::read_dir(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let stems =
        entries.filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_string_lossy().into_owned()));
    let mut targets: Vec<String> = stems.collect();
    targets.sort_unstable();
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(words: &str) -> Outcome<Wishes> {
        Wishes::of(&words.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_target_and_its_time_are_understood_and_nothing_else() {
        let asked = wishes("layer --minutes 3 --seeds a --number 7 --seeds b").unwrap();
        let seeds = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(asked, Wishes { target: Some("layer".to_owned()), minutes: 3, number: 7, seeds });
        assert_eq!(wishes("--minutes 1").unwrap().target, None);
        for wrong in [
            "layer",
            "--minutes",
            "--minutes x",
            "nothing --minutes 1",
            "--hours 1",
            "layer spec --minutes 1",
        ] {
            assert!(wishes(wrong).is_err(), "{wrong}");
        }
    }
}
