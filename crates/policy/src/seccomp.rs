//! The system call filter, as data: every call that is allowed has a reason.
//!
//! Everything else gets EPERM, except clone3, which gets ENOSYS so that libc falls back to clone,
//! whose flags a filter can read. Only names of 64-bit ABIs are listed (x86-64, arm64, riscv64): the
//! emitter refuses the 32-bit ones as a whole, and skips names that an architecture lacks.

use model::spec::{Seccomp, SeccompAction, SeccompArg, SeccompRule, Text};

use crate::capabilities::CapabilitySet;

mod arguments;
mod by_capability;
mod files;
mod kernel;
mod memory;
mod network;
mod processes;
mod refused;

pub use by_capability::ByCapability;

/// One call and why it is allowed, or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The kernel's name.
    pub name: &'static str,
    /// The reason.
    pub why: &'static str,
}

/// Calls that serve one purpose, sorted by name.
#[derive(Debug)]
pub struct Group {
    /// What they serve.
    pub purpose: &'static str,
    /// The calls.
    pub lines: &'static [Line],
}

/// A call that is decided by its arguments.
#[derive(Debug, Clone, Copy)]
pub struct ByArgument {
    /// The kernel's name.
    pub name: &'static str,
    /// Why.
    pub why: &'static str,
    pub(crate) condition: Option<SeccompArg>,
    pub(crate) second: Option<SeccompArg>,
    pub(crate) errno: Option<u32>,
}

impl ByArgument {
    /// What happens when the arguments match.
    #[must_use]
    pub const fn action(&self) -> SeccompAction {
        match self.errno {
            Some(_) => SeccompAction::Errno,
            None => SeccompAction::Allow,
        }
    }
}

/// Shorthand of the tables.
const fn allow(name: &'static str, why: &'static str) -> Line {
    Line { name, why }
}

/// Calls that every container may make, whatever the arguments.
#[must_use]
pub fn allowed() -> &'static [Group] {
    &[
        files::PATHS,
        files::CONTENT,
        files::METADATA,
        files::EVENTS,
        memory::MEMORY,
        network::SOCKETS,
        processes::LIFE,
        processes::IDENTITY,
        processes::SIGNALS,
        processes::SCHEDULING,
        kernel::TIME,
        kernel::SYSTEM_V,
        kernel::INFORMATION,
        kernel::SANDBOXES,
    ]
}

/// Calls that are decided by their arguments.
#[must_use]
pub fn by_argument() -> &'static [ByArgument] {
    arguments::RULES
}

/// Calls that become allowed with a capability.
#[must_use]
pub fn by_capability() -> &'static [ByCapability] {
    by_capability::TABLE
}

/// Calls that others allow or that attacks need, and why they are refused without a capability.
#[must_use]
pub fn refused() -> &'static [Line] {
    refused::REFUSED
}

/// How many system calls are allowed with these capabilities, at least for some arguments.
#[must_use]
pub fn allowed_names(capabilities: CapabilitySet) -> usize {
    let always: usize = allowed().iter().map(|group| group.lines.len()).sum();
    let granted = granted(capabilities).map(|entry| entry.lines.len()).sum::<usize>();
    always + granted + arguments::allowed_names(capabilities)
}

/// What keeps memory files from being executed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MemfdGuard {
    /// `vm.memfd_noexec` of the container's pid namespace: any memory file, none executable.
    #[default]
    Sysctl,
    /// The filter: only memory files that are sealed against execution.
    Filter,
}

/// The filter of a container with these capabilities.
#[must_use]
pub fn filter(capabilities: CapabilitySet, memfd: MemfdGuard) -> Seccomp {
    let mut syscalls = arguments::rules(capabilities);
    if memfd == MemfdGuard::Filter {
        syscalls.extend(arguments::memfd_guard());
    }
    let always = allowed().iter().flat_map(|group| group.lines);
    let names: Vec<Text> = always
        .chain(granted(capabilities).flat_map(|entry| entry.lines))
        .map(|line| Text::Borrowed(line.name))
        .collect();
    syscalls.push(SeccompRule { names, action: SeccompAction::Allow, errno_ret: None, args: Vec::new() });
    syscalls.push(newest());
    Seccomp {
        default_action: SeccompAction::Errno,
        default_errno_ret: Some(EPERM),
        syscalls,
        ..Seccomp::default()
    }
}

