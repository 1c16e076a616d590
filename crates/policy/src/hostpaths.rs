//! Which paths of the host are more than files.
//!
//! Paths are compared as text, component by component. The engine resolves symbolic links before it
//! asks and mounts what it resolved, so that the text that was judged is the path that is mounted.

use model::request::Access;

/// What a mount of a host path gives away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// This engine's own state: its ledger, keys and images.
    OwnState,
    /// An engine's socket: whoever can write to it is root on this host.
    EngineSocket,
    /// A part of the host that runs or describes the host; with the reason.
    System(&'static str),
    /// Files.
    Files,
    /// Not an absolute path, or one with `..`.
    Malformed,
}

/// Default places of this engine's state; the engine names the ones in use besides.
const OWN_STATE: [&str; 3] = ["/var/lib/coffer", "/run/coffer", "/var/run/coffer"];

/// File names of engine sockets, wherever they lie.
const SOCKET_NAMES: [&str; 8] = [
    "docker.sock",
    "podman.sock",
    "containerd.sock",
    "crio.sock",
    "cri-dockerd.sock",
    "dockershim.sock",
    "buildkitd.sock",
    "coffer.sock",
];

/// Directories that hold engine sockets.
const SOCKET_DIRECTORIES: [&str; 7] = [
    "/run/docker",
    "/run/podman",
    "/run/containerd",
    "/run/crio",
    "/run/k3s",
    "/run/buildkit",
    "/var/run/docker",
];

/// Parts of the host, with the access from which they are dangerous and what they give away.
const SYSTEM: [(&str, Access, &str); 22] = [
    ("/etc", Access::ReadOnly, "holds the host's accounts, keys and services"),
    ("/proc", Access::ReadOnly, "shows and steers the host's processes and kernel"),
    ("/sys", Access::ReadOnly, "shows and steers the host's devices and kernel"),
    ("/dev", Access::ReadOnly, "holds the host's devices"),
    ("/boot", Access::ReadOnly, "holds the kernel that this host starts next"),
    ("/run/systemd", Access::ReadOnly, "steers the host's services"),
    ("/run/dbus", Access::ReadOnly, "steers the host's services"),
    ("/var/run", Access::ReadOnly, "holds the sockets of the host's services"),
    ("/var/lib/docker", Access::ReadOnly, "holds every container of another engine"),
    ("/var/lib/containerd", Access::ReadOnly, "holds every container of another engine"),
    ("/var/lib/containers", Access::ReadOnly, "holds every container of another engine"),
    ("/var/lib/kubelet", Access::ReadOnly, "holds every pod's secrets"),
    ("/var/lib/systemd", Access::ReadOnly, "steers the host's services"),
    ("/var/spool/cron", Access::ReadOnly, "holds what the host runs by the clock"),
    ("/lost+found", Access::ReadOnly, "holds pieces of the host's files"),
    ("/usr", Access::ReadWrite, "holds the host's programs"),
    ("/bin", Access::ReadWrite, "holds the host's programs"),
    ("/sbin", Access::ReadWrite, "holds the host's programs"),
    ("/lib", Access::ReadWrite, "holds the host's libraries"),
    ("/lib32", Access::ReadWrite, "holds the host's libraries"),
    ("/lib64", Access::ReadWrite, "holds the host's libraries"),
    ("/libx32", Access::ReadWrite, "holds the host's libraries"),
];

/// Read-only, these tell nobody anything; people mount them for time zones and certificates.
const HARMLESS: [&str; 6] = [
    "/etc/localtime",
    "/etc/timezone",
    "/etc/ssl/certs",
    "/etc/pki/ca-trust",
    "/etc/ca-certificates",
    "/etc/hosts",
];

