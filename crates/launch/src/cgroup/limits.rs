//! Resource limits as the specification has them, written as either version wants them.

use model::spec::{BlockIo, CpuLimits, MemoryLimits, Resources, ThrottleDevice};

use super::Version;

/// cpu.cfs_period_us where nobody says otherwise.
const CPU_PERIOD: u64 = 100_000;

/// What `io.max` says of a device without limits.
const UNLIMITED_IO: &str = "rbps=max wbps=max riops=max wiops=max";

/// One thing to write to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) controller: &'static str,
    pub(super) file: &'static str,
    /// `8:0` where the file has a line for each device; else empty.
    pub(super) device: String,
    pub(super) value: String,
}

impl Setting {
    /// As the file takes it.
    pub(super) fn line(&self) -> String {
        if self.device.is_empty() { self.value.clone() } else { format!("{} {}", self.device, self.value) }
    }

    /// What would undo it, by what the file says before.
    pub(super) fn former(&self, content: &str) -> String {
        if self.device.is_empty() {
            return content.trim().to_owned();
        }
        let of_device = |line: &&str| line.split(' ').next() == Some(&self.device);
        let unlimited = if self.file == "io.max" { UNLIMITED_IO } else { "0" };
        let line = content.lines().find(of_device).map(str::to_owned);
        line.unwrap_or_else(|| format!("{} {unlimited}", self.device))
    }
}

/// Everything that `resources` limits. `has` says whether a controller has a file: which one takes the
/// weight of disks depends on the kernel.
pub(super) fn settings(
    version: Version,
    resources: &Resources,
    has: impl Fn(&'static str, &'static str) -> bool,
) -> Vec<Setting> {
    let mut settings = Settings(Vec::new());
    match version {
        Version::V2 => settings.v2(resources, has("io", "io.bfq.weight")),
        Version::V1 | Version::None => settings.v1(resources, has("blkio", "blkio.bfq.weight")),
    }
    settings.0
}

struct Settings(Vec<Setting>);

impl Settings {
    fn set(&mut self, controller: &'static str, file: &'static str, value: Option<String>) {
        self.0.extend(value.map(|value| Setting { controller, file, device: String::new(), value }));
    }

    fn rates(
        &mut self,
        (controller, file): (&'static str, &'static str),
        devices: &[ThrottleDevice],
        value: impl Fn(u64) -> String,
    ) {
        self.0.extend(devices.iter().map(|ThrottleDevice { major, minor, rate }| Setting {
            controller,
            file,
            device: format!("{major}:{minor}"),
            value: value(*rate),
        }));
    }

    fn v1(&mut self, resources: &Resources, bfq: bool) {
        let MemoryLimits { limit, reservation, swap, .. } = resources.memory;
        self.set("memory", "memory.limit_in_bytes", limit.map(|bytes| bytes.to_string()));
        self.set("memory", "memory.soft_limit_in_bytes", reservation.map(|bytes| bytes.to_string()));
        self.set("memory", "memory.memsw.limit_in_bytes", swap.map(|bytes| bytes.to_string()));
        let CpuLimits { shares, quota, period, ref cpus, ref mems, .. } = resources.cpu;
        self.set("cpu", "cpu.shares", shares.map(|shares| shares.to_string()));
        self.set("cpu", "cpu.cfs_period_us", period.map(|period| period.to_string()));
        self.set("cpu", "cpu.cfs_quota_us", quota.map(|quota| quota.to_string()));
        self.set("cpuset", "cpuset.cpus", given(cpus));
        self.set("cpuset", "cpuset.mems", given(mems));
        self.set("pids", "pids.max", resources.pids.limit.map(unlimited_or));
        let io = &resources.block_io;
        let weight = if bfq { "blkio.bfq.weight" } else { "blkio.weight" };
        self.set("blkio", weight, io.weight.map(|weight| weight.to_string()));
        for (file, devices) in [
            ("blkio.throttle.read_bps_device", &io.throttle_read_bps_device),
            ("blkio.throttle.write_bps_device", &io.throttle_write_bps_device),
            ("blkio.throttle.read_iops_device", &io.throttle_read_iops_device),
            ("blkio.throttle.write_iops_device", &io.throttle_write_iops_device),
        ] {
            self.rates(("blkio", file), devices, |rate| rate.to_string());
        }
    }

