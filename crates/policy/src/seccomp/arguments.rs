//! Calls that are decided by their arguments.
//!
//! What is allowed is compared whole, so that garbage in the upper half of an argument matches
//! nothing; what is refused is compared in the half that the kernel reads.

use model::spec::{SeccompAction, SeccompArg, SeccompOp, SeccompRule, Text};

use super::{ByArgument, ENOSYS, EPERM};
use crate::capabilities::CapabilitySet;

/// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET.
const NAMESPACE_FLAGS: u64 = 0x7e02_0000;
/// The half that the kernel reads of an `int`.
const INT: u64 = 0xffff_ffff;
/// S_IFMT and S_IFIFO.
const FILE_TYPE: u64 = 0xf000;
const FIFO: u64 = 0x1000;

const fn equal(index: u32, value: u64) -> SeccompArg {
    SeccompArg { index, value, value_two: 0, op: SeccompOp::Equal }
}

const fn masked(index: u32, mask: u64, value: u64) -> SeccompArg {
    SeccompArg { index, value: mask, value_two: value, op: SeccompOp::MaskedEqual }
}

const fn allow_if(name: &'static str, condition: SeccompArg, why: &'static str) -> ByArgument {
    ByArgument { name, why, condition: Some(condition), second: None, errno: None }
}

const fn refuse_if(
    name: &'static str,
    condition: SeccompArg,
    second: Option<SeccompArg>,
    why: &'static str,
) -> ByArgument {
    ByArgument { name, why, condition: Some(condition), second, errno: Some(EPERM) }
}

const fn allow_else(name: &'static str, why: &'static str) -> ByArgument {
    ByArgument { name, why, condition: None, second: None, errno: None }
}

const MFD_NOEXEC_SEAL: u64 = 0x8;
const MFD_EXEC: u64 = 0x10;

/// Where `vm.memfd_noexec` cannot be set (rootless, and kernels before 6.3), a memory file may be made
/// only if it is sealed against execution; other programs are told that there are none, and fall back.
pub(super) fn memfd_guard() -> [SeccompRule; 2] {
    [masked(1, MFD_NOEXEC_SEAL, 0), masked(1, MFD_EXEC, MFD_EXEC)].map(|flags| SeccompRule {
        names: vec![Text::Borrowed("memfd_create")],
        action: SeccompAction::Errno,
        errno_ret: Some(ENOSYS),
        args: vec![flags],
    })
}

/// The rules: of those of one name that match, the strictest decides.
pub(super) static RULES: &[ByArgument] = &[
    allow_if(
        "clone",
        masked(0, NAMESPACE_FLAGS, 0),
        "processes and threads, but no namespaces: 66 of 100 kernel exploits begin in one",
    ),
    ByArgument {
        name: "clone3",
        why: "its flags lie in memory, where a filter cannot read them; libc falls back to clone",
        condition: None,
        second: None,
        errno: Some(ENOSYS),
    },
    allow_if("socket", equal(0, 1), "AF_UNIX: processes of the container talk to each other"),
    allow_if("socket", equal(0, 2), "AF_INET: programs speak IPv4"),
    allow_if("socket", equal(0, 10), "AF_INET6: programs speak IPv6"),
    allow_if("socket", equal(0, 16), "AF_NETLINK: libc lists interfaces and addresses through it"),
    allow_if(
        "socketpair",
        equal(0, 1),
        "AF_UNIX: pairs between parent and child; no other family has any use for it",
    ),
    refuse_if(
        "setsockopt",
        masked(1, INT, 6),
        Some(masked(2, INT, 31)),
        "TCP_ULP loads kernel TLS: 11 of 100 kernel exploits",
    ),
    allow_else("setsockopt", "servers set buffers, timeouts and reuse"),
    refuse_if(
        "ioctl",
        masked(1, INT, 0x5412),
        None,
        "TIOCSTI types into the terminal of whoever started the container (CVE-2017-5226)",
    ),
    refuse_if("ioctl", masked(1, INT, 0x541c), None, "TIOCLINUX pastes into a console (CVE-2023-1523)"),
    allow_else("ioctl", "terminals, pipes, sockets and files are steered with it"),
    allow_if(
        "mknod",
        masked(1, FILE_TYPE, FIFO),
        "scripts make named pipes; device nodes and the rest stay refused",
    ),
    allow_if(
        "mknodat",
        masked(2, FILE_TYPE, FIFO),
        "scripts make named pipes; device nodes and the rest stay refused",
    ),
    allow_if("personality", equal(0, 0x0000_0000), "PER_LINUX: back to the default"),
    allow_if("personality", equal(0, 0x0000_0008), "PER_LINUX32: build tools say that they are 32-bit"),
    allow_if("personality", equal(0, 0x0002_0000), "UNAME26: old programs fail on kernel versions above 2.6"),
    allow_if("personality", equal(0, 0x0002_0008), "UNAME26 and PER_LINUX32 together"),
    allow_if("personality", equal(0, 0xffff_ffff), "asks without changing anything"),
];

const NET_RAW: CapabilitySet = CapabilitySet::one(13);
const SYS_ADMIN: CapabilitySet = CapabilitySet::one(21);
const MKNOD: CapabilitySet = CapabilitySet::one(27);

/// Families and calls that need a capability besides.
static WITH_CAPABILITY: &[(CapabilitySet, ByArgument)] = &[
    (NET_RAW, allow_if("socket", equal(0, 17), "AF_PACKET: tcpdump and DHCP clients")),
    (SYS_ADMIN, allow_else("clone", "who may mount may make namespaces")),
    (MKNOD, allow_else("mknod", "device nodes, which a user namespace makes inert")),
    (MKNOD, allow_else("mknodat", "device nodes, which a user namespace makes inert")),
];

fn granted(capabilities: CapabilitySet) -> impl Iterator<Item = &'static ByArgument> {
    WITH_CAPABILITY.iter().filter(move |(needed, _)| capabilities.contains(*needed)).map(|(_, rule)| rule)
}

/// The rules of a container with these capabilities.
pub(super) fn rules(capabilities: CapabilitySet) -> Vec<SeccompRule> {
    RULES.iter().chain(granted(capabilities)).map(rule).collect()
}

/// How many names some rule allows.
pub(super) fn allowed_names(capabilities: CapabilitySet) -> usize {
    let mut names: Vec<_> = RULES
        .iter()
        .chain(granted(capabilities))
        .filter(|rule| rule.action() == SeccompAction::Allow)
        .map(|rule| rule.name)
        .collect();
    names.sort_unstable();
    names.dedup();
    names.len()
}

fn rule(line: &ByArgument) -> SeccompRule {
    SeccompRule {
        names: vec![Text::Borrowed(line.name)],
        action: line.action(),
        errno_ret: line.errno,
        args: line.condition.into_iter().chain(line.second).collect(),
    }
}
