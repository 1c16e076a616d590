//! What a login's systemd gives its user, where control groups are of version 2: limits for the containers of
//! somebody who has no rights at all.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use conversation::Session;
use harness::{Controls, Rootfs, pid_of, works};

/// The session of whoever has logged in.
fn session() -> Session {
    assert!(!rustix::process::getuid().is_root(), "cargo xtask vm test --rootless coffer/lab_delegation");
    let session = Session::new();
    Rootfs::with_probe().import(&session, "probe:1");
    session
}

#[test]
#[ignore = "for the kernel lab: cargo xtask vm suite"]
fn privileged_a_user_s_limits_are_those_of_the_kernel() {
    let session = session();
    works(&session, "run -d --name web --pids-limit 77 --memory 96m --cpus 0.5 probe:1 /bin/probe sleep 600");
    let pid = pid_of(&session, "web");
    let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
    let uid = rustix::process::getuid().as_raw();
    let scope = format!("0::/user.slice/user-{uid}.slice/user@{uid}.service/app.slice/coffer-");
    assert!(groups.starts_with(&scope), "{groups}");

    let controls = Controls::of(pid);
    assert_eq!(controls.read("pids", "pids.max", "pids.max"), "77");
    assert_eq!(controls.read("memory", "memory.limit_in_bytes", "memory.max"), (96 << 20).to_string());
    works(&session, "update --memory 64m --memory-swap 64m web");
    assert_eq!(controls.read("memory", "memory.limit_in_bytes", "memory.max"), (64 << 20).to_string());
    works(&session, "pause web");
    assert!(works(&session, "ps").contains("paused"));
    works(&session, "unpause web");
    works(&session, "rm -f web");
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
}

#[test]
#[ignore = "for the kernel lab: cargo xtask vm suite"]
fn privileged_a_check_says_what_the_user_s_systemd_gives() {
    let session = session();
    let said = works(&session, "system check --format json");
    let data: serde_json::Value = serde_json::from_str(&said).unwrap();
    let checks = data["checks"].as_array().unwrap();
    let found = |id: &str| checks.iter().find(|check| check["id"] == id).unwrap()["found"].clone();
    for controller in ["cgroup-memory", "cgroup-pids", "cgroup-cpu", "cgroup-freezer"] {
        assert_eq!(found(controller), "from the user's systemd", "{controller}");
    }
}

/// The user's subordinate ids, which newuidmap(1) maps.
#[test]
#[ignore = "for the kernel lab: cargo xtask vm suite"]
fn privileged_a_container_has_ids_that_are_nobody_s() {
    let session = session();
    works(&session, "run -d --name web -u 1000:1000 probe:1 /bin/probe sleep 600");
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid_of(&session, "web"))).unwrap();
    let uid = status.lines().find_map(|line| line.strip_prefix("Uid:\t")).unwrap();
    let uid: u32 = uid.split('\t').next().unwrap().parse().unwrap();
    assert!((100_000..165_536).contains(&uid), "{status}");
    works(&session, "rm -f web");
}
