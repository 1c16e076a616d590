//! Version 1's files, whose units are the specification's own.

use model::spec::{BlockIo, CpuLimits, MemoryLimits, NetworkMarks, Resources, WeightDevice};

use super::{Setting, Settings, given, invalid, list, processes};
use crate::error::LaunchError;

/// Kernels that have a limit of this kind are older than those that we run on, and count the kernel's
/// memory with all other.
const KERNEL_MEMORY: &str = "the kernel's memory is limited by the limit on memory alone";

pub(super) fn settings(
    resources: &Resources,
    has: impl Fn(&'static str, &'static str) -> bool,
) -> Result<Vec<Setting>, LaunchError> {
    if let Some(file) = resources.unified.keys().next() {
        return Err(invalid("unified resource", file, "this host has control groups of version 1"));
    }
    let mut settings = Settings::default();
    settings.memory(&resources.memory)?;
    settings.cpu(&resources.cpu);
    settings.set("pids", "pids.max", processes(resources.pids.limit));
    settings.disks(&resources.block_io, has);
    settings.huge_pages(&resources.hugepage_limits, "limit_in_bytes")?;
    settings.network(&resources.network);
    settings.rdma(resources.rdma.iter());
    Ok(settings.0)
}

/// A limit on the kernel's share of memory is met where that on all memory is as low.
pub(super) fn implied_by_memory(memory: &MemoryLimits) -> Result<(), LaunchError> {
    let all = memory.limit.filter(|limit| *limit > 0);
    match memory.kernel.filter(|kernel| *kernel > 0) {
        Some(kernel) if all.is_none_or(|all| all > kernel) => {
            Err(invalid("limit on kernel memory", &kernel, KERNEL_MEMORY))
        }
        _ => Ok(()),
    }
}

pub(super) fn swappiness(memory: &MemoryLimits) -> Result<Option<String>, LaunchError> {
    match memory.swappiness {
        Some(value) if value > 100 => Err(invalid("swappiness", &value, "it is 0 to 100")),
        value => Ok(value.map(|value| value.to_string())),
    }
}

impl Settings {
    /// Groups below always count as well (Linux 5.11), so that `useHierarchy` says nothing new.
    fn memory(&mut self, memory: &MemoryLimits) -> Result<(), LaunchError> {
        let MemoryLimits { limit, reservation, swap, kernel_tcp, disable_oom_killer, .. } = *memory;
        implied_by_memory(memory)?;
        self.set("memory", "memory.limit_in_bytes", given(limit));
        self.set("memory", "memory.soft_limit_in_bytes", given(reservation));
        const BOTH: &str = "memory.memsw.limit_in_bytes";
        match given(swap) {
            // Memory without a limit has swap without a limit.
            None if limit.is_some_and(|limit| limit < 0) => {
                self.set_if_there("memory", BOTH, Some("-1".to_owned()));
            }
            both => self.set("memory", BOTH, both),
        }
        self.set("memory", "memory.kmem.tcp.limit_in_bytes", given(kernel_tcp));
        self.set("memory", "memory.swappiness", swappiness(memory)?);
        let waits = disable_oom_killer.filter(|disabled| *disabled);
        self.set("memory", "memory.oom_control", waits.map(|_| "1".to_owned()));
        Ok(())
    }

    fn cpu(&mut self, cpu: &CpuLimits) {
        let CpuLimits { shares, quota, burst, period, realtime_runtime, realtime_period, idle, .. } = *cpu;
        self.set("cpu", "cpu.idle", idle.map(|idle| idle.to_string()));
        // What runs when nobody else wants to has no share, and the kernel refuses one.
        self.set("cpu", "cpu.shares", given(shares.filter(|_| idle != Some(1))));
        self.set("cpu", "cpu.cfs_period_us", given(period));
        self.set("cpu", "cpu.cfs_quota_us", given(quota));
        self.set("cpu", "cpu.cfs_burst_us", burst.map(|burst| burst.to_string()));
        self.set("cpu", "cpu.rt_period_us", given(realtime_period));
        self.set("cpu", "cpu.rt_runtime_us", given(realtime_runtime));
        self.set("cpuset", "cpuset.cpus", list(&cpu.cpus));
        self.set("cpuset", "cpuset.mems", list(&cpu.mems));
    }

    fn disks(&mut self, io: &BlockIo, has: impl Fn(&'static str, &'static str) -> bool) {
        let weighs = io.weight.is_some() || !io.weight_device.is_empty();
        let (weight, weight_device) = match weighs && has("blkio", "blkio.bfq.weight") {
            true => ("blkio.bfq.weight", "blkio.bfq.weight_device"),
            false => ("blkio.weight", "blkio.weight_device"),
        };
        self.set("blkio", weight, given(io.weight));
        self.set("blkio", "blkio.leaf_weight", given(io.leaf_weight));
        for WeightDevice { major, minor, weight, leaf_weight } in &io.weight_device {
            let files = [(weight_device, weight), ("blkio.leaf_weight_device", leaf_weight)];
            for (file, weight) in files {
                if let Some(weight) = given(*weight) {
                    self.set_of("blkio", file, format!("{major}:{minor}"), weight);
                }
            }
        }
        for (file, devices) in [
            ("blkio.throttle.read_bps_device", &io.throttle_read_bps_device),
            ("blkio.throttle.write_bps_device", &io.throttle_write_bps_device),
            ("blkio.throttle.read_iops_device", &io.throttle_read_iops_device),
            ("blkio.throttle.write_iops_device", &io.throttle_write_iops_device),
        ] {
            self.rates(("blkio", file), devices, |rate| rate.to_string());
        }
    }

    fn network(&mut self, network: &NetworkMarks) {
        self.set("net_cls", "net_cls.classid", given(network.class_id));
        for priority in &network.priorities {
            let (name, value) = (priority.name.clone(), priority.priority.to_string());
            self.set_of("net_prio", "net_prio.ifpriomap", name, value);
        }
    }
}
