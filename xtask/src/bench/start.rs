//! `bench start`: /bin/true, from spawn to exit, with everything on that is on by default.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::Settings;
use crate::bench::bundle;
use crate::bench::cgroups;
use crate::bench::docker::Docker;
use crate::bench::measure::{self, Contestant};
use crate::bench::podman::Podman;
use crate::bench::results::Results;
use crate::bench::rootfs::{self, Rootfs};
use crate::bench::scratch::Scratch;
use crate::shell::{self, Outcome};

const ROUNDS: usize = 60;
const WARMUP: usize = 5;

pub(crate) fn run(settings: &Settings) -> Outcome<Results> {
    if !shell::is_root() {
        return Err("the floor and the peers' bare bundles need root".to_owned());
    }
    let scratch = Scratch::disk("start")?;
    let _mounted = cgroups::hugetlb()?;
    let rootfs = match &settings.rootfs {
        Some(tarball) => Rootfs::given(&scratch, tarball)?,
        None => Rootfs::smallest(&scratch)?,
    };
    let mut contestants = vec![coffer(&scratch, &rootfs)?, floor(&scratch, &rootfs)?];
    let mut notes = Vec::new();
    let mut enter = |name: &str, contestant: Outcome<Contestant>| match contestant {
        Ok(contestant) => contestants.push(contestant),
        Err(error) => notes.push(format!("{name} is left out: {error}")),
    };
    for (name, runtime) in runtimes(settings) {
        enter(
            &name,
            runtime.and_then(|runtime| bundle::contestant(&name, runtime, &rootfs.directory, &scratch)),
        );
    }
    // The engines must outlive the rounds: dropping them clears their stores.
    let podman = Podman::new(&scratch);
    enter("podman", podman.as_ref().map_err(Clone::clone).and_then(|podman| podman.starter(&rootfs.tarball)));
    let docker = Docker::start(&scratch);
    enter("docker", docker.as_ref().map_err(Clone::clone).and_then(|docker| docker.starter(&rootfs.tarball)));

    let (rows, more) = measure::interleaved(contestants, WARMUP, settings.rounds.unwrap_or(ROUNDS))?;
    if !rows.iter().any(|row| row.who == "coffer" && row.value("failed") == Some(0.0)) {
        return Err(format!("coffer failed. {}", more.join("; ")));
    }
    notes.extend(more);
    Ok(Results::here("start", rows, notes))
}

fn runtimes(settings: &Settings) -> Vec<(String, Outcome<PathBuf>)> {
    let installed = ["crun", "runc"].map(|name| {
        let file = shell::find(name).ok_or_else(|| format!("it is not installed (apt-get install {name})"));
        (name.to_owned(), file)
    });
    let given = settings.peers.iter().map(|(name, file)| (name.clone(), Ok(file.clone())));
    installed.into_iter().chain(given).collect()
}

/// Ours, from a warm store.
fn coffer(scratch: &Scratch, rootfs: &Rootfs) -> Outcome<Contestant> {
    let program = shell::build("coffer", "release")?;
    let state = scratch.path().join("coffer");
    let import = ["image", "import", "--tag", "bench"];
    shell::capture(shell::program(&program, import).arg(&rootfs.tarball).env("COFFER_ROOT", &state))?;
    let version = version(&program)?;
    let command = move |_| {
        let mut command = Command::new(&program);
        command.args(["run", "--rm", "bench", "/bin/true"]).env("COFFER_ROOT", &state);
        command
    };
    Ok(Contestant::new("coffer", version, command))
}

fn floor(scratch: &Scratch, rootfs: &Rootfs) -> Outcome<Contestant> {
    let program = scratch.path().join("floor");
    rootfs::compile("floor.c", &program)?;
    let directory = rootfs.directory.clone();
    let command = move |_| {
        let mut command = Command::new(&program);
        command.arg(&directory).arg("/bin/true");
        command
    };
    Ok(Contestant::new("floor", String::new(), command))
}

/// The version that `coffer --version` says.
pub(crate) fn version(coffer: &Path) -> Outcome<String> {
    let text = shell::capture(&mut shell::program(coffer, ["--version"]))?;
    Ok(text.split_whitespace().nth(1).unwrap_or("unknown").to_owned())
}
