//! The container's share: cgroup limits as far as they can be seen, and a few settings of its namespaces.

use std::fs;
use std::path::PathBuf;

use super::mounts;
use crate::json::Json;

/// What a limit is called here, and its file in cgroup v2 and in v1.
const LIMITS: [(&str, &str, &str); 4] = [
    ("memory", "memory.max", "memory.limit_in_bytes"),
    ("pids", "pids.max", "pids.max"),
    ("cpu", "cpu.max", "cpu.cfs_quota_us"),
    ("cpus", "cpuset.cpus.effective", "cpuset.cpus"),
];

/// The files of the container's own limits that can be seen.
pub(crate) fn cgroup_files() -> Vec<(&'static str, PathBuf)> {
    let mounted = mounts::read().unwrap_or_default();
    let membership = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let hierarchies = mounted.iter().filter(|mount| mount.kind.starts_with("cgroup"));
    let directories: Vec<_> = hierarchies
        .flat_map(|mount| paths_in(&membership).map(|path| PathBuf::from(format!("{}{path}", mount.path))))
        .collect();
    let named = LIMITS.into_iter().filter_map(|(name, two, one)| {
        let files = directories.iter().flat_map(|directory| [directory.join(two), directory.join(one)]);
        Some((name, files.into_iter().find(|file| file.exists())?))
    });
    named.collect()
}

/// The paths of /proc/self/cgroup (`4:memory:/path`), most particular first, and then the root.
fn paths_in(membership: &str) -> impl Iterator<Item = &str> {
    let paths = membership.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    paths.filter(|path| path.len() > 1).chain(std::iter::once("/"))
}

/// Settings of the namespaces that the design changes.
const SETTINGS: [(&str, &str); 4] = [
    ("memfd_noexec", "/proc/sys/vm/memfd_noexec"),
    ("ping_group_range", "/proc/sys/net/ipv4/ping_group_range"),
    ("first_unprivileged_port", "/proc/sys/net/ipv4/ip_unprivileged_port_start"),
    ("time_offsets", "/proc/self/timens_offsets"),
];

/// Each as the kernel writes it; `unseen` where it cannot be read.
pub(crate) fn section() -> Json {
    let limits = cgroup_files();
    let cgroup = LIMITS.into_iter().map(|(name, ..)| {
        let file = limits.iter().find(|(limit, _)| *limit == name);
        (name, file.map_or_else(|| Json::text("unseen"), |(_, path)| whole_of(path)))
    });
    let settings = SETTINGS.into_iter().map(|(name, path)| (name, whole_of(path)));
    Json::Object(cgroup.chain(settings).collect())
}

/// The whole of a small file, blanks squeezed and lines joined.
fn whole_of(path: impl AsRef<std::path::Path>) -> Json {
    let text = fs::read_to_string(path);
    text.map_or_else(
        |_| Json::text("unseen"),
        |text| Json::text(text.split_whitespace().collect::<Vec<_>>().join(" ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memberships_of_both_versions_are_read() {
        let paths: Vec<_> = paths_in("4:memory:/a/b\n1:name=systemd:/\n0::/c:d\n").collect();
        assert_eq!(paths, ["/a/b", "/c:d", "/"]);
    }
}
