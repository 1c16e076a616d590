//! Groups that the host's own systemd makes, asked over the host's own bus.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command};

use launch::cgroup::{Cgroup, Devices, Group, Location, Manager};
use model::spec::{CpuLimits, DeviceRule, MemoryLimits, PidsLimit, Resources};

/// A location in a slice of this test's own.
fn place(id: &str) -> Location {
    Location::of(&format!("coffer-lab.slice:test:{id}"), id, Manager::Systemd).unwrap()
}

/// What stands for a container's first process.
fn process() -> Child {
    Command::new("sleep").arg("1000").spawn().unwrap()
}

fn resources(memory: i64) -> Resources {
    let nothing = DeviceRule { access: "rwm".into(), ..DeviceRule::default() };
    Resources {
        devices: vec![nothing],
        memory: MemoryLimits { limit: Some(memory), ..MemoryLimits::default() },
        cpu: CpuLimits {
            shares: Some(1024),
            quota: Some(33_333),
            period: Some(100_000),
            cpus: "0".into(),
            ..CpuLimits::default()
        },
        pids: PidsLimit { limit: Some(20) },
        ..Resources::default()
    }
}

/// What systemd says of a unit.
fn show(unit: &str, property: &str) -> String {
    let shown = Command::new("systemctl").args(["show", "--value", "-p", property, unit]).output().unwrap();
    String::from_utf8(shown.stdout).unwrap().trim().to_owned()
}

fn read(location: &Location, file: &str) -> String {
    let path = PathBuf::from("/sys/fs/cgroup").join(location.path()).join(file);
    std::fs::read_to_string(path).unwrap().trim().to_owned()
}

#[test]
#[ignore = "for the kernel lab: cargo xtask vm suite"]
fn lab_systemd_makes_a_scope_around_a_container_and_knows_its_limits() {
    let annotations = [("TimeoutStopSec", "7"), ("CollectMode", "'inactive-or-failed'")];
    let annotations =
        annotations.map(|(name, value)| (format!("org.systemd.property.{name}"), value.to_owned()));
    let location = place("a").annotated(&BTreeMap::from(annotations)).unwrap();
    assert_eq!(location.path(), "coffer.slice/coffer-lab.slice/test-a.scope");
    let mut cgroup = Cgroup::create(&location, &resources(64 << 20)).unwrap();
    let mut child = process();
    cgroup.adopt(child.id() as i32, &resources(64 << 20)).unwrap();

    let group = Group::of(cgroup.location().unwrap()).unwrap();
    assert!(group.processes().contains(&(child.id() as i32)));
    assert_eq!(cgroup.devices(), Devices::Filtered);
    let unit = "test-a.scope";
    assert_eq!(show(unit, "ActiveState"), "active");
    assert_eq!(show(unit, "Slice"), "coffer-lab.slice");
    assert_eq!((show(unit, "Delegate"), show(unit, "TasksMax")), ("yes".into(), "20".into()));
    assert_eq!(show(unit, "TimeoutStopUSec"), "7s");
    assert_eq!(show(unit, "AllowedCPUs"), "0");
    assert_eq!(show(unit, "MemoryMax"), (64 << 20).to_string());
    assert_eq!(
        (read(&location, "cpu.max"), read(&location, "cpu.weight")),
        ("33333 100000".into(), "100".into())
    );

    group.change(&resources(96 << 20)).unwrap();
    assert_eq!((show(unit, "MemoryMax"), read(&location, "memory.max")), {
        let bytes = (96 << 20).to_string();
        (bytes.clone(), bytes)
    });
    // Reloaded, it writes what it knows.
    assert!(Command::new("systemctl").arg("daemon-reload").status().unwrap().success());
    assert_eq!(read(&location, "memory.max"), (96 << 20).to_string());

    // The same name is another's: it is neither taken nor ended.
    let mut second = process();
    let error = Cgroup::create(&location, &Resources::default()).unwrap_err();
    assert!(error.to_string().contains("processes live in that group already"), "{error}");
    second.kill().unwrap();
    second.wait().unwrap();
    assert_eq!(show(unit, "ActiveState"), "active");

    cgroup.leave();
    drop(cgroup);
    assert_eq!(show(unit, "ActiveState"), "active");
    group.kill_all(9).unwrap();
    child.wait().unwrap();
    group.remove().unwrap();
    assert_eq!(show(unit, "ActiveState"), "inactive");
    assert!(!PathBuf::from("/sys/fs/cgroup").join(location.path()).exists());
}

#[test]
#[ignore = "for the kernel lab: cargo xtask vm suite"]
fn lab_what_was_made_for_a_failed_start_goes_with_it() {
    let location = place("b");
    let mut cgroup = Cgroup::create(&location, &resources(64 << 20)).unwrap();
    let mut child = process();
    let mut impossible = resources(64 << 20);
    impossible.unified = BTreeMap::from([("memory.nothing".to_owned(), "1".to_owned())]);
    let error = cgroup.adopt(child.id() as i32, &impossible).unwrap_err();
    assert!(error.to_string().contains("memory.nothing"), "{error}");
    child.kill().unwrap();
    child.wait().unwrap();
    drop(cgroup);
    assert_eq!(show("test-b.scope", "ActiveState"), "inactive");
}

#[test]
#[ignore = "for the kernel lab: cargo xtask vm suite"]
fn lab_what_systemd_refuses_is_an_error_in_its_words() {
    let annotations = [("org.systemd.property.NoSuchThing".to_owned(), "true".to_owned())];
    let location = place("c").annotated(&BTreeMap::from(annotations)).unwrap();
    let mut cgroup = Cgroup::create(&location, &Resources::default()).unwrap();
    let mut child = process();
    let error = cgroup.adopt(child.id() as i32, &Resources::default()).unwrap_err();
    assert!(error.to_string().starts_with("systemd did not start `test-c.scope`: "), "{error}");
    assert!(error.to_string().contains("NoSuchThing"), "{error}");
    child.kill().unwrap();
    child.wait().unwrap();
}
