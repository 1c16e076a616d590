use std::collections::BTreeMap;

use model::spec::{
    BlockIo, CpuLimits, InterfacePriority, MemoryLimits, NetworkMarks, PidsLimit, WeightDevice,
};
use proptest::prelude::*;

use super::*;

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
    settings(Version::V1, resources, |_, _| true).unwrap()
}

fn v2(resources: &Resources) -> Vec<Setting> {
    settings(Version::V2, resources, |_, _| false).unwrap()
}

fn refused(version: Version, resources: &Resources) -> String {
    settings(version, resources, |_, _| false).unwrap_err().to_string()
}

fn disks() -> Resources {
    let device = |rate| vec![ThrottleDevice { major: 8, minor: 16, rate }];
    let weight_device = vec![WeightDevice { major: 8, minor: 16, weight: Some(500), leaf_weight: None }];
    let block_io = BlockIo {
        weight: Some(1000),
        weight_device,
        throttle_read_bps_device: device(4096),
        throttle_write_iops_device: device(0),
        ..BlockIo::default()
    };
    Resources { block_io, ..Resources::default() }
}

fn written(settings: Vec<Setting>) -> Vec<String> {
    settings.into_iter().map(|setting| format!("{}={}", setting.file, setting.line())).collect()
}

fn unified(pairs: &[(&str, &str)]) -> Resources {
    let owned = pairs.iter().map(|(file, value)| ((*file).to_owned(), (*value).to_owned()));
    Resources { unified: owned.collect(), ..Resources::default() }
}

