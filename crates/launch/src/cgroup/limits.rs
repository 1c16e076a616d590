//! Resource limits as the specification has them, written as either version wants them.

use std::path::Path;

use model::spec::{CpuLimits, MemoryLimits, Resources};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use super::{Cgroup, Version};
use crate::error::LaunchError;

/// One file to write.
#[derive(Debug, PartialEq, Eq)]
struct Setting {
    controller: &'static str,
    file: &'static str,
    value: String,
}

/// Writes every limit that `resources` names.
pub(super) fn apply(group: &Cgroup, resources: &Resources) -> Result<(), LaunchError> {
    let settings = match group.version() {
        Version::V2 => v2(resources),
        Version::V1 | Version::None => v1(resources),
    };
    for setting in settings {
        let missing = LaunchError::Controller { controller: setting.controller };
        let Some(directory) = group.directory(setting.controller) else { return Err(missing) };
        write(&directory.join(setting.file), &setting, missing)?;
    }
    Ok(())
}

fn write(path: &Path, setting: &Setting, missing: LaunchError) -> Result<(), LaunchError> {
    let file = match rustix::fs::openat(CWD, path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT | Errno::ACCESS) => return Err(missing),
        Err(errno) => return Err(LaunchError::host("open", path.display().to_string())(errno)),
    };
    rustix::io::write(&file, setting.value.as_bytes())
        .map_err(LaunchError::host("set the limit", format!("{} to {}", setting.file, setting.value)))?;
    Ok(())
}

fn v1(resources: &Resources) -> Vec<Setting> {
    let mut settings = Vec::new();
    let mut set = |controller, file, value: Option<String>| {
        settings.extend(value.map(|value| Setting { controller, file, value }));
    };
    let MemoryLimits { limit, reservation, swap } = resources.memory;
    set("memory", "memory.limit_in_bytes", limit.map(|bytes| bytes.to_string()));
    set("memory", "memory.soft_limit_in_bytes", reservation.map(|bytes| bytes.to_string()));
    set("memory", "memory.memsw.limit_in_bytes", swap.map(|bytes| bytes.to_string()));
    let CpuLimits { shares, quota, period, ref cpus } = resources.cpu;
    set("cpu", "cpu.shares", shares.map(|shares| shares.to_string()));
    set("cpu", "cpu.cfs_period_us", period.map(|period| period.to_string()));
    set("cpu", "cpu.cfs_quota_us", quota.map(|quota| quota.to_string()));
    if !cpus.is_empty() {
        set("cpuset", "cpuset.cpus", Some(cpus.clone()));
        // A cpuset without memory nodes admits nobody either.
        let nodes =
            std::fs::read_to_string("/sys/fs/cgroup/cpuset/cpuset.mems").unwrap_or_else(|_| "0".into());
        set("cpuset", "cpuset.mems", Some(nodes.trim().to_owned()));
    }
    set("pids", "pids.max", resources.pids.limit.map(unlimited_or));
    settings
}

fn v2(resources: &Resources) -> Vec<Setting> {
    let mut settings = Vec::new();
    let mut set = |controller, file, value: Option<String>| {
        settings.extend(value.map(|value| Setting { controller, file, value }));
    };
    let MemoryLimits { limit, reservation, swap } = resources.memory;
    set("memory", "memory.max", limit.map(unlimited_or));
    set("memory", "memory.low", reservation.map(unlimited_or));
    set("memory", "memory.swap.max", swap_v2(limit, swap));
    let CpuLimits { shares, quota, period, ref cpus } = resources.cpu;
    set("cpu", "cpu.weight", shares.map(|shares| weight(shares).to_string()));
    let quota_text = quota.map(|quota| format!("{} {}", unlimited_or(quota), period.unwrap_or(100_000)));
    set("cpu", "cpu.max", quota_text);
    set("cpuset", "cpuset.cpus", Some(cpus.clone()).filter(|cpus| !cpus.is_empty()));
    set("pids", "pids.max", resources.pids.limit.map(unlimited_or));
    settings
}

fn unlimited_or(value: i64) -> String {
    if value < 0 { "max".to_owned() } else { value.to_string() }
}

/// The specification counts memory and swap together, version 2 counts swap alone.
fn swap_v2(limit: Option<i64>, both: Option<i64>) -> Option<String> {
    match (limit, both?) {
        (_, both) if both < 0 => Some("max".to_owned()),
        (Some(limit), both) if limit >= 0 => Some((both - limit).max(0).to_string()),
        _ => None,
    }
}

/// Shares 2..262144 to weight 1..10000, the conversion that runc and systemd agree on:
/// a straight line from (2, 1) to (262144, 10000).
fn weight(shares: u64) -> u64 {
    1 + (shares.clamp(2, 262_144) - 2) * 9999 / 262_142
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::spec::PidsLimit;

    fn resources() -> Resources {
        Resources {
            memory: MemoryLimits { limit: Some(64 << 20), reservation: None, swap: Some(96 << 20) },
            cpu: CpuLimits {
                shares: Some(1024),
                quota: Some(50_000),
                period: Some(100_000),
                cpus: String::new(),
            },
            pids: PidsLimit { limit: Some(100) },
        }
    }

    fn written(settings: Vec<Setting>) -> Vec<String> {
        settings.into_iter().map(|setting| format!("{}={}", setting.file, setting.value)).collect()
    }

    #[test]
    fn version_2_counts_swap_alone() {
        assert_eq!(
            written(v2(&resources())),
            [
                "memory.max=67108864",
                "memory.swap.max=33554432",
                "cpu.weight=39",
                "cpu.max=50000 100000",
                "pids.max=100"
            ]
        );
    }

    #[test]
    fn version_1_takes_the_specification_s_own_units() {
        let unlimited = Resources { pids: PidsLimit { limit: Some(-1) }, ..Resources::default() };
        assert_eq!(written(v1(&unlimited)), ["pids.max=max"]);
        assert!(written(v1(&resources())).contains(&"memory.memsw.limit_in_bytes=100663296".to_owned()));
    }

    #[test]
    fn shares_map_onto_the_whole_range_of_weights() {
        assert_eq!((weight(0), weight(2), weight(1024), weight(262_144)), (1, 1, 39, 10_000));
    }
}
