//! Why a profile cannot be compiled.

use sys::seccomp::MAX_INSTRUCTIONS;

/// Why a profile cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeccompError {
    /// A rule is about nothing.
    #[error("a rule has no system call, or one without a name")]
    Nameless,
    /// A rule tests an argument that no call has.
    #[error("rule for `{name}` tests argument {index}, system calls have arguments 0 to 5")]
    Argument {
        /// First call of the rule.
        name: String,
        /// The index given.
        index: u32,
    },
    /// An action cannot carry the errno, or the message to a tracer, that comes with it.
    #[error("the action for {calls} cannot carry the errno {errno}: it takes {}", takes(*.greatest))]
    Errno {
        /// First call of the rule, or what else it is for.
        calls: String,
        /// The errno given.
        errno: u32,
        /// The greatest that the action takes, if it takes any.
        greatest: Option<u32>,
    },
    /// An architecture that the specification does not know.
    #[error("no architecture is called `{0}`")]
    Architecture(String),
    /// A flag that the specification does not know.
    #[error("no flag of a filter is called `{0}`")]
    Flag(String),
    /// The first call that a listener would have to answer is the one that makes it known.
    #[error("`SCMP_ACT_NOTIFY` cannot be the default action: nobody could be told who listens")]
    NotifyAlways,
    /// Nobody listens.
    #[error("the profile has `SCMP_ACT_NOTIFY` and no `listenerPath`: nobody would answer")]
    NoListener,
    /// The listener cannot be sent out.
    #[error(
        "the profile has `SCMP_ACT_NOTIFY` and does not allow `sendmsg`, with which its listener is sent out"
    )]
    Sendmsg,
    /// There is nobody for whom it is meant.
    #[error("the profile has `listenerMetadata` and no `listenerPath`")]
    Metadata,
    /// The kernel's limit on the length of a filter.
    #[error("the profile compiles to {0} instructions, the kernel takes at most {MAX_INSTRUCTIONS}")]
    TooLong(usize),
}

fn takes(greatest: Option<u32>) -> String {
    greatest.map_or_else(|| "none".to_owned(), |greatest| format!("at most {greatest}"))
}
