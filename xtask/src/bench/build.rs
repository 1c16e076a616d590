//! `bench build`: the same Dockerfiles by ours, buildah and docker.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::docker::Docker;
use crate::bench::measure::{Contestant, Step, interleaved};
use crate::bench::results::{Results, Row};
use crate::bench::rootfs::Rootfs;
use crate::bench::scratch::Scratch;
use crate::bench::{Settings, start};
use crate::packages;
use crate::shell::{self, Outcome};

const ROUNDS: usize = 5;
/// Files of the context that is mostly copied.
const FILES: usize = 50_000;
/// Files in each of its directories.
const IN_DIRECTORY: usize = 100;
/// Steps that run in the file that mostly runs.
const RUNS: usize = 20;

/// What is built.
struct Task {
    name: &'static str,
    about: &'static str,
    /// The Dockerfile's directory.
    context: PathBuf,
    state: State,
}

/// What of earlier builds there is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The very same was built before.
    Built,
    /// Nothing but the base image.
    Cold,
}

/// Who builds.
#[derive(Clone)]
struct Builder {
    name: &'static str,
    version: String,
    /// Everything before the context.
    command: fn(&Places, State) -> Command,
    places: Places,
}

/// Where everybody keeps what is theirs.
#[derive(Clone)]
struct Places {
    program: PathBuf,
    state: PathBuf,
}

pub(crate) fn run(settings: &Settings) -> Outcome<Results> {
    packages::ensure(packages::BUILD)?;
    let scratch = Scratch::disk_for("build", "6144")?;
    let base = Rootfs::smallest(&scratch)?;
    let tasks = tasks(&scratch)?;
    let mut notes: Vec<String> = tasks.iter().map(|task| format!("{}: {}", task.name, task.about)).collect();
    let docker = Docker::start(&scratch);
    let mut builders = vec![coffer(&scratch, &base.tarball)?, buildah(&scratch, &base.tarball)?];
    match &docker {
        Ok(docker) => builders.push(of_docker(docker, settings, &base.tarball)?),
        Err(error) => notes.push(format!("docker is left out: {error}")),
    }
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for task in &tasks {
        let contestants = builders.iter().map(|builder| contestant(builder, task)).collect();
        let (done, left_out) = interleaved(contestants, 1, settings.rounds.unwrap_or(ROUNDS))?;
        notes.extend(left_out.into_iter().map(|note| format!("{}: {note}", task.name)));
        for row in done {
            let sum = rows.entry(row.who.clone()).or_insert_with(|| Row::new(&row.who, &row.version));
            for (metric, value) in &row.values {
                sum.put(&format!("{}_{metric}", task.name), *value);
            }
        }
    }
    Ok(Results::here("build", rows.into_values().collect(), notes))
}

fn tasks(scratch: &Scratch) -> Outcome<Vec<Task>> {
    let task = |name, about: &'static str, state, dockerfile: String| {
        let context = scratch.directory(&format!("task-{name}"))?;
        write(&context.join("Dockerfile"), &dockerfile)?;
        Ok::<_, String>(Task { name, about, context, state })
    };
    let mut steps = String::from("FROM localhost/bench\nWORKDIR /srv\nENV A=b\nLABEL c=d\n");
    for number in 0..8 {
        steps
            .push_str(&format!("COPY part-{number} /srv/part-{number}\nRUN [\"/bin/true\", \"{number}\"]\n"));
    }
    let runs: String = (0..RUNS).map(|number| format!("RUN [\"/bin/true\", \"{number}\"]\n")).collect();
    let tasks = vec![
        task("rebuild", "a file of 20 steps, nothing changed", State::Built, steps)?,
        task(
            "copy",
            "50,000 files of 2 KB, from nothing",
            State::Cold,
            "FROM localhost/bench\nCOPY files /files\n".to_owned(),
        )?,
        task(
            "run",
            "20 times RUN /bin/true, from nothing",
            State::Cold,
            format!("FROM localhost/bench\n{runs}"),
        )?,
    ];
    let [rebuild, copy, _run] = tasks.as_slice() else { return Ok(tasks) };
    for number in 0..8 {
        let directory = rebuild.context.join(format!("part-{number}"));
        files(&directory, 50)?;
    }
    files(&copy.context.join("files"), FILES)?;
    Ok(tasks)
}

