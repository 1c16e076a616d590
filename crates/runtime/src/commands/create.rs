//! `create`: a container up to the last step before its program.

use std::path::{Path, PathBuf};

use launch::cgroup::{Location, Manager};
use launch::gate::Gate;
use launch::{Keyring, LaunchError, Order, Prepared, RootChange};
use model::spec::Spec;

use super::{Command, Outcome, clean_up};
use crate::bundle::{self, Bundle};
use crate::error::Failure;
use crate::globals::Globals;
use crate::guard::{self, Visit};
use crate::options::{Given, Opt, OptionsEnd, switch, value};
use crate::state::{Container, Record, Status};
use crate::{floor, hooks, pidfile, streams};

pub(crate) const COMMAND: Command = Command {
    name: "create",
    arguments: "CONTAINER",
    about: "create a container",
    options: OPTIONS,
    end: OptionsEnd::Nowhere,
    examples: &["create --bundle /run/bundles/web web", "create --console-socket /run/tty.sock shell"],
    run,
};

const OPTIONS: &[Opt] =
    &[BUNDLE, CONSOLE_SOCKET, PIDFD_SOCKET, PID_FILE, NO_PIVOT, NO_NEW_KEYRING, PRESERVE_FDS];

pub(super) const BUNDLE: Opt = value("bundle", Some('b'), "DIR", "where config.json is (default: here)");
pub(super) const CONSOLE_SOCKET: Opt =
    value("console-socket", None, "PATH", "the Unix socket that takes the master side of the terminal");
pub(super) const PIDFD_SOCKET: Opt =
    value("pidfd-socket", None, "PATH", "the Unix socket that takes a pidfd of the first process");
pub(super) const PID_FILE: Opt = value("pid-file", None, "FILE", "write the number of the process there");
pub(super) const NO_PIVOT: Opt =
    switch("no-pivot", None, "chroot instead of pivot_root, for hosts that run from a ramdisk");
pub(super) const NO_NEW_KEYRING: Opt = switch("no-new-keyring", None, "keep the caller's session keyring");
pub(super) const PRESERVE_FDS: Opt = value("preserve-fds", None, "N", "pass descriptors 3 to 2+N on");

fn run(globals: &Globals, given: &Given) -> Outcome {
    let id = given.only_container()?;
    let request = Request::read(globals, given, id)?;
    let container = request.reserve(globals)?;
    let created = request.create(globals, given, &container);
    if let Err(failure) = created {
        request.abandon(globals, container);
        return Err(failure);
    }
    Ok(0)
}

/// What is to be created.
pub(super) struct Request {
    id: String,
    bundle: PathBuf,
    text: Vec<u8>,
    pub(super) spec: Spec,
    location: Location,
}

impl Request {
    pub(super) fn read(globals: &Globals, given: &Given, id: &str) -> Result<Self, Failure> {
        let Bundle { directory, text, spec } = bundle::read(Path::new(given.value("bundle").unwrap_or(".")))?;
        guard::keep(&spec, Visit::First)?;
        let manager = if globals.systemd { Manager::Systemd } else { Manager::Files };
        let location = Location::of(&spec.linux.cgroups_path, id, manager)?.annotated(&spec.annotations)?;
        Ok(Self { id: id.to_owned(), bundle: directory, text, spec, location })
    }

    /// Its place, with everything written down that says what there will be to take away.
    pub(super) fn reserve(&self, globals: &Globals) -> Result<Container, Failure> {
        let container = Container::reserve(&globals.root, &self.id)?;
        container.write_spec(&self.text)?;
        container.write_record(&self.record())?;
        Ok(container)
    }

    pub(super) fn record(&self) -> Record {
        Record::new(&self.id, &self.bundle, self.location.clone())
    }

    /// Creates it, waiting at its gate.
    fn create(&self, globals: &Globals, given: &Given, container: &Container) -> Result<(), Failure> {
        let gate = Gate::make(container.directory())?;
        let (prepared, _record) = self.prepare(globals, given, container, Some(&gate))?;
        streams::hand_over_terminal(prepared.terminal(), given)?;
        hand_over_pidfd(&prepared, given)?;
        pidfile::write(given.value("pid-file"), prepared.pid())?;
        Ok(prepared.stay()?)
    }

    /// Up to the last step before exec, and written down.
    pub(super) fn prepare(
        &self,
        globals: &Globals,
        given: &Given,
        container: &Container,
        gate: Option<&Gate>,
    ) -> Result<(Prepared, Record), Failure> {
        let commission = floor::admit(&self.id, &self.spec, globals.floor)?;
        let mut record = self.record();
        record.weaknesses = commission.weaknesses().to_vec();
        let mut at_halt = |pid| self.outside(&mut record.clone(), pid);
        let order = Order {
            spec: &self.spec,
            location: &self.location,
            io: streams::io(&self.spec.process, given)?,
            gate,
            keyring: if given.is_on("no-new-keyring") { Keyring::Callers } else { Keyring::Own },
            root: if given.is_on("no-pivot") { RootChange::Chroot } else { RootChange::Pivot },
            at_halt: &mut at_halt,
        };
        let prepared = launch::create(commission, order)?;
        record.started(prepared.pid())?;
        container.write_record(&record)?;
        Ok((prepared, record))
    }

    /// The hooks on the host's side of a creation.
    fn outside(&self, record: &mut Record, pid: i32) -> Result<Vec<u8>, LaunchError> {
        record.pid = pid;
        let state = record.state(&self.spec, Status::Creating).to_json();
        hooks::run_all("prestart", &self.spec.hooks.prestart, &state)?;
        hooks::run_all("createRuntime", &self.spec.hooks.create_runtime, &state)?;
        Ok(state)
    }

    /// Takes away what a creation that failed has left.
    pub(super) fn abandon(&self, globals: &Globals, container: Container) {
        let state = self.record().state(&self.spec, Status::Stopped).to_json();
        if let Err(error) = hooks::run_all("poststop", &self.spec.hooks.poststop, &state) {
            globals.log.warning(&error.to_string());
        }
        clean_up(&globals.log, container.remove());
    }
}

pub(super) fn hand_over_pidfd(prepared: &Prepared, given: &Given) -> Result<(), Failure> {
    match given.value("pidfd-socket") {
        Some(path) => crate::console::send(path, "pidfd", prepared.pidfd()),
        None => Ok(()),
    }
}