/// The newest call that this filter was written with in mind. What is newer is not refused but unknown, so that
/// programs fall back.
fn newest() -> SeccompRule {
    let names = vec![Text::Borrowed("file_setattr")];
    SeccompRule { names, action: SeccompAction::Errno, errno_ret: Some(EPERM), args: Vec::new() }
}

fn granted(capabilities: CapabilitySet) -> impl Iterator<Item = &'static ByCapability> {
    by_capability().iter().filter(move |entry| entry.holds(capabilities))
}

const EPERM: u32 = 1;
const ENOSYS: u32 = 38;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use model::spec::SeccompOp;

    use super::*;

    fn unconditional(capabilities: CapabilitySet) -> BTreeSet<String> {
        let filter = filter(capabilities, MemfdGuard::Sysctl);
        let rules = filter.syscalls.iter().filter(|rule| rule.args.is_empty());
        let allowed = rules.filter(|rule| rule.action == SeccompAction::Allow);
        allowed.flat_map(|rule| rule.names.iter().map(ToString::to_string)).collect()
    }

    fn named(name: &str) -> CapabilitySet {
        CapabilitySet::named(name).unwrap()
    }

    #[test]
    fn every_line_has_a_reason_and_every_group_is_sorted() {
        for group in allowed() {
            assert!(group.lines.is_sorted_by(|a, b| a.name < b.name), "{}", group.purpose);
            assert!(!group.purpose.is_empty());
        }
        let all = allowed().iter().flat_map(|group| group.lines);
        for line in all.chain(refused()).chain(by_capability().iter().flat_map(|entry| entry.lines)) {
            assert!(line.why.len() > 8 && !line.why.ends_with('.'), "{}", line.name);
        }
        for rule in by_argument() {
            assert!(rule.why.len() > 8, "{}", rule.name);
        }
    }

    #[test]
    fn no_call_is_listed_twice() {
        let names: Vec<_> = allowed().iter().flat_map(|group| group.lines).map(|line| line.name).collect();
        let unique: BTreeSet<_> = names.iter().copied().collect();
        assert_eq!(unique.len(), names.len());
        for rule in by_argument().iter().filter(|rule| rule.name != "setsockopt" && rule.name != "ioctl") {
            assert!(!unique.contains(rule.name), "{}", rule.name);
        }
        for line in by_capability().iter().flat_map(|entry| entry.lines) {
            assert!(!unique.contains(line.name), "{}", line.name);
        }
    }

    #[test]
    fn what_is_refused_is_not_allowed() {
        let allowed = unconditional(CapabilitySet::EMPTY);
        assert!(refused().is_sorted_by(|a, b| a.name < b.name));
        for line in refused() {
            assert!(!allowed.contains(line.name), "{}", line.name);
        }
    }

    #[test]
    fn some_calls_stay_refused_whatever_the_capabilities() {
        let allowed = unconditional(CapabilitySet::ALL);
        for name in [
            "kexec_load",
            "kexec_file_load",
            "io_uring_setup",
            "userfaultfd",
            "keyctl",
            "add_key",
            "vmsplice",
        ] {
            assert!(!allowed.contains(name), "{name}");
        }
    }

    #[test]
    fn a_capability_brings_its_calls_and_no_others() {
        let plain = unconditional(CapabilitySet::EMPTY);
        let with = |name| unconditional(named(name)).difference(&plain).cloned().collect::<Vec<_>>();
        assert_eq!(with("SYS_CHROOT"), ["chroot"]);
        assert_eq!(with("SYS_TIME"), ["clock_settime", "settimeofday"]);
        assert!(with("SYS_ADMIN").contains(&"mount".to_owned()));
        assert!(!with("SYS_ADMIN").contains(&"bpf".to_owned()));
        assert!(with("CHOWN").is_empty());
    }

    #[test]
    fn every_entry_is_for_the_capability_that_it_names() {
        for entry in by_capability() {
            assert_eq!(entry.set, named(entry.capability), "{}", entry.capability);
            assert!(entry.lines.is_sorted_by(|a, b| a.name < b.name), "{}", entry.capability);
        }
        let rules = |name| filter(named(name), MemfdGuard::Sysctl).syscalls;
        let socket = |name| rules(name).iter().filter(|rule| rule.names == ["socket"]).count();
        assert_eq!(socket("NET_RAW"), socket("CHOWN") + 1);
    }

    #[test]
    fn clone3_is_unknown_so_that_libc_falls_back() {
        let filter = filter(CapabilitySet::EMPTY, MemfdGuard::Sysctl);
        let clone3 = filter.syscalls.iter().find(|rule| rule.names == ["clone3"]).unwrap();
        assert_eq!((clone3.action, clone3.errno_ret), (SeccompAction::Errno, Some(ENOSYS)));
    }

    #[test]
    fn the_filter_is_as_wide_as_agreed() {
        assert_eq!(allowed_names(CapabilitySet::EMPTY), 301);
        assert_eq!(allowed_names(CapabilitySet::ALL), 348);
    }

    /// Of the rules that match, the one that refuses decides, as `launch` compiles it.
    fn decides(filter: &Seccomp, name: &str, args: [u64; 3]) -> (SeccompAction, Option<u32>) {
        let holds = |arg: &SeccompArg| {
            let value = args[arg.index as usize];
            match arg.op {
                SeccompOp::Equal => value == arg.value,
                SeccompOp::MaskedEqual => value & arg.value == arg.value_two,
                other => panic!("{other:?} is not used"),
            }
        };
        let matches =
            |rule: &&SeccompRule| rule.names.iter().any(|known| known == name) && rule.args.iter().all(holds);
        let rules = || filter.syscalls.iter().filter(matches);
        let rule = rules().find(|rule| rule.action == SeccompAction::Errno).or_else(|| rules().next());
        rule.map_or((filter.default_action, filter.default_errno_ret), |rule| (rule.action, rule.errno_ret))
    }

    #[test]
    fn a_memory_file_is_sealed_against_execution_where_the_filter_guards_them() {
        let filter = filter(CapabilitySet::EMPTY, MemfdGuard::Filter);
        for flags in 0..0x20 {
            let wanted = match flags & 0x18 {
                0x8 => (SeccompAction::Allow, None),
                _ => (SeccompAction::Errno, Some(ENOSYS)),
            };
            assert_eq!(decides(&filter, "memfd_create", [0, flags, 0]), wanted, "{flags:#x}");
        }
    }

    #[test]
    fn arguments_decide_even_with_garbage_in_the_upper_half() {
        let filter = filter(CapabilitySet::EMPTY, MemfdGuard::Sysctl);
        let allow = (SeccompAction::Allow, None);
        let deny = (SeccompAction::Errno, Some(EPERM));
        let high = 1 << 32;
        for (name, args, wanted) in [
            ("socket", [1, 0, 0], allow),
            ("socket", [16, 0, 0], allow),
            ("socket", [38, 0, 0], deny),
            ("socket", [40, 0, 0], deny),
            ("socketpair", [40, 0, 0], deny),
            ("socketpair", [1, 0, 0], allow),
            ("setsockopt", [3, 6, 1], allow),
            ("setsockopt", [3, 6, 31], deny),
            ("setsockopt", [3, 6 | high, 31 | high], deny),
            ("setsockopt", [3, 1, 31], allow),
            ("clone", [0x0011, 0, 0], allow),
            ("clone", [0x1000_0011, 0, 0], deny),
            ("clone", [0x003d_0f00, 0, 0], allow),
            ("mknodat", [3, 0, 0x11a4], allow),
            ("mknodat", [3, 0, 0x21a4], deny),
            ("mknod", [3, 0x61a4, 0], deny),
            ("ioctl", [0, 0x5401, 0], allow),
            ("ioctl", [0, 0x5412, 0], deny),
            ("ioctl", [0, 0x5412 | high, 0], deny),
            ("personality", [0xffff_ffff, 0, 0], allow),
            ("personality", [0x0004_0000, 0, 0], deny),
        ] {
            assert_eq!(decides(&filter, name, args), wanted, "{name} {args:x?}");
        }
    }
}
