//! Limits of a container's control group and what is used of them.

use launch::cgroup::Group;
use model::spec::{Resources, Rlimit};
use serde::Serialize;

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
pub(super) fn read_back(limits: &mut [Limit], group: &str) {
    let Some(usage) = Group::at(group).map(|group| group.usage()) else { return };
    for limit in limits {
        (limit.limit, limit.used) = match limit.kind {
            LimitKind::Memory => (usage.memory_limit, usage.memory),
            LimitKind::Pids => (usage.pids_limit, usage.pids),
            LimitKind::Cpu => (usage.cpu_limit, None),
        };
    }
}

fn millis(quota: u64, period: u64) -> Option<u64> {
    quota.saturating_mul(1000).checked_div(period)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        read_back(&mut limits, "");
        assert_eq!(limits.iter().map(|limit| limit.limit).collect::<Vec<_>>(), [None, Some(1024), None]);
    }
}
