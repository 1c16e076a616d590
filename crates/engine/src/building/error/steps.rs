//! What can be wrong with a `RUN` beside its program.

use std::io;

/// Why a step cannot be run, or came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// Nobody gave it.
    #[error("the step needs the secret `{0}`, and none was given")]
    NoSecret(String),
    /// Its file or variable is not to be had.
    #[error("cannot read the secret `{id}`: {source}")]
    Secret {
        /// Which.
        id: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// It is more than a secret.
    #[error("the secret `{id}` has more than {most} bytes")]
    LargeSecret {
        /// Which.
        id: String,
        /// How many it may have.
        most: usize,
    },
    /// It would be in the image.
    #[error("the step wrote the secret `{id}` into `/{path}`")]
    WrittenSecret {
        /// Which.
        id: String,
        /// Below the root.
        path: String,
    },
    /// Nobody gave it.
    #[error("the step needs the agent `{0}`, and none was given")]
    NoAgent(String),
    /// Its socket cannot be passed on.
    #[error("cannot pass on the agent `{id}`: {source}")]
    Agent {
        /// Which.
        id: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// What is to be mounted is not there.
    #[error("there is no file or directory `{path}` to mount on `{target}`")]
    NoSource {
        /// As the step says.
        path: String,
        /// Where it should have been.
        target: String,
    },
    /// Its programs are for other processors.
    #[error("the step runs programs for {0}, which this host cannot run")]
    Foreign(String),
    /// Somebody asked us to end.
    #[error("the step was interrupted by signal {0}")]
    Interrupted(i32),
}

impl StepError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSecret(_) | Self::Secret { .. } | Self::LargeSecret { .. } => "E-build-secret",
            Self::WrittenSecret { .. } => "E-build-written-secret",
            Self::NoAgent(_) | Self::Agent { .. } => "E-build-agent",
            Self::NoSource { .. } => "E-build-mount-source",
            Self::Foreign(_) => "E-build-foreign",
            Self::Interrupted(_) => "E-build-interrupted",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NoSecret(id) => format!("give it: coffer build --secret id={id},src=FILE"),
            Self::Secret { .. } | Self::LargeSecret { .. } => {
                "name a small file that you can read: --secret id=NAME,src=FILE".to_owned()
            }
            Self::WrittenSecret { .. } => "remove it before the step ends, or write it below a `RUN --mount=type=tmpfs`; \
                what is no secret comes with COPY or `--mount=type=bind`"
                .to_owned(),
            Self::NoAgent(id) => format!("give it: coffer build --ssh {id}"),
            Self::Agent { .. } => "see that the agent runs: ssh-add -l".to_owned(),
            Self::NoSource { .. } => "compare `source` of the mount with what its `from` holds".to_owned(),
            Self::Foreign(_) => "register an interpreter that is found from any root (Debian: `apt install \
                qemu-user-static`), or begin the stage with `FROM --platform=$BUILDPLATFORM` and build for $TARGETARCH"
                .to_owned(),
            Self::Interrupted(_) => "start the build again; what is complete is not done twice".to_owned(),
        }
    }
}
