//! The compiled program is run by a small BPF machine and compared with the profile read naively.

use super::architecture::{Architecture, Width};
use super::machine::BESIDES;
use super::*;
use model::spec::{SeccompAction, SeccompArg, SeccompOp, SeccompRule};
use proptest::prelude::*;

mod naive;
mod kernel;

use naive::naive;

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

fn numbers(architecture: &Architecture) -> impl Iterator<Item = (&'static str, u32)> {
    architecture.calls.iter().map(|(name, _)| *name).zip(architecture.numbers())
}

fn number(architecture: &Architecture, name: &str) -> u32 {
    numbers(architecture).find(|(known, _)| *known == name).unwrap().1
}

fn ask(filter: &Filter, architecture: &Architecture, name: &str, args: &[u64]) -> u32 {
    let mut all = [0; 6];
    all[..args.len()].copy_from_slice(args);
    run(&filter.program, architecture.audit, number(architecture, name), all)
}

fn everywhere() -> Vec<&'static Architecture> {
    [&NATIVE].into_iter().chain(BESIDES).collect()
}

fn rule(names: &[&'static str], action: SeccompAction, args: &[SeccompArg]) -> SeccompRule {
    let names = names.iter().map(|name| (*name).into()).collect();
    SeccompRule { names, action, errno_ret: None, args: args.to_vec() }
}

fn arg(index: u32, op: SeccompOp, value: u64) -> SeccompArg {
    SeccompArg { index, value, value_two: 0, op }
}

fn is(index: u32, value: u64) -> SeccompArg {
    arg(index, SeccompOp::Equal, value)
}

/// A profile that refuses, with these rules, of all architectures that this machine has.
fn refusing(syscalls: Vec<SeccompRule>) -> Seccomp {
    let architectures = everywhere().iter().map(|known| format!("SCMP_ARCH_{}", known.name).into()).collect();
    Seccomp { architectures, syscalls, ..Seccomp::default() }
}

const NEWEST: &str = "file_setattr";

/// Naming the newest call leaves every other one to the rules and the default.
fn known_to_the_newest() -> SeccompRule {
    rule(&[NEWEST], SeccompAction::Errno, &[])
}

#[test]
fn the_tables_are_sorted_and_no_number_is_there_twice() {
    for architecture in everywhere() {
        let name = architecture.name;
        assert!(architecture.calls.is_sorted_by(|a, b| a.0 < b.0), "{name}");
        assert!(architecture.renumbered.is_sorted_by(|a, b| a.0 < b.0), "{name}");
        assert!(architecture.renumbered.iter().all(|(call, _)| architecture.index(call).is_some()), "{name}");
        assert!(architecture.multiplexed.is_sorted_by(|a, b| a.name < b.name), "{name}");
        assert!(architecture.multiplexed.iter().all(|call| architecture.index(call.through).is_some()));
        let mut all: Vec<u32> = architecture.numbers().collect();
        all.sort_unstable();
        assert!(all.is_sorted_by(|a, b| a < b), "{name}");
    }
}

#[test]
fn other_architectures_and_unknown_numbers_are_not_implemented() {
    let rules = vec![rule(&["read"], SeccompAction::Allow, &[]), known_to_the_newest()];
    let filter = compile(&Seccomp { architectures: Vec::new(), ..refusing(rules) }).unwrap();
    assert_eq!(ask(&filter, &NATIVE, "read", &[]), RET_ALLOW);
    assert_eq!(ask(&filter, &NATIVE, "write", &[]), RET_ERRNO | EPERM);
    for other in BESIDES {
        assert_eq!(ask(&filter, other, "read", &[]), RET_ERRNO | ENOSYS, "{}", other.name);
    }
    for strange in [5000, u32::MAX] {
        assert_eq!(run(&filter.program, NATIVE.audit, strange, [0; 6]), RET_ERRNO | ENOSYS);
        assert_eq!(run(&filter.program, strange, 0, [0; 6]), RET_ERRNO | ENOSYS);
    }
}

#[test]
fn listed_architectures_are_judged_by_their_own_numbers() {
    let names = ["read", "execve", "rt_sigaction", NEWEST];
    let filter = compile(&refusing(vec![rule(&names, SeccompAction::Allow, &[])])).unwrap();
    for architecture in everywhere() {
        for (name, _) in numbers(architecture) {
            let wanted = if names.contains(&name) { RET_ALLOW } else { RET_ERRNO | EPERM };
            assert_eq!(ask(&filter, architecture, name, &[]), wanted, "{} of {}", name, architecture.name);
        }
        let beyond = run(&filter.program, architecture.audit, architecture.bit | 5000, [0; 6]);
        assert_eq!(beyond, RET_ERRNO | ENOSYS);
    }
    assert_eq!(filter.skipped, 0);
}

#[test]
fn an_architecture_that_this_machine_cannot_have_is_nothing_and_an_unknown_one_an_error() {
    let of = |name: &'static str| compile(&Seccomp { architectures: vec![name.into()], ..refusing(vec![]) });
    let plain = compile(&Seccomp { architectures: vec![], ..refusing(vec![]) }).unwrap();
    assert_eq!(of("SCMP_ARCH_S390X").unwrap().program, plain.program);
    for name in ["SCMP_ARCH_PDP11", "X86_64", ""] {
        assert_eq!(of(name).unwrap_err(), SeccompError::Architecture(name.to_owned()));
    }
}

#[test]
fn what_is_newer_than_the_profile_is_not_implemented() {
    let rules = vec![rule(&["read", "clone3"], SeccompAction::Allow, &[])];
    let older = compile(&refusing(rules.clone())).unwrap();
    assert_eq!(ask(&older, &NATIVE, "clone3", &[]), RET_ALLOW);
    assert_eq!(ask(&older, &NATIVE, "close_range", &[]), RET_ERRNO | ENOSYS);
    let allowing = Seccomp { default_action: SeccompAction::Allow, ..refusing(rules) };
    assert_eq!(ask(&compile(&allowing).unwrap(), &NATIVE, "close_range", &[]), RET_ALLOW);
}

#[test]
fn of_rules_that_match_the_strictest_decides_in_whatever_order() {
    let mut rules = vec![
        rule(&["socket"], SeccompAction::Log, &[is(1, 1)]),
        rule(&["socket"], SeccompAction::KillProcess, &[is(0, 1)]),
        rule(&["socket"], SeccompAction::Allow, &[]),
        rule(&["socket"], SeccompAction::Errno, &[is(0, 2)]),
        known_to_the_newest(),
    ];
    for _ in 0..2 {
        let filter = compile(&refusing(rules.clone())).unwrap();
        let answer = |args: &[u64]| ask(&filter, &NATIVE, "socket", args);
        assert_eq!((answer(&[1, 1]), answer(&[2, 1])), (RET_KILL_PROCESS, RET_ERRNO | EPERM));
        assert_eq!((answer(&[3, 1]), answer(&[3, 3])), (RET_LOG, RET_ALLOW));
        assert_eq!(filter.allowed, 1);
        rules.reverse();
    }
}

#[test]
fn of_rules_without_conditions_the_first_counts_that_is_not_the_default() {
    let errno = |errno| SeccompRule { errno_ret: Some(errno), ..rule(&["setns"], SeccompAction::Errno, &[]) };
    let allow = rule(&["setns"], SeccompAction::Allow, &[]);
    let answer = |rules: Vec<SeccompRule>| {
        let rules = rules.into_iter().chain([known_to_the_newest()]).collect();
        ask(&compile(&refusing(rules)).unwrap(), &NATIVE, "setns", &[])
    };
    assert_eq!(answer(vec![allow.clone(), errno(38)]), RET_ALLOW);
    assert_eq!(answer(vec![errno(38), allow.clone()]), RET_ERRNO | 38);
    assert_eq!(answer(vec![errno(EPERM), allow]), RET_ALLOW);
}

#[test]
fn of_two_conditions_on_one_argument_one_is_enough() {
    let rules = vec![rule(&["personality"], SeccompAction::Allow, &[is(0, 0), is(0, 8)])];
    let filter = compile(&refusing(rules)).unwrap();
    let answer = |value| ask(&filter, &NATIVE, "personality", &[value]);
    assert_eq!((answer(0), answer(8), answer(9)), (RET_ALLOW, RET_ALLOW, RET_ERRNO | EPERM));
}

#[test]
fn the_upper_half_of_an_argument_counts_where_the_kernel_reads_it() {
    let rules = vec![rule(&["lseek"], SeccompAction::Allow, &[is(1, 7)])];
    let filter = compile(&refusing(rules)).unwrap();
    for architecture in everywhere() {
        let wanted = match architecture.width {
            Width::Whole => RET_ERRNO | EPERM,
            Width::Low => RET_ALLOW,
        };
        assert_eq!(ask(&filter, architecture, "lseek", &[0, 7]), RET_ALLOW);
        assert_eq!(ask(&filter, architecture, "lseek", &[0, 7 | 1 << 32]), wanted, "{}", architecture.name);
    }
}

#[test]
fn names_of_no_architecture_are_skipped_and_counted() {
    let names = ["read", "s390_pci_mmio_read", "no_such_call", "timerfd_gettime64"];
    let filter = compile(&refusing(vec![rule(&names, SeccompAction::Allow, &[])])).unwrap();
    assert_eq!((filter.allowed, filter.skipped), (1, 2));
}

#[test]
fn rules_that_mean_nothing_are_refused() {
    let error = |profile: Seccomp| compile(&profile).unwrap_err();
    let of = |rule: SeccompRule| error(refusing(vec![rule]));
    assert_eq!(
        of(rule(&["read"], SeccompAction::Allow, &[is(6, 0)])),
        SeccompError::Argument { name: "read".into(), index: 6 }
    );
    assert_eq!(of(rule(&[], SeccompAction::Allow, &[])), SeccompError::Nameless);
    assert_eq!(of(rule(&["read", ""], SeccompAction::Allow, &[])), SeccompError::Nameless);
    let errno = |action, errno| SeccompRule { errno_ret: Some(errno), ..rule(&["read"], action, &[]) };
    assert_eq!(
        of(errno(SeccompAction::Errno, 4096)).to_string(),
        "the action for `read` cannot carry the errno 4096: it takes at most 4095"
    );
    assert_eq!(
        of(errno(SeccompAction::KillThread, 1)).to_string(),
        "the action for `read` cannot carry the errno 1: it takes none"
    );
    let always =
        Seccomp { default_action: SeccompAction::Log, default_errno_ret: Some(1), ..refusing(vec![]) };
    assert_eq!(
        error(always).to_string(),
        "the action for every other call cannot carry the errno 1: it takes none"
    );
}

/// `flags` of the specification, of a profile with or without somebody who listens.
fn flags_of(flags: &[&'static str], asked: SeccompAction) -> Result<Flags, SeccompError> {
    let rules = vec![rule(&["mkdir"], asked, &[]), rule(&["sendmsg", NEWEST], SeccompAction::Allow, &[])];
    let flags = flags.iter().map(|flag| (*flag).into()).collect();
    compile(&Seccomp { flags, listener_path: "/agent".into(), ..refusing(rules) }).map(|filter| filter.flags)
}

#[test]
fn flags_are_handed_on_where_they_mean_something() {
    let all = [
        "SECCOMP_FILTER_FLAG_TSYNC",
        "SECCOMP_FILTER_FLAG_LOG",
        "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
        "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
    ];
    let plain = Flags::LOG.with(Flags::SPEC_ALLOW);
    assert_eq!(flags_of(&all, SeccompAction::Allow), Ok(plain));
    let listens = plain.with(Flags::WAIT_KILLABLE_RECV).with(Flags::NEW_LISTENER);
    assert_eq!(flags_of(&all, SeccompAction::Notify), Ok(listens));
    let unknown = "SECCOMP_FILTER_FLAG_NEW_LISTENER";
    assert_eq!(flags_of(&[unknown], SeccompAction::Allow), Err(SeccompError::Flag(unknown.into())));
}

#[test]
fn a_listener_has_to_be_reached_before_it_is_asked() {
    let notify = |name| rule(&[name], SeccompAction::Notify, &[]);
    let allow = rule(&["sendmsg", NEWEST], SeccompAction::Allow, &[]);
    let profile = |rules| Seccomp { listener_path: "/agent".into(), ..refusing(rules) };
    let error = |profile: Seccomp| compile(&profile).unwrap_err();
    assert!(compile(&profile(vec![notify("mkdir"), allow.clone()])).unwrap().has_listener());
    assert_eq!(error(refusing(vec![notify("mkdir"), allow.clone()])), SeccompError::NoListener);
    assert_eq!(error(profile(vec![notify("mkdir")])), SeccompError::Sendmsg);
    assert_eq!(error(profile(vec![notify("sendmsg"), allow.clone()])), SeccompError::Sendmsg);
    let always = Seccomp { default_action: SeccompAction::Notify, ..profile(vec![allow.clone()]) };
    assert_eq!(error(always), SeccompError::NotifyAlways);
    let nobody = Seccomp { listener_metadata: "x".into(), ..refusing(vec![allow]) };
    assert_eq!(error(nobody), SeccompError::Metadata);
}

/// As large as engines' profiles are: nine of ten calls, and some conditions.
#[test]
fn a_profile_of_an_engine_fits_for_all_architectures() {
    let every = || NATIVE.calls.iter().map(|(name, _)| *name);
    let names: Vec<_> =
        every().enumerate().filter(|(index, _)| index % 10 != 0).map(|(_, name)| name).collect();
    let mut rules = vec![rule(&names, SeccompAction::Allow, &[])];
    for value in [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff] {
        rules.push(rule(&["personality", "clone", "socket"], SeccompAction::Allow, &[is(0, value)]));
    }
    let filter = compile(&refusing(rules)).unwrap();
    assert!(filter.program.len() < MAX_INSTRUCTIONS / 2, "{}", filter.program.len());
}

#[cfg(target_arch = "x86_64")]
mod multiplexed {
    use super::*;

    const I386: &Architecture = &BESIDES[1];

    fn socketcall(rules: Vec<SeccompRule>, default_action: SeccompAction, call: u64) -> u32 {
        let rules = rules.into_iter().chain([known_to_the_newest()]).collect();
        let filter = compile(&Seccomp { default_action, ..refusing(rules) }).unwrap();
        ask(&filter, I386, "socketcall", &[call])
    }

    #[test]
    fn a_call_that_is_made_through_another_is_judged_by_its_name() {
        let rules = || vec![rule(&["connect", "shmat"], SeccompAction::Allow, &[])];
        assert_eq!(socketcall(rules(), SeccompAction::Errno, 3), RET_ALLOW);
        assert_eq!(socketcall(rules(), SeccompAction::Errno, 1), RET_ERRNO | EPERM);
        let filter = compile(&refusing(rules())).unwrap();
        let ipc = |call| ask(&filter, I386, "ipc", &[call]);
        assert_eq!((ipc(21), ipc(1 << 16 | 21), ipc(22)), (RET_ALLOW, RET_ERRNO | EPERM, RET_ERRNO | EPERM));
        assert_eq!(filter.skipped, 0);
    }

    #[test]
    fn a_refusal_cannot_be_gone_around_through_another_call() {
        let rules = || {
            vec![SeccompRule { errno_ret: Some(13), ..rule(&["socket", "shmat"], SeccompAction::Errno, &[]) }]
        };
        assert_eq!(socketcall(rules(), SeccompAction::Allow, 1), RET_ERRNO | 13);
        assert_eq!(socketcall(rules(), SeccompAction::Allow, 3), RET_ALLOW);
        let filter = compile(&Seccomp { default_action: SeccompAction::Allow, ..refusing(rules()) }).unwrap();
        for version in [0, 1, 7] {
            assert_eq!(ask(&filter, I386, "ipc", &[version << 16 | 21]), RET_ERRNO | 13);
        }
    }

    #[test]
    fn conditions_that_cannot_be_seen_relax_nothing_and_tighten_all() {
        let rules = |action| vec![rule(&["socket"], action, &[is(0, 1)])];
        assert_eq!(socketcall(rules(SeccompAction::Allow), SeccompAction::Errno, 1), RET_ERRNO | EPERM);
        assert_eq!(socketcall(rules(SeccompAction::Errno), SeccompAction::Allow, 1), RET_ERRNO | EPERM);
    }

    #[test]
    fn a_rule_about_the_other_call_itself_decides() {
        let mut rules = vec![
            rule(&["socket"], SeccompAction::KillThread, &[is(0, 40)]),
            rule(&["socketcall"], SeccompAction::Allow, &[]),
        ];
        assert_eq!(socketcall(rules.clone(), SeccompAction::Errno, 1), RET_ALLOW);
        rules.pop();
        assert_eq!(socketcall(rules, SeccompAction::Errno, 1), RET_KILL_THREAD);
    }
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

fn any_action() -> impl Strategy<Value = SeccompAction> {
    prop::sample::select(vec![
        SeccompAction::Allow,
        SeccompAction::Errno,
        SeccompAction::KillProcess,
        SeccompAction::KillThread,
        SeccompAction::Log,
        SeccompAction::Notify,
        SeccompAction::Trace,
        SeccompAction::Trap,
    ])
}

/// Names of all architectures, the interesting ones often.
fn any_name() -> impl Strategy<Value = &'static str> {
    let all: Vec<&str> = everywhere().iter().flat_map(|known| known.calls).map(|(name, _)| *name).collect();
    let some = vec!["socket", "socketcall", "ipc", "shmat", "accept", "execve", "read", "no_such_call"];
    prop_oneof![prop::sample::select(all), prop::sample::select(some)]
}

fn any_rule() -> impl Strategy<Value = SeccompRule> {
    let args = prop_oneof![Just(Vec::new()), prop::collection::vec(any_arg(), 0..4)];
    (prop::collection::vec(any_name(), 1..12), any_action(), args).prop_map(|(names, action, args)| {
        let errno_ret = matches!(action, SeccompAction::Errno | SeccompAction::Trace).then_some(13);
        SeccompRule { errno_ret, ..rule(&names, action, &args) }
    })
}

fn any_profile() -> impl Strategy<Value = Seccomp> {
    let default = any_action().prop_filter("it is refused", |action| *action != SeccompAction::Notify);
    let rules = prop::collection::vec(any_rule(), 0..12);
    (default, rules, any::<bool>(), any::<bool>()).prop_map(|(default_action, mut syscalls, newest, all)| {
        syscalls.extend(newest.then(|| rule(&[NEWEST, "pwritev2"], SeccompAction::Allow, &[])));
        syscalls.retain(|rule| {
            rule.action != SeccompAction::Notify || !rule.names.iter().any(|name| name == "sendmsg")
        });
        let mut profile = Seccomp { default_action, listener_path: "/agent".into(), ..refusing(syscalls) };
        profile.architectures.truncate(if all { usize::MAX } else { 1 });
        profile
    })
}

fn any_call() -> impl Strategy<Value = (&'static Architecture, &'static str, [u64; 6])> {
    let value = prop_oneof![0..5_u64, 0..25_u64, any::<u64>(), Just(1 << 32)];
    (prop::sample::select(everywhere()), any_name(), prop::array::uniform6(value))
}

proptest! {
    #[test]
    fn the_tree_answers_as_the_profile_reads(
        profile in any_profile(),
        calls in prop::collection::vec(any_call(), 1..30),
    ) {
        let filter = match compile(&profile) {
            Err(SeccompError::TooLong(length)) => {
                prop_assert!(length > MAX_INSTRUCTIONS);
                return Ok(());
            }
            Err(SeccompError::Sendmsg) => return Ok(()),
            other => other.unwrap(),
        };
        for (architecture, name, args) in calls {
            let Some((_, number)) = numbers(architecture).find(|(known, _)| *known == name) else { continue };
            prop_assert_eq!(
                run(&filter.program, architecture.audit, number, args),
                naive(&profile, architecture, name, args), "{} of {}", name, architecture.name
            );
        }
    }
}
