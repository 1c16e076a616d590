//! config-linux.md "Memory Policy" and "Personality".

use model::spec::{MemoryPolicy, Personality};
use sys::numa::Nodes;

use super::numbers;
use crate::error::LaunchError;

/// What set_mempolicy(2) is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PlannedMemory {
    /// The mode, with its flags in the upper bits.
    pub mode: u32,
    pub nodes: Nodes,
}

/// How many nodes a mode is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    None,
    Some,
    Any,
}

/// The kernel's numbers are the positions.
const MODES: [(&str, Wants); 7] = [
    ("MPOL_DEFAULT", Wants::None),
    ("MPOL_PREFERRED", Wants::Any),
    ("MPOL_BIND", Wants::Some),
    ("MPOL_INTERLEAVE", Wants::Some),
    ("MPOL_LOCAL", Wants::None),
    ("MPOL_PREFERRED_MANY", Wants::Some),
    ("MPOL_WEIGHTED_INTERLEAVE", Wants::Some),
];

const FLAGS: [(&str, u32); 3] = [
    ("MPOL_F_NUMA_BALANCING", 1 << 13),
    ("MPOL_F_RELATIVE_NODES", 1 << 14),
    ("MPOL_F_STATIC_NODES", 1 << 15),
];

/// Names of all modes.
pub(crate) fn memory_policy_modes() -> impl Iterator<Item = &'static str> {
    MODES.iter().map(|(name, _)| *name)
}

/// Names of all flags.
pub(crate) fn memory_policy_flags() -> impl Iterator<Item = &'static str> {
    FLAGS.iter().map(|(name, _)| *name)
}

impl PlannedMemory {
    pub(super) fn new(wanted: &MemoryPolicy) -> Result<Self, LaunchError> {
        let refuse = |what, value: &str, why| LaunchError::Spec { what, value: value.to_owned(), why };
        let mode = MODES.iter().enumerate().find(|(_, (name, _))| *name == wanted.mode.as_ref());
        let Some((number, (name, wants))) = mode else {
            return Err(refuse("memory policy", &wanted.mode, "Linux has no such"));
        };
        let list = wanted.nodes.as_ref();
        let nodes =
            if list.is_empty() { Nodes::default() } else { numbers::parse("list of memory nodes", list)? };
        match wants {
            Wants::Some if list.is_empty() => return Err(refuse("memory policy", name, "it wants nodes")),
            Wants::None if !list.is_empty() => {
                return Err(refuse("list of memory nodes", list, "this memory policy takes none"));
            }
            _ => {}
        }
        let flags = wanted.flags.iter().try_fold(0, |flags, flag| {
            match FLAGS.iter().find(|(known, _)| *known == flag.as_ref()) {
                Some((_, bit)) => Ok(flags | bit),
                None => Err(refuse("flag of the memory policy", flag, "Linux has no such")),
            }
        })?;
        Ok(Self { mode: number as u32 | flags, nodes })
    }
}

/// The two domains that the specification has; it defines no flags.
pub(super) fn personality(wanted: &Personality) -> Result<u32, LaunchError> {
    if let Some(flag) = wanted.flags.first() {
        let (what, value) = ("flag of the personality", flag.to_string());
        return Err(LaunchError::Spec { what, value, why: "there are none" });
    }
    match wanted.domain.as_ref() {
        "LINUX" => Ok(0),
        "LINUX32" => Ok(0x8),
        other => {
            let (what, value) = ("personality", other.to_owned());
            Err(LaunchError::Spec { what, value, why: "it is neither `LINUX` nor `LINUX32`" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(mode: &'static str, nodes: &'static str, flags: &[&'static str]) -> Option<PlannedMemory> {
        let flags = flags.iter().map(|flag| (*flag).into()).collect();
        PlannedMemory::new(&MemoryPolicy { mode: mode.into(), nodes: nodes.into(), flags }).ok()
    }

    #[test]
    fn modes_have_the_kernel_s_numbers() {
        let bind = policy("MPOL_BIND", "0-1", &["MPOL_F_STATIC_NODES"]).unwrap();
        assert_eq!((bind.mode, bind.nodes[0]), (2 | 1 << 15, 3));
        assert_eq!(policy("MPOL_WEIGHTED_INTERLEAVE", "0", &[]).unwrap().mode, 6);
        assert_eq!(policy("MPOL_PREFERRED", "", &[]).unwrap().mode, 1);
    }

    #[test]
    fn a_mode_gets_the_nodes_that_it_wants() {
        for (mode, nodes) in
            [("MPOL_BIND", ""), ("MPOL_LOCAL", "0"), ("MPOL_DEFAULT", "0"), ("MPOL_BIND", "x"), ("", "0")]
        {
            assert_eq!(policy(mode, nodes, &[]), None, "{mode} {nodes}");
        }
        assert_eq!(policy("MPOL_BIND", "0", &["MPOL_F_ALL"]), None);
    }

    #[test]
    fn a_personality_is_one_of_two() {
        let of = |domain: &'static str, flags: &[&'static str]| {
            let flags = flags.iter().map(|flag| (*flag).into()).collect();
            personality(&Personality { domain: domain.into(), flags }).ok()
        };
        assert_eq!((of("LINUX", &[]), of("LINUX32", &[])), (Some(0), Some(8)));
        assert_eq!((of("SVR4", &[]), of("", &[]), of("LINUX", &["ADDR_NO_RANDOMIZE"])), (None, None, None));
    }
}
