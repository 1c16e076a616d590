//! Every way to weaken a confinement that the floor knows, as data: a stable name, the lowest floor that
//! refuses it, what it is, and what to do about it.

use std::fmt;

use super::Floor::{self, Baseline, Restricted};

/// One way to weaken a confinement.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Weakness {
    /// Stable: kept in `state`, and documented.
    pub(crate) name: &'static str,
    /// The lowest that refuses it.
    pub(crate) floor: Floor,
    /// To follow "it".
    pub(crate) about: &'static str,
    /// To whoever writes the specification, by hand or with an engine's options.
    pub(crate) remedy: &'static str,
}

/// One that was found, and on what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) weakness: &'static Weakness,
    /// The path, capability or number that it is about; empty where there is only one.
    pub(crate) subject: String,
}

impl Finding {
    /// Whether it falls short of a baseline.
    pub(crate) fn is_grave(&self) -> bool {
        self.weakness.floor <= Baseline
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.weakness.name)?;
        if self.subject.is_empty() { Ok(()) } else { write!(f, ":{}", self.subject) }
    }
}

macro_rules! weaknesses {
    ($($constant:ident = $name:literal, $floor:ident, $about:literal, $remedy:literal;)*) => {
        $(pub(super) static $constant: Weakness =
            Weakness { name: $name, floor: $floor, about: $about, remedy: $remedy };)*

        /// All of them, as the papers list them.
        #[cfg(test)]
        pub(super) static ALL: &[&Weakness] = &[$(&$constant),*];
    };
}

weaknesses! {
    HOST_PID = "host-pid", Baseline, "sees the host's processes", "give it a pid namespace";
    HOST_NETWORK = "host-network", Baseline, "is in the host's network", "give it a network namespace";
    HOST_IPC = "host-ipc", Baseline, "shares the host's queues and shared memory", "give it an ipc namespace";
    HOST_UTS = "host-uts", Baseline, "may rename the host", "give it a uts namespace";
    HOST_MOUNTS = "host-mounts", Baseline, "mounts where the host does", "give it a mount namespace";
    HOST_CGROUPS = "host-cgroups", Restricted, "sees the host's control groups", "give it a cgroup namespace";
    HOST_USERS = "host-users", Restricted, "has the host's user ids", "give it a user namespace";
    NEW_PRIVILEGES = "new-privileges", Restricted, "may gain privileges by executing a program",
        "set `process.noNewPrivileges`";
    NO_SECCOMP = "no-seccomp", Baseline, "may make every system call",
        "give it a seccomp profile that refuses by default";
    ADDED_CAPABILITY = "added-capability", Baseline, "has capabilities that containers do not have by default",
        "leave them out";
    CAPABILITY = "capability", Restricted, "has capabilities", "drop all but CAP_NET_BIND_SERVICE";
    ROOT_USER = "root-user", Restricted, "runs as the host's root", "run it as another user";
    NO_APPARMOR = "no-apparmor", Baseline, "is exempt from AppArmor", "leave `unconfined` out";
    NO_SELINUX = "no-selinux", Baseline, "is exempt from SELinux", "leave the label's type out";
    ALL_DEVICES = "all-devices", Baseline, "may use every device", "begin the device rules with one that denies all";
    DEVICE = "device", Baseline, "may use devices that containers do not have by default", "leave them out";
    UNMASKED_PATH = "unmasked-path", Baseline, "sees what tells too much of the host",
        "list it in `linux.maskedPaths`";
    WRITABLE_KERNEL = "writable-kernel", Baseline, "may write to the kernel's files",
        "list it in `linux.readonlyPaths`, or mount it `ro`";
    WRITABLE_CGROUPS = "writable-cgroups", Baseline, "may change its own limits", "mount the control groups `ro`";
    HOST_PATH = "host-path", Baseline, "has paths of the host that belong to the host", "mount something else";
    SHARED_PROPAGATION = "shared-propagation", Baseline, "mounts into the host",
        "use `private` or `slave` instead of `shared`";
    WRITABLE_ROOT = "writable-root", Restricted, "may change its programs", "set `root.readonly`";
    HOST_SYSCTL = "host-sysctl", Baseline, "sets kernel parameters of the host", "set them on the host, or leave them out";
    UNLIMITED_MEMORY = "unlimited-memory", Restricted, "may use all memory", "set a limit on memory";
    UNLIMITED_PIDS = "unlimited-pids", Restricted, "may start any number of processes", "set a limit on pids";
    NO_PIVOT = "no-pivot", Baseline, "keeps the host's root below its own", "leave `--no-pivot` out";
    CALLERS_KEYRING = "callers-keyring", Restricted, "shares a session keyring", "leave `--no-new-keyring` out";
}
