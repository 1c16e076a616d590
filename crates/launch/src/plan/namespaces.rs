//! Which namespaces are made, which are joined, and which stay the caller's.

use std::os::fd::OwnedFd;

use model::spec::{NamespaceKind, Spec};
use rustix::fs::{Mode, OFlags};
use sys::clone::flag;

use crate::error::LaunchError;
use crate::target::bit;

/// An existing namespace that the container lives in.
#[derive(Debug)]
pub(crate) struct JoinedNamespace {
    /// Bit of [`flag`].
    pub kind: u64,
    pub descriptor: OwnedFd,
    /// For messages.
    pub path: String,
}

/// Those that the specification names by path. What a path names is checked by the kernel as it is joined.
pub(super) fn joined(spec: &Spec) -> Result<Vec<JoinedNamespace>, LaunchError> {
    let paths = spec.linux.namespaces.iter().filter_map(|space| Some((space.kind, space.path.as_deref()?)));
    let open = |(kind, path): (NamespaceKind, &str)| {
        let descriptor = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
            .map_err(LaunchError::host("open the namespace", path))?;
        Ok(JoinedNamespace { kind: bit(kind), descriptor, path: path.to_owned() })
    };
    paths.map(open).collect()
}

/// Whether the container has one of this kind that is not the caller's.
pub(super) fn private(spec: &Spec, kind: NamespaceKind) -> bool {
    spec.linux.namespaces.iter().any(|space| space.kind == kind)
}

/// Whether it is made for the container.
pub(super) fn made(spec: &Spec, kind: NamespaceKind) -> bool {
    spec.linux.namespaces.iter().any(|space| space.kind == kind && space.path.is_none())
}

/// Namespaces that the clone makes.
pub(super) fn clone_flags(spec: &Spec) -> u64 {
    // What moves into the network must find it when the child begins.
    let network = if spec.linux.net_devices.is_empty() { flag::NEWNET } else { 0 };
    let late = network | flag::NEWCGROUP;
    let all = spec.linux.namespaces.iter().filter(|space| space.path.is_none());
    all.fold(0, |flags, space| flags | bit(space.kind)) & !late
}

/// Namespaces that the child makes.
pub(super) fn unshare_flags(spec: &Spec) -> u64 {
    let network = if made(spec, NamespaceKind::Network) { flag::NEWNET } else { 0 };
    let cgroup = if made(spec, NamespaceKind::Cgroup) { flag::NEWCGROUP } else { 0 };
    (network | cgroup) & !clone_flags(spec)
}
