//! `bench life`: the daily life of containers in the background, and what a hundred of them cost.

mod crowd;
mod engines;

use crate::bench::Settings;
use crate::bench::cgroups;
use crate::bench::docker::Docker;
use crate::bench::measure::{self, Contestant};
use crate::bench::podman::Podman;
use crate::bench::results::{self, Results, Row};
use crate::bench::rootfs;
use crate::bench::scratch::Scratch;
use crate::shell::{self, Outcome};

use engines::Engine;

const ROUNDS: usize = 20;
const WARMUP: usize = 2;
/// Of 100 bytes each: 100 MB.
const LINES: &str = "1000000";

/// One thing that people do all day.
struct Task {
    /// The metric's name begins so.
    name: &'static str,
    /// What `$E`, the engine's command line, and `$N`, the round, do.
    script: &'static str,
}

const TASKS: [Task; 3] = [
    Task {
        name: "life",
        script: "$E run -d --name life-$N $O bench /bin/worker && $E stop life-$N && $E rm life-$N",
    },
    Task { name: "exec", script: "$E exec standing /bin/true" },
    Task { name: "logs", script: "$E logs talker >$T/$N.log && rm $T/$N.log" },
];

pub(crate) fn run(settings: &Settings) -> Outcome<Results> {
    if !shell::is_root() {
        return Err("the peers need root".to_owned());
    }
    let scratch = Scratch::disk("life")?;
    let _mounted = cgroups::hugetlb()?;
    let tarball = image(&scratch)?;
    let (podman, docker) = (Podman::new(&scratch), Docker::start(&scratch));
    let mut notes = Vec::new();
    let ours = Engine::coffer(&scratch, &tarball)?;
    ours.prepare(LINES)?;
    let mut engines = vec![ours];
    for (name, engine) in [
        ("podman", podman.as_ref().map_err(Clone::clone).and_then(|podman| Engine::podman(podman, &tarball))),
        ("docker", docker.as_ref().map_err(Clone::clone).and_then(|docker| Engine::docker(docker, &tarball))),
    ] {
        match engine.and_then(|engine| engine.prepare(LINES).map(|()| engine)) {
            Ok(engine) => engines.push(engine),
            Err(error) => notes.push(format!("{name} is left out: {error}")),
        }
    }
    let mut rows: Vec<Row> = engines.iter().map(|engine| Row::new(&engine.name, &engine.version)).collect();
    for task in TASKS {
        let rounds = settings.rounds.unwrap_or(ROUNDS);
        let (measured, more) = measure::interleaved(contestants(&engines, &task, &scratch), WARMUP, rounds)?;
        notes.extend(more);
        measured.iter().for_each(|from| results::merge(&mut rows, from, task.name));
    }
    if let Some(ours) = engines.first() {
        rows.push(crowd::measure(ours)?);
    }
    Ok(Results::here("life", rows, notes))
}

/// The worker and /bin/true, as engines import them.
fn image(scratch: &Scratch) -> Outcome<std::path::PathBuf> {
    let directory = scratch.directory("life")?;
    for name in ["bin", "dev", "etc", "proc", "sys", "tmp"] {
        scratch.directory(&format!("life/{name}"))?;
    }
    for (source, program) in [("true.c", "bin/true"), ("worker.c", "bin/worker")] {
        rootfs::compile(source, &directory.join(program))?;
    }
    let tarball = scratch.path().join("life.tar");
    shell::capture(shell::program("tar", ["-cf"]).arg(&tarball).arg("-C").arg(&directory).arg("."))?;
    Ok(tarball)
}

fn contestants(engines: &[Engine], task: &Task, scratch: &Scratch) -> Vec<Contestant> {
    let contestant = |engine: &Engine| {
        let (command, temporary) = (engine.shell(task.script), scratch.path().to_path_buf());
        let command = move |round: usize| {
            let mut command = command();
            command.env("N", round.to_string()).env("T", &temporary);
            command
        };
        Contestant::new(&engine.name, engine.version.clone(), command)
    };
    engines.iter().map(contestant).collect()
}
