//! What goes wrong, in words that engines look for: they know runc's messages and match parts of them.

use launch::LaunchError;
use rustix::io::Errno;

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line makes no sense.
    #[error("{0}; {help} shows how it is used", help = help_on(.1))]
    Usage(String, &'static str),
    /// config.json, or another file of the engine's, makes no sense.
    #[error("{what} `{path}` {why}")]
    File {
        /// What kind of file.
        what: &'static str,
        /// Where.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is one already, and it is not ours to overwrite.
    #[error("`{0}` exists; remove it first")]
    Taken(String),
    /// There is no such container.
    #[error("container `{0}` does not exist")]
    Missing(String),
    /// There is one of that name already.
    #[error("container `{0}` already exists; delete it first, or choose another name")]
    Exists(String),
    /// It is in a state in which that cannot be done.
    #[error("cannot {action} container `{id}`: it is {status}")]
    State {
        /// What was asked for.
        action: &'static str,
        /// Of which container.
        id: String,
        /// The state that it is in.
        status: &'static str,
    },
    /// It has no process that a signal could go to. The first words are runc's.
    #[error("container not running: `{0}` has ended")]
    NotRunning(String),
    /// It has no control group, which is needed for that.
    #[error("container `{0}` has no control group: create it anew where this user may make one")]
    NoGroup(String),
    /// The host's ps does not answer as it should.
    #[error("`ps` failed: {0}; it is the host's own, and has to be there (procps)")]
    Ps(String),
    /// The floor refuses what the engine asks for.
    #[error("the floor `{floor}` of this host refuses container `{id}`: {why}")]
    Floor {
        /// Which container.
        id: String,
        /// Which floor.
        floor: &'static str,
        /// Every weakness, and what to do about it.
        why: String,
    },
    /// The launcher.
    #[error("{}", launching(.0))]
    Launch(#[from] LaunchError),
    /// The kernel.
    #[error("cannot {action} `{subject}`: {}", std::io::Error::from(*.errno))]
    System {
        /// To complete "cannot ...".
        action: &'static str,
        /// Which thing.
        subject: String,
        /// The kernel's answer.
        errno: Errno,
    },
}

impl Failure {
    pub(crate) fn system(action: &'static str, subject: impl Into<String>) -> impl FnOnce(Errno) -> Self {
        let subject = subject.into();
        move |errno| Self::System { action, subject, errno }
    }

    pub(crate) fn io(
        action: &'static str,
        subject: impl Into<String>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let subject = subject.into();
        move |error| Self::System {
            action,
            subject,
            errno: Errno::from_io_error(&error).unwrap_or(Errno::IO),
        }
    }

    /// The exit code: Docker's where a program could not be executed, runc's elsewhere.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Launch(LaunchError::NotFound { .. }) => 127,
            Self::Launch(LaunchError::NotExecutable { .. }) => 126,
            _ => 1,
        }
    }
}

fn help_on(command: &str) -> String {
    format!("`{}`", format!("coffer-runtime help {command}").trim_end())
}

/// Docker and Podman tell 127 and 126 from anything else by these words.
fn launching(error: &LaunchError) -> String {
    match error {
        LaunchError::NotFound { program } if program.contains('/') => {
            format!("exec: \"{program}\": stat {program}: no such file or directory")
        }
        LaunchError::NotFound { program } => {
            format!("exec: \"{program}\": executable file not found in $PATH")
        }
        LaunchError::NotExecutable { program, errno: Errno::ISDIR } => {
            format!("exec: \"{program}\": permission denied: it is a directory")
        }
        LaunchError::NotExecutable { program, errno: Errno::PERM | Errno::ACCESS } => {
            format!("exec: \"{program}\": permission denied")
        }
        other => format!("{other}: {}", other.remedy()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_find_the_words_that_they_look_for() {
        let words = |error: LaunchError| Failure::from(error).to_string();
        let not_found = |program: &str| LaunchError::NotFound { program: program.to_owned() };
        assert_eq!(words(not_found("sh")), "exec: \"sh\": executable file not found in $PATH");
        assert!(words(not_found("/sh")).ends_with("no such file or directory"));
        for errno in [Errno::ACCESS, Errno::PERM, Errno::ISDIR] {
            let refused = LaunchError::NotExecutable { program: "/x".into(), errno };
            assert!(words(refused).starts_with("exec: \"/x\": permission denied"), "{errno}");
        }
        assert!(Failure::NotRunning("c".into()).to_string().starts_with("container not running"));
        assert!(Failure::Missing("c".into()).to_string().ends_with("does not exist"));
    }
}
