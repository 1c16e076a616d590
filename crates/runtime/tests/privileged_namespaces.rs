//! Namespaces that are there already, joined by path: each kind by itself, and all of them.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod harness;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use harness::Bundle;
use serde_json::{Value, json};

/// The host's id for the root of a user namespace.
const FIRST_ID: u32 = 200_000;

/// The specification's word, and the kernel's.
const KINDS: [(&str, &str); 6] = [
    ("network", "net"),
    ("ipc", "ipc"),
    ("uts", "uts"),
    ("pid", "pid"),
    ("cgroup", "cgroup"),
    ("time", "time"),
];

fn space(pid: i32, kind: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/ns/{kind}"))
}

fn identity(pid: i32, kind: &str) -> PathBuf {
    std::fs::read_link(space(pid, kind)).unwrap()
}

fn join(spec: &mut Value, pid: i32, kind: &str, kernel_s: &str) {
    let namespaces = spec["linux"]["namespaces"].as_array_mut().unwrap();
    namespaces.retain(|space| space["type"] != kind);
    namespaces.push(json!({ "type": kind, "path": space(pid, kernel_s) }));
}

fn with_time(spec: &mut Value) {
    spec["linux"]["namespaces"].as_array_mut().unwrap().push(json!({ "type": "time" }));
}

#[test]
fn privileged_each_kind_is_joined_by_path() {
    let host = Bundle::new(&["sleep", "60"], with_time);
    let pid = host.running().pid();
    for (kind, kernel_s) in KINDS {
        let guest = Bundle::new(&["sleep", "60"], |spec| {
            // The name is the other's then.
            spec.as_object_mut().unwrap().remove("hostname");
            with_time(spec);
            join(spec, pid, kind, kernel_s);
        });
        let own = guest.running().pid();
        assert_eq!(identity(own, kernel_s), identity(pid, kernel_s), "{kind}");
        for (_, other) in KINDS.iter().filter(|(other, _)| *other != kind) {
            assert_ne!(identity(own, other), identity(pid, other), "{kind}: {other}");
        }
        assert_eq!(guest.works(&["exec", &guest.id, "/bin/probe", "echo", "in"]), "in\n", "{kind}");
        guest.works(&["delete", "--force", &guest.id]);
        guest.expect_nothing();
        assert_eq!(host.status(), "running", "{kind}");
    }
}

#[test]
fn privileged_all_kinds_are_joined_at_once_with_the_user_namespace() {
    let mapped = |spec: &mut Value| {
        let map = json!([{ "containerID": 0, "hostID": FIRST_ID, "size": 65_536 }]);
        (spec["linux"]["uidMappings"], spec["linux"]["gidMappings"]) = (map.clone(), map);
        spec["linux"]["namespaces"].as_array_mut().unwrap().push(json!({ "type": "user" }));
        with_time(spec);
    };
    let host = Bundle::new(&["sleep", "60"], mapped);
    give(&host);
    let pid = host.running().pid();
    let guest = Bundle::new(&["sleep", "60"], |spec| {
        spec.as_object_mut().unwrap().remove("hostname");
        with_time(spec);
        for (kind, kernel_s) in KINDS.into_iter().chain([("user", "user")]) {
            join(spec, pid, kind, kernel_s);
        }
    });
    give(&guest);
    let own = guest.running().pid();
    for (kind, kernel_s) in KINDS.into_iter().chain([("user", "user")]) {
        assert_eq!(identity(own, kernel_s), identity(pid, kernel_s), "{kind}");
    }
    assert_ne!(identity(own, "mnt"), identity(pid, "mnt"));
    let status = std::fs::read_to_string(format!("/proc/{own}/status")).unwrap();
    assert!(status.contains(&format!("Uid:\t{FIRST_ID}\t")), "{status}");
}

/// As engines do: the container's own root has its root filesystem, and may go there.
fn give(bundle: &Bundle) {
    std::os::unix::fs::chown(bundle.path("bundle/rootfs"), Some(FIRST_ID), Some(FIRST_ID)).unwrap();
    std::fs::set_permissions(bundle.path(""), Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn privileged_a_path_that_is_no_such_namespace_is_refused() {
    let path = |path: &'static str| {
        move |spec: &mut Value| {
            let namespaces = spec["linux"]["namespaces"].as_array_mut().unwrap();
            namespaces.retain(|space| space["type"] != "network");
            namespaces.push(json!({ "type": "network", "path": path }));
        }
    };
    for wrong in ["/proc/self/ns/ipc", "/does/not/exist", "/etc/hosts", "/dev"] {
        let bundle = Bundle::new(&["true"], path(wrong));
        let refused = bundle.fails(&["create", &bundle.id]);
        assert!(refused.contains(wrong), "{wrong}: {refused}");
        bundle.expect_nothing();
    }
    // Go writes an empty path for none.
    let bundle = Bundle::new(&["true"], path(""));
    bundle.works(&["run", &bundle.id]);
}
