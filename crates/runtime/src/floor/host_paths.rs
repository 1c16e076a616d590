//! Paths of the host that are its own: whoever has one of them has the host, or soon will.
//!
//! They are judged by the name that the specification gives and by where it leads now. Whoever can change
//! that in between is on the host already.

use std::os::fd::AsRawFd as _;

use model::spec::{Mount, NamespaceKind, Spec};
use rustix::fs::{CWD, Mode, OFlags, openat, readlinkat};

use super::Found;
use super::mounts::{is_at_or_below, is_read_only};
use super::namespaces::is_apart;
use super::weakness::HOST_PATH;
use crate::bundle::is_bind;

/// With everything below them.
const TREES: [&str; 7] = ["/boot", "/dev", "/etc", "/proc", "/root", "/sys", "/var/log"];

/// Themselves only: engines keep volumes and files of containers below them.
const DIRECTORIES: [&str; 22] = [
    "/",
    "/home",
    "/run",
    "/run/containerd",
    "/run/coffer-runtime",
    "/run/crio",
    "/run/dbus",
    "/run/docker",
    "/run/podman",
    "/run/systemd",
    "/run/user",
    "/var",
    "/var/lib",
    "/var/lib/coffer",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/docker",
    "/var/lib/kubelet",
    "/var/lib/kubelet/pods",
    "/var/run",
    "/var/run/docker",
    "/var/spool/cron",
];

/// Sockets that do as root what they are asked, by name: wherever they are.
const SOCKETS: [&str; 9] = [
    "buildkitd.sock",
    "containerd.sock",
    "containerd.sock.ttrpc",
    "cri-dockerd.sock",
    "crio.sock",
    "docker.sock",
    "dockershim.sock",
    "podman.sock",
    "system_bus_socket",
];

/// What everybody may have, if it is mounted read-only.
const READABLE: [&str; 7] = [
    "/etc/hostname",
    "/etc/hosts",
    "/etc/localtime",
    "/etc/pki",
    "/etc/resolv.conf",
    "/etc/ssl/certs",
    "/etc/timezone",
];

/// config-linux.md "Default Devices", bound where nodes cannot be made.
const DEVICES: [&str; 6] = ["/dev/full", "/dev/null", "/dev/random", "/dev/tty", "/dev/urandom", "/dev/zero"];

pub(super) fn find(spec: &Spec, found: &mut Found) {
    if is_of_host(spec, &Mount::default(), &spec.root.path) {
        found.add(&HOST_PATH, &spec.root.path);
    }
    for mount in spec.mounts.iter().filter(|mount| is_bind(mount)) {
        let leads = leads_to(&mount.source);
        if [Some(mount.source.as_ref()), leads.as_deref()]
            .into_iter()
            .flatten()
            .any(|path| is_of_host(spec, mount, path))
        {
            found.add(&HOST_PATH, &*mount.source);
        }
    }
}

fn is_of_host(spec: &Spec, mount: &Mount, path: &str) -> bool {
    let path = tidy(path);
    let read_only = is_read_only(mount);
    if DEVICES.contains(&path.as_str())
        || (read_only && READABLE.iter().any(|top| is_at_or_below(&path, top)))
    {
        return false;
    }
    // Whoever is nobody on the host cannot mount a sysfs of their own everywhere, and may look at this one.
    if read_only && is_at_or_below(&path, "/sys") && is_apart(spec, NamespaceKind::User) {
        return false;
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    TREES.iter().any(|top| is_at_or_below(&path, top))
        || DIRECTORIES.contains(&path.as_str())
        || SOCKETS.contains(&name)
}

/// Without `.`, `..` and doubled slashes.
fn tidy(path: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    format!("/{}", names.join("/"))
}

/// Where a path leads, symbolic links followed; nothing is opened that could answer.
fn leads_to(path: &str) -> Option<String> {
    let place = openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let name = readlinkat(CWD, format!("/proc/self/fd/{}", place.as_raw_fd()), Vec::new()).ok()?;
    name.into_string().ok()
}
