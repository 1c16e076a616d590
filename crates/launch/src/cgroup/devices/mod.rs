//! Which devices a container may use: config-linux.md "Allowed Device list".
//!
//! The last rule about a device decides, for each of reading, writing and making it; what no rule is about
//! is refused. The devices that the specification has in every container come last and are always allowed,
//! and so is making nodes: it is the use of a node that matters.

mod rule;
mod program;
mod exceptions;
mod apply;

pub(super) use exceptions::Exceptions;
pub(super) use rule::rules;

/// Whether a container's use of devices is filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Devices {
    /// Nobody asked for it.
    Open,
    /// By the rules.
    Filtered,
    /// Not, for only the host's root may: but in a user namespace nobody makes device nodes, and those that
    /// are there open for whom the host lets open them.
    Unprivileged,
}