#[test]
fn version_2_counts_swap_alone() {
    assert_eq!(
        written(v2(&resources())),
        [
            "memory.max=67108864",
            "memory.swap.max=33554432",
            "cpu.weight=100",
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
fn nothing_is_what_0_asks_for_but_for_processes() {
    let memory =
        MemoryLimits { limit: Some(0), swap: Some(0), reservation: Some(0), ..MemoryLimits::default() };
    let cpu = CpuLimits { shares: Some(0), quota: Some(0), period: Some(0), ..CpuLimits::default() };
    let zero = Resources { memory, cpu, pids: PidsLimit { limit: Some(0) }, ..Resources::default() };
    assert_eq!(written(v1(&zero)), ["pids.max=1"]);
    assert_eq!(written(v2(&zero)), ["pids.max=1"]);
}

#[test]
fn a_period_without_a_quota_limits_nothing() {
    let mut resources = Resources::default();
    resources.cpu.period = Some(50_000);
    assert_eq!(written(v2(&resources)), ["cpu.max=max 50000"]);
    assert_eq!(written(v1(&resources)), ["cpu.cfs_period_us=50000"]);
}

#[test]
fn who_runs_when_nobody_else_wants_to_has_no_weight() {
    let mut resources = Resources::default();
    (resources.cpu.idle, resources.cpu.shares, resources.cpu.burst) = (Some(1), Some(1024), Some(20));
    assert_eq!(written(v2(&resources)), ["cpu.idle=1", "cpu.max.burst=20"]);
    assert_eq!(written(v1(&resources)), ["cpu.idle=1", "cpu.cfs_burst_us=20"]);
}

#[test]
fn each_version_has_its_own_words_for_disks() {
    assert_eq!(
        written(v2(&disks())),
        ["io.weight=10000", "io.weight=8:16 4950", "io.max=8:16 rbps=4096", "io.max=8:16 wiops=max"]
    );
    assert_eq!(
        written(v1(&disks())),
        [
            "blkio.bfq.weight=1000",
            "blkio.bfq.weight_device=8:16 500",
            "blkio.throttle.read_bps_device=8:16 4096",
            "blkio.throttle.write_iops_device=8:16 0"
        ]
    );
}

#[test]
fn huge_pages_and_rdma_have_a_line_for_each() {
    let limit = |page_size: &str| HugepageLimit { page_size: page_size.into(), limit: 4096 };
    let rdma = BTreeMap::from([("mlx4_0".to_owned(), RdmaLimit { hca_handles: Some(2), hca_objects: None })]);
    let some = Resources { hugepage_limits: vec![limit("2MB")], rdma, ..Resources::default() };
    assert_eq!(
        written(v1(&some)),
        [
            "hugetlb.2MB.limit_in_bytes=4096",
            "hugetlb.2MB.rsvd.limit_in_bytes=4096",
            "rdma.max=mlx4_0 hca_handle=2"
        ]
    );
    assert_eq!(written(v2(&some)).first().unwrap(), "hugetlb.2MB.max=4096");
    let escaping = Resources { hugepage_limits: vec![limit("../x")], ..Resources::default() };
    assert!(refused(Version::V1, &escaping).contains("page size"));
}

#[test]
fn marks_on_packets_are_version_1_s() {
    let priorities = vec![InterfacePriority { name: "eth0".into(), priority: 7 }];
    let network = NetworkMarks { class_id: Some(0x10_0001), priorities };
    let marked = Resources { network, ..Resources::default() };
    assert_eq!(written(v1(&marked)), ["net_cls.classid=1048577", "net_prio.ifpriomap=eth0 7"]);
    assert!(refused(Version::V2, &marked).starts_with("invalid network class `1048577`: only"));
}

#[test]
fn files_of_version_2_are_named_and_lie_in_the_group() {
    let files = unified(&[("io.max", "8:0 rbps=1\n8:16 rbps=2\n"), ("cpu.max", "max 50000")]);
    assert_eq!(written(v2(&files)), ["cpu.max=max 50000", "io.max=8:0 rbps=1", "io.max=8:16 rbps=2"]);
    for name in ["memory.max/../x", "..", ".", "", ".x", "x.", "cgroup.procs", "cgroup.kill"] {
        assert!(refused(Version::V2, &unified(&[(name, "1")])).contains("unified resource"), "{name}");
    }
    assert!(refused(Version::V1, &unified(&[("memory.max", "1")])).contains("version 1"));
}

#[test]
fn kernel_memory_is_part_of_all_memory() {
    let of = |limit, kernel| {
        let memory = MemoryLimits { limit, kernel, ..MemoryLimits::default() };
        settings(Version::V1, &Resources { memory, ..Resources::default() }, |_, _| true).is_ok()
    };
    assert!(of(Some(64), Some(64)) && of(Some(64), Some(-1)) && of(None, None));
    assert!(!of(Some(64), Some(32)) && !of(None, Some(32)));
}

#[test]
fn what_was_there_before_is_what_undoes_a_setting() {
    let rate = v2(&disks()).remove(2);
    let max = "8:0 rbps=1 wbps=max\n8:16 rbps=7 wbps=max\n";
    assert_eq!(rate.former(max), "8:16 rbps=7 wbps=max");
    assert_eq!(rate.former("8:160 rbps=7\n"), format!("8:16 {UNLIMITED_IO}"));
    assert_eq!(v1(&disks()).remove(2).former(""), "8:16 0");
    assert_eq!(v2(&disks()).remove(1).former("default 100\n"), "8:16 default");
    assert_eq!(v2(&disks()).remove(0).former("default 100\n8:16 3\n"), "default 100");
    assert_eq!(v2(&resources()).remove(0).former("max\n"), "max");
    let killer = Setting::new("memory", "memory.oom_control", "1".into());
    assert_eq!(killer.former("oom_kill_disable 0\nunder_oom 0\n"), "0");
}

proptest! {
    #[test]
    fn no_file_lies_elsewhere(name in "[a-z./\0]{0,12}", value in "[ -~\n]{0,20}") {
        if let Ok(settings) = settings(Version::V2, &unified(&[(&name, &value)]), |_, _| false) {
            prop_assert!(settings.iter().all(|setting| !setting.file.contains('/') && setting.file != ".."));
        }
    }
}
