//! Compiles the specification's seccomp profile to classic BPF: a decision tree over the call number.
//!
//! libseccomp's linear chains cost other runtimes most of their start (39 of 43 ms before crun cached
//! them on disk). A balanced tree of number ranges compiles in microseconds and answers in about nine
//! comparisons, so there is nothing to cache between processes.

mod error;
mod architecture;
#[cfg_attr(target_arch = "aarch64", path = "arm/mod.rs")]
#[cfg_attr(target_arch = "x86_64", path = "x86/mod.rs")]
mod machine;
mod rules;
mod arguments;
mod tree;
mod flags;
pub mod agent;

use model::spec::Seccomp;
use sys::seccomp::{Flags, Instruction, MAX_INSTRUCTIONS};

pub use error::SeccompError;

use machine::NATIVE;
use rules::Rules;
use tree::{Decision, Range, Space, X32};

const RET_KILL_PROCESS: u32 = 0x8000_0000;
const RET_KILL_THREAD: u32 = 0;
const RET_TRAP: u32 = 0x0003_0000;
const RET_ERRNO: u32 = 0x0005_0000;
const RET_USER_NOTIF: u32 = 0x7fc0_0000;
const RET_TRACE: u32 = 0x7ff0_0000;
const RET_LOG: u32 = 0x7ffc_0000;
const RET_ALLOW: u32 = 0x7fff_0000;
const EPERM: u32 = 1;
const ENOSYS: u32 = 38;

/// A compiled filter, with what is worth reporting of it.
#[derive(Debug)]
pub struct Filter {
    /// Ready for the kernel.
    pub(crate) program: Vec<Instruction>,
    pub(crate) flags: Flags,
    /// How many system calls can succeed, with or without conditions.
    pub allowed: u32,
    /// How many this architecture has.
    pub known: u32,
    /// How many names in the profile no architecture has that it judges here.
    pub skipped: u32,
}

impl Filter {
    /// The program, for a process that is not a container's.
    #[must_use]
    pub fn program(&self) -> &[Instruction] {
        &self.program
    }

    /// Whether installing it makes a listener, which is to be sent to the profile's `listenerPath`.
    #[must_use]
    pub fn has_listener(&self) -> bool {
        self.flags.contains(Flags::NEW_LISTENER)
    }
}

/// Compiles `profile` for this machine's architecture and those of the profile that its kernel can have
/// besides.
///
/// Calls of other architectures, numbers that our tables do not know and calls that are newer than any that
/// the profile names get `ENOSYS`, so that programs fall back; names that an architecture does not have are
/// skipped, as the specification's profiles name the calls of all architectures.
///
/// # Errors
/// [`SeccompError`].
pub fn compile(profile: &Seccomp) -> Result<Filter, SeccompError> {
    let rules = Rules::read(profile)?;
    let mut named = vec![false; rules.names()];
    let mut native = rules.decide(&NATIVE, &mut named);
    let allowed = native.iter().filter(|(_, decision)| can_succeed(decision)).count();
    let flags = flags::read(profile, &native)?;
    let (mut x32, mut spaces) = (X32::Refused, Vec::new());
    for architecture in architecture::besides(&profile.architectures)? {
        let decisions = rules.decide(architecture, &mut named);
        if architecture.audit == NATIVE.audit {
            native.extend(decisions);
            x32 = X32::Judged;
        } else {
            let ranges = ranges(decisions, rules.unknown());
            spaces.push(Space { audit: architecture.audit, x32: X32::Refused, ranges });
        }
    }
    spaces.insert(0, Space { audit: NATIVE.audit, x32, ranges: ranges(native, rules.unknown()) });
    let program = tree::program(&spaces);
    if program.len() > MAX_INSTRUCTIONS {
        return Err(SeccompError::TooLong(program.len()));
    }
    let skipped = named.iter().filter(|named| !**named).count() as u32;
    Ok(Filter { program, flags, allowed: allowed as u32, known: NATIVE.calls.len() as u32, skipped })
}

/// The system calls of this architecture that we know, by name.
pub fn names() -> impl Iterator<Item = &'static str> {
    NATIVE.calls.iter().map(|(name, _)| *name)
}

/// The architectures that a profile may list, by the specification's names.
pub fn architectures() -> impl Iterator<Item = String> {
    architecture::names()
}

/// The flags that a profile may have, by the specification's names, and whether this kernel has them.
pub fn flags() -> impl Iterator<Item = (&'static str, bool)> {
    flags::FLAGS.iter().map(|(name, flag)| (*name, sys::seccomp::knows(*flag)))
}

/// Joins neighbouring numbers with the same answer, and fills the gaps with `unknown`.
fn ranges(decisions: Vec<(u32, Decision<'_>)>, unknown: u32) -> Vec<Range<'_>> {
    let mut ranges: Vec<Range<'_>> = Vec::new();
    let mut next = 0;
    let mut push = |start, decision| {
        if ranges.last().is_none_or(|last| last.decision != decision) {
            ranges.push(Range { start, decision });
        }
    };
    for (number, decision) in decisions {
        if number > next {
            push(next, Decision::plain(unknown));
        }
        push(number, decision);
        next = number + 1;
    }
    push(next, Decision::plain(unknown));
    ranges
}

fn can_succeed(decision: &Decision<'_>) -> bool {
    let mut answers = decision.conditional.iter().map(|conditional| conditional.answer);
    permits(decision.otherwise) || answers.any(permits)
}

/// Whether the call is made, or may be if somebody else says so.
fn permits(answer: u32) -> bool {
    matches!(action_of(answer), RET_ALLOW | RET_LOG | RET_TRACE | RET_USER_NOTIF)
}

/// An answer without its errno or message.
fn action_of(answer: u32) -> u32 {
    answer & 0xffff_0000
}

#[cfg(test)]
mod tests;
