//! Against the real kernel: every test makes groups of its own name, in all hierarchies that are mounted.

use std::os::fd::AsFd as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use model::spec::{
    BlockIo, CpuLimits, DeviceRule, HugepageLimit, MemoryLimits, NetworkMarks, PidsLimit, ThrottleDevice,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, WaitId, WaitIdOptions, waitid};
use sys::clone::{Cloned, clone3};

use super::*;

/// A place of this test's own, as another engine would name it.
fn place(name: &str) -> Location {
    Location::of(&format!("/coffer-test-{}-{name}/c", std::process::id()), "c", Manager::Files).unwrap()
}

/// Makes the group, and takes away the parent that came with it.
struct Made(Cgroup);

impl Made {
    fn with(name: &str, resources: &Resources) -> Self {
        Self(Cgroup::create(&place(name), resources).unwrap())
    }

    fn group(&self) -> &Group {
        self.0.group.as_ref().unwrap()
    }

    fn read(&self, controller: &str, file: &str) -> String {
        self.group().read(controller, file).unwrap_or_else(|| panic!("no {file}")).trim().to_owned()
    }

    /// A process that waits in the group, moved there as engines do it.
    fn sleeper(&self) -> Child {
        let child = Command::new("sleep").arg("100").stdout(Stdio::null()).spawn().unwrap();
        for entrance in &self.0.entrances {
            std::fs::write(entrance.path.join("cgroup.procs"), child.id().to_string()).unwrap();
        }
        child
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let Some(group) = &self.0.group else { return };
        let _nobody_left = group.kill_all(Signal::KILL.as_raw());
        let _gone_already = group.remove();
        for (_, directory) in group.directories() {
            let _gone_already = rustix::fs::rmdir(directory.parent().unwrap());
        }
    }
}

/// Runs `then` in a process that was born in the group, and had to enter it; only system calls are made
/// there. What it gives is the process's exit status.
pub(super) fn inside(cgroup: &Cgroup, then: impl FnOnce() -> i32) -> i32 {
    match clone3(0, cgroup.clone_target()).unwrap() {
        Cloned::Child => sys::exec::exit(if cgroup.enter().is_ok() { then() } else { 99 }),
        Cloned::Parent { pidfd, .. } => {
            let status = waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED).unwrap().unwrap();
            status.exit_status().unwrap()
        }
    }
}

/// 0 if the device can be opened for reading, else the error's number.
pub(super) fn open_in(path: &std::ffi::CStr) -> i32 {
    use rustix::fs::OFlags;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    match rustix::fs::open(path, flags, rustix::fs::Mode::empty()) {
        Ok(_) => 0,
        Err(errno) => errno.raw_os_error(),
    }
}

/// Only version 1 has a hierarchy for each controller, and a host may lack one.
fn has(controller: &str) -> bool {
    Layout::of(Joins::All).root(controller).is_some_and(|root| root.exists())
}

fn some_limits() -> Resources {
    Resources {
        memory: MemoryLimits {
            limit: Some(64 << 20),
            reservation: Some(32 << 20),
            swappiness: Some(10),
            ..MemoryLimits::default()
        },
        cpu: CpuLimits {
            shares: Some(512),
            quota: Some(50_000),
            period: Some(50_000),
            cpus: "0".into(),
            mems: "0".into(),
            ..CpuLimits::default()
        },
        pids: PidsLimit { limit: Some(50) },
        ..Resources::default()
    }
}