    fn v2(&mut self, resources: &Resources, bfq: bool) {
        let MemoryLimits { limit, reservation, swap, .. } = resources.memory;
        self.set("memory", "memory.max", limit.map(unlimited_or));
        self.set("memory", "memory.low", reservation.map(unlimited_or));
        self.set("memory", "memory.swap.max", swap_v2(limit, swap));
        let CpuLimits { shares, quota, period, ref cpus, ref mems, .. } = resources.cpu;
        self.set("cpu", "cpu.weight", shares.map(|shares| weight(shares).to_string()));
        self.set("cpu", "cpu.max", bandwidth_v2(quota, period));
        self.set("cpuset", "cpuset.cpus", given(cpus));
        self.set("cpuset", "cpuset.mems", given(mems));
        self.set("pids", "pids.max", resources.pids.limit.map(unlimited_or));
        self.io_v2(&resources.block_io, bfq);
    }

    fn io_v2(&mut self, io: &BlockIo, bfq: bool) {
        if bfq {
            self.set("io", "io.bfq.weight", io.weight.map(|weight| weight.to_string()));
        } else {
            self.set("io", "io.weight", io.weight.map(|weight| io_weight(weight).to_string()));
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
}

fn given(list: &str) -> Option<String> {
    Some(list.to_owned()).filter(|list| !list.is_empty())
}

fn bandwidth_v2(quota: Option<i64>, period: Option<u64>) -> Option<String> {
    let quota = quota.or(period.map(|_| -1))?;
    Some(format!("{} {}", unlimited_or(quota), period.unwrap_or(CPU_PERIOD)))
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

/// 10..1000 to 1..10000, runc's conversion: a straight line from (10, 1) to (1000, 10000).
fn io_weight(weight: u16) -> u64 {
    1 + (u64::from(weight.clamp(10, 1000)) - 10) * 9999 / 990
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::spec::PidsLimit;

    fn resources() -> Resources {
        Resources {
            memory: MemoryLimits { limit: Some(64 << 20), swap: Some(96 << 20), ..MemoryLimits::default() },
            cpu: CpuLimits {
                shares: Some(1024),
                quota: Some(50_000),
                period: Some(100_000),
                ..CpuLimits::default()
            },
            pids: PidsLimit { limit: Some(100) },
            ..Resources::default()
        }
    }

    fn v1(resources: &Resources) -> Vec<Setting> {
        settings(Version::V1, resources, |_, _| true)
    }

    fn v2(resources: &Resources) -> Vec<Setting> {
        settings(Version::V2, resources, |_, _| false)
    }

    fn disks() -> Resources {
        let device = |rate| vec![ThrottleDevice { major: 8, minor: 16, rate }];
        let block_io = BlockIo {
            weight: Some(1000),
            throttle_read_bps_device: device(4096),
            throttle_write_iops_device: device(0),
            ..BlockIo::default()
        };
        Resources { block_io, ..Resources::default() }
    }

    fn written(settings: Vec<Setting>) -> Vec<String> {
        settings.into_iter().map(|setting| format!("{}={}", setting.file, setting.line())).collect()
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
    fn a_period_without_a_quota_limits_nothing() {
        let mut resources = Resources::default();
        resources.cpu.period = Some(50_000);
        assert_eq!(written(v2(&resources)), ["cpu.max=max 50000"]);
        assert_eq!(written(v1(&resources)), ["cpu.cfs_period_us=50000"]);
    }

    #[test]
    fn each_version_has_its_own_words_for_disks() {
        assert_eq!(
            written(v2(&disks())),
            ["io.weight=10000", "io.max=8:16 rbps=4096", "io.max=8:16 wiops=max"]
        );
        assert_eq!(
            written(v1(&disks())),
            [
                "blkio.bfq.weight=1000",
                "blkio.throttle.read_bps_device=8:16 4096",
                "blkio.throttle.write_iops_device=8:16 0"
            ]
        );
        assert_eq!((io_weight(10), io_weight(500)), (1, 4950));
    }

    #[test]
    fn what_was_there_before_is_what_undoes_a_setting() {
        let rate = v2(&disks()).remove(1);
        let max = "8:0 rbps=1 wbps=max\n8:16 rbps=7 wbps=max\n";
        assert_eq!(rate.former(max), "8:16 rbps=7 wbps=max");
        assert_eq!(rate.former("8:160 rbps=7\n"), format!("8:16 {UNLIMITED_IO}"));
        assert_eq!(v1(&disks()).remove(1).former(""), "8:16 0");
        assert_eq!(v2(&resources()).remove(0).former("max\n"), "max");
    }

    #[test]
    fn shares_map_onto_the_whole_range_of_weights() {
        assert_eq!((weight(0), weight(2), weight(1024), weight(262_144)), (1, 1, 39, 10_000));
    }
}
