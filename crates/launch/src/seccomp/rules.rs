//! From a profile's rules to one decision for each call of an architecture.
//!
//! Rules may overlap, and there libseccomp's answer depends on how its tree came about. Here it does not: of
//! rules without conditions the first counts that does not say what would happen anyway, as with runc; those
//! with conditions count beside it, and of all that match the strictest decides, in the kernel's own order
//! of actions. So whichever of the rules libseccomp would have chosen, the answer here is no milder.

use std::slice;

use model::spec::{Seccomp, SeccompAction, SeccompArg, SeccompRule};

use super::architecture::{Architecture, Multiplexed, Walk};
use super::tree::{Conditional, Decision};
use super::{
    ENOSYS, EPERM, RET_ALLOW, RET_ERRNO, RET_KILL_PROCESS, RET_KILL_THREAD, RET_LOG, RET_TRACE, RET_TRAP,
    RET_USER_NOTIF, SeccompError, action_of,
};

/// errnos that the kernel hands on (MAX_ERRNO); it would make this of a greater one.
const ERRNO_MAX: u32 = 4095;
/// What a message to a tracer has room for (SECCOMP_RET_DATA).
const MESSAGE_MAX: u32 = 0xffff;

/// The rules of a profile that can be carried out.
#[derive(Debug)]
pub(super) struct Rules<'a> {
    default: u32,
    /// Sorted by name, and in the profile's order where names are the same.
    names: Vec<Name<'a>>,
}

/// One name of a rule, and the rule's answer.
#[derive(Debug)]
struct Name<'a> {
    name: &'a str,
    rule: &'a SeccompRule,
    answer: u32,
}

impl<'a> Rules<'a> {
    /// # Errors
    /// [`SeccompError`] for rules that mean nothing.
    pub(super) fn read(profile: &'a Seccomp) -> Result<Self, SeccompError> {
        let default =
            answer(profile.default_action, profile.default_errno_ret, || "every other call".into())?;
        let mut names = Vec::new();
        for rule in &profile.syscalls {
            let answer = check(rule)?;
            names.extend(rule.names.iter().map(|name| Name { name, rule, answer }));
        }
        names.sort_by_key(|named| named.name);
        Ok(Self { default, names })
    }

    /// For numbers that no call has, and for calls that are newer than any that the profile names: a
    /// program falls back from what is not there, and gives up where it is refused.
    pub(super) fn unknown(&self) -> u32 {
        match action_of(self.default) {
            RET_ALLOW | RET_LOG | RET_TRACE => self.default,
            _ => RET_ERRNO | ENOSYS,
        }
    }

    /// How many names the rules have, each time that they have it.
    pub(super) fn names(&self) -> usize {
        self.names.len()
    }

