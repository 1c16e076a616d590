//! The architectures whose calls a filter can judge on this machine: its own, and those of the programs that
//! its kernel runs besides.

use std::cmp::Ordering;

use model::spec::{SeccompArg, Text};

use super::SeccompError;
use super::machine::BESIDES;

/// How a call is found, and what a filter sees of it.
#[derive(Debug)]
pub(super) struct Architecture {
    /// The specification's name, without `SCMP_ARCH_`.
    pub name: &'static str,
    /// The kernel's number for it (AUDIT_ARCH_...).
    pub audit: u32,
    /// Names and numbers, sorted by name.
    pub calls: &'static [(&'static str, u32)],
    /// Those whose number is not the one in `calls`, sorted by name.
    pub renumbered: &'static [(&'static str, u32)],
    /// What each of its numbers has set.
    pub bit: u32,
    pub width: Width,
    /// Calls that can be made through others, sorted by name.
    pub multiplexed: &'static [Multiplexed],
}

/// How much of an argument the kernel reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// All of it.
    Whole,
    /// The low word: whoever calls from 64-bit code may leave anything in the other.
    Low,
}

/// One call, as the first argument of another.
#[derive(Debug)]
pub(super) struct Multiplexed {
    /// The call that is meant.
    pub name: &'static str,
    /// The call that is made.
    pub through: &'static str,
    /// That it is meant exactly.
    pub exactly: SeccompArg,
    /// That the kernel takes it for the one that is meant.
    pub taken_for: SeccompArg,
}

/// The numbers of x32 begin here, in the architecture of x86-64; elsewhere no number is this large.
pub(super) const X32_BIT: u32 = 0x4000_0000;

/// All that the specification knows, without `SCMP_ARCH_`.
const KNOWN: [&str; 23] = [
    "AARCH64",
    "ARM",
    "LOONGARCH64",
    "M68K",
    "MIPS",
    "MIPS64",
    "MIPS64N32",
    "MIPSEL",
    "MIPSEL64",
    "MIPSEL64N32",
    "PARISC",
    "PARISC64",
    "PPC",
    "PPC64",
    "PPC64LE",
    "RISCV64",
    "S390",
    "S390X",
    "SH",
    "SHEB",
    "X32",
    "X86",
    "X86_64",
];

/// The specification's names of all that a profile may list.
pub(super) fn names() -> impl Iterator<Item = String> {
    KNOWN.iter().map(|name| format!("SCMP_ARCH_{name}"))
}

/// The architectures that a profile with `listed` judges here besides this machine's own, which every profile
/// does. One that this machine cannot have is nothing to judge.
///
/// # Errors
/// [`SeccompError::Architecture`] for a name that nobody knows.
pub(super) fn besides(listed: &[Text]) -> Result<Vec<&'static Architecture>, SeccompError> {
    let names = listed.iter().map(short).collect::<Result<Vec<_>, _>>()?;
    Ok(BESIDES.iter().filter(|architecture| names.contains(&architecture.name)).collect())
}

fn short(name: &Text) -> Result<&str, SeccompError> {
    let short = name.strip_prefix("SCMP_ARCH_").filter(|short| KNOWN.contains(short));
    short.ok_or_else(|| SeccompError::Architecture(name.to_string()))
}

impl Architecture {
    /// Where `name` is in `calls`.
    pub(super) fn index(&self, name: &str) -> Option<usize> {
        self.calls.binary_search_by_key(&name, |(name, _)| name).ok()
    }

    /// The numbers of `calls`, in their order.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        let mut renumbered = Walk::new(self.renumbered, |(name, _)| name);
        self.calls.iter().map(move |(name, number)| {
            renumbered.find(name).map_or(*number, |(_, (_, other))| *other) | self.bit
        })
    }
}

/// Looking up names, each at or after the one before, in a table that is sorted by name: both are gone through
/// once.
pub(super) struct Walk<T: 'static> {
    table: &'static [T],
    at: usize,
    name: fn(&T) -> &str,
}

impl<T> Walk<T> {
    pub(super) fn new(table: &'static [T], name: fn(&T) -> &str) -> Self {
        Self { table, at: 0, name }
    }

    /// The place and the line of `name`.
    pub(super) fn find(&mut self, name: &str) -> Option<(usize, &'static T)> {
        loop {
            let line = self.table.get(self.at)?;
            match (self.name)(line).cmp(name) {
                Ordering::Less => self.at += 1,
                Ordering::Equal => return Some((self.at, line)),
                Ordering::Greater => return None,
            }
        }
    }
}