/// So many files that are all different.
fn files(directory: &Path, count: usize) -> Outcome {
    for number in 0..count {
        let place = directory.join(format!("{:03}", number / IN_DIRECTORY));
        if number % IN_DIRECTORY == 0 {
            fs::create_dir_all(&place).map_err(|error| format!("{}: {error}", place.display()))?;
        }
        let line = format!("{number} of many files, each of which has lines of its own\n");
        write(&place.join(format!("file-{number}.txt")), &line.repeat(2048 / line.len()))?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Outcome {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn contestant(builder: &Builder, task: &Task) -> Contestant {
    let (builder_, state, context) = (builder.clone(), task.state, task.context.clone());
    let command = move |_| {
        let mut command = (builder_.command)(&builder_.places, state);
        command.arg(&context);
        command
    };
    Contestant {
        steps: Box::new(move |round| vec![Step::Waited(Command::new("sync")), Step::Timed(command(round))]),
        ..Contestant::new(builder.name, builder.version.clone(), |_| Command::new("true"))
    }
}

fn coffer(scratch: &Scratch, base: &Path) -> Outcome<Builder> {
    let places = Places { program: shell::build("coffer", "release")?, state: scratch.path().join("coffer") };
    let mut import = Command::new(&places.program);
    let archive = format!("rootfs:{}", base.display());
    import.args(["image", "import", "-q", &archive, "localhost/bench"]).env("COFFER_ROOT", &places.state);
    shell::capture(&mut import)?;
    let version = start::version(&places.program)?;
    let command = |places: &Places, state| {
        let mut command = Command::new(&places.program);
        command.args(["build", "--quiet", "--network", "none", "-t", "localhost/built"]);
        if state == State::Cold {
            command.arg("--no-cache");
        }
        command.env("COFFER_ROOT", &places.state);
        command
    };
    Ok(Builder { name: "coffer", version, command, places })
}

fn buildah(scratch: &Scratch, base: &Path) -> Outcome<Builder> {
    let program = shell::find("buildah").ok_or("it is not installed (apt-get install buildah)")?;
    let places = Places { program, state: scratch.directory("buildah")? };
    let version = shell::capture(&mut shell::program("buildah", ["--version"]))?;
    let version = version.split_whitespace().nth(2).unwrap_or("unknown").to_owned();
    let context = scratch.directory("task-base")?;
    write(&context.join("Dockerfile"), "FROM scratch\nADD rootfs.tar /\n")?;
    fs::copy(base, context.join("rootfs.tar")).map_err(|error| error.to_string())?;
    let mut import = bare_buildah(&places);
    import.args(["build", "--quiet", "-t", "localhost/bench"]).arg(&context);
    shell::capture(&mut import)?;
    let command = |places: &Places, state| {
        let mut command = bare_buildah(places);
        command.args(["build", "--quiet", "--network", "none", "--layers", "-t", "localhost/built"]);
        if state == State::Cold {
            command.arg("--no-cache");
        }
        command
    };
    Ok(Builder { name: "buildah", version, command, places })
}

fn bare_buildah(places: &Places) -> Command {
    let mut command = Command::new(&places.program);
    command.arg("--root").arg(places.state.join("root")).arg("--runroot").arg(places.state.join("run"));
    command
}

fn of_docker(docker: &Docker, settings: &Settings, base: &Path) -> Outcome<Builder> {
    shell::capture(docker.command().arg("import").arg(base).arg("localhost/bench"))?;
    let host = docker.host();
    let command = |places: &Places, state| {
        let mut command = Command::new(&places.program);
        command.arg("--host").arg(&places.state).env_remove("DOCKER_CONTEXT").env("DOCKER_BUILDKIT", "1");
        command.args(["build", "--quiet", "--network", "none", "-t", "localhost/built"]);
        if state == State::Cold {
            command.arg("--no-cache");
        }
        command
    };
    let places = Places { program: settings.peer("docker")?, state: host.into() };
    Ok(Builder { name: "docker", version: docker.version().to_owned(), command, places })
}
