//! Calls that become allowed with a capability, because without it they do nothing anyway.

use super::{Line, allow};
use crate::capabilities::CapabilitySet;

/// What one capability brings.
#[derive(Debug)]
pub struct ByCapability {
    /// The capability, without `CAP_`.
    pub capability: &'static str,
    pub(super) set: CapabilitySet,
    /// The calls, sorted by name.
    pub lines: &'static [Line],
}

impl ByCapability {
    /// Whether the set holds the capability.
    #[must_use]
    pub fn holds(&self, capabilities: CapabilitySet) -> bool {
        capabilities.contains(self.set)
    }
}

/// One entry for each capability that brings calls.
pub(super) static TABLE: &[ByCapability] = &[
    ByCapability {
        capability: "BPF",
        set: CapabilitySet::one(39),
        lines: &[allow("bpf", "CAP_BPF is the right to load programs")],
    },
    ByCapability {
        capability: "DAC_READ_SEARCH",
        set: CapabilitySet::one(2),
        lines: &[
            allow("name_to_handle_at", "gives the handle that the other call opens"),
            allow("open_by_handle_at", "CAP_DAC_READ_SEARCH is the right to open by handle"),
        ],
    },
    ByCapability {
        capability: "PERFMON",
        set: CapabilitySet::one(38),
        lines: &[allow("perf_event_open", "CAP_PERFMON is the right to measure")],
    },
    ByCapability {
        capability: "SYS_ADMIN",
        set: CapabilitySet::one(21),
        lines: &[
            allow("fanotify_init", "watches whole filesystems"),
            allow("fanotify_mark", "watches whole filesystems"),
            allow("fsconfig", "mounts, piece by piece"),
            allow("fsmount", "mounts, piece by piece"),
            allow("fsopen", "mounts, piece by piece"),
            allow("fspick", "mounts, piece by piece"),
            allow("listmount", "lists what is mounted"),
            allow("mount", "CAP_SYS_ADMIN is the right to mount"),
            allow("mount_setattr", "mounts, piece by piece"),
            allow("move_mount", "mounts, piece by piece"),
            allow("open_tree", "mounts, piece by piece"),
            allow("open_tree_attr", "mounts, piece by piece"),
            allow("pivot_root", "container engines inside the container change their root"),
            allow("quotactl", "CAP_SYS_ADMIN is the right to set quotas"),
            allow("quotactl_fd", "CAP_SYS_ADMIN is the right to set quotas"),
            allow("setdomainname", "CAP_SYS_ADMIN is the right to name the container"),
            allow("sethostname", "CAP_SYS_ADMIN is the right to name the container"),
            allow("setns", "joins namespaces that it may enter"),
            allow("statmount", "describes what is mounted"),
            allow("umount2", "the reverse of mount"),
            allow("unshare", "who may mount may make namespaces"),
        ],
    },
    ByCapability {
        capability: "SYS_BOOT",
        set: CapabilitySet::one(22),
        lines: &[allow("reboot", "ends the pid namespace from inside")],
    },
    ByCapability {
        capability: "SYS_CHROOT",
        set: CapabilitySet::one(18),
        lines: &[allow("chroot", "CAP_SYS_CHROOT is the right to change the root")],
    },
    ByCapability {
        capability: "SYS_MODULE",
        set: CapabilitySet::one(16),
        lines: &[
            allow("delete_module", "CAP_SYS_MODULE is the right to change the kernel"),
            allow("finit_module", "CAP_SYS_MODULE is the right to change the kernel"),
            allow("init_module", "CAP_SYS_MODULE is the right to change the kernel"),
        ],
    },
    ByCapability {
        capability: "SYS_NICE",
        set: CapabilitySet::one(23),
        lines: &[
            allow("get_mempolicy", "places memory on the nodes of a large machine"),
            allow("mbind", "places memory on the nodes of a large machine"),
            allow("set_mempolicy", "places memory on the nodes of a large machine"),
            allow("set_mempolicy_home_node", "places memory on the nodes of a large machine"),
        ],
    },
    ByCapability {
        capability: "SYS_PACCT",
        set: CapabilitySet::one(20),
        lines: &[allow("acct", "CAP_SYS_PACCT is the right to account processes")],
    },
    ByCapability {
        capability: "SYS_PTRACE",
        set: CapabilitySet::one(19),
        lines: &[
            allow("kcmp", "debuggers compare what two processes share"),
            allow("pidfd_getfd", "debuggers take over descriptors"),
            allow("process_madvise", "memory managers advise for others"),
            allow("process_vm_readv", "debuggers read memory"),
            allow("process_vm_writev", "debuggers write memory"),
            allow("ptrace", "CAP_SYS_PTRACE is the right to debug"),
        ],
    },
    ByCapability {
        capability: "SYS_RAWIO",
        set: CapabilitySet::one(17),
        lines: &[
            allow("ioperm", "CAP_SYS_RAWIO is the right to use ports"),
            allow("iopl", "CAP_SYS_RAWIO is the right to use ports"),
        ],
    },
    ByCapability {
        capability: "SYS_TIME",
        set: CapabilitySet::one(25),
        lines: &[
            allow("clock_settime", "CAP_SYS_TIME is the right to set the clock"),
            allow("settimeofday", "CAP_SYS_TIME is the right to set the clock"),
        ],
    },
    ByCapability {
        capability: "SYS_TTY_CONFIG",
        set: CapabilitySet::one(26),
        lines: &[allow("vhangup", "CAP_SYS_TTY_CONFIG is the right to hang up terminals")],
    },
    ByCapability {
        capability: "SYSLOG",
        set: CapabilitySet::one(34),
        lines: &[allow("syslog", "CAP_SYSLOG is the right to read the kernel's messages")],
    },
];