    /// One decision for each system call of `architecture`, sorted by number. Of `known`, which has a place
    /// for each name, those are set that the architecture has.
    pub(super) fn decide(&self, architecture: &Architecture, known: &mut [bool]) -> Vec<(u32, Decision<'a>)> {
        let mut open: Vec<(u32, Open<'a>)> = Vec::with_capacity(architecture.calls.len());
        // x32 gave old calls new numbers, so it is the other one that tells how old a call is.
        for ((_, age), number) in architecture.calls.iter().zip(architecture.numbers()) {
            open.push((number, Open { age: *age, ..Open::default() }));
        }
        let mut newest = None;
        let mut calls = Walk::new(architecture.calls, |(name, _)| name);
        let mut multiplexed = Walk::new(architecture.multiplexed, |call| call.name);
        for (Name { name, rule, answer }, known) in self.names.iter().zip(known) {
            if let Some((_, slot)) = calls.find(name).and_then(|(index, _)| open.get_mut(index)) {
                *known = true;
                newest = newest.max(Some(slot.age));
                self.add(slot, rule, *answer);
            }
            let Some((_, call)) = multiplexed.find(name) else { continue };
            if let Some((_, slot)) = architecture.index(call.through).and_then(|index| open.get_mut(index)) {
                *known = true;
                self.add_through(slot, call, rule, *answer);
            }
        }
        open.sort_unstable_by_key(|(number, _)| *number);
        let newest = newest.unwrap_or(u32::MAX);
        let close = |(number, open): (u32, Open<'a>)| {
            let otherwise = if open.age > newest { self.unknown() } else { self.default };
            (number, open.close(otherwise, architecture))
        };
        open.into_iter().map(close).collect()
    }

    fn add(&self, slot: &mut Open<'a>, rule: &'a SeccompRule, answer: u32) {
        if rule.args.is_empty() {
            if answer != self.default {
                slot.always.get_or_insert(answer);
            }
        } else if repeats(&rule.args) {
            // As runtimes have it since libseccomp takes one condition for each argument: one is enough.
            let each = rule.args.iter().map(|arg| (slice::from_ref(arg), answer));
            slot.conditional.extend(each);
        } else {
            slot.conditional.push((&rule.args, answer));
        }
    }

    /// The arguments of a call that is made through another lie in memory, where a filter cannot read them.
    /// So a rule with conditions relaxes nothing there, and tightens whatever they are.
    fn add_through(&self, slot: &mut Open<'a>, call: &'static Multiplexed, rule: &SeccompRule, answer: u32) {
        let tightens = strictness(answer) <= strictness(self.default);
        let counts = if rule.args.is_empty() { answer != self.default } else { tightens };
        if counts {
            let condition = if tightens { &call.taken_for } else { &call.exactly };
            slot.through.push((slice::from_ref(condition), answer));
        }
    }
}

/// What the rules so far say of one call.
#[derive(Default)]
struct Open<'a> {
    /// The greater, the newer.
    age: u32,
    conditional: Vec<(&'a [SeccompArg], u32)>,
    /// About calls that are made through this one, unless a rule is about this one as a whole.
    through: Vec<(&'a [SeccompArg], u32)>,
    always: Option<u32>,
}

impl<'a> Open<'a> {
    fn close(self, default: u32, architecture: &Architecture) -> Decision<'a> {
        let Self { mut conditional, through, always, .. } = self;
        match always {
            Some(always) => conditional.retain(|(_, answer)| strictness(*answer) < strictness(always)),
            None => conditional.extend(through),
        }
        conditional.sort_by_key(|(_, answer)| strictness(*answer));
        let otherwise = always.unwrap_or(default);
        while conditional.pop_if(|(_, answer)| *answer == otherwise).is_some() {}
        let width = architecture.width;
        let conditional = conditional.into_iter().map(|(args, answer)| Conditional { args, width, answer });
        Decision { conditional: conditional.collect(), otherwise }
    }
}

/// The kernel's order of actions where several filters answer: the lowest wins.
fn strictness(answer: u32) -> i32 {
    action_of(answer).cast_signed()
}

/// Whether two conditions are about one argument.
fn repeats(args: &[SeccompArg]) -> bool {
    args.iter().enumerate().any(|(at, arg)| args.iter().take(at).any(|other| other.index == arg.index))
}

fn check(rule: &SeccompRule) -> Result<u32, SeccompError> {
    let Some(first) = rule.names.first().filter(|_| !rule.names.iter().any(|name| name.is_empty())) else {
        return Err(SeccompError::Nameless);
    };
    match rule.args.iter().find(|arg| arg.index > 5) {
        None => answer(rule.action, rule.errno_ret, || format!("`{first}`")),
        Some(arg) => Err(SeccompError::Argument { name: first.to_string(), index: arg.index }),
    }
}

/// The number with which a filter says `action`.
fn answer(
    action: SeccompAction,
    errno: Option<u32>,
    calls: impl FnOnce() -> String,
) -> Result<u32, SeccompError> {
    let (answer, greatest) = match action {
        SeccompAction::Allow => (RET_ALLOW, None),
        SeccompAction::Errno => (RET_ERRNO, Some(ERRNO_MAX)),
        SeccompAction::KillProcess => (RET_KILL_PROCESS, None),
        SeccompAction::KillThread => (RET_KILL_THREAD, None),
        SeccompAction::Notify => (RET_USER_NOTIF, None),
        SeccompAction::Trace => (RET_TRACE, Some(MESSAGE_MAX)),
        SeccompAction::Trap => (RET_TRAP, None),
        SeccompAction::Log => (RET_LOG, None),
    };
    match (errno, greatest) {
        (None, None) => Ok(answer),
        (None, Some(_)) => Ok(answer | EPERM),
        (Some(errno), Some(greatest)) if errno <= greatest => Ok(answer | errno),
        (Some(errno), _) => Err(SeccompError::Errno { calls: calls(), errno, greatest }),
    }
}
