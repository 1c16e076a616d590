//! /proc/PID/status and the id maps, as far as they concern confinement (proc_pid_status(5)).

use launch::Enforced;
use rustix::thread::CapabilitySet;
use serde::Serialize;

/// What the kernel says of a process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProcessStatus {
    /// Effective user id, as we see it.
    pub uid: u32,
    /// Effective group id, as we see it.
    pub gid: u32,
    /// Whether exec can give no privilege.
    pub no_new_privs: bool,
    /// 2 is a filter.
    pub seccomp_mode: u32,
    /// How many filters are stacked.
    pub seccomp_filters: Option<u32>,
    /// The five sets.
    pub capabilities: CapabilitySets,
}

/// Capabilities, lower case without `cap_`, as in the rest of our output.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CapabilitySets {
    /// In use.
    pub effective: Vec<String>,
    /// May be taken into use.
    pub permitted: Vec<String>,
    /// Kept over exec of files that carry them.
    pub inheritable: Vec<String>,
    /// Cannot be exceeded by any exec.
    pub bounding: Vec<String>,
    /// Kept over exec of any file.
    pub ambient: Vec<String>,
}

impl ProcessStatus {
    /// What launch verified.
    pub(super) fn at_start(enforced: &Enforced) -> Self {
        let lower = |names: &[String]| names.iter().map(|name| name.to_lowercase()).collect();
        let capabilities = CapabilitySets {
            effective: lower(&enforced.effective),
            bounding: lower(&enforced.bounding),
            ..CapabilitySets::default()
        };
        Self {
            uid: enforced.uid_map.first().map_or(0, |map| map.1),
            gid: 0,
            no_new_privs: enforced.no_new_privs,
            seccomp_mode: enforced.seccomp_mode,
            seccomp_filters: None,
            capabilities,
        }
    }
}

/// Reads a status file; lines that are missing or odd leave their field at its default.
#[must_use]
pub fn parse(text: &str) -> ProcessStatus {
    let mut status = ProcessStatus::default();
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        let number = || value.parse::<u32>().ok();
        let effective_id =
            || value.split_ascii_whitespace().nth(1).and_then(|id| id.parse().ok()).unwrap_or(0);
        let sets = &mut status.capabilities;
        match key {
            "Uid" => status.uid = effective_id(),
            "Gid" => status.gid = effective_id(),
            "NoNewPrivs" => status.no_new_privs = value == "1",
            "Seccomp" => status.seccomp_mode = number().unwrap_or(0),
            "Seccomp_filters" => status.seccomp_filters = number(),
            "CapEff" => sets.effective = names(value),
            "CapPrm" => sets.permitted = names(value),
            "CapInh" => sets.inheritable = names(value),
            "CapBnd" => sets.bounding = names(value),
            "CapAmb" => sets.ambient = names(value),
            _ => {}
        }
    }
    status
}

/// Capabilities that this program has no name for are given by number.
fn names(hex: &str) -> Vec<String> {
    let mut set = CapabilitySet::from_bits_retain(u64::from_str_radix(hex, 16).unwrap_or(0)).iter_names();
    let mut names: Vec<String> = set.by_ref().map(|(name, _)| name.to_lowercase()).collect();
    let unnamed = set.remaining().bits();
    names.extend((0..64).filter(|bit| unnamed >> bit & 1 == 1).map(|bit: u32| bit.to_string()));
    names
}

/// Lines of first id inside, first outside, count (user_namespaces(7)).
pub(crate) fn id_map(text: &str) -> Vec<(u32, u32, u32)> {
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split_ascii_whitespace().map(|field| field.parse().ok());
            Some((fields.next()??, fields.next()??, fields.next()??))
        })
        .collect()
}
