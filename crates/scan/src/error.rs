//! Why a layer cannot be looked at: which one, what happened, and what to do about it.

use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::facts::Undecodable;

/// A scan that came to nothing. Each names what was scanned.
#[derive(Debug, Error)]
pub enum ScanError {
    /// The process that reads cannot be made.
    #[error("cannot make the process that looks into {tree}: {source}")]
    Fork {
        /// What was to be scanned.
        tree: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// It could not give up its rights, and so has read nothing.
    #[error("the process that looks into {tree} could not {}: {source}", .step.describe())]
    Confine {
        /// What was to be scanned.
        tree: String,
        /// Where it failed.
        step: Confining,
        /// The kernel's answer.
        source: io::Error,
    },
    /// It ended before it had told what it found.
    #[error("the process that looked into {tree} {how}")]
    Died {
        /// What was scanned.
        tree: String,
        /// `was killed by signal 9`.
        how: String,
    },
    /// It took longer than it may.
    #[error("looking into {tree} took longer than {} seconds", .limit.as_secs())]
    Slow {
        /// What was scanned.
        tree: String,
        /// The longest.
        limit: Duration,
    },
    /// What it told is not what such a process tells.
    #[error("the facts about {tree} cannot be used: {reason}")]
    Answer {
        /// What was scanned.
        tree: String,
        /// What is wrong with them.
        reason: Undecodable,
    },
}

macro_rules! steps {
    ($($(#[$doc:meta])* $step:ident = $text:literal,)+) => {
        /// What the process does before it looks at anything, in this order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Confining { $($(#[$doc])* $step),+ }

        impl Confining {
            const ALL: &[Self] = &[$(Self::$step),+];

            /// What could not be done, as it follows `could not`.
            #[must_use]
            pub fn describe(self) -> &'static str {
                match self { $(Self::$step => $text),+ }
            }
        }
    };
}

steps! {
    /// Signals are not for it.
    Signals = "block its signals",
    /// Its keeper's streams and descriptors.
    Descriptors = "close what it does not need",
    /// Memory, time, files.
    Limits = "limit what it may use",
    /// Bounding set, ids, all sets.
    Rights = "give up its rights",
    /// Its end is its keeper's.
    Keeper = "bind itself to its keeper",
    /// The tree and nothing else.
    Landlock = "close every file but the tree's with Landlock",
    /// Four dozen calls.
    Seccomp = "install its system call filter",
    /// The tree is there and can be listed.
    Tree = "list the directory",
}

impl Confining {
    /// A byte for the pipe to the keeper.
    pub(crate) fn to_byte(self) -> u8 {
        let place = Self::ALL.iter().position(|step| *step == self);
        place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX)
    }

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.get(usize::from(byte)).copied()
    }
}

impl ScanError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fork { .. } => "E-scan-process",
            Self::Confine { step: Confining::Tree, .. } => "E-scan-tree",
            Self::Confine { .. } => "E-scan-confine",
            Self::Died { .. } => "E-scan-died",
            Self::Slow { .. } => "E-scan-slow",
            Self::Answer { .. } => "E-scan-answer",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Confine { step: Confining::Tree, .. } => {
                "see whether it is there and whose it is: `ls -ld`".to_owned()
            }
            Self::Confine { step: Confining::Landlock, .. } => {
                "hostile files are read behind Landlock, which needs Linux 5.13 with `lsm=landlock,...`\n`coffer system check` says what this host has".to_owned()
            }
            Self::Fork { .. } | Self::Confine { .. } => {
                "`coffer system check` says what this host lacks".to_owned()
            }
            Self::Died { .. } | Self::Slow { .. } | Self::Answer { .. } => {
                "nothing of it has reached this host; trust it only if you know why it does this, and report the image"
                    .to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_survives_the_pipe() {
        for step in Confining::ALL {
            assert_eq!(Confining::from_byte(step.to_byte()), Some(*step));
        }
        assert_eq!(Confining::from_byte(u8::MAX), None);
    }
}