#[test]
fn privileged_every_limit_is_in_its_file() {
    let made = Made::with("limits", &some_limits());
    if version() == Version::V2 {
        assert_eq!(made.read("", "memory.max"), (64 << 20).to_string());
        assert_eq!(made.read("", "cpu.max"), "50000 50000");
        assert_eq!(made.read("", "pids.max"), "50");
        return;
    }
    for (controller, file, value) in [
        ("memory", "memory.limit_in_bytes", (64 << 20).to_string()),
        ("memory", "memory.soft_limit_in_bytes", (32 << 20).to_string()),
        ("memory", "memory.swappiness", "10".to_owned()),
        ("cpu", "cpu.shares", "512".to_owned()),
        ("cpu", "cpu.cfs_quota_us", "50000".to_owned()),
        ("cpu", "cpu.cfs_period_us", "50000".to_owned()),
        ("cpuset", "cpuset.cpus", "0".to_owned()),
        ("pids", "pids.max", "50".to_owned()),
    ] {
        assert_eq!(made.read(controller, file), value, "{file}");
    }
}

#[test]
fn privileged_a_container_of_another_engine_is_in_every_hierarchy() {
    let made = Made::with("all", &Resources::default());
    let group = made.group();
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let began = Instant::now();
    assert_eq!(inside(&made.0, || 0), 0);
    let took = began.elapsed();
    assert_eq!(
        inside(&made.0, || {
            let mut text = [0; 4096];
            let flags = rustix::fs::OFlags::RDONLY;
            let file = rustix::fs::open(c"/proc/self/cgroup", flags, rustix::fs::Mode::empty());
            let read = file.and_then(|file| rustix::io::read(file, &mut text));
            let length = read.unwrap_or(0);
            i32::from(rustix::io::write(&writer, text.get(..length).unwrap_or_default()).is_err())
        }),
        0
    );
    let mut text = [0; 4096];
    let length = rustix::io::read(&reader, &mut text).unwrap();
    let own = String::from_utf8_lossy(&text[..length]).into_owned();
    for hierarchy in group.hierarchies() {
        let line = own.lines().find(|line| hierarchy.is_called(line.split(':').nth(1).unwrap()));
        assert!(line.unwrap().ends_with(group.location().path()), "{own}");
    }
    // Hanging only: a writer to `cgroup.procs` would wait 10 ms for each of them.
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn privileged_devices_are_what_the_rules_say() {
    let rule = |allow, kind: &'static str, numbers: [Option<i64>; 2]| {
        let [major, minor] = numbers;
        DeviceRule { allow, kind: kind.into(), major, minor, access: "rwm".into() }
    };
    let kernel_messages = rule(true, "c", [Some(1), Some(11)]);
    let devices = vec![rule(false, "a", [None, None]), kernel_messages.clone()];
    let made = Made::with("devices", &Resources { devices, ..Resources::default() });
    assert_eq!(made.0.devices(), Devices::Filtered);
    assert_eq!(inside(&made.0, || open_in(c"/dev/null")), 0);
    assert_eq!(inside(&made.0, || open_in(c"/dev/urandom")), 0);
    assert_eq!(inside(&made.0, || open_in(c"/dev/kmsg")), 0);
    assert_eq!(inside(&made.0, || open_in(c"/dev/console")), Errno::PERM.raw_os_error());
    // Other rules take their place, and the defaults stay.
    let only = Resources { devices: vec![rule(false, "", [None, None])], ..Resources::default() };
    made.group().change(&only).unwrap();
    assert_eq!(inside(&made.0, || open_in(c"/dev/kmsg")), Errno::PERM.raw_os_error());
    assert_eq!(inside(&made.0, || open_in(c"/dev/null")), 0);
    let all = Resources { devices: vec![rule(true, "", [None, None])], ..Resources::default() };
    made.group().change(&all).unwrap();
    assert_eq!(inside(&made.0, || open_in(c"/dev/kmsg")), 0);
}

#[test]
fn privileged_without_a_word_about_devices_only_the_defaults_are_there() {
    let made = Made::with("defaults", &Resources::default());
    assert_eq!(inside(&made.0, || open_in(c"/dev/zero")), 0);
    assert_eq!(inside(&made.0, || open_in(c"/dev/kmsg")), Errno::PERM.raw_os_error());
}

