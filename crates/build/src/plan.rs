//! What is to be done: steps, each of which makes a root out of those before it.

mod platform;
mod options;
mod error;
mod variables;
mod budget;
mod reader;
mod globals;
mod triggers;
mod graph;
mod paths;
mod stage;
mod title;
mod history;
mod ports;
mod health;
mod settings;
mod git;
mod transfer;
mod mounts;
mod running;
mod weight;
mod make;
mod key;
#[cfg(test)]
mod tests;

use model::image::ImageConfig;

use crate::instruction::{Document, Lines};

pub use crate::instruction::Sharing;
pub use error::{PlanError, Problem};
pub use git::{given as given_repository, source as repository};
pub use globals::is_proxy;
pub use graph::{BaseNeeded, needs};
pub use key::{Key, Takes, key};
pub use options::{Base, Bases, NamedContext, NoCache, Options};
pub use platform::{Platform, PlatformSyntax};

/// Everything that one target needs, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Each uses only those before it.
    pub steps: Vec<Step>,
    /// The image.
    pub outcome: Outcome,
    /// `SOURCE_DATE_EPOCH`, of whoever asks or of the file: seconds since 1970.
    pub epoch: Option<i64>,
    /// What the person may want to know, a line each.
    pub remarks: Vec<String>,
}

/// A step's place in [`Plan::steps`].
pub type StepId = usize;

/// The image that a plan makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Whose root it has; nobody's if the image is empty.
    pub root: Option<StepId>,
    /// How it starts.
    pub config: ImageConfig,
    /// `MAINTAINER`; may be empty.
    pub author: String,
    /// Lines of history beyond the base image's, oldest first.
    pub history: Vec<HistoryLine>,
}

/// One instruction in the image's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryLine {
    /// As Docker writes it: `RUN /bin/sh -c make`, `ENV A=b`.
    pub created_by: String,
    /// Whose layer it is; none where only the configuration changed.
    pub step: Option<StepId>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `[build 3/7] RUN make`: the stage, and which of its steps.
    pub title: String,
    /// Where it stands in the file.
    pub lines: Lines,
    /// The root that it begins with; none at the bottom.
    pub below: Option<StepId>,
    /// Whether what it made before may be taken instead.
    pub caching: Caching,
    /// What it does.
    pub act: Act,
}

/// Whether what a step made before may be taken instead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Caching {
    /// It may.
    #[default]
    Allowed,
    /// It is done again: `--no-cache`.
    Never,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Begins with an image: its reference, and the platform.
    Base {
        /// As written, variables replaced.
        reference: String,
        /// `linux/amd64`
        platform: String,
    },
    /// `COPY` and `ADD`
    Copy(Copy),
    /// `WORKDIR`: a directory that may be there already.
    Directory(Directory),
    /// `RUN`
    Run(Run),
}

/// Where files come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The build context; by name if it is another (`--build-context`).
    Context(Option<String>),
    /// What a step has made. An image is a step, too.
    Step(StepId),
    /// Nothing: an empty root.
    Scratch,
}

/// `COPY` and `ADD`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// Where paths are looked up.
    pub origin: Origin,
    /// At least one.
    pub sources: Vec<Source>,
    /// Absolute; ends with `/` where it has to be a directory.
    pub destination: String,
    /// `user:group` by name or number, to be looked up in the root below. Where it is empty, what comes from stages and
    /// images keeps its owners, and everything else is 0:0.
    pub owner: String,
    /// `--chmod`: octal, or symbolic as chmod(1).
    pub mode: Option<String>,
    /// `--link`: the layer does not depend on what is below.
    pub link: bool,
    /// `--parents`
    pub parents: bool,
    /// Patterns as in .dockerignore.
    pub exclude: Vec<String>,
    /// Whether archives among the sources are unpacked: `ADD` of local ones.
    pub unpack: bool,
}

