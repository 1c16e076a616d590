//! What can go wrong with a build that is not wrong with one of the other parts.

mod files;
mod steps;

use build::instruction::Lines;

use super::worker::Trouble;
use crate::error::EngineError;

pub use files::FilesError;
pub(super) use files::shown;
pub use steps::StepError;

/// Why an image was not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The Dockerfile is not one.
    #[error("{file}: {source}")]
    Dockerfile {
        /// Its name.
        file: String,
        /// What is wrong with it, and where.
        source: Box<build::ParseError>,
    },
    /// It cannot be done as it is written.
    #[error("{file}: {source}")]
    Plan {
        /// Its name.
        file: String,
        /// What cannot be done, and where.
        source: Box<build::plan::PlanError>,
    },
    /// There is no Dockerfile.
    #[error("there is no `{file}` in {context}")]
    NoDockerfile {
        /// As it was looked for.
        file: String,
        /// Where.
        context: String,
    },
    /// It cannot be checked.
    #[error("{file}: {why}")]
    Check {
        /// Its name.
        file: String,
        /// Why not.
        why: String,
    },
    /// An image stays on the base that it has.
    #[error("it stays on the base that it has: {}", super::rebase::sentence(.0))]
    Rebase(Vec<build::rebase::Reason>),
    /// Nobody knows what an image was built on.
    #[error("no image of the store is what it was built on")]
    NoOldBase,
    /// There is no context.
    #[error("`{0}` is no context: neither a directory nor an archive, a repository or an address")]
    NoContext(String),
    /// An address of a repository.
    #[error("`{address}`: {problem}")]
    Address {
        /// As written.
        address: String,
        /// What is wrong with it.
        problem: Box<build::plan::Problem>,
    },
    /// Standard input is one thing.
    #[error("the context and the Dockerfile cannot both come from standard input")]
    Twice,
    /// A step was not done.
    #[error("`{title}` (line {}): {}", .lines.first, .trouble.what)]
    Step {
        /// `[build 3/7] RUN make`
        title: String,
        /// Where it stands.
        lines: Lines,
        /// Why.
        trouble: Box<Trouble>,
    },
    /// About files that are taken or placed.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// About a `RUN`, before or after its program.
    #[error(transparent)]
    Run(#[from] StepError),
    /// Any other stage's.
    #[error(transparent)]
    Engine(Box<EngineError>),
    /// The program of a `RUN` has ended with an error.
    #[error("its program ended with exit code {exit}")]
    Program {
        /// Its exit code.
        exit: u8,
    },
    /// The process of a step was killed.
    #[error("the process of a step was ended from outside")]
    Lost,
    /// An image that a step begins with was not given.
    #[error("`{0}` is not here")]
    NoBase(String),
    /// The image is for other processors, and this host cannot run its programs.
    #[error("`{reference}` is for {platform}, and this build is for {wanted}")]
    Platform {
        /// As written.
        reference: String,
        /// What it is for.
        platform: String,
        /// What was asked for.
        wanted: String,
    },
    /// `--platform` names none.
    #[error(transparent)]
    PlatformSyntax(build::plan::PlatformSyntax),
    /// A signal asked us to end.
    #[error("interrupted by signal {0}")]
    Interrupted(i32),
}

impl BuildError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Dockerfile { .. } | Self::Check { .. } => "E-build-dockerfile",
            Self::Plan { .. } => "E-build-plan",
            Self::NoDockerfile { .. } => "E-build-no-dockerfile",
            Self::Rebase(_) => "E-build-rebase",
            Self::NoOldBase => "E-build-old-base",
            Self::NoContext(_) | Self::Address { .. } | Self::Twice => "E-build-context",
            Self::Step { .. } => "E-build-step",
            Self::Files(error) => error.code(),
            Self::Run(error) => error.code(),
            Self::Engine(error) => error.code(),
            Self::Program { .. } => "E-build-program",
            Self::Lost => "E-build-lost",
            Self::NoBase(_) => "E-build-base",
            Self::Platform { .. } | Self::PlatformSyntax(_) => "E-build-platform",
            Self::Interrupted(_) => "E-build-interrupted",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Check { .. } => "`coffer help dockerfile` tells which language it is".into(),
            Self::Dockerfile { .. } => "`coffer build check` shows all that is wrong; `coffer help dockerfile` tells which language it is".into(),
            Self::Plan { .. } => "docs/dockerfile.md goes through the language, instruction by instruction".into(),
            Self::NoDockerfile { .. } => "name it: `coffer build -f FILE CONTEXT`".into(),
            Self::Rebase(_) => "build it anew on the new base: `coffer build --pull`".into(),
            Self::NoOldBase => "name it: `--from IMAGE`; `coffer pull` brings it here".into(),
            Self::NoContext(_) | Self::Address { .. } => {
                "give a directory, `-` for an archive on standard input, or an address: https://host/name.git#branch".into()
            }
            Self::Twice => "give one of them as a path".into(),
            Self::Step { trouble, .. } => trouble.remedy.clone(),
            Self::Files(error) => error.remedy(),
            Self::Run(error) => error.remedy(),
            Self::Engine(error) => error.remedy(),
            Self::Program { .. } => "what it printed stands above; `--progress plain` shows all of it".into(),
            Self::Lost => "look whether the kernel killed it for want of memory: `dmesg | tail`".into(),
            Self::NoBase(reference) => format!("bring it here: `coffer pull {reference}`"),
            Self::Platform { wanted, .. } => {
                format!("name an image for {wanted}, or say `--platform` of the image that there is")
            }
            Self::PlatformSyntax(_) => "name it like linux/amd64".into(),
            Self::Interrupted(_) => String::new(),
        }
    }
}

impl<E: Into<EngineError>> From<E> for BuildError {
    fn from(error: E) -> Self {
        Self::Engine(Box::new(error.into()))
    }
}
