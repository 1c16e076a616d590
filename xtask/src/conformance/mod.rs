//! `cargo xtask conformance`: other people's test suites, from a checkout on this machine, and the lists of
//! what passes that are kept in `conformance/`.

mod tap;
mod isolate;
mod lists;
mod reasons;
mod runtime_tools;
mod distribution;
mod oras;
mod tuf;
mod buildah;
mod go;
mod dockerfile;
mod sigstore;

use std::path::{Path, PathBuf};

use crate::shell::{self, Outcome};

pub(crate) const ARGUMENTS: &str = "NAME --path CHECKOUT [--runtime PROGRAM] [--only PROGRAM] \
                                    [--patternmatcher CHECKOUT] [--update|--print] [-- OPTION...]";

/// What the command line says.
struct Settings {
    /// The checkout of the suite, built.
    path: PathBuf,
    /// The checkout of moby/patternmatcher, beside BuildKit's.
    patterns: Option<PathBuf>,
    /// The program to be judged; ours where none is given.
    program: PathBuf,
    /// One program alone: its verdict is printed, and no list is compared.
    only: Option<String>,
    lists: Lists,
    /// What a registry is told besides: where it keeps everything.
    options: Vec<String>,
}

/// What is done with the lists on file.
#[derive(PartialEq, Eq)]
enum Lists {
    Compared,
    /// `--update`.
    Rewritten,
    /// `--print`: what `--update` would write is shown, where it cannot be written, as in the lab.
    Printed,
}

/// One suite.
struct Suite {
    name: &'static str,
    /// Builds what it judges if nothing else is given.
    ours: fn() -> Outcome<PathBuf>,
    run: fn(&Settings) -> Outcome,
}

const SUITES: &[Suite] = &[
    Suite { name: "runtime-tools", ours: shell::runtime, run: runtime_tools::run },
    Suite { name: "distribution", ours: coffer, run: distribution::run },
    Suite { name: "oras", ours: coffer, run: oras::run },
    Suite { name: "tuf", ours: tuf::client, run: tuf::run },
    Suite { name: "buildah", ours: coffer, run: buildah::run },
    Suite { name: "dockerfile", ours: dockerfile::judged, run: dockerfile::run },
    Suite { name: "sigstore", ours: coffer, run: sigstore::run },
];

fn coffer() -> Outcome<PathBuf> {
    shell::build("coffer", "release")
}

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let names: Vec<&str> = SUITES.iter().map(|suite| suite.name).collect();
    let usage =
        || format!("usage: cargo xtask conformance {ARGUMENTS}, where NAME is {}", names.join(" or "));
    let (name, rest) = arguments.split_first().ok_or_else(usage)?;
    let suite = SUITES.iter().find(|suite| suite.name == name).ok_or_else(usage)?;
    (suite.run)(&settings(suite, rest, &usage())?)
}

fn settings(suite: &Suite, arguments: &[String], usage: &str) -> Outcome<Settings> {
    let (mut path, mut patterns) = (None, None);
    let (mut program, mut only, mut lists) = (None, None, Lists::Compared);
    let mut words = arguments.iter();
    while let Some(flag) = words.next() {
        match flag.as_str() {
            "--" => break,
            "--update" => lists = Lists::Rewritten,
            "--print" => lists = Lists::Printed,
            _ => {}
        }
        if matches!(flag.as_str(), "--update" | "--print") {
            continue;
        }
        let value = words.next().ok_or_else(|| format!("`{flag}` is unknown or lacks its value; {usage}"))?;
        match flag.as_str() {
            "--path" => path = Some(absolute(Path::new(value))?),
            "--patternmatcher" => patterns = Some(absolute(Path::new(value))?),
            "--runtime" => program = Some(shell::program_file(value)?),
            "--only" => only = Some(value.clone()),
            _ => return Err(format!("there is no flag `{flag}`; {usage}")),
        }
    }
    let path = path.ok_or_else(|| format!("--path is missing; {usage}"))?;
    let program = match program {
        Some(program) => program,
        None => (suite.ours)()?,
    };
    Ok(Settings { path, patterns, program, only, lists, options: words.cloned().collect() })
}

fn absolute(path: &Path) -> Outcome<PathBuf> {
    std::path::absolute(path)
        .ok()
        .filter(|path| path.exists())
        .ok_or_else(|| format!("{}: there is no such file or directory", path.display()))
}
