//! Filters in a real kernel: a cloned child installs one and makes calls.

use std::os::fd::{AsFd as _, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{WaitId, WaitIdOptions, waitid};
use sys::clone::{Cloned, clone3};

use super::*;
use crate::channel::{Channel, Message};

/// How a child ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The call had this answer.
    Answer(Result<(), Errno>),
    /// This signal killed it.
    Signal(i32),
}

const SIGSYS: i32 = 31;
/// What a child ends with that could not install its filter.
const FAILED: i32 = 200;

fn wait(pidfd: &OwnedFd) -> End {
    let status = waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED).unwrap().unwrap();
    match (status.terminating_signal(), status.exit_status()) {
        (Some(signal), _) => End::Signal(signal),
        (None, Some(0)) => End::Answer(Ok(())),
        (None, Some(FAILED)) => panic!("the filter could not be installed"),
        (None, status) => End::Answer(Err(Errno::from_raw_os_error(status.unwrap()))),
    }
}

/// Installs `filter`, makes `call` and ends with its answer. Between clone and end there are only system
/// calls: other tests run beside this one.
fn child(filter: &Filter, channel: &Channel, call: impl FnOnce() -> Result<(), Errno>) -> ! {
    let sent = |listener: Option<OwnedFd>| match listener {
        None => Ok(()),
        Some(listener) => channel.send(Message::Listener, &[listener.as_fd()]),
    };
    let installed = rustix::thread::set_no_new_privs(true)
        .and_then(|()| sys::seccomp::install(&filter.program, filter.flags))
        .and_then(sent);
    let answer = installed.map(|()| call());
    sys::exec::exit(answer.map_or(FAILED, |answer| answer.err().map_or(0, Errno::raw_os_error)))
}

fn end_of(profile: &Seccomp, call: impl FnOnce() -> Result<(), Errno>) -> End {
    let filter = compile(profile).unwrap();
    let (_ours, theirs) = Channel::pair().unwrap();
    match clone3(0, None).unwrap() {
        Cloned::Child => child(&filter, &theirs, call),
        Cloned::Parent { pidfd, .. } => wait(&pidfd),
    }
}

/// A profile that allows all but getpgid, which is `action`'s.
fn about_getpgid(action: SeccompAction, errno_ret: Option<u32>) -> Seccomp {
    let rules = vec![SeccompRule { errno_ret, ..rule(&["getpgid"], action, &[]) }];
    Seccomp { default_action: SeccompAction::Allow, ..refusing(rules) }
}

fn getpgid() -> Result<(), Errno> {
    rustix::process::getpgid(None).map(drop)
}

#[test]
fn privileged_each_action_is_the_kernels() {
    let ends = |action, errno| end_of(&about_getpgid(action, errno), getpgid);
    assert_eq!(ends(SeccompAction::Allow, None), End::Answer(Ok(())));
    assert_eq!(ends(SeccompAction::Log, None), End::Answer(Ok(())));
    assert_eq!(ends(SeccompAction::Errno, None), End::Answer(Err(Errno::PERM)));
    assert_eq!(ends(SeccompAction::Errno, Some(99)), End::Answer(Err(Errno::ADDRNOTAVAIL)));
    assert_eq!(ends(SeccompAction::KillProcess, None), End::Signal(SIGSYS));
    assert_eq!(ends(SeccompAction::KillThread, None), End::Signal(SIGSYS));
    assert_eq!(ends(SeccompAction::Trap, None), End::Signal(SIGSYS));
    // Nobody traces.
    assert_eq!(ends(SeccompAction::Trace, Some(7)), End::Answer(Err(Errno::NOSYS)));
}

#[test]
fn privileged_flags_are_taken_by_the_kernel() {
    let flags = ["LOG", "SPEC_ALLOW", "TSYNC", "WAIT_KILLABLE_RECV"];
    let flags = flags.map(|flag| format!("SECCOMP_FILTER_FLAG_{flag}").into());
    let profile = Seccomp { flags: flags.into(), ..about_getpgid(SeccompAction::Errno, None) };
    assert_eq!(end_of(&profile, getpgid), End::Answer(Err(Errno::PERM)));
}

/// A child that makes a call which somebody has to answer, and the listener that it sent.
fn asking(flags: &[&'static str]) -> (OwnedFd, OwnedFd) {
    let flags = flags.iter().map(|flag| (*flag).into()).collect();
    let mut profile = Seccomp { flags, ..about_getpgid(SeccompAction::Notify, None) };
    profile.listener_path = "/agent".into();
    let filter = compile(&profile).unwrap();
    let (ours, theirs) = Channel::pair().unwrap();
    let pidfd = match clone3(0, None).unwrap() {
        Cloned::Child => child(&filter, &theirs, getpgid),
        Cloned::Parent { pidfd, .. } => pidfd,
    };
    drop(theirs);
    let mut listener = None;
    assert_eq!(ours.receive(|descriptor| listener = Some(descriptor)).unwrap(), Some(Message::Listener));
    (pidfd, listener.unwrap())
}

#[test]
fn privileged_a_listener_is_sent_out_and_asked() {
    for flags in [&[][..], &["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]] {
        let (child, listener) = asking(flags);
        let mut asked = [PollFd::new(&listener, PollFlags::IN)];
        let patience = Timespec { tv_sec: 30, tv_nsec: 0 };
        assert_eq!(poll(&mut asked, Some(&patience)), Ok(1), "it waits for an answer");
        // The child has no copy, so this leaves nobody who could answer.
        drop(listener);
        assert_eq!(wait(&child), End::Answer(Err(Errno::NOSYS)));
    }
}

#[cfg(target_arch = "x86_64")]
mod other_architectures {
    use sys::attempt::{Request, getpid_of_x86_32};

    use super::*;

    fn getpid(architectures: &[&'static str], action: SeccompAction) -> Seccomp {
        let errno_ret = (action == SeccompAction::Errno).then_some(13);
        let rules = vec![SeccompRule { errno_ret, ..rule(&["getpid"], action, &[]) }];
        let architectures = architectures.iter().map(|name| (*name).into()).collect();
        Seccomp { architectures, default_action: SeccompAction::Allow, ..refusing(rules) }
    }

    #[test]
    fn privileged_calls_of_i386_are_judged_where_they_are_listed() {
        let ends = |architectures, action| end_of(&getpid(architectures, action), getpid_of_x86_32);
        assert_eq!(ends(&["SCMP_ARCH_X86"], SeccompAction::Allow), End::Answer(Ok(())));
        assert_eq!(ends(&["SCMP_ARCH_X86"], SeccompAction::Errno), End::Answer(Err(Errno::ACCESS)));
        assert_eq!(ends(&[], SeccompAction::Allow), End::Answer(Err(Errno::NOSYS)));
        assert_eq!(ends(&["SCMP_ARCH_X32"], SeccompAction::Allow), End::Answer(Err(Errno::NOSYS)));
    }

    /// Kernels with x32 are rare, so it is the filter that answers.
    #[test]
    fn privileged_calls_of_x32_are_judged_where_they_are_listed() {
        let ends = |architectures, action| {
            end_of(&getpid(architectures, action), || Request::X32Getpid.ask().map(drop))
        };
        assert_eq!(ends(&["SCMP_ARCH_X32"], SeccompAction::Errno), End::Answer(Err(Errno::ACCESS)));
        assert_eq!(ends(&["SCMP_ARCH_X86"], SeccompAction::Errno), End::Answer(Err(Errno::NOSYS)));
    }
}
