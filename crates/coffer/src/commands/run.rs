//! `run`, `create`

use std::io::{IsTerminal as _, Write as _};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use engine::id::ContainerId;
use engine::session::Purpose;
use engine::state::Ended;
use engine::{Detach, DetachKeys, Foreground};
use model::request::RunRequest;

use super::ship::Provision;
use super::{Act, Entry, Life, act, image, options};
use crate::args::run::{Create, Run};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::progress::Bar;
use crate::{session, site};

pub(super) const RUN: Entry = Entry {
    words: &["run"],
    aliases: &[&["container", "run"]],
    life: Life::Run,
    about: "Run an image, confined, if policy permits it",
    examples: [
        ("coffer run --rm -it alpine sh", "a shell, gone when it ends"),
        ("coffer run -d --name web --restart on-failure nginx", "in the background"),
    ],
    notes: "\
Everything that is not asked for is closed: a user namespace of its own, seven capabilities inside it at
most, a system call filter, Landlock, no network but loopback, and nothing that was not in the image can
be executed. `coffer assess IMAGE OPTIONS` judges a request without running it, `coffer explain` shows
what is in force.

With `--network outbound` the container opens connections to what this host reaches, but for the host itself,
and nothing reaches it; names are asked of the host's resolvers. That is recorded as an exception.

In the background (`-d`) a monitor looks after the container: it writes its log, asks it whether it is
well, and starts it again if it is told to.

Exit code: the program's own; 128 and the signal's number if a signal ended it; 126 if it cannot be
executed, 127 if it does not exist, 125 if coffer failed, refused or did not understand.",
    codes: ExitCodes::OfRun,
    options: options::<Run>,
    act: act::<Run>,
};

pub(super) const CREATE: Entry = Entry {
    words: &["create"],
    aliases: &[&["container", "create"]],
    life: Life::Run,
    about: "Make a container, to be started later",
    examples: [
        ("coffer create --name web nginx", "then: coffer start web"),
        ("coffer create -it --name box alpine sh", "then: coffer start -ai box"),
    ],
    notes: "Policy is asked now, so that nothing is made that could not run, and again at each start.",
    codes: ExitCodes::OfRun,
    options: options::<Create>,
    act: act::<Create>,
};

impl Act for Run {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let site = site::site()?;
        let keys = self.detach_keys.clone().unwrap_or_default();
        let (detach, ticket) = (self.detach, Ticket::open(self.make.cidfile.as_deref())?);
        let provision = Provision::new(self.make.pull, None);
        let mut request = self.make.request(site.level)?;
        if detach {
            return run_behind(request, site, provision, ticket, context);
        }
        in_front_only(&request)?;
        let outside = session::begin(&site, Purpose::Start)?;
        let detach = if request.tty && request.interactive && std::io::stdin().is_terminal() {
            session::detachable(&site, keys, outside)?
        } else {
            session::hold(outside);
            Detach::Unavailable
        };
        let engine = site::enter(site)?;
        image::admit_embedded(&engine, &request.image)?;
        provision.provide(&engine, &mut request)?;
        let named = |id: &ContainerId| ticket.write(id);
        let ended =
            engine.run_named(request, foreground(detach)?, &mut Bar::new(), &mut |id| drop(named(id)))?;
        Ok(exit_code(ended, context))
    }
}

/// What only a monitor can do is not forgotten silently.
fn in_front_only(request: &RunRequest) -> Result<(), Failure> {
    use model::upkeep::{HealthCommand, Log, OnUnhealthy, Restart};
    let upkeep = &request.upkeep;
    let checked = matches!(upkeep.health.command, Some(HealthCommand::Program(_) | HealthCommand::Shell(_)));
    let option = match () {
        () if upkeep.restart != Restart::No => "--restart",
        () if checked => "--health-cmd",
        () if upkeep.on_unhealthy != OnUnhealthy::Nothing => "--health-on-failure",
        () if upkeep.log.driver != Log::default().driver => "--log-driver",
        () if upkeep.log != Log::default() => "--log-opt",
        () => return Ok(()),
    };
    Err(Failure::usage(
        format!("`{option}` is for containers in the background"),
        "add `-d`: a monitor looks after it then; `coffer attach` shows what it prints",
    ))
}

fn run_behind(
    mut request: RunRequest,
    site: engine::site::Site,
    provision: Provision,
    ticket: Ticket,
    context: &Context,
) -> Result<u8, Failure> {
    let outside = session::begin(&site, Purpose::Start)?;
    let release = session::behind(&site, outside)?;
    let engine = site::enter(site)?;
    image::admit_embedded(&engine, &request.image)?;
    provision.provide(&engine, &mut request)?;
    let mut announce = |id: &ContainerId| {
        // The container runs; a reader of ours that left does not change that.
        let _unread = context.print(&format!("{id}\n"));
        let _unwritten = ticket.write(id);
        let _nobody_waits = rustix::io::write(&release, b"d");
    };
    engine.run_behind(request, &mut Bar::new(), &mut announce)?;
    Ok(0)
}

impl Act for Create {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let site = site::site()?;
        let ticket = Ticket::open(self.make.cidfile.as_deref())?;
        let provision = Provision::new(self.make.pull, None);
        let mut request = self.make.request(site.level)?;
        let engine = site::open_at(site, Purpose::Look)?;
        image::admit_embedded(&engine, &request.image)?;
        provision.provide(&engine, &mut request)?;
        let id = engine.create(request, &mut Bar::new())?;
        ticket.write(&id)?;
        context.show(|| id.as_str(), || format!("{id}\n"))?;
        Ok(0)
    }
}

/// `--cidfile`: made before the container, so that an existing one is an error in time.
struct Ticket(Option<(std::fs::File, PathBuf)>);

impl Ticket {
    fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self(None)) };
        let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
        let file = file.map_err(|error| Failure::file("make", path, &error))?;
        Ok(Self(Some((file, path.to_owned()))))
    }

    fn write(&self, id: &ContainerId) -> Result<(), Failure> {
        let Some((file, path)) = &self.0 else { return Ok(()) };
        let mut file = file;
        file.write_all(id.as_str().as_bytes()).map_err(|error| Failure::file("write", path, &error))
    }
}

/// As a shell shall see it; an end that needs a word gets one.
pub(super) fn exit_code(ended: Ended, context: &Context) -> u8 {
    if ended == Ended::OutOfMemory {
        context.warn("the kernel ended the container: it had used all its memory (`--memory` allows more)");
    }
    ended.exit_code()
}

/// The foreground of a command whose terminal can be left by `keys`.
pub(super) fn leavable(
    site: &engine::site::Site,
    keys: DetachKeys,
    outside: Option<std::os::fd::OwnedFd>,
) -> Result<Foreground, Failure> {
    if std::io::stdin().is_terminal() {
        return foreground(session::detachable(site, keys, outside)?);
    }
    session::hold(outside);
    foreground(Detach::Unavailable)
}

/// Our own standard descriptors, for as long as the container runs.
pub(super) fn foreground(detach: Detach) -> Result<Foreground, Failure> {
    let owned =
        |stream: &dyn AsFd| stream.as_fd().try_clone_to_owned().map_err(|error| Failure::output(&error));
    Ok(Foreground {
        stdin: owned(&std::io::stdin())?,
        stdout: owned(&std::io::stdout())?,
        stderr: owned(&std::io::stderr())?,
        detach,
    })
}
