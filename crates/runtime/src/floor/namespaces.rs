//! Namespaces that are the host's: not named, or joined by a path that leads to them.

use model::spec::{Namespace, NamespaceKind, Spec};

use super::Found;
use super::weakness::{
    HOST_CGROUPS, HOST_IPC, HOST_MOUNTS, HOST_NETWORK, HOST_PID, HOST_USERS, HOST_UTS, Weakness,
};

/// The host's clocks are everybody's, so that the time namespace is not here.
static SHARED: [(NamespaceKind, &Weakness); 7] = [
    (NamespaceKind::Pid, &HOST_PID),
    (NamespaceKind::Network, &HOST_NETWORK),
    (NamespaceKind::Ipc, &HOST_IPC),
    (NamespaceKind::Uts, &HOST_UTS),
    (NamespaceKind::Mount, &HOST_MOUNTS),
    (NamespaceKind::Cgroup, &HOST_CGROUPS),
    (NamespaceKind::User, &HOST_USERS),
];

pub(super) fn find(spec: &Spec, found: &mut Found) {
    for (kind, weakness) in SHARED.iter().filter(|(kind, _)| !is_apart(spec, *kind)) {
        let path = of_kind(spec, *kind).and_then(|space| space.path.clone());
        found.add(weakness, path.unwrap_or_default());
    }
}

/// Whether the container's namespace of this kind is not the host's.
pub(super) fn is_apart(spec: &Spec, kind: NamespaceKind) -> bool {
    match of_kind(spec, kind).map(|space| space.path.as_deref()) {
        None => false,
        Some(None) => true,
        Some(Some(path)) => !is_ours(kind, path),
    }
}

fn of_kind(spec: &Spec, kind: NamespaceKind) -> Option<&Namespace> {
    spec.linux.namespaces.iter().find(|space| space.kind == kind)
}

/// We are in the host's namespaces, as engines are. A path that leads nowhere is refused when it is joined.
fn is_ours(kind: NamespaceKind, path: &str) -> bool {
    let identity = |path: &str| rustix::fs::stat(path).ok().map(|stat| (stat.st_dev, stat.st_ino));
    let ours = identity(&format!("/proc/self/ns/{}", kind.proc_name()));
    ours.is_some() && ours == identity(path)
}
