//! A profile, read rule by rule as its documentation says.

use super::*;

/// Actions, the strictest first (seccomp(2)).
const STRICTEST_FIRST: [u32; 8] =
    [RET_KILL_PROCESS, RET_KILL_THREAD, RET_TRAP, RET_ERRNO, RET_USER_NOTIF, RET_TRACE, RET_LOG, RET_ALLOW];

fn rank(answer: u32) -> usize {
    STRICTEST_FIRST.iter().position(|action| *action == action_of(answer)).unwrap()
}

/// What the filter of `profile` should answer to the call `name`.
pub(super) fn naive(profile: &Seccomp, architecture: &Architecture, name: &str, args: [u64; 6]) -> u32 {
    let listed = format!("SCMP_ARCH_{}", architecture.name);
    if architecture.name != NATIVE.name && !profile.architectures.iter().any(|name| *name == listed) {
        return RET_ERRNO | ENOSYS;
    }
    let default = answer(profile.default_action, profile.default_errno_ret);
    let all = || profile.syscalls.iter().map(|rule| (rule, answer(rule.action, rule.errno_ret)));
    let named = || all().filter(|(rule, _)| rule.names.iter().any(|known| known == name));
    let mut always = named().filter(|(rule, answer)| rule.args.is_empty() && *answer != default);
    let always = always.next().map(|(_, answer)| answer);
    let conditional = named().filter(|(rule, _)| !rule.args.is_empty() && matches(rule, architecture, args));
    let mut answers: Vec<u32> = conditional.map(|(_, answer)| answer).collect();
    if always.is_none() {
        answers.extend(all().filter_map(|(rule, answer)| {
            meant(rule, answer, default, architecture, name, args[0]).then_some(answer)
        }));
    }
    answers.extend(always);
    let strictest = answers.into_iter().min_by_key(|answer| rank(*answer));
    strictest.unwrap_or_else(|| without_rules(profile, architecture, name, default))
}

/// Whether `rule` is about what `name` does when its first argument is `first`.
fn meant(
    rule: &SeccompRule,
    answer: u32,
    default: u32,
    architecture: &Architecture,
    name: &str,
    first: u64,
) -> bool {
    let tightens = rank(answer) <= rank(default);
    let first = if name == "ipc" && tightens { first as u16 as u32 } else { first as u32 };
    let mut meant = architecture
        .multiplexed
        .iter()
        .filter(|call| call.through == name && call.exactly.value_two == u64::from(first));
    let counts = if rule.args.is_empty() { answer != default } else { tightens };
    counts && meant.any(|call| rule.names.iter().any(|known| known == call.name))
}

/// The default, or for what is newer than every call that the profile names, that it is not there.
fn without_rules(profile: &Seccomp, architecture: &Architecture, name: &str, default: u32) -> u32 {
    let names = || profile.syscalls.iter().flat_map(|rule| &rule.names);
    let named = architecture.calls.iter().filter(|(known, _)| names().any(|name| name == known));
    let newest = named.map(|(_, number)| *number).max();
    let own = architecture.calls.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
    let lasting = [RET_ALLOW, RET_LOG, RET_TRACE].contains(&action_of(default));
    if newest.is_some() && own > newest && !lasting { RET_ERRNO | ENOSYS } else { default }
}

fn matches(rule: &SeccompRule, architecture: &Architecture, args: [u64; 6]) -> bool {
    let holds = |arg: &SeccompArg| holds(arg, architecture.width, args);
    let mut indices: Vec<u32> = rule.args.iter().map(|arg| arg.index).collect();
    indices.sort_unstable();
    if indices.is_sorted_by(|a, b| a < b) { rule.args.iter().all(holds) } else { rule.args.iter().any(holds) }
}

fn holds(arg: &SeccompArg, width: Width, args: [u64; 6]) -> bool {
    let seen = |value: u64| if width == Width::Low { u64::from(value as u32) } else { value };
    let (actual, value, second) = (seen(args[arg.index as usize]), seen(arg.value), seen(arg.value_two));
    match arg.op {
        SeccompOp::NotEqual => actual != value,
        SeccompOp::Less => actual < value,
        SeccompOp::LessOrEqual => actual <= value,
        SeccompOp::Equal => actual == value,
        SeccompOp::GreaterOrEqual => actual >= value,
        SeccompOp::Greater => actual > value,
        SeccompOp::MaskedEqual => actual & value == second & value,
    }
}

fn answer(action: SeccompAction, errno: Option<u32>) -> u32 {
    match action {
        SeccompAction::Allow => RET_ALLOW,
        SeccompAction::Errno => RET_ERRNO | errno.unwrap_or(EPERM),
        SeccompAction::KillProcess => RET_KILL_PROCESS,
        SeccompAction::KillThread => RET_KILL_THREAD,
        SeccompAction::Notify => RET_USER_NOTIF,
        SeccompAction::Trace => RET_TRACE | errno.unwrap_or(EPERM),
        SeccompAction::Trap => RET_TRAP,
        SeccompAction::Log => RET_LOG,
    }
}
