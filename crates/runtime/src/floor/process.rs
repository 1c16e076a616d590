//! The process: whom it runs as, what it may do, and what it may become.

use model::spec::{Capabilities, NamespaceKind, Process, Seccomp, SeccompAction, Spec};

use super::Found;
use super::namespaces::is_apart;
use super::weakness::{
    ADDED_CAPABILITY, CAPABILITY, HOST_SYSCTL, NEW_PRIVILEGES, NO_APPARMOR, NO_SECCOMP, NO_SELINUX, ROOT_USER,
};

/// What Docker gives to every container.
const USUAL: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
/// The only one that a careful engine gives, as the Pod Security Standards have it.
const HARMLESS: &str = "NET_BIND_SERVICE";

/// Kernel parameters that are not the host's, and the namespace that they belong to.
const NAMESPACED: [(&str, NamespaceKind); 14] = [
    ("fs.mqueue.", NamespaceKind::Ipc),
    ("kernel.domainname", NamespaceKind::Uts),
    ("kernel.hostname", NamespaceKind::Uts),
    ("kernel.msgmax", NamespaceKind::Ipc),
    ("kernel.msgmnb", NamespaceKind::Ipc),
    ("kernel.msgmni", NamespaceKind::Ipc),
    ("kernel.sem", NamespaceKind::Ipc),
    ("kernel.shm_rmid_forced", NamespaceKind::Ipc),
    ("kernel.shmall", NamespaceKind::Ipc),
    ("kernel.shmmax", NamespaceKind::Ipc),
    ("kernel.shmmni", NamespaceKind::Ipc),
    ("net.", NamespaceKind::Network),
    ("user.", NamespaceKind::User),
    ("vm.memfd_noexec", NamespaceKind::Pid),
];

/// SELinux types that stand for no confinement.
const UNCONFINED_TYPES: [&str; 3] = ["spc_t", "unconfined_t", "container_runtime_t"];

pub(super) fn find(spec: &Spec, found: &mut Found) {
    let process = &spec.process;
    if !process.no_new_privileges {
        found.add(&NEW_PRIVILEGES, "");
    }
    if spec.linux.seccomp.as_ref().is_none_or(allows_by_default) {
        found.add(&NO_SECCOMP, "");
    }
    if process.user.uid == 0 && !is_apart(spec, NamespaceKind::User) {
        found.add(&ROOT_USER, "");
    }
    capabilities(&process.capabilities, found);
    labels(process, found);
    for name in spec.linux.sysctl.keys().filter(|name| is_of_host(spec, name)) {
        found.add(&HOST_SYSCTL, name);
    }
}

fn allows_by_default(profile: &Seccomp) -> bool {
    matches!(profile.default_action, SeccompAction::Allow | SeccompAction::Log)
}

fn capabilities(sets: &Capabilities, found: &mut Found) {
    let Capabilities { bounding, effective, inheritable, permitted, ambient } = sets;
    for name in [bounding, effective, inheritable, permitted, ambient].into_iter().flatten() {
        let upper = name.to_ascii_uppercase();
        let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
        if !USUAL.contains(&bare) {
            found.add(&ADDED_CAPABILITY, format!("CAP_{bare}"));
        } else if bare != HARMLESS {
            found.add(&CAPABILITY, format!("CAP_{bare}"));
        }
    }
}

/// Without a label the host decides; these take the decision from it.
fn labels(process: &Process, found: &mut Found) {
    if process.apparmor_profile == "unconfined" {
        found.add(&NO_APPARMOR, "");
    }
    let kind = process.selinux_label.split(':').nth(2);
    if kind.is_some_and(|kind| UNCONFINED_TYPES.contains(&kind)) {
        found.add(&NO_SELINUX, &*process.selinux_label);
    }
}

/// Both spellings of sysctl(8): `net.ipv4.ip_forward` and `net/ipv4/ip_forward`.
fn is_of_host(spec: &Spec, name: &str) -> bool {
    let name = name.replace('/', ".");
    let matches = |known: &str| if known.ends_with('.') { name.starts_with(known) } else { name == known };
    let namespace = NAMESPACED.iter().find(|(known, _)| matches(known)).map(|(_, kind)| *kind);
    namespace.is_none_or(|kind| !is_apart(spec, kind))
}
