//! What this host can enforce: collected by `engine`, judged by `policy`.

use serde::Serialize;

use crate::usecase::Host;

/// One thing that a host has or lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostCheck {
    /// Stable name: `landlock`, `cgroup-memory`, `subuids`.
    pub id: &'static str,
    /// What was looked at: under 40 characters.
    pub text: &'static str,
    /// How it stands.
    pub state: HostState,
    /// What was found: `ABI 7`, `cgroup v1`, `165536:65536`.
    pub found: String,
    /// What to do about a lack; empty where nothing is to be done.
    pub remedy: String,
    /// How much hangs on it.
    pub weight: HostWeight,
}

/// How a check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostState {
    /// There.
    Present,
    /// Not there.
    Missing,
}

/// How much hangs on a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostWeight {
    /// Without it the default confinement cannot be applied: the host is below baseline.
    Baseline,
    /// A hardened host has it.
    Hardened,
    /// Good to know.
    Advice,
}

/// The host dimension that follows from the checks.
#[must_use]
pub fn host_level(checks: &[HostCheck]) -> Host {
    let lacks =
        |weight| checks.iter().any(|check| check.weight == weight && check.state == HostState::Missing);
    if lacks(HostWeight::Baseline) {
        Host::Below
    } else if lacks(HostWeight::Hardened) {
        Host::Baseline
    } else {
        Host::Hardened
    }
}
