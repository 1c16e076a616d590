//! Steps of the child, each in a process of its own that takes it and waits to be looked at.

use std::os::fd::AsFd as _;

use model::spec::{CpuAffinity, IoPriority, MemoryPolicy, Namespace, NamespaceKind, Personality, Spec};
use model::spec::{Scheduler, TimeOffset};
use rustix::process::{WaitId, WaitIdOptions, waitid};
use rustix::time::{ClockId, clock_gettime};
use sys::clone::{Cloned, clone3, flag};

use super::*;
use crate::error::LaunchError;
use crate::plan::Labels;

/// A specification of nothing but a program, and what `change` adds to it.
fn plan(change: impl FnOnce(&mut Spec)) -> Plan {
    let mut spec = Spec::default();
    spec.process.args = vec!["/bin/true".to_owned()];
    change(&mut spec);
    Plan::new(&spec).unwrap()
}

fn private(kinds: &[NamespaceKind]) -> Vec<Namespace> {
    kinds.iter().map(|kind| Namespace { kind: *kind, path: None }).collect()
}

/// Lets a process in `namespaces` do `step`; `look` is handed its number while it still is there. The fault
/// comes back if there is one.
fn in_a_child<T>(
    namespaces: u64,
    step: impl FnOnce() -> Result<(), Fault>,
    look: impl FnOnce(i32) -> T,
) -> Result<T, Fault> {
    let (ours, theirs) = Channel::pair().unwrap();
    match clone3(namespaces, None).unwrap() {
        Cloned::Child => {
            drop(ours);
            let told = step().and_then(|()| theirs.send(Message::Ready, &[]).at(Step::Handshake, 0));
            let waited = told.and_then(|()| theirs.expect(Message::Go).at(Step::Handshake, 0));
            give_up(&theirs, waited)
        }
        Cloned::Parent { pid, pidfd } => {
            drop(theirs);
            let seen = match ours.receive(drop).unwrap() {
                Some(Message::Ready) => Ok(look(pid)),
                Some(Message::Failed(fault)) => Err(fault),
                other => panic!("{other:?}"),
            };
            drop(ours);
            waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED).unwrap();
            seen
        }
    }
}

fn of_proc(pid: i32, name: &str) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap()
}

#[test]
fn privileged_a_process_has_its_personality_and_its_memory_policy() {
    let plan = plan(|spec| {
        spec.linux.personality = Some(Personality { domain: "LINUX32".into(), flags: vec![] });
        let (mode, nodes) = ("MPOL_BIND".into(), "0".into());
        spec.linux.memory_policy = Some(MemoryPolicy { mode, nodes, flags: vec![] });
    });
    let look = |pid| (of_proc(pid, "personality"), of_proc(pid, "numa_maps"));
    let (personality, memory) = in_a_child(0, || attributes::apply(&plan), look).unwrap();
    assert_eq!(personality, "00000008\n");
    assert!(memory.lines().any(|line| line.contains(" bind:0 ")), "{memory}");
}

#[test]
fn privileged_a_memory_node_that_is_not_there_is_a_start_that_fails() {
    let plan = plan(|spec| {
        let (mode, nodes) = ("MPOL_BIND".into(), "1023".into());
        spec.linux.memory_policy = Some(MemoryPolicy { mode, nodes, flags: vec![] });
    });
    let fault = in_a_child(0, || attributes::apply(&plan), drop).unwrap_err();
    assert_eq!((fault.step, fault.errno), (Step::MemoryPolicy, Errno::INVAL));
}

