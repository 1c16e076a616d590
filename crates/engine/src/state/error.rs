//! What can go wrong with the state on disk.

use std::io;
use std::path::{Path, PathBuf};

/// Why the state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The kernel refused.
    #[error("cannot {doing} `{}`: {source}", path.display())]
    Io {
        /// What was tried: `write`, `make the directory`.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A state directory has to be absolute: containers outlive the working directory.
    #[error("the state directory `{}` is not an absolute path", .0.display())]
    Relative(PathBuf),
    /// Somebody else could reach in.
    #[error("`{}` belongs to user {owner} with mode {mode:o}: others could reach the containers in it", path.display())]
    NotOurs {
        /// Which directory.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Its permission bits.
        mode: u32,
    },
    /// The name is taken.
    #[error("the name `{name}` is in use by container {container}")]
    NameInUse {
        /// The name.
        name: String,
        /// First 12 digits of the id that has it.
        container: String,
    },
    /// It cannot be started twice.
    #[error("container `{0}` runs already")]
    RunningAlready(String),
    /// There is no process to do this with.
    #[error("container `{0}` does not run")]
    NotRunning(String),
    /// It was started in the foreground: somebody else has its streams.
    #[error("container `{0}` has its output where it was started")]
    NoMonitor(String),
    /// Every range of user ids belongs to some container.
    #[error("all {0} ranges of user ids are in use by containers")]
    NoRange(u32),
    /// No container is called so.
    #[error("there is no container `{0}`")]
    Unknown(String),
    /// Several ids start so.
    #[error("`{text}` could be any of the containers {}", candidates.join(", "))]
    Ambiguous {
        /// What was typed.
        text: String,
        /// Short ids.
        candidates: Vec<String>,
    },
    /// The record cannot be understood.
    #[error("the record of container {container} is damaged: {detail}")]
    Damaged {
        /// First 12 digits of the id.
        container: String,
        /// What the parser says.
        detail: String,
    },
    /// The record was written by a newer version.
    #[error("the record of container {container} has format {version}, this version knows up to {known}")]
    Newer {
        /// First 12 digits of the id.
        container: String,
        /// Its format.
        version: u32,
        /// Ours.
        known: u32,
    },
    /// It is running.
    #[error("container {0} is running")]
    Running(String),
    /// It is paused.
    #[error("container `{0}` is paused")]
    Paused(String),
    /// It is not paused.
    #[error("container `{0}` is not paused")]
    NotPaused(String),
    /// It has no control group, which is what is wanted for this.
    #[error("container `{container}` cannot be {doing}: it has no control group")]
    NoGroup {
        /// Its name.
        container: String,
        /// To complete "cannot be ...".
        doing: &'static str,
    },
    /// Somebody is starting it, or clearing up after it.
    #[error("container {0} is about to start or to end")]
    Busy(String),
    /// It does not end.
    #[error("container {0} was killed and does not end")]
    Stuck(String),
    /// The text cannot be a volume's name.
    #[error(
        "`{0}` cannot be a volume's name: 2 to 128 letters, digits, `_`, `.` and `-`, the first a letter or digit"
    )]
    VolumeName(String),
}

impl StateError {
    /// For `map_err`: names what was tried and to what.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }

    /// The same for the kernel's bare numbers.
    pub(crate) fn errno(doing: &'static str, path: &Path) -> impl FnOnce(rustix::io::Errno) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source: source.into() }
    }

    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => "E-state-full",
            Self::Io { .. } => "E-state-io",
            Self::Relative(_) => "E-state-relative",
            Self::NotOurs { .. } => "E-state-not-ours",
            Self::NameInUse { .. } => "E-state-name-in-use",
            Self::RunningAlready(_) => "E-state-running-already",
            Self::NotRunning(_) => "E-state-not-running",
            Self::NoMonitor(_) => "E-state-no-monitor",
            Self::NoRange(_) => "E-state-no-range",
            Self::Unknown(_) => "E-state-unknown",
            Self::Ambiguous { .. } => "E-state-ambiguous",
            Self::Damaged { .. } => "E-state-damaged",
            Self::Newer { .. } => "E-state-newer",
            Self::Running(_) => "E-state-running",
            Self::Paused(_) => "E-state-paused",
            Self::NotPaused(_) => "E-state-not-paused",
            Self::NoGroup { .. } => "E-state-no-group",
            Self::Busy(_) => "E-state-busy",
            Self::Stuck(_) => "E-state-stuck",
            Self::VolumeName(_) => "E-run-volume-name",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Io { source, path, .. } => io_remedy(source, path),
            Self::Relative(path) => format!("give the whole path: `$PWD/{}`", path.display()),
            Self::NotOurs { path, .. } => format!(
                "make it yours alone: `chown $(id -u) {0} && chmod 700 {0}`, or choose another with COFFER_ROOT",
                path.display()
            ),
            Self::NameInUse { name, .. } => {
                format!("remove that container with `coffer rm {name}`, or take another name")
            }
            Self::RunningAlready(name) => format!("`coffer restart {name}` ends it and starts it again"),
            Self::NotRunning(name) => format!("start it with `coffer start {name}`"),
            Self::NoMonitor(_) => {
                "start containers in the background (`coffer run -d`) to attach to them".into()
            }
            Self::NoRange(_) => "remove containers that have ended: `coffer prune`".into(),
            Self::Unknown(_) => "`coffer ps -a` lists the containers".into(),
            Self::Ambiguous { .. } => "type more of the id, or the name".into(),
            Self::Damaged { container, .. } => format!("remove it with `coffer rm -f {container}`"),
            Self::Newer { .. } => "use the version of coffer that made it".into(),
            Self::Paused(container) => format!("let it go on: `coffer unpause {container}`"),
            Self::NotPaused(_) => "`coffer ps` shows which ones are".into(),
            Self::NoGroup { .. } => {
                "have groups delegated to you (systemd: `Delegate=yes` for user@.service), then start it again; `coffer system check` says how"
                    .into()
            }
            Self::Busy(_) => "try again in a moment".into(),
            Self::Stuck(_) => {
                "look for a process that waits for a device: `ps -eo pid,stat,wchan,comm`".into()
            }
            Self::VolumeName(_) => "choose a name like `data`, or give an absolute path of this host".into(),
            Self::Running(container) => {
                format!("end it first, or remove it all the same: `coffer rm -f {container}`")
            }
        }
    }
}

fn io_remedy(source: &io::Error, path: &Path) -> String {
    let path = path.display();
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            format!("make room: `coffer prune` and `coffer image prune`, then `df -h {path}`")
        }
        io::ErrorKind::PermissionDenied => format!("check who owns it: `ls -ld {path}`"),
        io::ErrorKind::ReadOnlyFilesystem => {
            "choose a writable directory with COFFER_ROOT, or remount the filesystem".into()
        }
        _ => format!("check the filesystem under {path}: `dmesg | tail`"),
    }
}
