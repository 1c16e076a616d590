//! What came of an attack, and what an attack is.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use rustix::io::Errno;

/// What came of an attack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Refused, and how.
    Stopped(String),
    /// It got through, and to what.
    Succeeded(String),
    /// There was nothing to attack here, and why.
    NotApplicable(String),
}

impl Outcome {
    pub(crate) fn stopped(how: impl Into<String>) -> Self {
        Self::Stopped(how.into())
    }

    pub(crate) fn succeeded(to: impl Into<String>) -> Self {
        Self::Succeeded(to.into())
    }

    pub(crate) fn not_applicable(why: impl Into<String>) -> Self {
        Self::NotApplicable(why.into())
    }

    /// An attack that is one call: granted is success, an error is how it was stopped.
    pub(crate) fn of<T>(result: Result<T, Errno>, granted: &str) -> Self {
        Self::of_reached(result, &[], granted)
    }

    /// As [`Outcome::of`], where the errors of `reached` come only after the privilege was granted.
    pub(crate) fn of_reached<T>(result: Result<T, Errno>, reached: &[Errno], granted: &str) -> Self {
        match result {
            Ok(_) => Self::succeeded(granted),
            Err(errno) if reached.contains(&errno) => Self::succeeded(granted),
            Err(errno) => Self::stopped(errno_name(errno)),
        }
    }

    /// The word for it in both outputs.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Stopped(_) => "stopped",
            Self::Succeeded(_) => "succeeded",
            Self::NotApplicable(_) => "not-applicable",
        }
    }

    /// How, to what, or why.
    pub(crate) fn detail(&self) -> &str {
        let (Self::Stopped(detail) | Self::Succeeded(detail) | Self::NotApplicable(detail)) = self;
        detail
    }

    /// One line, for the process that runs the attack to tell the one that asked for it.
    pub(crate) fn to_line(&self) -> String {
        format!("{}\t{}\n", self.word(), self.detail().replace('\n', " "))
    }

    /// The reverse of [`Outcome::to_line`].
    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let (word, detail) = line.trim_end_matches('\n').split_once('\t')?;
        match word {
            "stopped" => Some(Self::stopped(detail)),
            "succeeded" => Some(Self::succeeded(detail)),
            "not-applicable" => Some(Self::not_applicable(detail)),
            _ => None,
        }
    }

    /// The worst of several ways to the same end: success, or else how the first one was stopped.
    pub(crate) fn worst(ways: impl IntoIterator<Item = Self>) -> Self {
        ways.into_iter()
            .reduce(|worst, way| match (&worst, &way) {
                (Self::Succeeded(_), _) | (_, Self::NotApplicable(_)) => worst,
                (Self::Stopped(_), Self::Stopped(_)) => worst,
                _ => way,
            })
            .unwrap_or_else(|| Self::not_applicable("nothing to try"))
    }
}

/// What an attack may be told on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// A file of the host that must not be reachable.
    pub(crate) marker: Option<PathBuf>,
    /// An address of the host or a neighbour that must not be reachable.
    pub(crate) connect: Option<SocketAddr>,
    /// The name of an abstract socket of the host.
    pub(crate) socket: Option<String>,
    /// How many tasks the fork bomb starts.
    pub(crate) count: usize,
    /// How many bytes the memory hog takes; it does nothing without.
    pub(crate) bytes: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self { marker: None, connect: None, socket: None, count: 4096, bytes: None }
    }
}

/// The classes of docs/escapes.md, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Paths,
    Descriptors,
    RuntimeBinary,
    Masks,
    KernelHelpers,
    DroppedCode,
    Mounts,
    Namespaces,
    KernelSurface,
    ForeignAbi,
    Processes,
    Devices,
    Privileges,
    HostSecrets,
    Sockets,
    Network,
    Exhaustion,
}

impl Class {
    /// The anchor of its section.
    pub(crate) fn anchor(self) -> &'static str {
        match self {
            Self::Paths => "paths",
            Self::Descriptors => "descriptors",
            Self::RuntimeBinary => "runtime-binary",
            Self::Masks => "masks",
            Self::KernelHelpers => "kernel-helpers",
            Self::DroppedCode => "dropped-code",
            Self::Mounts => "mounts",
            Self::Namespaces => "namespaces",
            Self::KernelSurface => "kernel-surface",
            Self::ForeignAbi => "foreign-abi",
            Self::Processes => "processes",
            Self::Devices => "devices",
            Self::Privileges => "privileges",
            Self::HostSecrets => "host-secrets",
            Self::Sockets => "sockets",
            Self::Network => "network",
            Self::Exhaustion => "exhaustion",
        }
    }
}

