//! Where this host has its hierarchies.

use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::{ALWAYS, Version, WHEN_NEEDED};

/// Where hierarchies are mounted on every Linux distribution.
pub(super) const ROOT: &str = "/sys/fs/cgroup";
const CGROUP2_MAGIC: u64 = 0x6367_7270;
const CGROUP1_MAGIC: u64 = 0x0027_e0eb;

/// Version 1's controllers, by the names that mount options have.
const CONTROLLERS: [&str; 13] = [
    "cpuset",
    "cpu",
    "cpuacct",
    "blkio",
    "memory",
    "devices",
    "freezer",
    "net_cls",
    "perf_event",
    "net_prio",
    "hugetlb",
    "pids",
    "rdma",
];
/// Hierarchies without a controller, called as their directories are: systemd's own of version 1, and the
/// version 2 beside the others.
pub(super) const SYSTEMD: &str = "systemd";
pub(super) const UNIFIED: &str = "unified";

/// Which hierarchies of version 1 a container joins at its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Joins {
    /// Those that it needs: each costs time.
    #[default]
    Needed,
    /// All that are mounted: engines look for a container's numbers in any of them.
    All,
}

/// The version, and where its hierarchies are.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) version: Version,
    mounts: Mounts,
}

#[derive(Debug, Clone)]
enum Mounts {
    /// Below [`ROOT`], each by its controller's name.
    Usual,
    /// As /proc/self/mountinfo says.
    Listed(Vec<Hierarchy>),
}

/// A mounted hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hierarchy {
    /// Its controllers; [`SYSTEMD`] or [`UNIFIED`] where it has none.
    pub(super) controllers: Vec<&'static str>,
    pub(super) mount: PathBuf,
    /// The group that is mounted there: `/`, but in a container without a cgroup namespace.
    root: String,
}

impl Layout {
    /// Two system calls, but where all hierarchies of version 1 are wanted or nothing is where it usually is.
    pub(super) fn of(joins: Joins) -> Self {
        match magic(Path::new(ROOT)) {
            Some(CGROUP2_MAGIC) => Self { version: Version::V2, mounts: Mounts::Usual },
            _ if joins == Joins::Needed && is_usual_v1() => {
                Self { version: Version::V1, mounts: Mounts::Usual }
            }
            _ => Self::listed(&std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default()),
        }
    }

    /// By what /proc/self/mountinfo says.
    pub(super) fn listed(mountinfo: &str) -> Self {
        let mut hierarchies: Vec<Hierarchy> = Vec::new();
        for found in mountinfo.lines().filter_map(hierarchy) {
            let known = |other: &Hierarchy| other.controllers == found.controllers;
            if !hierarchies.iter().any(known) {
                hierarchies.push(found);
            }
        }
        let has = |kind: fn(&str) -> bool| {
            hierarchies.iter().flat_map(|hierarchy| &hierarchy.controllers).any(|name| kind(name))
        };
        let version = match (has(|name| CONTROLLERS.contains(&name)), has(|name| name == UNIFIED)) {
            (true, _) => Version::V1,
            (false, true) => Version::V2,
            (false, false) => Version::None,
        };
        Self { version, mounts: Mounts::Listed(hierarchies) }
    }

    /// The root of a controller's hierarchy: on version 2 the same for all. That it is there shows only
    /// when it is used.
    pub(super) fn root(&self, controller: &str) -> Option<PathBuf> {
        let hierarchies = match (&self.mounts, self.version) {
            (_, Version::None) => return None,
            (Mounts::Usual, Version::V2) => return Some(PathBuf::from(ROOT)),
            (Mounts::Usual, Version::V1) => return Some(Path::new(ROOT).join(controller)),
            (Mounts::Listed(hierarchies), _) => hierarchies,
        };
        let name = if self.version == Version::V2 { UNIFIED } else { controller };
        let found = hierarchies.iter().find(|hierarchy| hierarchy.controllers.contains(&name));
        found.map(|hierarchy| hierarchy.mount.clone())
    }

    /// Version 1: all that are mounted, as far as they were looked for.
    pub(super) fn hierarchies(&self) -> &[Hierarchy] {
        match &self.mounts {
            Mounts::Listed(hierarchies) if self.version == Version::V1 => hierarchies,
            _ => &[],
        }
    }
}