#[test]
fn privileged_a_process_is_scheduled_from_outside() {
    let with = |policy: &'static str, priority| {
        plan(|spec| {
            let (policy, flags) = (policy.into(), vec!["SCHED_FLAG_RESET_ON_FORK".into()]);
            let scheduler = Scheduler { policy, priority, flags, ..Scheduler::default() };
            spec.process.scheduler = Some(scheduler);
            spec.process.io_priority = Some(IoPriority { class: "IOPRIO_CLASS_BE".into(), priority: 6 });
        })
    };
    let (fifo, idle) = (with("SCHED_FIFO", Some(9)), with("SCHED_IDLE", None));
    let look = |pid| {
        crate::attributes::set(pid, &fifo).unwrap();
        let actual = sys::schedule::get(pid).unwrap();
        assert_eq!((actual.policy, actual.priority, actual.flags), (1, 9, 1));
        assert_eq!(sys::schedule::io_priority(pid), Ok(2 << 13 | 6));
        crate::attributes::verify(pid, &fifo).unwrap();
        crate::attributes::verify(pid, &idle).unwrap_err().to_string()
    };
    let difference = in_a_child(0, || Ok(()), look).unwrap();
    assert!(difference.ends_with("should be SCHED_IDLE, the kernel says SCHED_FIFO"), "{difference}");
}

#[test]
fn privileged_a_policy_that_the_kernel_has_not_is_named() {
    let plan = plan(|spec| {
        spec.process.scheduler = Some(Scheduler { policy: "SCHED_ISO".into(), ..Scheduler::default() });
    });
    let error = in_a_child(0, || Ok(()), |pid| crate::attributes::set(pid, &plan).unwrap_err()).unwrap();
    assert_eq!(error.to_string(), "could not set the scheduling policy `SCHED_ISO`: invalid argument");
}

#[test]
fn privileged_what_is_set_from_outside_is_looked_at() {
    let plan = plan(|spec| {
        spec.linux.personality = Some(Personality { domain: "LINUX32".into(), flags: vec![] });
        spec.process.oom_score_adj = Some(321);
    });
    let verify = |pid| crate::attributes::verify(pid, &plan);
    let error = in_a_child(0, || Ok(()), verify).unwrap().unwrap_err();
    assert!(matches!(error, LaunchError::Floor { what: "the personality", .. }), "{error}");
    let error = in_a_child(0, || attributes::apply(&plan), verify).unwrap().unwrap_err();
    assert!(matches!(error, LaunchError::Floor { what: "the out-of-memory score", .. }), "{error}");
    let look = |pid| {
        crate::start::set_limits(pid, &plan)?;
        crate::attributes::verify(pid, &plan)
    };
    in_a_child(0, || attributes::apply(&plan), look).unwrap().unwrap();
}

#[test]
fn privileged_one_that_enters_runs_on_its_processors() {
    let plan = plan(|spec| {
        spec.process.exec_cpu_affinity = Some(CpuAffinity { initial: "0".into(), last: "0".into() });
    });
    let processors = |pid| {
        of_proc(pid, "status")
            .lines()
            .find_map(|line| line.strip_prefix("Cpus_allowed_list:\t").map(str::to_owned))
    };
    let settled = in_a_child(0, || attributes::settle(&plan), processors).unwrap();
    assert_eq!(settled.as_deref(), Some("0"));
    // This thread is the test's own.
    let count = || rustix::thread::sched_getaffinity(None).unwrap().count();
    let before = count();
    let everywhere = crate::attributes::narrow(&plan).unwrap();
    let born = in_a_child(0, || Ok(()), processors).unwrap();
    assert_eq!((count(), born.as_deref()), (1, Some("0")));
    crate::attributes::widen(everywhere).unwrap();
    assert_eq!(count(), before);
}

/// A maker sets the clocks, and its child has them, in a user namespace of its own or not.
#[test]
fn privileged_the_clocks_of_a_container_are_set_before_anybody_sees_them() {
    let plan = plan(|spec| {
        spec.linux.namespaces = private(&[NamespaceKind::Time]);
        spec.linux.time_offsets.insert("boottime".into(), TimeOffset { secs: 1_000_000, nanosecs: 5 });
    });
    let boottime = || clock_gettime(ClockId::Boottime).tv_sec;
    let seconds_ahead = |namespaces| {
        let before = boottime();
        match clone3(namespaces, None).at(Step::Namespaces, 0)? {
            Cloned::Child => sys::exec::exit(i32::from(boottime() - before > 900_000)),
            Cloned::Parent { pidfd, .. } => {
                let end = waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED).at(Step::Clocks, 0)?;
                Ok(end.and_then(|end| end.exit_status()))
            }
        }
    };
    let expect = |actual, expected, index| {
        if actual == Some(expected) { Ok(()) } else { Err(Errno::TIME) }.at(Step::Clocks, index)
    };
    let step = || {
        clocks::set(&plan)?;
        expect(seconds_ahead(plan.clone_flags)?, 1, 10)?;
        expect(seconds_ahead(plan.clone_flags | flag::NEWUSER)?, 1, 11)
    };
    in_a_child(0, step, drop).unwrap();
}