/// One attack: harmless where it succeeds, and run in a process of its own.
pub(crate) struct Attack {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// Where docs/escapes.md explains it.
    pub(crate) class: Class,
    /// What it tries, for `--list`.
    pub(crate) tries: &'static str,
    /// Tries it.
    pub(crate) run: fn(&Options) -> Outcome,
}

/// How an error of the standard library stopped an attack.
pub(crate) fn stopped_by(error: &io::Error) -> Outcome {
    Outcome::stopped(error_name(error))
}

/// The errno's name, or the error's text where there is no errno.
pub(crate) fn error_name(error: &io::Error) -> String {
    Errno::from_io_error(error).map_or_else(|| error.to_string(), errno_name)
}

/// The name in errno(3) of the errors that refusals have; a number for any other.
pub(crate) fn errno_name(errno: Errno) -> String {
    let name = match errno {
        Errno::PERM => "EPERM",
        Errno::NOENT => "ENOENT",
        Errno::SRCH => "ESRCH",
        Errno::NXIO => "ENXIO",
        Errno::NOEXEC => "ENOEXEC",
        Errno::BADF => "EBADF",
        Errno::AGAIN => "EAGAIN",
        Errno::NOMEM => "ENOMEM",
        Errno::ACCESS => "EACCES",
        Errno::FAULT => "EFAULT",
        Errno::BUSY => "EBUSY",
        Errno::NODEV => "ENODEV",
        Errno::NOTDIR => "ENOTDIR",
        Errno::INVAL => "EINVAL",
        Errno::NOTTY => "ENOTTY",
        Errno::TXTBSY => "ETXTBSY",
        Errno::NOSPC => "ENOSPC",
        Errno::ROFS => "EROFS",
        Errno::NOSYS => "ENOSYS",
        Errno::LOOP => "ELOOP",
        Errno::USERS => "EUSERS",
        Errno::OPNOTSUPP => "EOPNOTSUPP",
        Errno::AFNOSUPPORT => "EAFNOSUPPORT",
        Errno::NETUNREACH => "ENETUNREACH",
        Errno::HOSTUNREACH => "EHOSTUNREACH",
        Errno::TIMEDOUT => "ETIMEDOUT",
        Errno::CONNREFUSED => "ECONNREFUSED",
        Errno::STALE => "ESTALE",
        other => return format!("errno {}", other.raw_os_error()),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_survives_the_pipe() {
        for outcome in
            [Outcome::stopped("EPERM"), Outcome::succeeded("a\tb"), Outcome::not_applicable("no file")]
        {
            assert_eq!(Outcome::from_line(&outcome.to_line()), Some(outcome));
        }
        assert_eq!(Outcome::from_line("perhaps\tso\n"), None);
        assert_eq!(Outcome::from_line(""), None);
    }

    #[test]
    fn one_way_that_succeeds_is_success() {
        let (stopped, through, moot) =
            (Outcome::stopped("EPERM"), Outcome::succeeded("ran"), Outcome::not_applicable("none"));
        assert_eq!(Outcome::worst([stopped.clone(), through.clone(), stopped.clone()]), through);
        assert_eq!(Outcome::worst([stopped.clone(), Outcome::stopped("EROFS")]), stopped);
        assert_eq!(Outcome::worst([stopped.clone(), moot.clone()]), stopped);
        assert_eq!(Outcome::worst([moot.clone(), stopped.clone()]), stopped);
        assert!(matches!(Outcome::worst([]), Outcome::NotApplicable(_)));
    }

    #[test]
    fn an_error_after_the_privilege_check_is_success() {
        let answer: Result<(), Errno> = Err(Errno::NOEXEC);
        assert_eq!(Outcome::of_reached(answer, &[Errno::NOEXEC], "loaded").word(), "succeeded");
        assert_eq!(Outcome::of(answer, "loaded"), Outcome::stopped("ENOEXEC"));
    }
}
