//! Cold pulls: everything unpacked and ready to run, into an empty store.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::bench::docker::Docker;
use crate::bench::measure;
use crate::bench::podman::Podman;
use crate::bench::results::Row;
use crate::bench::scratch::Scratch;
use crate::bench::ship::IMAGES;
use crate::bench::start;
use crate::registry::Registry;
use crate::shell::{self, Outcome};

/// The commands that bring in the image of a name.
type Commands<'a> = dyn Fn(&str) -> Vec<Command> + 'a;

/// One tool's pull, from nothing.
struct Puller<'a> {
    name: &'static str,
    version: String,
    /// Makes its store empty.
    clear: Box<dyn Fn() -> Outcome + 'a>,
    /// One after the other.
    commands: Box<Commands<'a>>,
}

/// Milliseconds by contestant and image, interleaved; and who was left out.
pub(crate) fn all(
    scratch: &Scratch,
    registry: &Registry,
    program: &Path,
    rounds: usize,
) -> Outcome<(Vec<Row>, Vec<String>)> {
    let mut notes = Vec::new();
    let (podman, docker) = (Podman::new(scratch), Docker::start(scratch));
    let mut pullers = vec![coffer(scratch, registry, program)?, skopeo(scratch, registry)?];
    match &podman {
        Ok(podman) => pullers.push(of_podman(podman, registry)?),
        Err(error) => notes.push(format!("podman is left out: {error}")),
    }
    match &docker {
        Ok(docker) => pullers.push(of_docker(docker, registry)),
        Err(error) => notes.push(format!("docker is left out: {error}")),
    }
    let mut rows: Vec<Row> = pullers.iter().map(|puller| Row::new(puller.name, &puller.version)).collect();
    for image in IMAGES {
        for (row, mut times) in rows.iter_mut().zip(interleaved(&pullers, image, rounds)?) {
            times.sort_unstable_by(f64::total_cmp);
            row.put(&format!("{image}_median_ms"), measure::quantile(&times, 0.5));
            row.put(&format!("{image}_p95_ms"), measure::quantile(&times, 0.95));
        }
    }
    Ok((rows, notes))
}

/// The round before the first brings the registry's blobs into the page cache.
fn interleaved(pullers: &[Puller<'_>], image: &str, rounds: usize) -> Outcome<Vec<Vec<f64>>> {
    let mut times: Vec<Vec<f64>> = pullers.iter().map(|_| Vec::new()).collect();
    for round in 0..=rounds {
        for (puller, times) in pullers.iter().zip(&mut times) {
            let time = once(puller, image)?;
            if round > 0 {
                times.push(measure::milliseconds(time));
            }
            // It takes a quarter of an hour: whoever waits sees how it stands.
            println!("{image}: {} {:.0} ms", puller.name, measure::milliseconds(time));
        }
    }
    Ok(times)
}

fn once(puller: &Puller<'_>, image: &str) -> Outcome<Duration> {
    (puller.clear)()?;
    // Nobody pays for what somebody else left to be written.
    shell::capture(&mut Command::new("sync"))?;
    let mut sum = Duration::ZERO;
    for mut command in (puller.commands)(image) {
        let time = measure::timed(&mut command)?;
        let failed = || format!("{}: `{}` failed", puller.name, shell::line(&command));
        sum += time.ok_or_else(failed)?;
    }
    (puller.clear)()?;
    Ok(sum)
}

fn coffer<'a>(scratch: &Scratch, registry: &'a Registry, program: &'a Path) -> Outcome<Puller<'a>> {
    let state = scratch.path().join("coffer");
    let root = state.clone();
    let commands = Box::new(move |image: &str| {
        let mut command = Command::new(program);
        command.args(["pull", "--quiet", &format!("{}/{image}:latest", registry.address())]);
        command.env("COFFER_ROOT", &root);
        vec![command]
    });
    Ok(Puller { name: "coffer", version: start::version(program)?, clear: emptied(vec![state]), commands })
}

/// The layout and the bundle are both emptied: the pull is the two steps together.
fn skopeo<'a>(scratch: &Scratch, registry: &'a Registry) -> Outcome<Puller<'a>> {
    let version = shell::capture(Command::new("skopeo").arg("--version"))?;
    let version = version.split_whitespace().last().unwrap_or("unknown").to_owned();
    let (layout, bundle) = (scratch.path().join("layout"), scratch.path().join("bundle"));
    let places = vec![layout.clone(), bundle.clone()];
    let commands = Box::new(move |image: &str| {
        let mut copy = Command::new("skopeo");
        copy.args(["copy", "--quiet", "--insecure-policy", "--src-tls-verify=false"]);
        copy.arg(format!("docker://{}/{image}:latest", registry.address()));
        copy.arg(format!("oci:{}:{image}", layout.display()));
        let mut unpack = Command::new("umoci");
        unpack.args(["unpack", "--image", &format!("{}:{image}", layout.display())]).arg(&bundle);
        vec![copy, unpack]
    });
    Ok(Puller { name: "skopeo and umoci", version, clear: emptied(places), commands })
}

fn emptied(directories: Vec<std::path::PathBuf>) -> Box<dyn Fn() -> Outcome> {
    Box::new(move || {
        directories.iter().try_for_each(|directory| match std::fs::remove_dir_all(directory) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(format!("cannot empty {}: {error}", directory.display()))
            }
            _ => Ok(()),
        })
    })
}

fn of_podman<'a>(podman: &'a Podman, registry: &'a Registry) -> Outcome<Puller<'a>> {
    Ok(Puller {
        name: "podman",
        version: podman.version()?,
        clear: Box::new(|| shell::capture(podman.command().args(["rmi", "--all", "--force"])).map(drop)),
        commands: Box::new(move |image| {
            let mut command = podman.command();
            command.args(["pull", "--quiet", "--tls-verify=false"]);
            command.arg(format!("{}/{image}:latest", registry.address()));
            vec![command]
        }),
    })
}

fn of_docker<'a>(docker: &'a Docker, registry: &'a Registry) -> Puller<'a> {
    Puller {
        name: "docker",
        version: docker.version().to_owned(),
        clear: Box::new(|| {
            shell::capture(docker.command().args(["image", "prune", "--all", "--force"])).map(drop)
        }),
        commands: Box::new(move |image| {
            let mut command = docker.command();
            command.args(["pull", "--quiet", &format!("{}/{image}:latest", registry.address())]);
            vec![command]
        }),
    }
}
