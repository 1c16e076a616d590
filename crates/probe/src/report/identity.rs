//! Who the process is: ids, capabilities, and what it can never gain.

use std::fs;

use rustix::system::uname;

use crate::json::Json;

/// /proc/self/status, proc_pid_status(5).
pub(crate) struct Status(String);

impl Status {
    /// Empty where /proc is not readable.
    pub(crate) fn read() -> Self {
        Self(fs::read_to_string("/proc/self/status").unwrap_or_default())
    }

    fn field(&self, name: &str) -> &str {
        let values = self.0.lines().filter_map(|line| line.split_once(':'));
        values.filter(|(key, _)| *key == name).map(|(_, value)| value.trim()).next().unwrap_or("")
    }

    fn number(&self, name: &str) -> i64 {
        self.field(name).parse().unwrap_or(-1)
    }

    /// The first number of a field that has several: the real one of four user ids.
    fn first(&self, name: &str) -> i64 {
        self.field(name).split_whitespace().next().and_then(|id| id.parse().ok()).unwrap_or(-1)
    }

    /// The names, without `cap_`, in the set called `CapEff`, `CapPrm`, `CapInh`, `CapBnd` or `CapAmb`.
    pub(crate) fn capabilities(&self, set: &str) -> Vec<&'static str> {
        let bits = u64::from_str_radix(self.field(set), 16).unwrap_or(0);
        let named = CAPABILITIES.into_iter().enumerate();
        named.filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, name)| name).collect()
    }
}

/// linux/capability.h, from bit 0.
const CAPABILITIES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// Ids, capabilities, no_new_privs and seccomp (0 off, 2 filter).
pub(crate) fn section() -> Json {
    let status = Status::read();
    let map = |path| Json::text(squeeze(&fs::read_to_string(path).unwrap_or_default()));
    Json::Object(vec![
        ("uid", Json::Number(status.first("Uid"))),
        ("gid", Json::Number(status.first("Gid"))),
        ("groups", Json::texts(status.field("Groups").split_whitespace())),
        ("uid_map", map("/proc/self/uid_map")),
        ("gid_map", map("/proc/self/gid_map")),
        ("effective", Json::texts(status.capabilities("CapEff"))),
        ("permitted", Json::texts(status.capabilities("CapPrm"))),
        ("inheritable", Json::texts(status.capabilities("CapInh"))),
        ("bounding", Json::texts(status.capabilities("CapBnd"))),
        ("ambient", Json::texts(status.capabilities("CapAmb"))),
        ("no_new_privs", Json::Flag(status.number("NoNewPrivs") == 1)),
        ("seccomp", Json::Number(status.number("Seccomp"))),
        ("seccomp_filters", Json::Number(status.number("Seccomp_filters"))),
        ("host_name", Json::text(uname().nodename().to_string_lossy())),
    ])
}

/// Lines joined by commas, runs of blanks made one.
fn squeeze(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join(", ")
}

/// Whether a uid map (first inside, first outside, length) has the outside's uid 0 in it: right for a user
/// namespace one below the host's, and for none.
pub(crate) fn maps_host_root(map: &str) -> bool {
    map.lines().any(|line| line.split_whitespace().nth(1) == Some("0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_named_from_the_mask() {
        let status = Status("Name:\tx\nCapEff:\t00000000000000e9\nCapBnd:\t000001ffffffffff\n".to_owned());
        let effective = ["chown", "fowner", "kill", "setgid", "setuid"];
        assert_eq!(status.capabilities("CapEff"), effective);
        assert_eq!(status.capabilities("CapBnd").len(), 41);
        assert!(status.capabilities("CapAmb").is_empty());
    }

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let status = Status("Uid:\t5\t6\t7\t8\nSeccomp_filters:\t2\nSeccomp:\t1\n".to_owned());
        assert_eq!(status.first("Uid"), 5);
        assert_eq!(status.number("Seccomp"), 1);
        assert_eq!(status.number("NoNewPrivs"), -1);
    }

    #[test]
    fn a_map_that_starts_elsewhere_has_no_host_root() {
        assert!(maps_host_root("         0          0 4294967295\n"));
        assert!(maps_host_root("1 1000 5\n1000 0 1\n"));
        assert!(!maps_host_root("         0     165536      65536\n"));
        assert_eq!(squeeze("  0   165536 65536\n 1 2 3\n"), "0 165536 65536, 1 2 3");
    }
}
