//! `bench import`: a docker-archive into an empty store.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::docker::Docker;
use crate::bench::measure;
use crate::bench::podman::Podman;
use crate::bench::results::{Results, Row};
use crate::bench::scratch::Scratch;
use crate::bench::{Settings, start};
use crate::packages;
use crate::shell::{self, Outcome};

const ROUNDS: usize = 5;

/// One engine's import, from nothing.
struct Importer<'a> {
    name: &'static str,
    version: String,
    /// Makes the store of a round empty.
    clear: Box<dyn Fn() -> Outcome + 'a>,
    command: Box<dyn Fn() -> Command + 'a>,
    memory: Memory,
}

/// Whether the command's own memory is the import's.
#[derive(PartialEq, Eq)]
enum Memory {
    Measured,
    /// The work is done in a daemon.
    Elsewhere,
}

pub(crate) fn run(settings: &Settings) -> Outcome<Results> {
    let archive =
        settings.archive.as_ref().ok_or("which archive? give a docker-archive with --archive FILE")?;
    let archive = archive.canonicalize().map_err(|error| format!("{}: {error}", archive.display()))?;
    packages::ensure(packages::IMPORT)?;
    let scratch = Scratch::disk("import")?;
    let mut notes = vec![format!("The archive has {} MB", megabytes(&archive)?)];

    let podman = Podman::new(&scratch);
    let docker = Docker::start(&scratch);
    let mut importers = vec![coffer(&scratch, &archive)?];
    match &podman {
        Ok(podman) => importers.push(of_podman(podman, &archive)?),
        Err(error) => notes.push(format!("podman is left out: {error}")),
    }
    match &docker {
        Ok(docker) => importers.push(of_docker(docker, &archive)),
        Err(error) => notes.push(format!("docker is left out: {error}")),
    }
    let rows = rounds(&importers, settings.rounds.unwrap_or(ROUNDS), &scratch)?;
    Ok(Results::here("import", rows, notes))
}

fn rounds(importers: &[Importer<'_>], rounds: usize, scratch: &Scratch) -> Outcome<Vec<Row>> {
    let mut figures: Vec<(Vec<f64>, Vec<f64>)> = importers.iter().map(|_| Default::default()).collect();
    // The round before the first brings the archive into the page cache.
    for round in 0..=rounds {
        for (importer, (times, peaks)) in importers.iter().zip(&mut figures) {
            let (time, peak) = once(importer, scratch)?;
            if round > 0 {
                times.push(time);
                peaks.push(peak);
            }
        }
    }
    Ok(importers.iter().zip(figures).map(|(importer, (times, peaks))| row(importer, times, peaks)).collect())
}

/// Milliseconds and peak megabytes of one import.
fn once(importer: &Importer<'_>, scratch: &Scratch) -> Outcome<(f64, f64)> {
    (importer.clear)()?;
    // Nobody pays for what somebody else left to be written.
    shell::capture(&mut Command::new("sync"))?;
    let report = scratch.path().join("peak");
    let inner = (importer.command)();
    let mut command = shell::program("time", ["--format", "%M", "--output"]);
    command.arg(&report).arg(inner.get_program()).args(inner.get_args());
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let time = measure::timed(&mut command)?;
    let Some(time) = time else {
        return Err(format!(
            "{}: {}",
            importer.name,
            shell::capture(&mut (importer.command)()).unwrap_or_default()
        ));
    };
    Ok((measure::milliseconds(time), peak(&report)?))
}

/// GNU time's `%M` is in KiB.
fn peak(report: &Path) -> Outcome<f64> {
    let text = std::fs::read_to_string(report).map_err(|error| format!("{}: {error}", report.display()))?;
    let kib: f64 = text.trim().parse().map_err(|_| format!("`time` says `{}`", text.trim()))?;
    Ok(kib * 1024.0 / 1e6)
}

fn row(importer: &Importer<'_>, mut times: Vec<f64>, peaks: Vec<f64>) -> Row {
    times.sort_unstable_by(f64::total_cmp);
    let mut row = Row::new(importer.name, &importer.version);
    row.put("median_ms", measure::quantile(&times, 0.5));
    row.put("p95_ms", measure::quantile(&times, 0.95));
    if importer.memory == Memory::Measured {
        row.put("peak_mb", peaks.into_iter().fold(0.0, f64::max));
    }
    row
}

fn coffer<'a>(scratch: &Scratch, archive: &'a Path) -> Outcome<Importer<'a>> {
    let program = shell::build("coffer", "release")?;
    let version = start::version(&program)?;
    let state = scratch.path().join("coffer");
    let clear = emptied(state.clone());
    let command = Box::new(move || {
        let mut command = Command::new(&program);
        command.args(["image", "import"]).arg(archive).env("COFFER_ROOT", &state);
        command
    });
    Ok(Importer { name: "coffer", version, clear, command, memory: Memory::Measured })
}

fn emptied(directory: PathBuf) -> Box<dyn Fn() -> Outcome> {
    Box::new(move || match std::fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot empty {}: {error}", directory.display()))
        }
        _ => Ok(()),
    })
}

fn of_podman<'a>(podman: &'a Podman, archive: &'a Path) -> Outcome<Importer<'a>> {
    Ok(Importer {
        name: "podman",
        version: podman.version()?,
        clear: Box::new(|| shell::capture(podman.command().args(["rmi", "--all", "--force"])).map(drop)),
        command: Box::new(move || {
            let mut command = podman.command();
            command.args(["load", "--input"]).arg(archive);
            command
        }),
        memory: Memory::Measured,
    })
}

fn of_docker<'a>(docker: &'a Docker, archive: &'a Path) -> Importer<'a> {
    Importer {
        name: "docker",
        version: docker.version().to_owned(),
        clear: Box::new(|| {
            shell::capture(docker.command().args(["image", "prune", "--all", "--force"])).map(drop)
        }),
        command: Box::new(move || {
            let mut command = docker.command();
            command.args(["load", "--input"]).arg(archive);
            command
        }),
        memory: Memory::Elsewhere,
    }
}

fn megabytes(file: &Path) -> Outcome<u64> {
    let meta = std::fs::metadata(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(meta.len() / 1_000_000)
}