#[test]
fn privileged_a_clock_below_zero_is_a_start_that_fails() {
    let plan = plan(|spec| {
        spec.linux.namespaces = private(&[NamespaceKind::Time]);
        spec.linux.time_offsets.insert("monotonic".into(), TimeOffset { secs: -1 << 40, nanosecs: 0 });
    });
    let fault = in_a_child(0, || clocks::set(&plan), drop).unwrap_err();
    assert_eq!((fault.step, fault.errno), (Step::Clocks, Errno::RANGE));
}

#[test]
fn privileged_names_and_settings_are_those_of_the_namespaces() {
    let plan = plan(|spec| {
        let kinds = [NamespaceKind::Uts, NamespaceKind::Ipc, NamespaceKind::Network];
        spec.linux.namespaces = private(&kinds);
        (spec.hostname, spec.domainname) = ("box".into(), "example".into());
        let settings = [("net/ipv4/conf/lo/forwarding", "1"), ("fs.mqueue.msg_max", "7")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        spec.linux.sysctl.extend(settings);
    });
    let step = || {
        sys::namespace::unshare(plan.unshare_flags).at(Step::Namespaces, 0)?;
        let proc = mounts::private_proc(&plan).at(Step::Proc, 0)?;
        namespaces::configure(&plan)?;
        namespaces::set_parameters(&plan, &proc)
    };
    let look = |pid| {
        let kinds = [("uts", flag::NEWUTS), ("ipc", flag::NEWIPC), ("net", flag::NEWNET)];
        let joined =
            kinds.map(|(name, kind)| (std::fs::File::open(format!("/proc/{pid}/ns/{name}")).unwrap(), kind));
        let thread = std::thread::spawn(move || {
            joined.iter().for_each(|(file, kind)| sys::namespace::setns(file.as_fd(), *kind).unwrap());
            let names = rustix::system::uname();
            let setting = |name: &str| std::fs::read_to_string(format!("/proc/sys/{name}")).unwrap();
            let names = (names.nodename().to_owned(), names.domainname().to_owned());
            (names, setting("net/ipv4/conf/lo/forwarding"), setting("fs/mqueue/msg_max"))
        });
        thread.join().unwrap()
    };
    let (names, forwarding, messages) = in_a_child(plan.clone_flags, step, look).unwrap();
    assert_eq!(names, (c"box".to_owned(), c"example".to_owned()));
    assert_eq!((forwarding.as_str(), messages.as_str()), ("1\n", "7\n"));
}

/// On a kernel with the module nobody has loaded such a profile; on one without it there is nothing to tell.
#[test]
fn privileged_a_profile_that_cannot_be_entered_is_a_start_that_fails() {
    let plan = plan(|_| ());
    let step = |labels: Labels| {
        let plan = &plan;
        move || {
            let proc = mounts::private_proc(plan).at(Step::Proc, 0)?;
            labels::apply(&labels, &proc)?;
            labels::apply_outside(&labels)
        }
    };
    let apparmor = Some(c"exec coffer-nobody-loaded-this".to_owned());
    let fault = in_a_child(0, step(Labels { apparmor, selinux: None }), drop).unwrap_err();
    assert_eq!(fault.step, Step::AppArmor);
    let selinux = Some(c"no:such:label".to_owned());
    let fault = in_a_child(0, step(Labels { apparmor: None, selinux }), drop).unwrap_err();
    assert_eq!(fault.step, Step::Selinux);
    in_a_child(0, step(Labels::default()), drop).unwrap();
}
