//! What a person wants built.

use std::collections::BTreeMap;
use std::path::PathBuf;

use build::plan::{NoCache, RunNetwork};
use model::reference::ImageName;
use model::request::{HostAddress, Limits, RunRequest, Ulimit};
use model::verdict::Level;

use store::{Stamp, StampMode};

use super::run::Secrets;

/// One build.
#[derive(Debug, Default)]
pub struct BuildRequest {
    /// Where the files are: a directory, `-`, an archive, an address, a git repository.
    pub context: String,
    /// The Dockerfile: below the context, elsewhere, or `-`; `Dockerfile` if nothing is said.
    pub file: Option<String>,
    /// The image's names.
    pub names: Vec<ImageName>,
    /// The stage to build; the last if nothing is said.
    pub target: Option<String>,
    /// `--build-arg`
    pub arguments: BTreeMap<String, String>,
    /// `--label`
    pub labels: BTreeMap<String, String>,
    /// `--platform`; this host's if nothing is said.
    pub platform: Option<String>,
    /// `--build-context NAME=WHERE`
    pub contexts: BTreeMap<String, String>,
    /// `--annotation`
    pub annotations: BTreeMap<String, String>,
    /// What is said about each step that runs.
    pub steps: StepWishes,
    /// Which steps may not be taken from earlier builds.
    pub no_cache: NoCache,
    /// Which times go into the image.
    pub times: Times,
    /// The bill of material that is put beside the image.
    pub bill: Evidence,
    /// The statement about how it was made.
    pub provenance: Provenance,
}

/// What is said about every `RUN`.
#[derive(Debug, Default)]
pub struct StepWishes {
    /// `--network`
    pub network: RunNetwork,
    /// `--add-host`
    pub hosts: Vec<HostAddress>,
    /// `--secret`
    pub secrets: Secrets,
    /// `--ssh`: sockets of agents, by id.
    pub agents: BTreeMap<String, PathBuf>,
    /// `--memory`, `--cpus` and the like.
    pub limits: Limits,
    /// `--ulimit`
    pub ulimits: Vec<Ulimit>,
    /// `--shm-size`, bytes.
    pub shm_size: Option<u64>,
    /// `--policy`
    pub level: Level,
}

impl StepWishes {
    /// The same as what a container is asked for.
    pub(super) fn request(&self) -> RunRequest {
        RunRequest {
            limits: self.limits.clone(),
            ulimits: self.ulimits.clone(),
            shm_size: self.shm_size,
            level: self.level,
            ..RunRequest::default()
        }
    }
}

/// Which times go into the image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Times {
    /// Those at which things happened.
    #[default]
    Real,
    /// Seconds since the epoch: for what is newer, and for all of the context.
    At(i64),
    /// The same, with the time of the newest image that it is built on.
    OfBase,
}

/// Whether something is put beside the image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Evidence {
    /// It is.
    #[default]
    Attached,
    /// It is not.
    None,
}

/// How much is said about how the image was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Provenance {
    /// What it was made of, and by whom.
    #[default]
    Min,
    /// Also the Dockerfile itself, and each step.
    Max,
    /// Nothing.
    None,
}

/// What the steps of one build share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings<'a> {
    pub(super) steps: &'a StepWishes,
    /// Seconds since the epoch, for what is newer and for all of a context.
    pub(super) epoch: Option<i64>,
}

impl Settings<'_> {
    /// For what comes from a context: the times of a checkout are those of whoever checked it out.
    pub(super) fn stamp_of_files(&self) -> Stamp {
        Stamp { epoch: self.epoch, mode: StampMode::All }
    }

    /// For what a program writes.
    pub(super) fn stamp_of_steps(&self) -> Stamp {
        Stamp { epoch: self.epoch, mode: StampMode::Clamp }
    }
}
