//! The system call filter of a specification to begin with: what this launcher knows of, but for what is
//! listed here, so that calls of later kernels are refused until somebody has looked at them.

use model::spec::{Seccomp, SeccompAction, SeccompArg, SeccompOp, SeccompRule, Text};

/// Calls that programs do without, or that the kernel refuses to whoever has no capabilities; most exploits
/// of kernels begin with one of them.
const REFUSED: [&str; 77] = [
    "_sysctl",
    "acct",
    "add_key",
    "bpf",
    "clock_adjtime",
    "clock_settime",
    "create_module",
    "delete_module",
    "fanotify_init",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "get_kernel_syms",
    "init_module",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "ioperm",
    "iopl",
    "kcmp",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "lookup_dcookie",
    "lsm_set_self_attr",
    "mbind",
    "memfd_secret",
    "migrate_pages",
    "mknod",
    "mknodat",
    "mount",
    "mount_setattr",
    "move_mount",
    "move_pages",
    "name_to_handle_at",
    "nfsservctl",
    "open_by_handle_at",
    "open_tree",
    "open_tree_attr",
    "perf_event_open",
    "personality",
    "pidfd_getfd",
    "pivot_root",
    "process_madvise",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "query_module",
    "quotactl",
    "quotactl_fd",
    "reboot",
    "request_key",
    "set_mempolicy",
    "set_mempolicy_home_node",
    "setdomainname",
    "sethostname",
    "setns",
    "settimeofday",
    "stime",
    "swapoff",
    "swapon",
    "sysfs",
    "syslog",
    "umount",
    "umount2",
    "unshare",
    "uprobe",
    "uretprobe",
    "uselib",
    "userfaultfd",
    "ustat",
    "vhangup",
    "vm86",
    "vm86old",
    "vmsplice",
];

/// Those that are decided by their arguments, below.
const BY_ARGUMENT: [&str; 3] = ["clone", "clone3", "socket"];

/// Flags of clone(2) that make namespaces.
const NAMESPACES: u64 = 0x7e02_0000;
const ENOSYS: u32 = 38;
/// Sockets that lead to the kernel's cryptography, and out of a virtual machine.
const AF_ALG: u64 = 38;
const AF_VSOCK: u64 = 40;

pub(super) fn profile() -> Seccomp {
    let allowed = launch::seccomp::names()
        .filter(|name| REFUSED.binary_search(name).is_err() && !BY_ARGUMENT.contains(name));
    Seccomp {
        default_action: SeccompAction::Errno,
        syscalls: vec![
            rule(allowed.map(Text::from).collect(), SeccompAction::Allow, Vec::new()),
            rule(vec!["clone".into()], SeccompAction::Allow, vec![without(0, NAMESPACES)]),
            // Its flags are in memory, where no filter sees them; the C library falls back to clone.
            SeccompRule {
                errno_ret: Some(ENOSYS),
                ..rule(vec!["clone3".into()], SeccompAction::Errno, Vec::new())
            },
            rule(vec!["socket".into()], SeccompAction::Allow, vec![compared(SeccompOp::Less, AF_ALG)]),
            rule(vec!["socket".into()], SeccompAction::Allow, vec![compared(SeccompOp::Greater, AF_VSOCK)]),
        ],
        ..Seccomp::default()
    }
}

fn rule(names: Vec<Text>, action: SeccompAction, args: Vec<SeccompArg>) -> SeccompRule {
    SeccompRule { names, action, errno_ret: None, args }
}

/// None of these bits.
fn without(index: u32, bits: u64) -> SeccompArg {
    SeccompArg { index, value: bits, value_two: 0, op: SeccompOp::MaskedEqual }
}

/// The first argument.
fn compared(op: SeccompOp, value: u64) -> SeccompArg {
    SeccompArg { index: 0, value, value_two: 0, op }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_compiles_and_refuses_what_is_listed() {
        assert!(REFUSED.is_sorted());
        let profile = profile();
        let filter = launch::seccomp::compile(&profile).unwrap();
        assert!(filter.allowed > 250 && filter.allowed < filter.known, "{}", filter.allowed);
        let all = profile.syscalls.iter().flat_map(|rule| &rule.names);
        assert!(all.clone().any(|name| name == "openat2"));
        assert!(!all.clone().any(|name| REFUSED.contains(&name.as_ref())));
    }
}
