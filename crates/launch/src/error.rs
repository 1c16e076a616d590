//! Why a start did not happen: the step, the thing, the kernel's answer and what to do about it.

use model::spec::Text;
use rustix::io::Errno;

use crate::session::Barrier;
use crate::step::Step;

/// A start that failed. Nothing of the container is left running.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The program is not in the container.
    #[error("`{program}` is not in the container")]
    NotFound {
        /// As asked for.
        program: String,
    },
    /// The program is there, and cannot be executed.
    #[error("`{program}` cannot be executed: {}", refusal(*.errno))]
    NotExecutable {
        /// As asked for.
        program: String,
        /// The kernel's answer.
        errno: Errno,
    },
    /// A step between clone and exec failed.
    #[error("could not {}{}: {}", .step.describe(), quoted(.subject), of_step(*.step, *.errno))]
    Step {
        /// Which one.
        step: Step,
        /// The path or name it was about; may be empty.
        subject: String,
        /// The kernel's answer.
        errno: Errno,
    },
    /// The out-of-memory score cannot be set.
    #[error("the out-of-memory score cannot be set to {score}: it may only be raised by this user")]
    OomScore {
        /// As asked for.
        score: String,
    },
    /// Something on the host's side of the start failed.
    #[error("could not {action}{}: {}", quoted(.subject), describe(*.errno))]
    Host {
        /// To complete "could not ...".
        action: &'static str,
        /// The path or name it was about; may be empty.
        subject: String,
        /// The kernel's answer.
        errno: Errno,
    },
    /// A user's session cannot be made.
    #[error("users get no user namespaces on this host: {barrier}")]
    Session {
        /// What keeps them.
        barrier: Barrier,
    },
    /// A hook on the host's side failed.
    #[error("the {point} hook `{path}` {why}")]
    Hook {
        /// The specification's name for when it runs.
        point: &'static str,
        /// Its program.
        path: String,
        /// What became of it.
        why: String,
    },
    /// Nobody waits at the gate of the container.
    #[error("the container does not wait for a start")]
    NotWaiting,
    /// The container ended before its program was executed.
    #[error("the container ended while it was being set up")]
    Died,
    /// What the kernel reports is not what was planned.
    #[error("the confinement is not in force: {what} should be {planned}, the kernel says {actual}")]
    Floor {
        /// Which part.
        what: &'static str,
        /// What was planned.
        planned: String,
        /// What the kernel says.
        actual: String,
    },
    /// The specification asks for something invalid.
    #[error("invalid {what} `{value}`: {why}")]
    Spec {
        /// Which field.
        what: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The system call filter cannot be compiled.
    #[error(transparent)]
    Seccomp(#[from] crate::seccomp::SeccompError),
    /// A limit was asked for that this host cannot enforce.
    #[error("the `{controller}` limit cannot be enforced: this host has no {controller} controller for us")]
    Controller {
        /// Which one.
        controller: Text,
    },
    /// A limit on memory that is below what the container has in use.
    #[error("the limit on memory cannot be {limit} bytes: the container has more in use")]
    MemoryInUse {
        /// As asked for.
        limit: u64,
    },
    /// Some limits were changed before one could not be, and could not be changed back.
    #[error("{because}; changed all the same: {}", changed.join(", "))]
    HalfChanged {
        /// Files of the control group.
        changed: Vec<Text>,
        /// What could not be changed.
        because: Box<LaunchError>,
    },
    /// systemd did not do what was asked of it.
    #[error("systemd did not {action} `{unit}`: {why}")]
    Systemd {
        /// To complete "systemd did not ...".
        action: &'static str,
        /// The unit.
        unit: String,
        /// In systemd's words, if it had any.
        why: String,
    },
    /// The container has ended while something was done to its control group.
    #[error("the container has ended meanwhile")]
    Ended,
}

impl LaunchError {
    pub(crate) fn host(action: &'static str, subject: impl Into<String>) -> impl FnOnce(Errno) -> Self {
        let subject = subject.into();
        move |errno| Self::Host { action, subject, errno }
    }

    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "E-launch-not-found",
            Self::NotExecutable { .. } => "E-launch-not-executable",
            Self::OomScore { .. } => "E-launch-oom-score",
            Self::Step { .. } => "E-launch-step",
            Self::Host { .. } => "E-launch-host",
            Self::Session { .. } => "E-launch-session",
            Self::Hook { .. } => "E-launch-hook",
            Self::NotWaiting => "E-launch-not-waiting",
            Self::Died => "E-launch-died",
            Self::Floor { .. } => "E-launch-floor",
            Self::Spec { .. } => "E-launch-spec",
            Self::Seccomp(_) => "E-launch-seccomp",
            Self::Controller { .. } => "E-launch-controller",
            Self::MemoryInUse { .. } => "E-launch-memory-in-use",
            Self::HalfChanged { .. } => "E-launch-half-changed",
            Self::Systemd { .. } => "E-launch-systemd",
            Self::Ended => "E-launch-ended",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NotFound { .. } => "check the command, or run `sh` in the image to look around".into(),
            Self::NotExecutable { errno: Errno::ISDIR, .. } => {
                "give a program in it, not the directory".into()
            }
            Self::NotExecutable { errno: Errno::PERM, .. } => {
                "`chmod +x` it in the image, or name its interpreter".into()
            }
            Self::NotExecutable { errno: Errno::NOTSUP, .. } => {
                "nothing honest names /proc/self/exe as its program: do not trust this image".into()
            }
            Self::NotExecutable { errno: Errno::ACCESS, .. } => {
                "only programs that came with the image can run; `--mutable` lifts that, and is recorded"
                    .into()
            }
            Self::NotExecutable { .. } => "check that the image is for this machine's architecture".into(),
            Self::Step { step, errno, .. } => step_remedy(*step, *errno).into(),
            Self::OomScore { .. } => "leave `--oom-score-adj` out, or give a higher value".into(),
            Self::Host { action: "set the limit", errno: Errno::NODEV | Errno::NXIO, .. } => {
                "limit the whole disk and not a part of it: `lsblk` lists them".into()
            }
            Self::Host { action: "set the limit", errno: Errno::RANGE | Errno::INVAL, .. } => {
                "this host cannot have that value: `/sys/devices/system/cpu/online` lists its processors"
                    .into()
            }
            Self::Host { action: "move the network device", errno: Errno::EXIST, .. } => {
                "give another name: the container has a device of this one already".into()
            }
            Self::Host { action: "find the network device", errno: Errno::NODEV, .. } => {
                "`ip link` lists the devices of this host".into()
            }
            Self::Host { errno: Errno::OPNOTSUPP, subject, .. } if !subject.is_empty() => {
                "leave it out, or start on another: this kernel does not have it".into()
            }
            Self::Host { errno: Errno::NOSPC, .. } => "free some space, then run again".into(),
            Self::Host { .. } => "`coffer system check` says what this host lacks".into(),
            Self::Session { barrier } => barrier.remedy().into(),
            Self::Hook { .. } => "correct the hook, or what it needs, and create the container again".into(),
            Self::NotWaiting => "it was started before, or has ended".into(),
            Self::Died => "look for an out-of-memory kill in the kernel log; raise `--memory`".into(),
            Self::Floor { .. } => "this is a defect or a hostile kernel: please report it".into(),
            Self::Spec { .. } | Self::Seccomp(_) => "correct the value and run again".into(),
            Self::Controller { .. } => {
                "leave the limit out; `coffer system check` says what gives this user the controller".into()
            }
            Self::MemoryInUse { .. } => "give a higher limit, or end something in the container first".into(),
            Self::HalfChanged { .. } => "give all limits again, with values that can be".into(),
            Self::Systemd { .. } => "`systemctl status` and `journalctl -u` with that name say more".into(),
            Self::Ended => "`coffer ps -a` shows how it ended".into(),
        }
    }

    /// Docker's exit code: 127 not found, 126 not executable, 125 everything else.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotFound { .. } => 127,
            Self::NotExecutable { .. } => 126,
            _ => 125,
        }
    }
}

