//! Limits of a container's control group and what is used of them.

use std::path::PathBuf;

use launch::cgroup::Version;
use model::spec::{Resources, Rlimit};
use serde::Serialize;

/// Where hierarchies are mounted.
const ROOT: &str = "/sys/fs/cgroup";
/// Version 1 says "unlimited" with a number near this one, rounded to a page.
const UNLIMITED_V1: u64 = 0x7fff_ffff_ffff_0000;

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitKind {
    /// Bytes.
    Memory,
    /// Processes and threads.
    Pids,
    /// Thousandths of a processor.
    Cpu,
}

/// One limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limit {
    /// What is limited.
    pub kind: LimitKind,
    /// To what; absent where nothing limits it.
    pub limit: Option<u64>,
    /// What is used now; absent for a container that has ended, and for processors.
    pub used: Option<u64>,
}

/// What the specification asked for. Without a control group, processes are limited by their rlimit.
pub(super) fn planned(resources: &Resources, rlimits: &[Rlimit]) -> Vec<Limit> {
    let amount = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
    let processes = rlimits.iter().find(|limit| limit.kind == "RLIMIT_NPROC").map(|limit| limit.soft);
    let cpu = amount(resources.cpu.quota)
        .zip(resources.cpu.period)
        .and_then(|(quota, period)| millis(quota, period));
    [
        (LimitKind::Memory, amount(resources.memory.limit)),
        (LimitKind::Pids, amount(resources.pids.limit).or(processes)),
        (LimitKind::Cpu, cpu),
    ]
    .map(|(kind, limit)| Limit { kind, limit, used: None })
    .into()
}

/// Replaces the plan by what the control group's files say.
pub(super) fn read_back(limits: &mut [Limit], version: Version, group: &str) {
    if version == Version::None || group.is_empty() {
        return;
    }
    let files = Files { version, group: group.trim_start_matches('/') };
    for limit in limits {
        match limit.kind {
            LimitKind::Memory => {
                limit.limit = files.number("memory", "memory.limit_in_bytes", "memory.max");
                limit.used = files.number("memory", "memory.usage_in_bytes", "memory.current");
            }
            LimitKind::Pids => {
                limit.limit = files.number("pids", "pids.max", "pids.max");
                limit.used = files.number("pids", "pids.current", "pids.current");
            }
            LimitKind::Cpu => limit.limit = files.cpu(),
        }
    }
}

struct Files<'a> {
    version: Version,
    group: &'a str,
}

impl Files<'_> {
    fn read(&self, controller: &str, v1: &str, v2: &str) -> Option<String> {
        let mut path = PathBuf::from(ROOT);
        match self.version {
            Version::V2 => path.extend([self.group, v2]),
            _ => path.extend([controller, self.group, v1]),
        }
        std::fs::read_to_string(path).ok()
    }

    fn number(&self, controller: &str, v1: &str, v2: &str) -> Option<u64> {
        amount(&self.read(controller, v1, v2)?)
    }

    fn cpu(&self) -> Option<u64> {
        if self.version == Version::V2 {
            return quota(&self.read("", "", "cpu.max")?);
        }
        let period = self.number("cpu", "cpu.cfs_period_us", "")?;
        millis(self.number("cpu", "cpu.cfs_quota_us", "")?, period)
    }
}

/// `max`, `-1` and version 1's huge numbers mean that nothing is limited.
fn amount(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|amount| *amount < UNLIMITED_V1)
}

/// `200000 100000`
fn quota(text: &str) -> Option<u64> {
    let (quota, period) = text.trim().split_once(' ')?;
    millis(quota.parse().ok()?, period.parse().ok()?)
}

fn millis(quota: u64, period: u64) -> Option<u64> {
    quota.saturating_mul(1000).checked_div(period)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_say_unlimited_is_understood() {
        for text in ["max\n", "-1\n", "9223372036854771712\n"] {
            assert_eq!(amount(text), None);
        }
        assert_eq!(amount("1024\n"), Some(1024));
        assert_eq!(quota("max 100000\n"), None);
        assert_eq!(quota("150000 100000\n"), Some(1500));
        assert_eq!(millis(1, 0), None);
    }

    #[test]
    fn the_plan_is_shown_for_what_has_ended() {
        let mut resources = Resources::default();
        resources.memory.limit = Some(512);
        resources.pids.limit = Some(-1);
        let limits = planned(&resources, &[]);
        assert_eq!(limits.iter().map(|limit| limit.limit).collect::<Vec<_>>(), [Some(512), None, None]);
    }

    #[test]
    fn without_a_group_the_rlimit_on_processes_counts() {
        let processes = Rlimit { kind: "RLIMIT_NPROC".into(), soft: 1024, hard: 1024 };
        let mut limits = planned(&Resources::default(), &[processes]);
        read_back(&mut limits, Version::None, "");
        assert_eq!(limits.iter().map(|limit| limit.limit).collect::<Vec<_>>(), [None, Some(1024), None]);
    }
}