/// What a mount of `path` gives away; `own_state` are the engine's directories in use.
pub(crate) fn reach(path: &str, access: Access, own_state: &[String]) -> Reach {
    if !path.starts_with('/') || components(path).any(|name| name == "..") {
        return Reach::Malformed;
    }
    let own = OWN_STATE.into_iter().chain(own_state.iter().map(String::as_str));
    if own.into_iter().any(|state| within(path, state) || within(state, path)) {
        return Reach::OwnState;
    }
    let name = components(path).next_back().unwrap_or_default();
    if SOCKET_NAMES.contains(&name) || SOCKET_DIRECTORIES.iter().any(|directory| within(path, directory)) {
        return Reach::EngineSocket;
    }
    if access == Access::ReadOnly && HARMLESS.iter().any(|harmless| within(path, harmless)) {
        return Reach::Files;
    }
    let part = SYSTEM.into_iter().find(|(part, from, _)| {
        (within(path, part) || within(part, path))
            && (*from == Access::ReadOnly || access == Access::ReadWrite)
    });
    part.map_or(Reach::Files, |(_, _, why)| Reach::System(why))
}

/// Whether `path` is `directory` or lies below it.
pub(crate) fn within(path: &str, directory: &str) -> bool {
    let mut path = components(path);
    components(directory).all(|name| path.next() == Some(name))
}

/// The names of a path, without empty ones and `.`.
pub(crate) fn components(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty() && *name != ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, access: Access) -> Reach {
        reach(path, access, &["/home/me/.local/share/coffer".to_owned()])
    }

    #[test]
    fn ordinary_files_are_files() {
        for path in ["/home/me/src", "/srv/data", "/tmp/x", "/data", "/root/project", "/var/www", "/etcetera"]
        {
            assert_eq!(check(path, Access::ReadWrite), Reach::Files, "{path}");
        }
        assert_eq!(check("/etc/localtime", Access::ReadOnly), Reach::Files);
        assert_eq!(check("/usr/share/zoneinfo/Europe/Berlin", Access::ReadOnly), Reach::Files);
    }

    #[test]
    fn the_host_s_own_parts_are_recognised_in_every_spelling() {
        for path in
            ["/etc", "//etc/", "/./etc/shadow", "/proc/1", "/sys", "/dev/sda", "/usr/bin", "/var/run/x"]
        {
            assert!(matches!(check(path, Access::ReadWrite), Reach::System(_)), "{path}");
        }
        assert!(matches!(check("/etc/localtime", Access::ReadWrite), Reach::System(_)));
    }

    #[test]
    fn a_path_above_the_engine_s_state_reaches_it() {
        for path in ["/", "/var", "/var/lib", "/run", "/var/lib/coffer/ledger", "/home/me", "/home"] {
            assert_eq!(check(path, Access::ReadOnly), Reach::OwnState, "{path}");
        }
    }

    #[test]
    fn sockets_are_recognised_wherever_they_lie() {
        for path in
            ["/var/run/docker.sock", "/run/user/1000/podman/podman.sock", "/srv/docker.sock", "/run/crio/"]
        {
            assert_eq!(check(path, Access::ReadOnly), Reach::EngineSocket, "{path}");
        }
    }

    #[test]
    fn a_path_that_could_mean_another_is_malformed() {
        for path in ["", "etc", "/srv/../etc", "./x"] {
            assert_eq!(check(path, Access::ReadOnly), Reach::Malformed, "{path}");
        }
    }

    proptest::proptest! {
        #[test]
        fn spelling_changes_nothing(
            names in proptest::collection::vec("[a-z.]{1,6}", 0..4),
            noise in proptest::collection::vec(proptest::sample::select(vec!["/", "//", "/./", "/.//"]), 5),
            part in proptest::sample::select(vec!["", "etc", "var", "run/docker", "home", "srv", "usr"]),
        ) {
            let plain: Vec<_> = part.split('/').chain(names.iter().map(String::as_str)).filter(|n| !n.is_empty()).collect();
            let noisy: String = plain.iter().zip(noise.iter().cycle()).map(|(name, slash)| format!("{slash}{name}")).collect();
            let plain = format!("/{}", plain.join("/"));
            for access in [Access::ReadOnly, Access::ReadWrite] {
                proptest::prop_assert_eq!(check(&plain, access), check(&format!("/{noisy}/"), access));
            }
        }
    }
}