fn step_remedy(step: Step, errno: Errno) -> &'static str {
    match (step, errno) {
        (_, Errno::NOSPC) => "free some space, then run again",
        (_, Errno::NOMEM) => "free some memory or raise `--memory`, then run again",
        (
            Step::MountPoint | Step::Root | Step::Attach | Step::File | Step::Mask | Step::Island,
            Errno::LOOP | Errno::NOTDIR | Errno::XDEV | Errno::EXIST,
        ) => "the image has a link or a file where that has to be: do not trust it, or make it anew",
        (Step::AppArmor, Errno::NOENT) => "load the profile first: `apparmor_parser -r FILE`",
        (Step::AppArmor | Step::Selinux, Errno::ACCESS | Errno::PERM) => {
            "whoever starts containers is confined by a policy that forbids it: correct that one"
        }
        (Step::Selinux, Errno::INVAL) => {
            "give a label that the loaded policy has: `seinfo -t` lists its types"
        }
        (Step::Clocks, Errno::RANGE) => "give an offset that leaves the clock above zero",
        (Step::MemoryPolicy, Errno::INVAL) => {
            "give nodes that this host has and the container may use: `numactl -H` lists them"
        }
        (Step::Affinity, Errno::INVAL) => "give processors that are online and that the container may use",
        (Step::Identity, Errno::PERM) => "leave the groups out: this user's map does not allow to set any",
        (Step::WorkingDirectory, _) => "give a directory of the container with `-w`",
        (Step::Proc | Step::Mount, Errno::PERM) => {
            "this host (or a container around us) forbids the mount: see `coffer system check`"
        }
        _ => "`coffer system check` says what this host lacks",
    }
}

/// Why a step failed: of a hook, no errno of the kernel's says it.
fn of_step(step: Step, errno: Errno) -> String {
    match (step, errno) {
        (Step::CreateHook | Step::StartHook, Errno::CANCELED) => "it failed".to_owned(),
        (Step::CreateHook | Step::StartHook, Errno::TIMEDOUT) => "it took longer than its timeout".to_owned(),
        (_, other) => describe(other),
    }
}

/// Why a program was not executed: two errnos stand for what no errno says; see `child::exec`.
fn refusal(errno: Errno) -> String {
    match errno {
        Errno::PERM => "it has no execute permission".to_owned(),
        Errno::NOTSUP => "it leads to coffer itself".to_owned(),
        Errno::ISDIR => "it is a directory".to_owned(),
        other => describe(other),
    }
}

fn quoted(subject: &str) -> String {
    if subject.is_empty() { String::new() } else { format!(" `{subject}`") }
}

/// The C library's sentence for an errno, in lower case and without Rust's `(os error N)`.
pub(crate) fn describe(errno: Errno) -> String {
    let text = std::io::Error::from(errno).to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_names_the_thing_and_the_cause() {
        let error = LaunchError::Step { step: Step::MountPoint, subject: "/proc".into(), errno: Errno::LOOP };
        assert_eq!(
            error.to_string(),
            "could not open the mount point `/proc`: too many levels of symbolic links"
        );
        assert!(error.remedy().contains("do not trust it"));
        assert_eq!(error.exit_code(), 125);
    }
}
