//! Version 2's files.
//!
//! What only version 1 has is an error where it asks for something; swappiness and a killer that is switched
//! off are passed over, as they limit nothing and every runtime does so.

use std::collections::BTreeMap;

use model::spec::{BlockIo, CpuLimits, MemoryLimits, Resources, WeightDevice};

use super::convert::{bandwidth, io_weight, swap, unlimited_or, weight};
use super::v1::{implied_by_memory, swappiness};
use super::{Setting, Settings, given, invalid, list, processes};
use crate::error::LaunchError;

const ONLY_V1: &str = "only control groups of version 1 have that, and this host's are of version 2";

/// Files that do something rather than set it.
const ACTS: [&str; 3] = ["cgroup.procs", "cgroup.threads", "cgroup.kill"];

pub(super) fn settings(
    resources: &Resources,
    has: impl Fn(&'static str, &'static str) -> bool,
) -> Result<Vec<Setting>, LaunchError> {
    only_v1(resources)?;
    let mut settings = Settings::default();
    settings.memory_v2(&resources.memory)?;
    settings.cpu_v2(&resources.cpu);
    settings.set("pids", "pids.max", processes(resources.pids.limit));
    settings.disks_v2(&resources.block_io, has);
    settings.huge_pages(&resources.hugepage_limits, "max")?;
    settings.rdma(resources.rdma.iter());
    settings.unified(&resources.unified)?;
    Ok(settings.0)
}

fn only_v1(resources: &Resources) -> Result<(), LaunchError> {
    let Resources { memory, cpu, block_io, network, .. } = resources;
    let leaf = block_io.weight_device.iter().find_map(|device| given(device.leaf_weight));
    let found = [
        ("limit on TCP buffers", given(memory.kernel_tcp.filter(|limit| *limit > 0))),
        ("real-time period", given(cpu.realtime_period)),
        ("real-time runtime", given(cpu.realtime_runtime)),
        ("leaf weight", given(block_io.leaf_weight).or(leaf)),
        ("network class", given(network.class_id)),
        ("network priority", network.priorities.first().map(|priority| priority.name.clone())),
    ];
    let first = found.into_iter().find_map(|(what, value)| Some((what, value?)));
    first.map_or(Ok(()), |(what, value)| Err(invalid(what, &value, ONLY_V1)))
}

impl Settings {
    fn memory_v2(&mut self, memory: &MemoryLimits) -> Result<(), LaunchError> {
        let MemoryLimits { limit, reservation, swap: both, .. } = *memory;
        implied_by_memory(memory)?;
        swappiness(memory)?;
        let set = |value: Option<i64>| value.filter(|value| *value != 0).map(unlimited_or);
        self.set("memory", "memory.max", set(limit));
        self.set("memory", "memory.low", set(reservation));
        match swap(limit, both)? {
            // A kernel without swap has no file, and neither limits it nor has any.
            Some(all_or_none) if matches!(all_or_none.as_str(), "max" | "0") => {
                self.set_if_there("memory", "memory.swap.max", Some(all_or_none));
            }
            swap => self.set("memory", "memory.swap.max", swap),
        }
        Ok(())
    }

    fn cpu_v2(&mut self, cpu: &CpuLimits) {
        let CpuLimits { shares, quota, burst, period, idle, .. } = *cpu;
        self.set("cpu", "cpu.idle", idle.map(|idle| idle.to_string()));
        // What runs when nobody else wants to has no weight, and the kernel refuses one.
        let shares = shares.filter(|shares| *shares != 0 && idle != Some(1));
        self.set("cpu", "cpu.weight", shares.map(|shares| weight(shares).to_string()));
        self.set("cpu", "cpu.max", bandwidth(quota, period));
        self.set("cpu", "cpu.max.burst", burst.map(|burst| burst.to_string()));
        self.set("cpuset", "cpuset.cpus", list(&cpu.cpus));
        self.set("cpuset", "cpuset.mems", list(&cpu.mems));
    }

    fn disks_v2(&mut self, io: &BlockIo, has: impl Fn(&'static str, &'static str) -> bool) {
        let weighs = io.weight.is_some() || !io.weight_device.is_empty();
        let bfq = weighs && has("io", "io.bfq.weight");
        let file = if bfq { "io.bfq.weight" } else { "io.weight" };
        let value = move |weight: u16| if bfq { u64::from(weight) } else { io_weight(weight) };
        let weighed = |weight: Option<u16>| weight.filter(|weight| *weight != 0).map(value);
        self.set("io", file, weighed(io.weight).map(|weight| weight.to_string()));
        for WeightDevice { major, minor, weight, .. } in &io.weight_device {
            if let Some(weight) = weighed(*weight) {
                self.set_of("io", file, format!("{major}:{minor}"), weight.to_string());
            }
        }
        for (key, devices) in [
            ("rbps", &io.throttle_read_bps_device),
            ("wbps", &io.throttle_write_bps_device),
            ("riops", &io.throttle_read_iops_device),
            ("wiops", &io.throttle_write_iops_device),
        ] {
            let value = |rate| if rate == 0 { format!("{key}=max") } else { format!("{key}={rate}") };
            self.rates(("io", "io.max"), devices, value);
        }
    }

    /// config-linux.md "Unified": the kernel takes one line at a time.
    fn unified(&mut self, unified: &BTreeMap<String, String>) -> Result<(), LaunchError> {
        for (file, content) in unified {
            let refused = |why| Err(invalid("unified resource", file, why));
            let controller = match file.split_once('.') {
                _ if file.contains(['/', '\0']) => return refused("it is the name of a file"),
                Some((controller, parameter)) if !controller.is_empty() && !parameter.is_empty() => {
                    controller
                }
                _ => return refused("it is written CONTROLLER.PARAMETER"),
            };
            if ACTS.contains(&file.as_str()) {
                return refused("it sets no limit");
            }
            for line in content.lines().map(str::trim).filter(|line| !line.is_empty()) {
                let (key, value) = keyed(line);
                let new = Setting::new("", "", value.to_owned());
                let (controller, file) = (controller.to_owned().into(), file.clone().into());
                self.0.push(Setting { controller, file, key: key.to_owned(), ..new });
            }
        }
        Ok(())
    }
}

/// `8:0 rbps=1` and `mlx4_0 hca_handle=2` are about a device, `50000 100000` and `max 100000` are not.
fn keyed(line: &str) -> (&str, &str) {
    match line.split_once(' ') {
        Some((key, value)) if key != "max" && key.parse::<u64>().is_err() => (key, value),
        _ => ("", line),
    }
}
