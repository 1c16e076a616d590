//! What a container uses, in the form that runc gives it: engines parse it, down to which zeros are left out.

use std::collections::BTreeMap;

use launch::cgroup::{self, BlkioEntry, Pressure, Stall, Stats};
use serde::Serialize;

/// The `data` of an event.
#[derive(Debug, Serialize)]
pub(super) struct Numbers {
    cpu: Cpu,
    cpuset: Cpuset,
    memory: Memory,
    pids: Pids,
    blkio: Blkio,
    hugetlb: BTreeMap<String, Hugetlb>,
    #[serde(skip_serializing_if = "Rdma::is_empty")]
    rdma: Rdma,
    /// Classes of resctrl are not supported, and have nothing to tell.
    intel_rdt: Nothing,
    /// The engine's own; it counts them itself.
    network_interfaces: Option<Nothing>,
}

#[derive(Debug, Serialize)]
struct Nothing {}

#[derive(Debug, Serialize)]
struct Cpu {
    usage: CpuUsage,
    throttling: Throttling,
    #[serde(skip_serializing_if = "Burst::is_empty")]
    burst: Burst,
    #[serde(skip_serializing_if = "Option::is_none")]
    psi: Option<Psi>,
}

#[derive(Debug, Serialize)]
struct CpuUsage {
    #[serde(skip_serializing_if = "is_zero")]
    total: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    percpu: Vec<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    percpu_kernel: Vec<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    percpu_user: Vec<u64>,
    kernel: u64,
    user: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Throttling {
    #[serde(skip_serializing_if = "is_zero")]
    periods: u64,
    #[serde(skip_serializing_if = "is_zero")]
    throttled_periods: u64,
    #[serde(skip_serializing_if = "is_zero")]
    throttled_time: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Burst {
    #[serde(skip_serializing_if = "is_zero")]
    bursts_periods: u64,
    #[serde(skip_serializing_if = "is_zero")]
    burst_time: u64,
}

#[derive(Debug, Serialize)]
struct Cpuset {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cpus: Vec<u16>,
    cpu_exclusive: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mems: Vec<u16>,
    mem_hardwall: u64,
    mem_exclusive: u64,
    memory_migrate: u64,
    memory_spread_page: u64,
    memory_spread_slab: u64,
    memory_pressure: u64,
    sched_load_balance: u64,
    sched_relax_domain_level: i64,
}

#[derive(Debug, Serialize)]
struct Memory {
    #[serde(skip_serializing_if = "is_zero")]
    cache: u64,
    usage: MemoryEntry,
    swap: MemoryEntry,
    kernel: MemoryEntry,
    #[serde(rename = "kernelTCP")]
    kernel_tcp: MemoryEntry,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    raw: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    psi: Option<Psi>,
}

#[derive(Debug, Serialize)]
struct MemoryEntry {
    limit: u64,
    #[serde(skip_serializing_if = "is_zero")]
    usage: u64,
    #[serde(skip_serializing_if = "is_zero")]
    max: u64,
    failcnt: u64,
}

#[derive(Debug, Serialize)]
struct Pids {
    #[serde(skip_serializing_if = "is_zero")]
    current: u64,
    #[serde(skip_serializing_if = "is_zero")]
    limit: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Blkio {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    io_service_bytes_recursive: Vec<Disk>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    io_serviced_recursive: Vec<Disk>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    io_queue_recursive: Vec<Disk>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    io_service_time_recursive: Vec<Disk>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    io_wait_time_recursive: Vec<Disk>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    io_merged_recursive: Vec<Disk>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    io_time_recursive: Vec<Disk>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sectors_recursive: Vec<Disk>,
    #[serde(skip_serializing_if = "Option::is_none")]
    psi: Option<Psi>,
}

#[derive(Debug, Serialize)]
struct Disk {
    #[serde(skip_serializing_if = "is_zero")]
    major: u64,
    #[serde(skip_serializing_if = "is_zero")]
    minor: u64,
    #[serde(skip_serializing_if = "String::is_empty")]
    op: String,
    #[serde(skip_serializing_if = "is_zero")]
    value: u64,
}

#[derive(Debug, Serialize)]
struct Hugetlb {
    #[serde(skip_serializing_if = "is_zero")]
    usage: u64,
    #[serde(skip_serializing_if = "is_zero")]
    max: u64,
    failcnt: u64,
}

#[derive(Debug, Serialize)]
struct Rdma {
    limit: Vec<RdmaEntry>,
    current: Vec<RdmaEntry>,
}

#[derive(Debug, Serialize)]
struct RdmaEntry {
    device: String,
    hca_handles: u32,
    hca_objects: u32,
}

#[derive(Debug, Serialize)]
struct Psi {
    some: StallNumbers,
    full: StallNumbers,
}

#[derive(Debug, Serialize)]
struct StallNumbers {
    avg10: f64,
    avg60: f64,
    avg300: f64,
    total: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Burst {
    fn is_empty(&self) -> bool {
        self.bursts_periods == 0 && self.burst_time == 0
    }
}

impl Rdma {
    fn is_empty(&self) -> bool {
        self.limit.is_empty() && self.current.is_empty()
    }
}

impl From<Stats> for Numbers {
    fn from(stats: Stats) -> Self {
        let Stats { cpu, cpuset, memory, pids, blkio, hugetlb, rdma } = stats;
        Self {
            cpu: cpu.into(),
            cpuset: cpuset.into(),
            memory: memory.into(),
            pids: Pids { current: pids.current, limit: pids.limit },
            blkio: blkio.into(),
            hugetlb: hugetlb
                .into_iter()
                .map(|(size, one)| (size, Hugetlb { usage: one.usage, max: one.max, failcnt: one.failcnt }))
                .collect(),
            rdma: Rdma { limit: handles(rdma.limit), current: handles(rdma.current) },
            intel_rdt: Nothing {},
            network_interfaces: None,
        }
    }
}

impl From<cgroup::Cpu> for Cpu {
    fn from(cpu: cgroup::Cpu) -> Self {
        Self {
            usage: CpuUsage {
                total: cpu.total,
                percpu: cpu.percpu,
                percpu_kernel: cpu.percpu_kernel,
                percpu_user: cpu.percpu_user,
                kernel: cpu.kernel,
                user: cpu.user,
            },
            throttling: Throttling {
                periods: cpu.periods,
                throttled_periods: cpu.throttled_periods,
                throttled_time: cpu.throttled_time,
            },
            burst: Burst { bursts_periods: cpu.bursts, burst_time: cpu.burst_time },
            psi: cpu.pressure.map(Psi::from),
        }
    }
}

impl From<cgroup::Cpuset> for Cpuset {
    fn from(set: cgroup::Cpuset) -> Self {
        Self {
            cpus: set.cpus,
            cpu_exclusive: set.cpu_exclusive,
            mems: set.mems,
            mem_hardwall: set.mem_hardwall,
            mem_exclusive: set.mem_exclusive,
            memory_migrate: set.memory_migrate,
            memory_spread_page: set.memory_spread_page,
            memory_spread_slab: set.memory_spread_slab,
            memory_pressure: set.memory_pressure,
            sched_load_balance: set.sched_load_balance,
            sched_relax_domain_level: set.sched_relax_domain_level,
        }
    }
}

impl From<cgroup::Memory> for Memory {
    fn from(memory: cgroup::Memory) -> Self {
        Self {
            cache: memory.cache,
            usage: memory.usage.into(),
            swap: memory.swap.into(),
            kernel: memory.kernel.into(),
            kernel_tcp: memory.kernel_tcp.into(),
            raw: memory.raw,
            psi: memory.pressure.map(Psi::from),
        }
    }
}

impl From<cgroup::MemoryEntry> for MemoryEntry {
    fn from(entry: cgroup::MemoryEntry) -> Self {
        let cgroup::MemoryEntry { limit, usage, max, failcnt } = entry;
        Self { limit, usage, max, failcnt }
    }
}

impl From<cgroup::Blkio> for Blkio {
    fn from(blkio: cgroup::Blkio) -> Self {
        Self {
            io_service_bytes_recursive: disks(blkio.service_bytes),
            io_serviced_recursive: disks(blkio.serviced),
            io_queue_recursive: disks(blkio.queued),
            io_service_time_recursive: disks(blkio.service_time),
            io_wait_time_recursive: disks(blkio.wait_time),
            io_merged_recursive: disks(blkio.merged),
            io_time_recursive: disks(blkio.time),
            sectors_recursive: disks(blkio.sectors),
            psi: blkio.pressure.map(Psi::from),
        }
    }
}

fn disks(entries: Vec<BlkioEntry>) -> Vec<Disk> {
    let disk = |BlkioEntry { major, minor, op, value }| Disk { major, minor, op, value };
    entries.into_iter().map(disk).collect()
}

fn handles(entries: Vec<(String, u32, u32)>) -> Vec<RdmaEntry> {
    let entry = |(device, hca_handles, hca_objects)| RdmaEntry { device, hca_handles, hca_objects };
    entries.into_iter().map(entry).collect()
}

impl From<Pressure> for Psi {
    fn from(pressure: Pressure) -> Self {
        let stall = |Stall { avg10, avg60, avg300, total }| StallNumbers { avg10, avg60, avg300, total };
        Self { some: stall(pressure.some), full: stall(pressure.full) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// runc's types/events.go, whose `omitempty` leaves zeros out of some fields and not of others.
    #[test]
    fn the_form_is_runc_s() {
        let mut stats = Stats::default();
        stats.memory.usage.limit = 4096;
        stats.hugetlb.insert("2MB".into(), cgroup::Hugetlb::default());
        stats.blkio.serviced.push(BlkioEntry { major: 8, minor: 0, op: "Read".into(), value: 3 });
        let json = serde_json::to_value(Numbers::from(stats)).unwrap();
        let entry = |limit: u64| serde_json::json!({"limit": limit, "failcnt": 0});
        assert_eq!(json["cpu"], serde_json::json!({"usage": {"kernel": 0, "user": 0}, "throttling": {}}));
        assert_eq!(
            json["memory"],
            serde_json::json!({"usage": entry(4096), "swap": entry(0), "kernel": entry(0), "kernelTCP": entry(0)})
        );
        assert_eq!(json["hugetlb"], serde_json::json!({"2MB": {"failcnt": 0}}));
        let disk = serde_json::json!([{"major": 8, "op": "Read", "value": 3}]);
        assert_eq!(json["blkio"], serde_json::json!({"ioServicedRecursive": disk}));
        assert_eq!((&json["pids"], &json["intel_rdt"]), (&serde_json::json!({}), &serde_json::json!({})));
        assert!(json["network_interfaces"].is_null() && json.get("rdma").is_none());
    }
}
