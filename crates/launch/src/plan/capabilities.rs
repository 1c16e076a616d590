//! config.md "capabilities": the five sets, as bits.

use model::spec::{Capabilities, Text};
use rustix::io::Errno;
use rustix::thread::CapabilitySet;

use crate::error::LaunchError;

/// The five sets as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CapabilityPlan {
    pub bounding: CapabilitySet,
    pub effective: CapabilitySet,
    pub inheritable: CapabilitySet,
    pub permitted: CapabilitySet,
    pub ambient: CapabilitySet,
    /// Asked for, and not to be had.
    pub absent: CapabilitySet,
}

impl CapabilityPlan {
    /// Of the sets that are asked for, what a kernel with `known` capabilities can give.
    pub(super) fn new(wanted: &Capabilities, known: CapabilitySet) -> Result<Self, LaunchError> {
        let [bounding, effective, inheritable, permitted, ambient] =
            [&wanted.bounding, &wanted.effective, &wanted.inheritable, &wanted.permitted, &wanted.ambient]
                .map(|names| set(names));
        let sets = [bounding?, effective?, inheritable?, permitted?, ambient?];
        let absent = sets.iter().fold(CapabilitySet::empty(), |all, set| all | (*set - known));
        let [bounding, effective, inheritable, permitted, ambient] = sets.map(|set| set & known);
        Ok(Self { bounding, effective, inheritable, permitted, ambient, absent })
    }

    /// In use the kernel lets nobody have what is not permitted, and over an exec nobody keep what is not
    /// inheritable too; the specification wants what cannot be granted left out, and said.
    pub(super) fn drop_impossible(&mut self, held: Option<CapabilitySet>) {
        if let Some(held) = held {
            self.drop_all_but(held);
        }
        let (effective, ambient) =
            (self.effective & self.permitted, self.ambient & self.permitted & self.inheritable);
        self.absent |= (self.effective - effective) | (self.ambient - ambient);
        (self.effective, self.ambient) = (effective, ambient);
    }

    fn drop_all_but(&mut self, held: CapabilitySet) {
        let Self { bounding, effective, inheritable, permitted, ambient, absent } = self;
        for set in [bounding, effective, inheritable, permitted, ambient] {
            *absent |= *set - held;
            *set &= held;
        }
    }
}

/// What this kernel has, asked for from the last that we know downwards.
pub(super) fn kernel_s_capabilities() -> CapabilitySet {
    let is_known = |number: &usize| {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        rustix::thread::capability_is_in_bounding_set(capability) != Err(Errno::INVAL)
    };
    let last = (0..CAPABILITIES.len()).rev().find(is_known);
    CapabilitySet::from_bits_retain(last.map_or(0, |last| u64::MAX >> (63 - last)))
}

/// Names without `CAP_`.
pub(crate) fn names(bits: u64) -> impl Iterator<Item = &'static str> {
    let is_set = move |number: &usize| bits >> number & 1 == 1;
    (0..64).filter(is_set).map(|number| CAPABILITIES.get(number).copied().unwrap_or("UNKNOWN"))
}

/// capabilities(7), in the kernel's order.
pub(crate) const CAPABILITIES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// What can be granted where no user namespace gives everything: what we hold ourselves.
pub(super) fn held() -> Result<CapabilitySet, LaunchError> {
    let sets =
        rustix::thread::capabilities(None).map_err(LaunchError::host("look at", "our capabilities"))?;
    Ok(sets.permitted)
}

/// A name that nobody knows is an error: whoever wrote it may have meant to keep something.
fn set(names: &[Text]) -> Result<CapabilitySet, LaunchError> {
    names.iter().try_fold(CapabilitySet::empty(), |set, name| {
        let bare = name.strip_prefix("CAP_").unwrap_or(name);
        match CAPABILITIES.iter().position(|known| *known == bare) {
            Some(number) => Ok(set | CapabilitySet::from_bits_retain(1 << number)),
            None => Err(LaunchError::Spec {
                what: "capability",
                value: name.to_string(),
                why: "Linux has no such",
            }),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: CapabilitySet = CapabilitySet::from_bits_retain((1 << 41) - 1);

    #[test]
    fn capabilities_have_the_kernel_s_numbers() {
        assert_eq!(set(&["CAP_CHOWN".into(), "CAP_SYS_ADMIN".into()]).unwrap().bits(), 1 | 1 << 21);
        assert_eq!(set(&["CAP_CHECKPOINT_RESTORE".into()]).unwrap().bits(), 1 << 40);
        for name in ["CAP_ROOT", "cap_chown", "CAP_CAP_CHOWN", ""] {
            assert!(set(&[name.into()]).is_err(), "{name}");
        }
    }

    #[test]
    fn what_the_kernel_is_too_old_for_is_left_out_and_said() {
        let old = CapabilitySet::from_bits_retain((1 << 38) - 1);
        let wanted = Capabilities {
            bounding: vec!["CAP_CHOWN".into(), "CAP_BPF".into()],
            permitted: vec!["CAP_PERFMON".into()],
            ..Capabilities::default()
        };
        let planned = CapabilityPlan::new(&wanted, old).unwrap();
        assert_eq!((planned.bounding.bits(), planned.permitted.bits()), (1, 0));
        assert!(names(planned.absent.bits()).eq(["PERFMON", "BPF"]));
        assert!(CapabilityPlan::new(&wanted, ALL).unwrap().absent.is_empty());
    }

    #[test]
    fn what_we_do_not_hold_is_granted_to_nobody() {
        let wanted = Capabilities {
            bounding: vec!["CAP_CHOWN".into(), "CAP_SYS_RESOURCE".into()],
            permitted: vec!["CAP_SYS_RESOURCE".into()],
            ..Capabilities::default()
        };
        let mut planned = CapabilityPlan::new(&wanted, ALL).unwrap();
        planned.drop_impossible(Some(CapabilitySet::CHOWN));
        assert_eq!((planned.bounding, planned.permitted.bits()), (CapabilitySet::CHOWN, 0));
        assert!(names(planned.absent.bits()).eq(["SYS_RESOURCE"]));
    }

    #[test]
    fn an_ambient_capability_is_permitted_and_inheritable() {
        let chown = || vec!["CAP_CHOWN".into()];
        let mut wanted = Capabilities { ambient: chown(), permitted: chown(), ..Capabilities::default() };
        let of = |wanted: &Capabilities| {
            let mut planned = CapabilityPlan::new(wanted, ALL).unwrap();
            planned.drop_impossible(None);
            (planned.ambient.bits(), planned.effective.bits(), planned.absent.bits())
        };
        assert_eq!(of(&wanted), (0, 0, 1));
        wanted.inheritable = chown();
        assert_eq!(of(&wanted), (1, 0, 0));
        wanted.effective = vec!["CAP_KILL".into()];
        assert_eq!(of(&wanted), (1, 0, 1 << 5));
    }

    #[test]
    fn this_kernel_knows_what_it_says_that_it_knows() {
        let last = std::fs::read_to_string("/proc/sys/kernel/cap_last_cap").unwrap();
        let last: u32 = last.trim().parse().unwrap();
        assert_eq!(kernel_s_capabilities().bits().count_ones(), (last + 1).min(41));
    }
}
