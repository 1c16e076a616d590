//! Control groups: which version, which controllers, and whether a user may use them.

use std::collections::BTreeSet;

use launch::cgroup::{Version, bus, divisible, manager, version};
use model::host::{HostCheck, HostWeight};

use super::{Probe, text};
use crate::site::Invoker;

/// Controllers that limits need, and pausing, with the weight of their lack.
const WANTED: [(&str, &str, &str, HostWeight); 5] = [
    ("cgroup-memory", "memory", "memory limits", HostWeight::Baseline),
    ("cgroup-pids", "pids", "limits on the number of processes", HostWeight::Baseline),
    ("cgroup-cpu", "cpu", "limits on processor time", HostWeight::Advice),
    ("cgroup-io", "io", "limits on disks", HostWeight::Advice),
    ("cgroup-freezer", "freezer", "pausing containers", HostWeight::Advice),
];

const DELEGATE: &str = "let systemd delegate: `systemctl edit user@.service` with `[Service]` and `Delegate=cpu cpuset io memory pids`, then log in again";
/// How version 1 is called where a controller is found there.
const VERSION_1_FOUND: &str = "cgroup v1";
const NO_BUS: &str = "sudo apt-get install dbus-user-session systemd, then log in again, not with su";
const VERSION_1: &str =
    "only cgroup v2 lets users have limits: start the kernel with systemd.unified_cgroup_hierarchy=1";

pub(super) fn checks(invoker: Invoker) -> Vec<HostCheck> {
    let found = found(invoker);
    WANTED
        .iter()
        .map(|&(id, controller, text, weight)| {
            let probe = Probe { id, text, weight: weighed(invoker, weight) };
            match found.iter().find(|(name, version)| offers(name, version, controller)) {
                Some((_, version)) => probe.present(*version),
                None => probe.missing("none", remedy(invoker, controller)),
            }
        })
        .collect()
}

/// Version 1 has another name for what limits disks; every group of version 2 can be frozen.
fn offers(name: &str, version: &str, controller: &str) -> bool {
    match controller {
        "io" => matches!(name, "io" | "blkio"),
        "freezer" => name == "freezer" || version != VERSION_1_FOUND,
        _ => name == controller,
    }
}

/// Controllers that the invoker's containers can be limited by.
pub(crate) fn controllers(invoker: Invoker) -> Vec<String> {
    let kept = ["cpu", "cpuset", "io", "blkio", "memory", "pids"];
    let names: BTreeSet<String> = found(invoker).into_iter().map(|(name, _)| name).collect();
    names.into_iter().filter(|name| kept.contains(&name.as_str())).collect()
}

fn found(invoker: Invoker) -> Found {
    match invoker {
        Invoker::Root => mounted(&text("/proc/self/mountinfo").unwrap_or_default(), &root_controllers),
        Invoker::Rootless { uid, .. } => delegated(uid),
    }
}

/// A user's containers start without delegation, and `explain` says that nothing limits them.
fn weighed(invoker: Invoker, weight: HostWeight) -> HostWeight {
    match (invoker, weight) {
        (Invoker::Rootless { .. }, HostWeight::Baseline) => HostWeight::Hardened,
        (_, weight) => weight,
    }
}

fn remedy(invoker: Invoker, controller: &str) -> String {
    match invoker {
        Invoker::Rootless { .. } if version() != Version::V2 => VERSION_1.into(),
        Invoker::Rootless { uid, .. } if !has_manager(uid) => NO_BUS.into(),
        Invoker::Rootless { .. } => DELEGATE.into(),
        Invoker::Root if controller == "memory" => {
            "start the kernel with cgroup_enable=memory, and mount cgroup2 at /sys/fs/cgroup".into()
        }
        Invoker::Root => format!("mount cgroup2 at /sys/fs/cgroup with the {controller} controller"),
    }
}

/// Controllers and the version that offers them.
type Found = BTreeSet<(String, &'static str)>;

/// Controllers of the mounted hierarchies, from /proc/self/mountinfo (proc_pid_mountinfo(5)).
fn mounted(mountinfo: &str, v2_controllers: &dyn Fn(&str) -> String) -> Found {
    let mut found = Found::new();
    for line in mountinfo.lines() {
        let Some((mount, filesystem)) = line.split_once(" - ") else { continue };
        let mut fields = filesystem.split(' ');
        match fields.next() {
            Some("cgroup2") => {
                let point = mount.split(' ').nth(4).unwrap_or_default();
                let names = v2_controllers(point);
                found.extend(names.split_whitespace().map(|name| (name.to_owned(), "cgroup v2")));
            }
            Some("cgroup") => {
                let options = fields.nth(1).unwrap_or_default();
                found.extend(options.split(',').map(|name| (name.to_owned(), VERSION_1_FOUND)));
            }
            _ => {}
        }
    }
    found
}

fn root_controllers(point: &str) -> String {
    text(&format!("{point}/cgroup.controllers")).unwrap_or_default()
}

/// Controllers for the groups of a user: of the group around the caller where that is theirs, or else of
/// what their systemd gives at a start.
fn delegated(uid: u32) -> Found {
    let found = |group: &str, from| {
        root_controllers(group).split_whitespace().map(|name| (name.to_owned(), from)).collect()
    };
    match divisible() {
        Some(parent) => found(&format!("/sys/fs/cgroup{parent}"), "delegated"),
        None if has_manager(uid) => found(&manager(uid).to_string_lossy(), "from the user's systemd"),
        None => Found::new(),
    }
}

/// Whether the user's systemd is there.
fn has_manager(uid: u32) -> bool {
    version() == Version::V2 && bus(uid).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str =
        "30 23 0:26 / /sys/fs/cgroup/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate
31 23 0:27 / /sys/fs/cgroup/memory rw,nosuid shared:10 - cgroup cgroup rw,memory
32 23 0:28 / /sys/fs/cgroup/cpu rw shared:11 - cgroup cgroup rw,cpu,cpuacct
33 23 0:29 / /tmp rw - tmpfs tmpfs rw,memory
";

    #[test]
    fn controllers_are_found_in_a_hybrid_hierarchy() {
        let found = mounted(HYBRID, &|point| {
            if point == "/sys/fs/cgroup/unified" { "pids io".into() } else { String::new() }
        });
        let has = |name: &str, version| found.contains(&(name.to_owned(), version));
        assert!(has("pids", "cgroup v2") && has("memory", "cgroup v1") && has("cpu", "cgroup v1"));
        assert!(!has("io", "cgroup v1"));
    }

    #[test]
    fn disks_and_pausing_have_other_names_in_each_version() {
        assert!(offers("blkio", "cgroup v1", "io") && offers("io", "delegated", "io"));
        assert!(offers("freezer", "cgroup v1", "freezer") && offers("pids", "cgroup v2", "freezer"));
        assert!(!offers("pids", "cgroup v1", "freezer") && !offers("blkio", "cgroup v1", "cpu"));
    }

    #[test]
    fn a_filesystem_of_another_type_offers_no_controllers() {
        assert!(mounted("33 23 0:29 / /tmp rw - tmpfs tmpfs rw,memory\n", &|_| String::new()).is_empty());
    }
}