#[test]
fn privileged_huge_pages_and_disks_are_limited_where_the_host_can() {
    let mut resources = Resources::default();
    if has("hugetlb") {
        resources.hugepage_limits = vec![HugepageLimit { page_size: "2MB".into(), limit: 4 << 20 }];
    }
    let disk = first_disk();
    if let Some((major, minor)) = disk {
        let rates = vec![ThrottleDevice { major, minor, rate: 1 << 20 }];
        resources.block_io = BlockIo { throttle_read_bps_device: rates, ..BlockIo::default() };
    }
    let made = Made::with("pages", &resources);
    if version() == Version::V1 && has("hugetlb") {
        assert_eq!(made.read("hugetlb", "hugetlb.2MB.limit_in_bytes"), (4 << 20).to_string());
        assert_eq!(made.read("hugetlb", "hugetlb.2MB.rsvd.limit_in_bytes"), (4 << 20).to_string());
    }
    if let (Version::V1, Some((major, minor))) = (version(), disk) {
        let line = made.read("blkio", "blkio.throttle.read_bps_device");
        assert_eq!(line, format!("{major}:{minor} {}", 1 << 20));
    }
}

fn first_disk() -> Option<(i64, i64)> {
    let text = std::fs::read_to_string("/proc/partitions").unwrap();
    text.lines().skip(2).find_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
    })
}

#[test]
fn privileged_a_limit_without_a_controller_is_an_error_that_names_it() {
    if version() != Version::V1 || has("net_cls") {
        return;
    }
    let network = NetworkMarks { class_id: Some(1), ..NetworkMarks::default() };
    let resources = Resources { network, ..Resources::default() };
    let place = place("missing");
    let error = Cgroup::create(&place, &resources).unwrap_err();
    assert!(error.to_string().starts_with("the `net_cls` limit cannot be enforced"), "{error}");
    let group = Group::of(&place).unwrap();
    assert!(group.anchor().is_none(), "nothing of a failed attempt stays");
    for (_, directory) in group.directories() {
        let _never_made = rustix::fs::rmdir(directory.parent().unwrap());
    }
}

#[test]
fn privileged_limits_change_while_processes_run() {
    let made = Made::with("change", &some_limits());
    let mut sleeper = made.sleeper();
    let mut wider = some_limits();
    (wider.memory.limit, wider.memory.reservation) = (Some(128 << 20), None);
    wider.cpu.quota = Some(-1);
    made.group().change(&wider).unwrap();
    if version() == Version::V1 {
        assert_eq!(made.read("memory", "memory.limit_in_bytes"), (128 << 20).to_string());
        assert_eq!(made.read("cpu", "cpu.cfs_quota_us"), "-1");
    }
    // All or nothing.
    let mut impossible = some_limits();
    impossible.cpu.cpus = "4000".into();
    assert!(made.group().change(&impossible).is_err());
    if version() == Version::V1 {
        assert_eq!(made.read("memory", "memory.limit_in_bytes"), (128 << 20).to_string());
    }
    drop(made);
    sleeper.wait().unwrap();
}

#[test]
fn privileged_who_lives_in_the_group_is_found_signalled_and_killed() {
    let made = Made::with("kill", &Resources::default());
    let group = made.group();
    let (mut first, mut second) = (made.sleeper(), made.sleeper());
    let nested = made.0.entrances.iter().map(|entrance| entrance.path.join("nested"));
    for directory in nested {
        std::fs::create_dir(&directory).unwrap();
    }
    let pids = [first.id(), second.id()].map(|pid| pid as i32);
    assert!(pids.iter().all(|pid| group.processes().contains(pid)));
    // Nobody else's container is made there.
    let error = Cgroup::create(group.location(), &Resources::default()).unwrap_err();
    assert!(error.to_string().contains("processes live in that group already"), "{error}");

    group.kill_all(Signal::TERM.as_raw()).unwrap();
    assert!(first.wait().unwrap().code().is_none() && second.wait().unwrap().code().is_none());
    let mut third = made.sleeper();
    group.freeze().unwrap();
    group.kill_all(Signal::KILL.as_raw()).unwrap();
    assert!(third.wait().unwrap().code().is_none());
    group.remove().unwrap();
    assert!(group.anchor().is_none() && group.processes().is_empty());
    group.kill_all(Signal::KILL.as_raw()).unwrap();
}

