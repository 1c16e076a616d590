//! A start: one clone, the parent's half beside the child's, and a stop right before exec.

use std::ffi::CString;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use model::commission::Leave;
use model::spec::{Resources, Spec};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid};
use rustix::termios::Winsize;
use sys::clone::Cloned;

use crate::cgroup::{Cgroup, Location, Version};
use crate::channel::{Channel, Fault, MAX_DESCRIPTORS, Message};
use crate::child::{self, Inheritance};
use crate::enforced::{self, Enforced};
use crate::error::LaunchError;
use crate::gate::Gate;
use crate::given::Given;
use crate::plan::{Plan, cstring, missing};
use crate::running::{Process, Running};
use crate::step::Step;
use crate::{attributes, idmap, net_devices, seal, trees};

/// Where the container's standard streams come from.
#[derive(Debug)]
pub enum Io {
    /// A terminal of its own; the size is (columns, rows).
    Terminal {
        /// Absent, it stays zero by zero until somebody sets it.
        size: Option<(u16, u16)>,
        /// How many descriptors of the caller come along, from 3 upwards.
        preserved: u32,
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
    /// The caller's own, and descriptors of the caller above them.
    Inherited {
        /// How many, from 3 upwards. Each must be open, or one of ours could be in its place.
        preserved: u32,
    },
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

/// Carries out `spec` up to the last step before exec. The leave is consumed: it is good for one start.
///
/// # Errors
/// [`LaunchError`]; nothing of the container is left.
pub fn prepare(
    leave: impl Into<Leave>,
    spec: &Spec,
    given: impl Into<Given>,
) -> Result<Prepared, LaunchError> {
    drop(leave.into());
    let Given { io, secrets, variables } = given.into();
    let mut plan = Plan::new(spec)?;
    plan.give(secrets, variables)?;
    let resources = &spec.linux.resources;
    let cgroup = Cgroup::create(&Location::plain(&spec.linux.cgroups_path), resources)?;
    carry_out(plan, (cgroup, resources), io, None, &mut |_| Ok(Vec::new()))
}

/// What is done at the halt of a creation, told the number of the container's first process: hooks on the
/// host. Gives the container's state, which hooks inside read.
pub type AtHalt<'a> = &'a mut dyn FnMut(i32) -> Result<Vec<u8>, LaunchError>;

/// The parent's half of a start beside the child's, up to the child's last step before exec.
pub(crate) fn carry_out(
    plan: Plan,
    (cgroup, resources): (Cgroup, &Resources),
    io: Io,
    gate: Option<&Gate>,
    at_halt: AtHalt<'_>,
) -> Result<Prepared, LaunchError> {
    let views = cgroup_views(&cgroup)?;
    let (ours, theirs) = Channel::pair().map_err(LaunchError::host("make a socket pair", ""))?;
    let streams = streams(&io);
    let inherited =
        Inheritance { plan: &plan, cgroup: &cgroup, cgroup_views: &views, channel: &theirs, streams, gate };
    let (flags, group) =
        if plan.needs_maker() { (0, None) } else { (plan.clone_flags, cgroup.clone_target()) };
    let cloned = sys::clone::clone3(flags, group)
        .map_err(|errno| LaunchError::host("clone the container's first process", missing(flags))(errno))?;
    let (pid, pidfd) = match cloned {
        Cloned::Child => {
            // The copy of the parent's end, or the parent's death would go unnoticed.
            drop(ours);
            if plan.needs_maker() { child::maker::run(&inherited) } else { child::run(&inherited) }
        }
        Cloned::Parent { pid, pidfd } => (pid, pidfd),
    };
    drop(theirs);
    let (pid, pidfd) = if plan.needs_maker() { born(&ours, &plan, &pidfd)? } else { (pid, pidfd) };
    let mut process = Process::new(pid, pidfd, cgroup);
    process.adopted(resources)?;
    converse(&process, &plan, &ours)?;
    Prepared::when_ready(process, plan, ours, &io, at_halt)
}

/// The process that `maker` has made as a child of ours.
pub(crate) fn born(channel: &Channel, plan: &Plan, maker: &OwnedFd) -> Result<(i32, OwnedFd), LaunchError> {
    let mut pidfd = None;
    let said = listen(channel, plan, |descriptor| pidfd = Some(descriptor));
    // It has nothing else to do, and ends by itself.
    waitid(WaitId::PidFd(maker.as_fd()), WaitIdOptions::EXITED)
        .map_err(LaunchError::host("wait for a process of ours", ""))?;
    match (said?, pidfd) {
        (Some(Message::Born(pid)), Some(pidfd)) => Ok((pid, pidfd)),
        _ => Err(LaunchError::Died),
    }
}

pub(crate) fn streams(io: &Io) -> child::Streams<'_> {
    match io {
        Io::Terminal { preserved, .. } => child::Streams::Terminal { preserved: *preserved },
        Io::Streams { stdin, stdout, stderr } => child::Streams::Pipes {
            stdin: stdin.as_ref().map(OwnedFd::as_fd),
            stdout: stdout.as_fd(),
            stderr: stderr.as_fd(),
        },
        Io::Nowhere => child::Streams::Nowhere,
        Io::Inherited { preserved } => child::Streams::Inherited { preserved: *preserved },
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
    if plan.makes_user_namespace() {
        idmap::write(process.pid(), &plan.uid_map, &plan.gid_map)?;
    }
    let namespace = plan.has_user_namespace().then(|| user_namespace(process.pid())).transpose()?;
    net_devices::move_to(process.pid(), &plan.net_devices)?;
    tell(channel, plan, Message::Mapped, &[])?;
    set_limits(process.pid(), plan)?;
    let trees = trees::open(plan, namespace.as_ref().map(OwnedFd::as_fd))?;
    let borrowed: Vec<BorrowedFd<'_>> = trees.iter().map(OwnedFd::as_fd).collect();
    send_trees(channel, plan, &borrowed)
}

/// In as many packets as they need, and at least in one.
fn send_trees(channel: &Channel, plan: &Plan, mut trees: &[BorrowedFd<'_>]) -> Result<(), LaunchError> {
    loop {
        let (packet, rest) = trees.split_at_checked(MAX_DESCRIPTORS).unwrap_or((trees, &[]));
        tell(channel, plan, Message::Trees(trees.len() as u16), packet)?;
        if rest.is_empty() {
            return Ok(());
        }
        trees = rest;
    }
}

pub(crate) fn user_namespace(pid: i32) -> Result<OwnedFd, LaunchError> {
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

pub(crate) fn await_ready(
    process: &Process,
    plan: &Plan,
    channel: &Channel,
    io: &Io,
    at_halt: AtHalt<'_>,
) -> Result<Option<OwnedFd>, LaunchError> {
    let mut terminal = None;
    loop {
        match listen(channel, plan, |descriptor| terminal = Some(descriptor))? {
            Some(Message::Terminal) => {}
            Some(Message::Halted) => resume(plan, channel, &at_halt(process.pid())?)?,
            Some(Message::Ready) => break,
            _ => return Err(LaunchError::Died),
        }
    }
    if let (Io::Terminal { size: Some((columns, rows)), .. }, Some(master)) = (io, &terminal) {
        let size = Winsize { ws_col: *columns, ws_row: *rows, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(master, size).map_err(LaunchError::host("size the terminal", ""))?;
    }
    Ok(terminal)
}

fn resume(plan: &Plan, channel: &Channel, state: &[u8]) -> Result<(), LaunchError> {
    let state = seal::memory_file(state).map_err(LaunchError::host("keep the state", ""))?;
    tell(channel, plan, Message::Resume, &[state.as_fd()])
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
    match step {
        Step::Exec => exec_error(plan.process.program.clone(), errno),
        _ => LaunchError::Step { step, subject: plan.subject(step, index), errno },
    }
}

/// Why `program` was not executed.
pub(crate) fn exec_error(program: String, errno: Errno) -> LaunchError {
    match errno {
        Errno::NOENT | Errno::NOTDIR => LaunchError::NotFound { program },
        errno => LaunchError::NotExecutable { program, errno },
    }
}

impl Prepared {
    /// Waits until the child says that everything is in force, and looks whether it is.
    pub(crate) fn when_ready(
        process: Process,
        plan: Plan,
        channel: Channel,
        io: &Io,
        at_halt: AtHalt<'_>,
    ) -> Result<Self, LaunchError> {
        let terminal = await_ready(&process, &plan, &channel, io, at_halt)?;
        attributes::set(process.pid(), &plan)?;
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

    /// Where its control group is, if it has one.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        self.process.cgroup().location()
    }

    /// The master side of the terminal, if it has one.
    #[must_use]
    pub fn terminal(&self) -> Option<BorrowedFd<'_>> {
        self.terminal.as_ref().map(OwnedFd::as_fd)
    }

    /// Lets the program run. When this returns, exec has happened.
    ///
    /// # Errors
    /// [`LaunchError::NotFound`] or [`LaunchError::NotExecutable`]; the container is gone then.
    pub fn release(self) -> Result<Running, LaunchError> {
        self.release_with(None, |_| Err(LaunchError::Died))
    }

    /// The same; its startContainer hooks read `state`, and `listener` gets what answers for its system
    /// call filter, if that asks anybody.
    ///
    /// # Errors
    /// As [`Prepared::release`], and [`LaunchError::Step`] for a hook that fails.
    pub fn release_with(
        self,
        state: Option<&[u8]>,
        mut listener: impl FnMut(OwnedFd) -> Result<(), LaunchError>,
    ) -> Result<Running, LaunchError> {
        let Self { process, channel, plan, terminal, enforced } = self;
        let state =
            state.map(seal::memory_file).transpose().map_err(LaunchError::host("keep the state", ""))?;
        let with: Vec<BorrowedFd<'_>> = state.iter().map(OwnedFd::as_fd).collect();
        tell(&channel, &plan, Message::Go, &with)?;
        loop {
            let mut descriptor = None;
            match (listen(&channel, &plan, |received| descriptor = Some(received))?, descriptor) {
                // The other end closed on exec.
                (None, _) => return Ok(Running::new(process, terminal, enforced)),
                (Some(Message::Listener), Some(descriptor)) => listener(descriptor)?,
                (Some(_), _) => return Err(LaunchError::Died),
            }
        }
    }

    /// Leaves the container waiting at its gate, for whoever opens that.
    ///
    /// # Errors
    /// [`LaunchError`]; the container is gone then.
    pub fn stay(self) -> Result<(), LaunchError> {
        tell(&self.channel, &self.plan, Message::Stay, &[])?;
        self.process.let_go();
        Ok(())
    }
}

/// Sends SIGKILL; a process that is gone already is what was wanted.
pub(crate) fn kill(pidfd: BorrowedFd<'_>) {
    let _gone_already = pidfd_send_signal(pidfd, Signal::KILL);
}
