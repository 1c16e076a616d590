//! A start: one clone, the parent's half beside the child's, and a stop right before exec.

use std::ffi::CString;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use model::permit::Permit;
use model::spec::Spec;
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, pidfd_send_signal};
use rustix::termios::Winsize;
use sys::clone::Cloned;

use crate::cgroup::{Cgroup, Version};
use crate::channel::{Channel, Fault, Message};
use crate::child::{self, Inheritance};
use crate::enforced::{self, Enforced};
use crate::error::LaunchError;
use crate::plan::{Plan, cstring};
use crate::running::{Process, Running};
use crate::step::Step;
use crate::{idmap, trees};

/// Where the container's standard streams come from.
#[derive(Debug)]
pub enum Io {
    /// A terminal of its own; the size is (columns, rows).
    Terminal {
        /// Absent, it stays zero by zero until somebody sets it.
        size: Option<(u16, u16)>,
    },
    /// Descriptors that it inherits. They should be pipes or sockets that the container's user may
    /// reopen; without an input it reads its own /dev/null.
    Streams {
        /// Standard input.
        stdin: Option<OwnedFd>,
        /// Standard output.
        stdout: OwnedFd,
        /// Standard error.
        stderr: OwnedFd,
    },
    /// Nothing to read and nobody to listen: the container's own /dev/null.
    Nowhere,
}

/// A container that is completely set up and waits for [`Prepared::release`]. Dropping it ends it.
#[derive(Debug)]
pub struct Prepared {
    process: Process,
    channel: Channel,
    plan: Plan,
    terminal: Option<OwnedFd>,
    enforced: Enforced,
}

/// Carries out `spec` up to the last step before exec. The permit is consumed: it is good for one start.
///
/// # Errors
/// [`LaunchError`]; nothing of the container is left.
pub fn prepare(permit: Permit, spec: &Spec, io: Io) -> Result<Prepared, LaunchError> {
    drop(permit);
    let mut plan = Plan::new(spec)?;
    let cgroup = Cgroup::create(&spec.linux.cgroups_path, &spec.linux.resources)?;
    let views = cgroup_views(&cgroup)?;
    let (ours, theirs) = Channel::pair().map_err(LaunchError::host("make a socket pair", ""))?;
    let streams = streams(&io);
    let inherited =
        Inheritance { plan: &plan, cgroup: &cgroup, cgroup_views: &views, channel: &theirs, streams };
    let cloned = sys::clone::clone3(plan.clone_flags, cgroup.clone_target())
        .map_err(LaunchError::host("clone the container's first process", ""))?;
    let (pid, pidfd) = match cloned {
        Cloned::Child => {
            // The copy of the parent's end, or the parent's death would go unnoticed.
            drop(ours);
            child::run(&inherited)
        }
        Cloned::Parent { pid, pidfd } => (pid, pidfd),
    };
    drop(theirs);
    let process = Process::new(pid, pidfd, cgroup);
    converse(&process, &plan, &ours)?;
    plan.trees.clear();
    Prepared::when_ready(process, plan, ours, &io)
}

pub(crate) fn streams(io: &Io) -> child::Streams<'_> {
    match io {
        Io::Terminal { .. } => child::Streams::Terminal,
        Io::Streams { stdin, stdout, stderr } => child::Streams::Pipes {
            stdin: stdin.as_ref().map(OwnedFd::as_fd),
            stdout: stdout.as_fd(),
            stderr: stderr.as_fd(),
        },
        Io::Nowhere => child::Streams::Nowhere,
    }
}

fn cgroup_views(cgroup: &Cgroup) -> Result<Vec<(CString, CString)>, LaunchError> {
    if cgroup.version() != Version::V1 {
        return Ok(Vec::new());
    }
    let view = |(name, path): (&'static str, &std::path::Path)| {
        Ok((cstring("controller", name)?, cstring("control group", &path.display().to_string())?))
    };
    cgroup.views().map(view).collect()
}

/// The parent's half: maps, limits, trees.
pub(crate) fn converse(process: &Process, plan: &Plan, channel: &Channel) -> Result<(), LaunchError> {
    let namespace = if plan.has_user_namespace() {
        idmap::write(process.pid(), &plan.uid_map, &plan.gid_map)?;
        Some(user_namespace(process.pid())?)
    } else {
        None
    };
    tell(channel, plan, Message::Mapped, &[])?;
    set_limits(process.pid(), plan)?;
    let trees = trees::open(plan, namespace.as_ref().map(OwnedFd::as_fd))?;
    let borrowed: Vec<BorrowedFd<'_>> = trees.iter().map(OwnedFd::as_fd).collect();
    tell(channel, plan, Message::Trees(borrowed.len() as u16), &borrowed)
}