/// One source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A path or pattern (Go's filepath.Match) below the origin, relative and without `.` and `..`; `.` is all of it.
    /// With `--parents` a `/./` may stay, which parts what is made from what is only looked in.
    Path(String),
    /// A document's text; the name is the file's, and variables are replaced.
    Text {
        /// The file's name where the destination is a directory.
        name: String,
        /// Its bytes.
        content: String,
    },
    /// `http(s)://`
    Address {
        /// The address.
        url: String,
        /// `sha256:...` that its bytes must have.
        checksum: Option<String>,
        /// Whether it is unpacked, if it is an archive: `--unpack`.
        unpack: bool,
    },
    /// A git repository.
    Git {
        /// The repository: https, ssh or a local path.
        remote: String,
        /// Branch, tag or commit.
        reference: Option<String>,
        /// A directory in it.
        subdirectory: Option<String>,
        /// Whether `.git` stays.
        keep_git_dir: bool,
        /// The commit that it must be: hex digits, which may be its beginning.
        checksum: Option<String>,
        /// Whether the repositories within it are fetched, too.
        submodules: bool,
    },
}

/// `WORKDIR`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Absolute.
    pub path: String,
    /// Whose it is, if it is made: as `USER`; empty is 0:0.
    pub owner: String,
}

/// `RUN`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The program and its arguments, shell included.
    pub arguments: Vec<String>,
    /// Scripts that must lie in the root while it runs, and are in no layer.
    pub scripts: Vec<Script>,
    /// `NAME=value`: the image's, and build arguments.
    pub env: Vec<String>,
    /// `NAME=value` of `HTTP_PROXY` and its like: in the environment, where `env` has not the same name, and in no key.
    pub proxies: Vec<String>,
    /// As `USER`.
    pub user: String,
    /// Absolute.
    pub working_dir: String,
    /// In order of their targets.
    pub mounts: Vec<Mount>,
    /// Where its packets go.
    pub network: RunNetwork,
    /// Names that whoever builds gives an address: sorted, each once. The addresses are in no key.
    pub hosts: Vec<String>,
    /// `--security=insecure`: with the engine's rights, where policy grants them.
    pub insecure: bool,
}

/// A here-document that is executed: a file of mode 0755.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Absolute.
    pub path: String,
    /// Its text.
    pub content: String,
}

/// `--network` of a step or of the build.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RunNetwork {
    /// A way out, and none in.
    #[default]
    Outbound,
    /// Loopback alone.
    None,
    /// The host's.
    Host,
}

/// `RUN --mount`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mount {
    /// Part of an origin. What is written to it is lost.
    Bind {
        /// Of what.
        origin: Origin,
        /// Which part; empty is all of it.
        source: String,
        /// Absolute.
        target: String,
        /// `rw`
        writable: bool,
    },
    /// A directory that outlives the build.
    Cache {
        /// Its name; the target, if nothing else was said.
        id: String,
        /// What it holds at first.
        origin: Origin,
        /// Which part of that; empty is all of it.
        source: String,
        /// Absolute.
        target: String,
        /// `ro`
        readonly: bool,
        /// How several steps use it at once.
        sharing: Sharing,
        /// Permission bits, if it is made.
        mode: u32,
        /// Its owner, if it is made.
        owner: (u32, u32),
    },
    /// Memory.
    Tmpfs {
        /// Absolute.
        target: String,
        /// Bytes.
        size: Option<u64>,
    },
    /// A file, or a variable, that is in no layer.
    Secret {
        /// Which.
        id: String,
        /// Absolute; none if it is only a variable.
        target: Option<String>,
        /// A variable.
        env: Option<String>,
        /// Whether the step fails without it.
        required: bool,
        /// Permission bits.
        mode: u32,
        /// Its owner.
        owner: (u32, u32),
    },
    /// The agent's socket.
    Ssh {
        /// Which agent.
        id: String,
        /// Absolute.
        target: String,
        /// Whether the step fails without it.
        required: bool,
        /// Permission bits.
        mode: u32,
        /// Its owner.
        owner: (u32, u32),
    },
}

/// A document's text, as it lies in a file.
#[must_use]
pub fn text_of(document: &Document) -> String {
    match document.tabs {
        crate::instruction::Tabs::Kept => document.content.clone(),
        crate::instruction::Tabs::Stripped => {
            document.content.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect()
        }
    }
}