#[test]
fn privileged_a_group_that_is_left_outlives_its_maker() {
    let mut made = Made::with("left", &Resources::default());
    let location = made.0.location().unwrap().clone();
    made.0.leave();
    let again = Made(std::mem::replace(&mut made.0, Cgroup::none(Tenure::Guest)));
    drop(made);
    let Made(cgroup) = &again;
    assert!(cgroup.group.as_ref().unwrap().anchor().is_some());
    let text = format!("{location:?}");
    assert!(text.contains("All"), "{text}");
    let joined = Cgroup::join(&location).unwrap();
    assert_eq!(inside(&joined, || 0), 0);
    drop(joined);
    assert!(Group::of(&location).unwrap().anchor().is_some(), "a guest takes nothing along");
}

#[test]
fn privileged_numbers_are_those_of_the_group() {
    let made = Made::with("stats", &some_limits());
    let mut sleeper = made.sleeper();
    assert_eq!(inside(&made.0, || fill_memory(16)), 0);
    let stats = made.group().stats();
    assert_eq!((stats.pids.current, stats.pids.limit), (1, 50));
    assert_eq!(stats.memory.usage.limit, 64 << 20);
    assert!(stats.memory.usage.max >= 1 << 20 && !stats.memory.raw.is_empty());
    if version() == Version::V1 {
        assert_eq!(stats.cpuset.cpus, [0]);
        assert!(!stats.cpu.percpu.is_empty());
    }
    drop(made);
    sleeper.wait().unwrap();
}

#[test]
fn privileged_a_watch_tells_of_processes_killed_for_memory() {
    let memory = MemoryLimits { limit: Some(8 << 20), swap: Some(8 << 20), ..MemoryLimits::default() };
    let made = Made::with("oom", &Resources { memory, ..Resources::default() });
    let mut watch = made.group().oom().unwrap();
    assert_eq!(watch.take(), Noticed::Nothing);
    let killed = match clone3(0, made.0.clone_target()).unwrap() {
        Cloned::Child => {
            let entered = made.0.enter();
            sys::exec::exit(if entered.is_ok() { fill_memory(1024) } else { 99 })
        }
        Cloned::Parent { pidfd, .. } => pidfd,
    };
    let status = waitid(WaitId::PidFd(killed.as_fd()), WaitIdOptions::EXITED).unwrap().unwrap();
    assert_eq!(status.terminating_signal(), Some(Signal::KILL.as_raw()));
    let mut ready = [PollFd::new(&watch, PollFlags::IN)];
    let patience = Timespec { tv_sec: 20, tv_nsec: 0 };
    assert_eq!(poll(&mut ready, Some(&patience)).unwrap(), 1);
    assert!(matches!(watch.take(), Noticed::Kills(kills) if kills >= 1));
    assert!(made.0.ran_out_of_memory());
    drop(made);
    assert_eq!(watch.take(), Noticed::Gone);
}

/// Writes into a file of memory, in pieces of 64 KiB.
fn fill_memory(pieces: usize) -> i32 {
    static PIECE: [u8; 1 << 16] = [1; 1 << 16];
    let Ok(file) = rustix::fs::memfd_create(c"filler", rustix::fs::MemfdFlags::CLOEXEC) else { return 98 };
    let pieces = (0..pieces).map(|_| rustix::io::write(&file, &PIECE));
    i32::from(pieces.into_iter().any(|written| written.is_err()))
}