fn user_namespace(pid: i32) -> Result<OwnedFd, LaunchError> {
    let path = format!("/proc/{pid}/ns/user");
    rustix::fs::openat(CWD, &path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .map_err(LaunchError::host("open the user namespace", path))
}

/// From outside, because raising a limit takes rights that the container does not have.
pub(crate) fn set_limits(pid: i32, plan: &Plan) -> Result<(), LaunchError> {
    set_rlimits(pid, plan)?;
    set_oom_score(pid, plan)
}

fn set_rlimits(pid: i32, plan: &Plan) -> Result<(), LaunchError> {
    for (resource, limit) in &plan.process.rlimits {
        rustix::process::prlimit(Pid::from_raw(pid), *resource, *limit)
            .map_err(LaunchError::host("set the resource limit", format!("{resource:?}").to_lowercase()))?;
    }
    Ok(())
}

/// A user namespace's root may raise the score and never lower it.
fn set_oom_score(pid: i32, plan: &Plan) -> Result<(), LaunchError> {
    match &plan.process.oom_score_adj {
        Some(score) => idmap::write_file(pid, "oom_score_adj", score)
            .map_err(|_| LaunchError::OomScore { score: score.clone() }),
        None => Ok(()),
    }
}

pub(crate) fn await_ready(plan: &Plan, channel: &Channel, io: &Io) -> Result<Option<OwnedFd>, LaunchError> {
    let mut terminal = None;
    loop {
        match listen(channel, plan, |descriptor| terminal = Some(descriptor))? {
            Some(Message::Terminal) => {}
            Some(Message::Ready) => break,
            _ => return Err(LaunchError::Died),
        }
    }
    if let (Io::Terminal { size: Some((columns, rows)) }, Some(master)) = (io, &terminal) {
        let size = Winsize { ws_col: *columns, ws_row: *rows, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(master, size).map_err(LaunchError::host("size the terminal", ""))?;
    }
    Ok(terminal)
}

/// Sends; if the child is gone, what it said last is the error.
pub(crate) fn tell(
    channel: &Channel,
    plan: &Plan,
    message: Message,
    trees: &[BorrowedFd<'_>],
) -> Result<(), LaunchError> {
    match channel.send(message, trees) {
        Ok(()) => Ok(()),
        Err(Errno::PIPE | Errno::CONNRESET) => match listen(channel, plan, drop) {
            Err(error) => Err(error),
            Ok(_) => Err(LaunchError::Died),
        },
        Err(errno) => Err(LaunchError::host("talk to the container's first process", "")(errno)),
    }
}

pub(crate) fn listen(
    channel: &Channel,
    plan: &Plan,
    take: impl FnMut(OwnedFd),
) -> Result<Option<Message>, LaunchError> {
    match channel.receive(take) {
        Ok(Some(Message::Failed(fault))) => Err(translate(plan, fault)),
        Ok(message) => Ok(message),
        Err(Errno::CONNRESET) => Ok(None),
        Err(errno) => Err(LaunchError::host("talk to the container's first process", "")(errno)),
    }
}

fn translate(plan: &Plan, fault: Fault) -> LaunchError {
    let Fault { step, index, errno } = fault;
    let program = plan.process.program.clone();
    match (step, errno) {
        (Step::Exec, Errno::NOENT | Errno::NOTDIR) => LaunchError::NotFound { program },
        (Step::Exec, errno) => LaunchError::NotExecutable { program, errno },
        _ => LaunchError::Step { step, subject: plan.subject(step, index), errno },
    }
}

impl Prepared {
    /// Waits until the child says that everything is in force, and looks whether it is.
    pub(crate) fn when_ready(
        process: Process,
        plan: Plan,
        channel: Channel,
        io: &Io,
    ) -> Result<Self, LaunchError> {
        let terminal = await_ready(&plan, &channel, io)?;
        let enforced = enforced::verify(process.pid(), &plan, process.cgroup())?;
        Ok(Self { process, channel, plan, terminal, enforced })
    }

    /// The process id of the container's first process, as this host sees it.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.process.pid()
    }

    /// The first process: its namespaces are the container's already.
    #[must_use]
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.process.pidfd()
    }

    /// What is in force, as the kernel reported it.
    #[must_use]
    pub fn enforced(&self) -> &Enforced {
        &self.enforced
    }

    /// Lets the program run. When this returns, exec has happened.
    ///
    /// # Errors
    /// [`LaunchError::NotFound`] or [`LaunchError::NotExecutable`]; the container is gone then.
    pub fn release(self) -> Result<Running, LaunchError> {
        let Self { process, channel, plan, terminal, enforced } = self;
        tell(&channel, &plan, Message::Go, &[])?;
        match listen(&channel, &plan, drop)? {
            // The other end closed on exec.
            None => Ok(Running::new(process, terminal, enforced)),
            Some(_) => Err(LaunchError::Died),
        }
    }
}

/// Sends SIGKILL; a process that is gone already is what was wanted.
pub(crate) fn kill(pidfd: BorrowedFd<'_>) {
    let _gone_already = pidfd_send_signal(pidfd, Signal::KILL);
}
