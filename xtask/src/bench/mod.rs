//! `cargo xtask bench`: ours beside its peers, interleaved in one run, and the page of results.

pub(crate) mod measure;
pub(crate) mod results;
pub(crate) mod machine;
pub(crate) mod targets;
pub(crate) mod page;
pub(crate) mod scratch;
pub(crate) mod rootfs;
pub(crate) mod bundle;
pub(crate) mod cgroups;
pub(crate) mod podman;
pub(crate) mod docker;
pub(crate) mod start;
pub(crate) mod import;
pub(crate) mod life;
pub(crate) mod runtime;
pub(crate) mod ship;
pub(crate) mod build;
pub(crate) mod scan;
pub(crate) mod trust;
pub(crate) mod examples;
pub(crate) mod size;

use std::path::PathBuf;

use crate::shell::{self, Outcome};
use results::Results;

pub(crate) const ARGUMENTS: &str = "start|import|ship|build|scan|trust|life|runtime|decide|ledger|size|all|report [--rounds N] [--rootfs FILE] \
                                    [--archive FILE] [--layout DIR] [--images DIR] [--advisories DIR] \
                                    [--databases DIR] [--peer NAME=PATH]... [--dry]";

/// What the command line says.
#[derive(Default)]
pub(crate) struct Settings {
    /// Rounds; each benchmark has its own default.
    rounds: Option<usize>,
    /// `start`: a tarball with a /bin/true, instead of the one made on the spot.
    rootfs: Option<PathBuf>,
    /// `import`: the docker-archive.
    archive: Option<PathBuf>,
    /// `ship`: the OCI layout with the images.
    layout: Option<PathBuf>,
    /// `scan`: docker-archives, `NAME.tar`.
    images: Option<PathBuf>,
    /// `scan`: published advisories.
    advisories: Option<PathBuf>,
    /// `scan`: the same for the peers, as benches/peers writes them.
    databases: Option<PathBuf>,
    /// `start` and `runtime`: further OCI runtimes, by name; `scan`: trivy and grype; `trust`: cosign and notation.
    peers: Vec<(String, PathBuf)>,
    saving: Saving,
}

/// Whether the results are kept.
#[derive(Default, PartialEq, Eq)]
enum Saving {
    /// In benches/results and docs/benchmarks.md.
    #[default]
    Kept,
    /// `--dry`: only printed.
    Printed,
}

/// One benchmark.
struct Bench {
    name: &'static str,
    run: fn(&Settings) -> Outcome<Results>,
}

const BENCHES: &[Bench] = &[
    Bench { name: "start", run: start::run },
    Bench { name: "import", run: import::run },
    Bench { name: "ship", run: ship::run },
    Bench { name: "build", run: build::run },
    Bench { name: "scan", run: scan::run },
    Bench { name: "trust", run: trust::run },
    Bench { name: "life", run: life::run },
    Bench { name: "runtime", run: runtime::run },
    Bench { name: "decide", run: examples::decide },
    Bench { name: "ledger", run: examples::ledger },
    Bench { name: "size", run: size::run },
];

impl Settings {
    /// The program of a peer, as the command line names it or as `$PATH` has it.
    fn peer(&self, name: &str) -> Outcome<PathBuf> {
        let given = self.peers.iter().find(|(given, _)| given == name).map(|(_, file)| file.clone());
        let file = given.or_else(|| shell::find(name));
        file.ok_or_else(|| format!("there is no program `{name}`; name one with --peer {name}=PATH"))
    }
}

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let Some((name, rest)) = arguments.split_first() else {
        return Err(format!("usage: cargo xtask bench {ARGUMENTS}"));
    };
    let settings = settings(rest)?;
    if name == "report" {
        return report();
    }
    let chosen: Vec<&Bench> = BENCHES.iter().filter(|bench| name == "all" || name == bench.name).collect();
    if chosen.is_empty() {
        return Err(format!("there is no benchmark `{name}`; usage: cargo xtask bench {ARGUMENTS}"));
    }
    chosen.iter().try_for_each(|bench| one(bench, &settings))?;
    if settings.saving == Saving::Printed { Ok(()) } else { report() }
}

/// Writes the page from the results on file, and prints how our promises stand.
fn report() -> Outcome {
    let results = results::load_all()?;
    page::update(&results)?;
    print!("\n{}", targets::table(&results));
    Ok(())
}

fn one(bench: &Bench, settings: &Settings) -> Outcome {
    println!("\n== {} ==", bench.name);
    let results = (bench.run)(settings).map_err(|error| format!("bench {}: {error}", bench.name))?;
    print!("{}", page::section(&results));
    if settings.saving == Saving::Kept {
        results.save()?;
    }
    Ok(())
}

fn settings(arguments: &[String]) -> Outcome<Settings> {
    let mut settings = Settings::default();
    let mut words = arguments.iter();
    while let Some(flag) = words.next() {
        if flag == "--dry" {
            settings.saving = Saving::Printed;
            continue;
        }
        let value = words.next().ok_or_else(|| format!("`{flag}` is unknown or lacks its value"))?;
        match flag.as_str() {
            "--rounds" => settings.rounds = Some(rounds(value)?),
            "--rootfs" => settings.rootfs = Some(PathBuf::from(value)),
            "--layout" => settings.layout = Some(PathBuf::from(value)),
            "--images" => settings.images = Some(PathBuf::from(value)),
            "--advisories" => settings.advisories = Some(PathBuf::from(value)),
            "--databases" => settings.databases = Some(PathBuf::from(value)),
            "--archive" => settings.archive = Some(PathBuf::from(value)),
            "--peer" => settings.peers.push(peer(value)?),
            _ => return Err(format!("there is no flag `{flag}`; usage: cargo xtask bench {ARGUMENTS}")),
        }
    }
    Ok(settings)
}

fn rounds(value: &str) -> Outcome<usize> {
    let rounds = value.parse().ok().filter(|rounds| *rounds > 0);
    rounds.ok_or_else(|| format!("--rounds `{value}`: a number above zero is needed"))
}

fn peer(value: &str) -> Outcome<(String, PathBuf)> {
    let (name, path) = value.split_once('=').ok_or_else(|| format!("--peer `{value}` is not NAME=PATH"))?;
    Ok((name.to_owned(), PathBuf::from(path)))
}
