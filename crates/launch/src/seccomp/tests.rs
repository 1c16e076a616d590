//! The compiled program is run by a small BPF machine and compared with the profile read naively.

use super::*;
use model::spec::{SeccompArg, SeccompOp};
use proptest::prelude::*;

/// Runs `program` on one call as the kernel would.
fn run(program: &[Instruction], architecture: u32, number: u32, args: [u64; 6]) -> u32 {
    let mut data = vec![number, architecture, 0, 0];
    data.extend(args.iter().flat_map(|arg| [*arg as u32, (*arg >> 32) as u32]));
    let (mut at, mut accumulator) = (0, 0_u32);
    loop {
        let Instruction { code, jump_true, jump_false, operand } = program[at];
        at += 1;
        let mut jump = |condition: bool| at += usize::from(if condition { jump_true } else { jump_false });
        match code {
            0x20 => accumulator = data[operand as usize / 4],
            0x54 => accumulator &= operand,
            0x15 => jump(accumulator == operand),
            0x25 => jump(accumulator > operand),
            0x35 => jump(accumulator >= operand),
            0x05 => at += operand as usize,
            0x06 => return operand,
            other => panic!("unknown instruction {other:#x}"),
        }
    }
}

fn holds(arg: &SeccompArg, args: [u64; 6]) -> bool {
    let actual = args[arg.index as usize];
    match arg.op {
        SeccompOp::NotEqual => actual != arg.value,
        SeccompOp::Less => actual < arg.value,
        SeccompOp::LessOrEqual => actual <= arg.value,
        SeccompOp::Equal => actual == arg.value,
        SeccompOp::GreaterOrEqual => actual >= arg.value,
        SeccompOp::Greater => actual > arg.value,
        SeccompOp::MaskedEqual => actual & arg.value == arg.value_two,
    }
}

fn naive(profile: &Seccomp, name: &str, args: [u64; 6]) -> u32 {
    let rule = profile
        .syscalls
        .iter()
        .find(|rule| rule.names.iter().any(|n| n == name) && rule.args.iter().all(|arg| holds(arg, args)));
    rule.map_or(action(profile.default_action, profile.default_errno_ret), |rule| {
        action(rule.action, rule.errno_ret)
    })
}

fn number(name: &str) -> u32 {
    table::SYSCALLS[table::SYSCALLS.binary_search_by_key(&name, |(name, _)| name).unwrap()].1
}

fn rule(names: &[&'static str], action: SeccompAction, args: &[SeccompArg]) -> SeccompRule {
    let names = names.iter().map(|name| (*name).into()).collect();
    SeccompRule { names, action, errno_ret: None, args: args.to_vec() }
}

#[test]
fn the_table_is_sorted_by_name() {
    assert!(table::SYSCALLS.is_sorted_by_key(|(name, _)| *name));
}

#[test]
fn other_architectures_and_unknown_numbers_are_not_implemented() {
    let profile =
        Seccomp { syscalls: vec![rule(&["read"], SeccompAction::Allow, &[])], ..Seccomp::default() };
    let program = compile(&profile).unwrap().program;
    let here = tree::ARCHITECTURE;
    assert_eq!(run(&program, here, number("read"), [0; 6]), RET_ALLOW);
    assert_eq!(run(&program, here, number("write"), [0; 6]), RET_ERRNO | EPERM);
    assert_eq!(run(&program, 0x4000_0003, number("read"), [0; 6]), RET_ERRNO | ENOSYS, "x86-32");
    assert_eq!(run(&program, here, 0x4000_0000 | number("read"), [0; 6]), RET_ERRNO | ENOSYS, "x32");
    assert_eq!(run(&program, here, 5000, [0; 6]), RET_ERRNO | ENOSYS);
}

#[test]
fn the_first_matching_rule_decides() {
    let unix = SeccompArg { index: 0, value: 1, value_two: 0, op: SeccompOp::Equal };
    let profile = Seccomp {
        syscalls: vec![
            rule(&["socket"], SeccompAction::KillProcess, &[unix]),
            rule(&["socket"], SeccompAction::Allow, &[]),
            rule(&["socket"], SeccompAction::Log, &[]),
        ],
        ..Seccomp::default()
    };
    let filter = compile(&profile).unwrap();
    let answer = |family| run(&filter.program, tree::ARCHITECTURE, number("socket"), [family, 0, 0, 0, 0, 0]);
    assert_eq!((answer(1), answer(2)), (RET_KILL_PROCESS, RET_ALLOW));
    assert_eq!(filter.allowed, 1);
}

#[test]
fn arguments_beyond_the_sixth_are_refused() {
    let seventh = SeccompArg { index: 6, value: 0, value_two: 0, op: SeccompOp::Equal };
    let profile =
        Seccomp { syscalls: vec![rule(&["read"], SeccompAction::Allow, &[seventh])], ..Seccomp::default() };
    assert_eq!(compile(&profile).unwrap_err(), SeccompError::Argument { name: "read".into(), index: 6 });
}

fn any_arg() -> impl Strategy<Value = SeccompArg> {
    let op = prop::sample::select(vec![
        SeccompOp::NotEqual,
        SeccompOp::Less,
        SeccompOp::LessOrEqual,
        SeccompOp::Equal,
        SeccompOp::GreaterOrEqual,
        SeccompOp::Greater,
        SeccompOp::MaskedEqual,
    ]);
    let value = prop_oneof![0..4_u64, any::<u64>(), Just(1 << 32), Just(u64::MAX)];
    (0..6_u32, value.clone(), value, op).prop_map(|(index, value, value_two, op)| SeccompArg {
        index,
        value,
        value_two,
        op,
    })
}

fn any_rule() -> impl Strategy<Value = SeccompRule> {
    let names = prop::collection::vec(prop::sample::select(table::SYSCALLS), 1..12);
    let action = prop::sample::select(vec![SeccompAction::Allow, SeccompAction::Errno, SeccompAction::Log]);
    (names, action, prop::collection::vec(any_arg(), 0..4)).prop_map(|(names, action, args)| SeccompRule {
        names: names.into_iter().map(|(name, _)| name.into()).collect(),
        action,
        errno_ret: Some(13),
        args,
    })
}

proptest! {
    #[test]
    fn the_tree_answers_as_the_profile_reads(
        rules in prop::collection::vec(any_rule(), 0..12),
        calls in prop::collection::vec((prop::sample::select(table::SYSCALLS), prop::array::uniform6(
            prop_oneof![0..5_u64, any::<u64>(), Just(1 << 32)])), 1..60),
    ) {
        let profile = Seccomp { syscalls: rules, ..Seccomp::default() };
        let filter = match compile(&profile) {
            Err(SeccompError::TooLong(length)) => {
                prop_assert!(length > MAX_INSTRUCTIONS);
                return Ok(());
            }
            other => other.unwrap(),
        };
        for ((name, number), args) in calls {
            prop_assert_eq!(
                run(&filter.program, tree::ARCHITECTURE, number, args), naive(&profile, name, args), "{}", name
            );
        }
    }
}
