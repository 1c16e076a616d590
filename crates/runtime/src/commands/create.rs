//! `create`: a container up to the last step before its program.

use std::path::{Path, PathBuf};

use launch::cgroup::Location;
use launch::gate::Gate;
use launch::{Keyring, LaunchError, Order, Prepared, RootChange};
use model::commission::Commission;
use model::spec::Spec;

use super::{Command, Outcome, clean_up, delete};
use crate::bundle::{self, Bundle};
use crate::error::Failure;
use crate::floor::Ask;
use crate::globals::Globals;
use crate::guard::{self, Visit};
use crate::options::{Given, Opt, OptionsEnd, switch, value};
use crate::state::{Container, Record, Status, check_name};
use crate::streams::Keeper;
use crate::{floor, home, hooks, pidfile, streams};

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
    let request = Request::read(globals, given, Keeper::Engine)?;
    let commission = request.admit(globals)?;
    let container = request.reserve(globals)?;
    if let Err(failure) = request.create(globals, commission, &container) {
        abandon(globals, container);
        return Err(failure);
    }
    Ok(0)
}

/// What is to be created.
pub(super) struct Request<'a> {
    given: &'a Given,
    id: &'a str,
    bundle: PathBuf,
    text: Vec<u8>,
    pub(super) spec: Spec,
    location: Location,
    keeper: Keeper,
    /// Descriptors of ours that come along.
    preserved: u32,
}

impl<'a> Request<'a> {
    pub(super) fn read(globals: &Globals, given: &'a Given, keeper: Keeper) -> Result<Self, Failure> {
        let id = given.only_container()?;
        check_name(id)?;
        let Bundle { directory, text, mut spec } =
            bundle::read(Path::new(given.value("bundle").unwrap_or(".")))?;
        guard::keep(&spec, Visit::First)?;
        streams::check(&spec.process, given, keeper)?;
        let activated = streams::activated();
        let preserved = streams::preserved(given, activated)?;
        streams::announce(&mut spec.process, activated);
        home::complete(&mut spec.process, || home::root_at(&spec.root.path));
        let location = Location::of(&spec.linux.cgroups_path, id, globals.manager)?;
        let location = location.annotated(&spec.annotations)?;
        Ok(Self { given, id, bundle: directory, text, spec, location, keeper, preserved })
    }

    /// Leave to create it.
    pub(super) fn admit(&self, globals: &Globals) -> Result<Commission, Failure> {
        let (keyring, root) = manner(self.given);
        floor::admit(self.id, Ask { spec: &self.spec, keyring, root }, globals.floor, &[], &globals.log)
    }

    /// Its place, with everything written down that says what there will be to take away.
    pub(super) fn reserve(&self, globals: &Globals) -> Result<Container, Failure> {
        let record = Record::new(self.id, &self.bundle, self.location.clone());
        record.expect_free_group()?;
        let container = Container::reserve(&globals.root, self.id)?;
        let written = container.write_spec(&self.text).and_then(|()| container.write_record(&record));
        if let Err(failure) = written {
            clean_up(&globals.log, container.remove());
            return Err(failure);
        }
        Ok(container)
    }

    /// Creates it, waiting at its gate.
    fn create(
        &self,
        globals: &Globals,
        commission: Commission,
        container: &Container,
    ) -> Result<(), Failure> {
        let gate = Gate::make(container.directory())?;
        let (prepared, record) = self.prepare(globals, commission, container, Some(&gate))?;
        prepared.stay()?;
        // What is in there runs.
        pidfile::write(self.given.value("pid-file"), record.pid)
    }

    /// Up to the last step before exec, written down, and with its descriptors where the engine wants them.
    pub(super) fn prepare(
        &self,
        globals: &Globals,
        commission: Commission,
        container: &Container,
        gate: Option<&Gate>,
    ) -> Result<(Prepared, Record), Failure> {
        let mut record = Record::new(self.id, &self.bundle, self.location.clone());
        record.weaknesses = commission.weaknesses().to_vec();
        let mut at_halt = |pid| self.outside(&mut record.clone(), pid);
        let (keyring, root) = manner(self.given);
        let io = streams::io(&self.spec.process, self.preserved, self.keeper);
        let order = Order {
            spec: &self.spec,
            location: &self.location,
            io,
            gate,
            keyring,
            root,
            at_halt: &mut at_halt,
        };
        let prepared = launch::create(commission, order)?;
        record.started(prepared.pid())?;
        // A user who may make no group has none.
        record.cgroup = prepared.location().cloned().unwrap_or_default();
        container.write_record(&record)?;
        globals.log.debug(&format!("container `{}` is prepared: process {}", self.id, record.pid));
        streams::hand_over(&prepared, self.given)?;
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
}

/// Options that say how a container is made, and weaken it.
pub(super) fn manner(given: &Given) -> (Keyring, RootChange) {
    let keyring = if given.is_on("no-new-keyring") { Keyring::Callers } else { Keyring::Own };
    let root = if given.is_on("no-pivot") { RootChange::Chroot } else { RootChange::Pivot };
    (keyring, root)
}

/// Takes away what a creation that failed has left. Until its first process is written down there is none,
/// and no group of its own.
pub(super) fn abandon(globals: &Globals, container: Container) {
    let undone = match container.record() {
        Ok(Some(record)) => delete::take_away(globals, container, Some(record)),
        Ok(None) | Err(_) => container.remove(),
    };
    clean_up(&globals.log, undone);
}
