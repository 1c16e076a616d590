//! What can go wrong with logs.

use std::io;

/// Why a log cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// There is no journal that could take entries.
    #[error("`--log-driver journald`: nothing listens at /run/systemd/journal/socket: {0}")]
    NoJournal(io::Error),
    /// The files cannot be made.
    #[error("the log cannot be opened: {0}")]
    Open(io::Error),
    /// The files cannot be read.
    #[error("the log of {container} cannot be read: {source}")]
    Read {
        /// The container's name.
        container: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The journal has it.
    #[error("what {container} prints is in the journal")]
    InJournal {
        /// The container's name.
        container: String,
        /// Its id, whole.
        id: String,
    },
    /// Nobody keeps it.
    #[error("what {container} prints is not kept: it was started with `--log-driver none`")]
    NotKept {
        /// The container's name.
        container: String,
    },
    /// It was never written: a run in the foreground.
    #[error("{container} has no log: what it prints goes to where `coffer run` was started")]
    Elsewhere {
        /// The container's name.
        container: String,
    },
}

impl LogsError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoJournal(_) => "E-logs-no-journal",
            Self::Open(_) | Self::Read { .. } => "E-logs-io",
            Self::InJournal { .. } => "E-logs-journal",
            Self::NotKept { .. } => "E-logs-none",
            Self::Elsewhere { .. } => "E-logs-elsewhere",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NoJournal(_) => "leave it out: files beside the container are the default".into(),
            Self::Open(_) => {
                "make room, `coffer prune` and `df -h`, or look for what the disk says: `dmesg`".into()
            }
            Self::Read { .. } => "look for what the disk says: `dmesg | tail`".into(),
            Self::InJournal { id, .. } => format!("read it there: `journalctl CONTAINER_ID_FULL={id}`"),
            Self::NotKept { .. } => "start the next one without `--log-driver none`".into(),
            Self::Elsewhere { .. } => {
                "start it in the background, `coffer run -d`, to have its output kept".into()
            }
        }
    }
}