impl Hierarchy {
    /// The name that stands for it: its first.
    pub(super) fn name(&self) -> &'static str {
        self.controllers.first().copied().unwrap_or_default()
    }

    /// The group that /proc/self/cgroup calls `path`, as it is reached below the mount point.
    pub(super) fn below_mount<'a>(&self, path: &'a str) -> &'a str {
        let below = path.strip_prefix(self.root.trim_end_matches('/'));
        below.filter(|rest| rest.is_empty() || rest.starts_with('/')).unwrap_or("/")
    }

    /// Whether a line of /proc/self/cgroup with these controllers is about it.
    pub(super) fn is_called(&self, controllers: &str) -> bool {
        let name = match controllers {
            "" => UNIFIED,
            "name=systemd" => SYSTEMD,
            list => list.split(',').next().unwrap_or_default(),
        };
        self.controllers.contains(&name)
    }
}

fn is_usual_v1() -> bool {
    let is_there = |name: &&'static str| magic(&Path::new(ROOT).join(name)) == Some(CGROUP1_MAGIC);
    ALWAYS.iter().chain(&WHEN_NEEDED).any(is_there)
}

fn magic(path: &Path) -> Option<u64> {
    rustix::fs::statfs(path).ok().map(|stat| stat.f_type as u64)
}

/// A line of /proc/self/mountinfo, if it is about a hierarchy that containers join. Nobody mounts one where
/// the path would have to be escaped.
fn hierarchy(line: &str) -> Option<Hierarchy> {
    let (place, filesystem) = line.split_once(" - ")?;
    let mut place = place.split(' ').skip(3);
    let (root, mount) = (place.next()?, place.next()?);
    let mut filesystem = filesystem.split(' ');
    let kind = filesystem.next()?;
    let options = filesystem.nth(1)?;
    let controllers = match kind {
        "cgroup2" => vec![UNIFIED],
        "cgroup" if options.split(',').any(|option| option == "name=systemd") => vec![SYSTEMD],
        "cgroup" => options
            .split(',')
            .filter_map(|name| CONTROLLERS.into_iter().find(|known| *known == name))
            .collect(),
        _ => return None,
    };
    if controllers.is_empty() || mount.contains('\\') {
        return None;
    }
    Some(Hierarchy { controllers, mount: PathBuf::from(mount), root: root.to_owned() })
}

/// The groups that this process is in, by hierarchy: what /proc/self/cgroup says.
pub(super) fn own_groups() -> Result<String, Errno> {
    std::fs::read_to_string("/proc/self/cgroup")
        .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HYBRID: &str = "\
30 23 0:26 / /sys/fs/cgroup/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate
31 23 0:27 /docker/a /cgroups/memory rw,nosuid shared:10 - cgroup cgroup rw,memory
32 23 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:11 - cgroup cgroup rw,cpu,cpuacct
33 23 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
34 23 0:30 / /srv/other rw - cgroup cgroup rw,name=other
35 23 0:27 / /again/memory rw,nosuid - cgroup cgroup rw,memory
36 23 0:31 / /proc rw - proc proc rw";

    #[test]
    fn hierarchies_are_found_wherever_they_are_mounted() {
        let layout = Layout::listed(HYBRID);
        assert_eq!(layout.version, Version::V1);
        assert_eq!(layout.root("memory"), Some(PathBuf::from("/cgroups/memory")));
        assert_eq!(layout.root("cpuacct"), layout.root("cpu"));
        assert_eq!(layout.root("pids"), None);
        let names: Vec<_> = layout.hierarchies().iter().map(Hierarchy::name).collect();
        assert_eq!(names, ["unified", "memory", "cpu", "systemd"]);
    }

    #[test]
    fn a_version_2_without_any_other_is_the_version() {
        let lines: Vec<_> =
            HYBRID.lines().filter(|line| !line.contains("rw,memory") && !line.contains("cpu")).collect();
        let layout = Layout::listed(&lines.join("\n"));
        assert_eq!(layout.version, Version::V2);
        assert_eq!(layout.root("memory"), Some(PathBuf::from("/sys/fs/cgroup/unified")));
        assert_eq!(Layout::listed("").version, Version::None);
    }

    #[test]
    fn a_group_is_reached_below_what_is_mounted() {
        let layout = Layout::listed(HYBRID);
        let [unified, memory, cpu, systemd] = layout.hierarchies() else { panic!("{layout:?}") };
        assert_eq!(memory.below_mount("/docker/a/b"), "/b");
        assert_eq!(memory.below_mount("/docker/abc"), "/");
        assert_eq!(cpu.below_mount("/x"), "/x");
        assert!(cpu.is_called("cpu,cpuacct") && systemd.is_called("name=systemd") && unified.is_called(""));
        assert!(!memory.is_called("name=other"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_passed_over(text in "[ -~\n]{0,200}") {
            let _layout = Layout::listed(&text);
        }
    }
}
