//! Compiles the specification's seccomp profile to classic BPF: a decision tree over the call number.
//!
//! libseccomp's linear chains cost other runtimes most of their start (39 of 43 ms before crun cached
//! them on disk). A balanced tree of number ranges compiles in microseconds and answers in about nine
//! comparisons, so there is nothing to cache between processes.

mod arguments;
mod tree;
#[cfg_attr(target_arch = "aarch64", path = "aarch64.rs")]
#[cfg_attr(target_arch = "x86_64", path = "x86_64.rs")]
mod table;

use model::spec::{Seccomp, SeccompAction, SeccompRule};
use sys::seccomp::{Instruction, MAX_INSTRUCTIONS};

use tree::{Decision, Range};

const RET_KILL_PROCESS: u32 = 0x8000_0000;
const RET_ERRNO: u32 = 0x0005_0000;
const RET_KILL_THREAD: u32 = 0;
const RET_TRAP: u32 = 0x0003_0000;
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
    /// How many system calls can succeed, with or without conditions.
    pub allowed: u32,
    /// How many this architecture has.
    pub known: u32,
}

impl Filter {
    /// The program, for a process that is not a container's.
    #[must_use]
    pub fn program(&self) -> &[Instruction] {
        &self.program
    }
}

/// Why a profile cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeccompError {
    /// A rule tests an argument that no call has.
    #[error("rule for `{name}` tests argument {index}, system calls have arguments 0 to 5")]
    Argument {
        /// First call of the rule.
        name: String,
        /// The index given.
        index: u32,
    },
    /// The kernel's limit on the length of a filter.
    #[error("the profile compiles to {0} instructions, the kernel takes at most {MAX_INSTRUCTIONS}")]
    TooLong(usize),
}

/// Compiles `profile` for this machine's architecture.
///
/// Calls of other architectures (x86-32, x32) and numbers that this table does not know get `ENOSYS`,
/// so that programs fall back; names that this architecture does not have are skipped, as the
/// specification's profiles name the calls of all architectures.
///
/// # Errors
/// [`SeccompError`].
pub fn compile(profile: &Seccomp) -> Result<Filter, SeccompError> {
    let default = action(profile.default_action, profile.default_errno_ret);
    let decisions = decide(profile, default)?;
    let can_succeed = |decision: &Decision| {
        permits(decision.otherwise) || decision.conditional.iter().any(|(_, answer)| permits(*answer))
    };
    let allowed = decisions.iter().filter(|(_, decision)| can_succeed(decision)).count();
    let unknown = if permits(default) { default } else { RET_ERRNO | ENOSYS };
    let program = tree::program(&ranges(decisions, unknown));
    if program.len() > MAX_INSTRUCTIONS {
        return Err(SeccompError::TooLong(program.len()));
    }
    Ok(Filter { program, allowed: allowed as u32, known: table::SYSCALLS.len() as u32 })
}

/// The system calls of this architecture that we know, by name.
pub fn names() -> impl Iterator<Item = &'static str> {
    table::SYSCALLS.iter().map(|(name, _)| *name)
}

/// One decision for each system call of this architecture, sorted by number.
fn decide(profile: &Seccomp, default: u32) -> Result<Vec<(u32, Decision)>, SeccompError> {
    let mut decisions: Vec<(u32, Open)> =
        table::SYSCALLS.iter().map(|&(_, number)| (number, Open::default())).collect();
    for rule in &profile.syscalls {
        check(rule)?;
        let answer = action(rule.action, rule.errno_ret);
        for name in &rule.names {
            if let Some(decision) = slot(&mut decisions, name) {
                decision.add(&rule.args, answer);
            }
        }
    }
    let mut closed: Vec<_> =
        decisions.into_iter().map(|(number, open)| (number, open.close(default))).collect();
    closed.sort_unstable_by_key(|(number, _)| *number);
    Ok(closed)
}

fn slot<'a>(decisions: &'a mut [(u32, Open)], name: &str) -> Option<&'a mut Open> {
    let index = table::SYSCALLS.binary_search_by_key(&name, |(name, _)| name).ok()?;
    decisions.get_mut(index).map(|(_, open)| open)
}

fn check(rule: &SeccompRule) -> Result<(), SeccompError> {
    match rule.args.iter().find(|arg| arg.index > 5) {
        None => Ok(()),
        Some(arg) => Err(SeccompError::Argument {
            name: rule.names.first().map(ToString::to_string).unwrap_or_default(),
            index: arg.index,
        }),
    }
}

/// A decision that may still take rules: the first unconditional rule closes it.
#[derive(Default)]
struct Open {
    conditional: Vec<(Vec<model::spec::SeccompArg>, u32)>,
    otherwise: Option<u32>,
}

impl Open {
    fn add(&mut self, args: &[model::spec::SeccompArg], answer: u32) {
        if self.otherwise.is_some() {
            return;
        }
        if args.is_empty() {
            self.otherwise = Some(answer);
        } else {
            self.conditional.push((args.to_vec(), answer));
        }
    }

    fn close(self, default: u32) -> Decision {
        Decision { conditional: self.conditional, otherwise: self.otherwise.unwrap_or(default) }
    }
}

/// Joins neighbouring numbers with the same answer, and fills the gaps with `unknown`.
fn ranges(decisions: Vec<(u32, Decision)>, unknown: u32) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    let mut next = 0;
    let mut push = |start: u32, decision: Decision| {
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

fn action(action: SeccompAction, errno: Option<u32>) -> u32 {
    match action {
        SeccompAction::Allow => RET_ALLOW,
        SeccompAction::Errno => RET_ERRNO | errno.unwrap_or(EPERM) & 0xffff,
        SeccompAction::KillProcess => RET_KILL_PROCESS,
        SeccompAction::KillThread => RET_KILL_THREAD,
        SeccompAction::Notify => RET_USER_NOTIF,
        SeccompAction::Trace => RET_TRACE | errno.unwrap_or(EPERM) & 0xffff,
        SeccompAction::Trap => RET_TRAP,
        SeccompAction::Log => RET_LOG,
    }
}

fn permits(answer: u32) -> bool {
    matches!(answer, RET_ALLOW | RET_LOG)
}

#[cfg(test)]
mod tests;
