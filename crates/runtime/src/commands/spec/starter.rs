//! The specification itself. Nothing of it is below the floor `baseline`, and only what nobody but its
//! reader can choose, a limit and a user, is below `restricted`.

use model::spec::{
    DeviceRule, IdMapping, Linux, MASKED_PATHS, Mount, Namespace, NamespaceKind, PidsLimit, Process,
    READ_ONLY_PATHS, Resources, Rlimit, Root, Spec, Text,
};

use super::filter;
use crate::state::OCI_VERSION;

/// Whose containers they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum User {
    /// The host's root.
    Root,
    /// Somebody who is root in a user namespace of their own.
    Own { uid: u32, gid: u32 },
}

/// Most processes: enough for a build, and too few for a host to notice.
const PIDS: i64 = 2048;

const ENVIRONMENT: [&str; 2] =
    ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"];

/// What other runtimes hide as well: an engine's root is the host's, whose SELinux it could change.
const SELINUX: &str = "/sys/fs/selinux";

pub(super) fn specification(user: User) -> Spec {
    Spec {
        oci_version: OCI_VERSION.into(),
        process: process(),
        root: Root { path: "rootfs".into(), readonly: true },
        hostname: "container".into(),
        mounts: mounts(user),
        linux: linux(user),
        ..Spec::default()
    }
}

fn process() -> Process {
    Process {
        terminal: true,
        args: vec!["sh".into()],
        env: ENVIRONMENT.map(str::to_owned).to_vec(),
        cwd: "/".into(),
        rlimits: vec![Rlimit { kind: "RLIMIT_NOFILE".into(), soft: 1024, hard: 1024 }],
        no_new_privileges: true,
        ..Process::default()
    }
}

fn mounts(user: User) -> Vec<Mount> {
    let mut mounts = vec![
        mount("/proc", "proc", "proc", &["nosuid", "noexec", "nodev"]),
        mount("/dev", "tmpfs", "tmpfs", &["nosuid", "noexec", "strictatime", "mode=755", "size=65536k"]),
        mount(
            "/dev/pts",
            "devpts",
            "devpts",
            &["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
        ),
        mount("/dev/shm", "tmpfs", "shm", &["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
        mount("/dev/mqueue", "mqueue", "mqueue", &["nosuid", "noexec", "nodev"]),
        mount("/sys", "sysfs", "sysfs", &["nosuid", "noexec", "nodev", "ro"]),
        // The root is read-only.
        mount("/tmp", "tmpfs", "tmpfs", &["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
    ];
    if user == User::Root {
        mounts.push(mount("/sys/fs/cgroup", "cgroup", "cgroup", &["nosuid", "noexec", "nodev", "ro"]));
    }
    mounts
}

fn mount(destination: &str, kind: &'static str, source: &'static str, options: &[&'static str]) -> Mount {
    Mount {
        destination: destination.to_owned(),
        kind: kind.into(),
        source: source.into(),
        options: options.iter().map(|option| Text::from(*option)).collect(),
        ..Mount::default()
    }
}

fn linux(user: User) -> Linux {
    let own = |id| vec![IdMapping { container_id: 0, host_id: id, size: 1 }];
    let (uid_mappings, gid_mappings) = match user {
        User::Root => (Vec::new(), Vec::new()),
        User::Own { uid, gid } => (own(uid), own(gid)),
    };
    let namespaces = NamespaceKind::ALL.into_iter().filter(|kind| match kind {
        NamespaceKind::User => user != User::Root,
        // The host's clocks are everybody's.
        NamespaceKind::Time => false,
        _ => true,
    });
    Linux {
        uid_mappings,
        gid_mappings,
        namespaces: namespaces.map(|kind| Namespace { kind, path: None }).collect(),
        resources: if user == User::Root { resources() } else { Resources::default() },
        seccomp: Some(filter::profile()),
        masked_paths: MASKED_PATHS.into_iter().chain([SELINUX]).map(Text::from).collect(),
        readonly_paths: READ_ONLY_PATHS.map(Text::from).to_vec(),
        ..Linux::default()
    }
}

fn resources() -> Resources {
    Resources {
        devices: vec![DeviceRule { allow: false, access: "rwm".into(), ..DeviceRule::default() }],
        pids: PidsLimit { limit: Some(PIDS) },
        ..Resources::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor::{self, Ask, Floor};

    fn weaknesses(user: User, floor: Floor) -> Vec<String> {
        let spec = specification(user);
        let found = floor::findings(Ask::plain(&spec));
        let refused = found.iter().filter(|finding| finding.weakness.floor <= floor);
        refused.map(ToString::to_string).collect()
    }

    #[test]
    fn a_starter_is_above_the_baseline() {
        assert_eq!(weaknesses(User::Root, Floor::Baseline), [""; 0]);
        assert_eq!(
            weaknesses(User::Root, Floor::Restricted),
            ["host-users", "root-user", "unlimited-memory"]
        );
        let own = User::Own { uid: 1000, gid: 1000 };
        assert_eq!(weaknesses(own, Floor::Restricted), ["unlimited-memory", "unlimited-pids"]);
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let spec = specification(User::Root);
        let read: Spec = serde_json::from_str(&crate::json::pretty(&spec)).unwrap();
        assert_eq!(read, spec);
    }
}
