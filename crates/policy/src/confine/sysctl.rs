//! Kernel settings of the container's own namespaces.

use std::collections::BTreeMap;

use model::request::{HostNamespace, Network, RunRequest};
use model::spec::IdMapping;

use super::{ConfineError, Placement};

/// The Pod Security Standards' safe list, and one of ours: a longer accept queue takes no memory
/// until somebody connects.
const SAFE: [&str; 11] = [
    "kernel.shm_rmid_forced",
    "net.core.somaxconn",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_syncookies",
];

/// Settings of an ipc namespace (ipc_namespaces(7)).
const IPC: [&str; 8] = [
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shm_rmid_forced",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
];

/// Highest group that `ping_group_range` takes.
const MAX_GROUP: u64 = 2_147_483_647;

/// Whether a setting has no effect outside and costs the host nothing.
pub(crate) fn is_safe(name: &str) -> bool {
    SAFE.contains(&name)
}

/// Every setting belongs to a namespace that the container has for itself.
pub(super) fn check(request: &RunRequest) -> Result<(), ConfineError> {
    for (name, value) in &request.sysctls {
        if !is_private(name, request) {
            return Err(ConfineError::Sysctl { name: name.clone() });
        }
        if value.bytes().any(|byte| byte == 0 || byte == b'\n') {
            return Err(ConfineError::SysctlValue { name: name.clone() });
        }
    }
    Ok(())
}

fn is_private(name: &str, request: &RunRequest) -> bool {
    let plain =
        name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) && !name.contains("..");
    let network = name.starts_with("net.") && request.network != Network::Host;
    let ipc = (IPC.contains(&name) || name.starts_with("fs.mqueue."))
        && !request.host_namespaces.contains(&HostNamespace::Ipc);
    plain && (network || ipc)
}

/// What the container gets: two settings that make NET_RAW and NET_BIND_SERVICE unnecessary, then
/// what was asked for.
pub(super) fn settings(request: &RunRequest, placement: &Placement) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    if request.network != Network::Host {
        let last = last_group(&placement.gid_map);
        settings.insert("net.ipv4.ping_group_range".to_owned(), format!("0 {last}"));
        settings.insert("net.ipv4.ip_unprivileged_port_start".to_owned(), "0".to_owned());
    }
    settings.extend(request.sysctls.clone());
    settings
}

/// The last group that is mapped without a gap from 0: the kernel refuses ids that are not.
fn last_group(map: &[IdMapping]) -> u64 {
    if map.is_empty() {
        return MAX_GROUP;
    }
    let mut sorted = map.to_vec();
    sorted.sort_by_key(|entry| entry.container_id);
    let end = sorted.iter().fold(0, |end, entry| {
        let first = u64::from(entry.container_id);
        if first <= end { end.max(first + u64::from(entry.size)) } else { end }
    });
    end.saturating_sub(1).min(MAX_GROUP)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(ranges: &[(u32, u32)]) -> Vec<IdMapping> {
        ranges
            .iter()
            .map(|(first, size)| IdMapping { container_id: *first, host_id: 9, size: *size })
            .collect()
    }

    #[test]
    fn ping_is_for_every_group_that_is_mapped_from_zero_on() {
        assert_eq!(last_group(&map(&[(0, 65536)])), 65535);
        assert_eq!(last_group(&map(&[(1, 65535), (0, 1)])), 65535);
        assert_eq!(last_group(&map(&[(0, 1), (100, 5)])), 0);
        assert_eq!(last_group(&[]), MAX_GROUP);
    }

    #[test]
    fn only_settings_of_private_namespaces_are_taken() {
        let with = |name: &str, network| RunRequest {
            sysctls: BTreeMap::from([(name.to_owned(), "1".to_owned())]),
            network,
            ..RunRequest::default()
        };
        for name in ["net.core.somaxconn", "kernel.shmmax", "fs.mqueue.msg_max"] {
            assert_eq!(check(&with(name, Network::None)), Ok(()), "{name}");
            assert_eq!(check(&with(name, Network::Outbound)), Ok(()), "{name}");
        }
        for name in ["kernel.core_pattern", "vm.overcommit_memory", "net/../kernel/x", "net...x", ""] {
            assert!(check(&with(name, Network::None)).is_err(), "{name}");
        }
        assert!(check(&with("net.core.somaxconn", Network::Host)).is_err());
    }
}
