//! `exec`: one more process for a container that runs.

use std::os::fd::AsFd as _;

use launch::Target;
use launch::cgroup::Location;
use model::spec::{Capabilities, Process, Spec, Text};
use rustix::fs::{Mode, OFlags};

use super::{Command, Outcome, create};
use crate::error::Failure;
use crate::floor::Ask;
use crate::globals::Globals;
use crate::guard::{self, Visit};
use crate::options::{Given, Opt, OptionsEnd, switch, value};
use crate::relay::{self, Signals};
use crate::state::{Container, Record, Status};
use crate::streams::Keeper;
use crate::{agent, floor, home, json, pidfile, streams};

pub(crate) const COMMAND: Command = Command {
    name: "exec",
    arguments: "CONTAINER COMMAND [ARGUMENTS]",
    about: "run one more program in a container",
    options: OPTIONS,
    end: OptionsEnd::After(1),
    examples: &[
        "exec web ps aux",
        "exec --tty --cwd /srv web sh",
        "exec --process process.json --detach web",
    ],
    run,
};

const OPTIONS: &[Opt] = &[
    create::CONSOLE_SOCKET,
    create::PIDFD_SOCKET,
    value("process", Some('p'), "FILE", "the process as in config.json, instead of all that follows"),
    switch("detach", Some('d'), "leave it to itself once it runs"),
    create::PID_FILE,
    switch("tty", Some('t'), "give it a terminal"),
    value("cwd", None, "DIR", "its working directory"),
    value("env", Some('e'), "NAME=VALUE", "one more variable; may be repeated"),
    value("user", Some('u'), "UID[:GID]", "as whom"),
    value("additional-gids", Some('g'), "GID", "one more group; may be repeated"),
    value("cap", Some('c'), "CAPABILITY", "one more capability; may be repeated"),
    switch("no-new-privs", None, "it may not gain privileges"),
    value("apparmor", None, "PROFILE", "its AppArmor profile"),
    value("process-label", None, "LABEL", "its SELinux label"),
    value("cgroup", None, "PATH", "in a group that the container has made below its own"),
    switch("ignore-paused", None, "also in a container that is paused: it waits there"),
    create::PRESERVE_FDS,
    super::run::NO_SUBREAPER,
];

fn run(globals: &Globals, given: &Given) -> Outcome {
    let Some((id, command)) = given.arguments.split_first() else {
        return Err(given.wrong("in which container?".to_owned()));
    };
    let container = Container::find(&globals.root, id)?;
    let paused = if given.is_on("ignore-paused") { Status::Paused } else { Status::Running };
    let record = container.expect("exec in", &[Status::Created, Status::Running, paused])?;
    let first = container.process(&record)?.ok_or_else(|| Failure::NotRunning(id.clone()))?;
    let spec = container.spec(&record)?;
    guard::keep(&spec, Visit::Later)?;
    let mut spec = Spec { process: process(given, command, &spec.process)?, ..spec };
    home::complete(&mut spec.process, || home::root_of(first.proc.as_fd()));
    let keeper = Keeper::of(given);
    streams::check(&spec.process, given, keeper)?;
    let io = streams::io(&spec.process, streams::preserved(given, 0)?, keeper);
    let commission = floor::admit(id, Ask::plain(&spec), globals.floor, &record.weaknesses, &globals.log)?;
    let signals = (keeper == Keeper::Us).then(Signals::take).transpose()?;
    let target = Target { pidfd: first.pidfd.as_fd(), proc: first.proc.as_fd() };
    let prepared = launch::enter(commission, target, &location(given, &record)?, &spec, io)?;
    streams::hand_over(&prepared, given)?;
    let listener = agent::of(&spec, &record, (Status::Running, prepared.pid()));
    let running = prepared.release_with(None, listener)?;
    pidfile::write(given.value("pid-file"), running.pid())?;
    match signals {
        Some(signals) => relay::until_the_end(running, &signals),
        None => {
            running.let_go();
            Ok(0)
        }
    }
}

/// The container's group, or one that it has made below.
fn location(given: &Given, record: &Record) -> Result<Location, Failure> {
    given.values("cgroup").try_fold(record.cgroup.clone(), |location, path| {
        if path.contains(':') {
            let why = "a group of one controller alone cannot be given";
            return Err(given.wrong(format!("`--cgroup {path}`: {why}")));
        }
        Ok(location.below(path)?)
    })
}

/// From a file, or the container's own with what the options say.
fn process(given: &Given, command: &[String], own: &Process) -> Result<Process, Failure> {
    if let Some(path) = given.value("process") {
        let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
            .map_err(Failure::system("read the process", path))?;
        return json::parse("process", path, &json::read("process", path, file)?);
    }
    if command.is_empty() {
        return Err(given.wrong("which program?".to_owned()));
    }
    let mut process = Process { args: command.to_vec(), terminal: given.is_on("tty"), ..own.clone() };
    process.env.extend(given.values("env").map(str::to_owned));
    if let Some(cwd) = given.value("cwd") {
        cwd.clone_into(&mut process.cwd);
    }
    if let Some(user) = given.value("user") {
        (process.user.uid, process.user.gid) = ids(given, user, process.user.gid)?;
    }
    for gid in given.values("additional-gids") {
        process.user.additional_gids.push(number(given, gid)?);
    }
    given.values("cap").for_each(|name| add(&mut process.capabilities, name));
    process.no_new_privileges |= given.is_on("no-new-privs");
    if let Some(profile) = given.value("apparmor") {
        process.apparmor_profile = profile.to_owned().into();
    }
    if let Some(label) = given.value("process-label") {
        process.selinux_label = label.to_owned().into();
    }
    Ok(process)
}

fn ids(given: &Given, user: &str, gid: u32) -> Result<(u32, u32), Failure> {
    match user.split_once(':') {
        Some((user, group)) => Ok((number(given, user)?, number(given, group)?)),
        None => Ok((number(given, user)?, gid)),
    }
}

fn number(given: &Given, id: &str) -> Result<u32, Failure> {
    id.parse().map_err(|_| given.wrong(format!("`{id}` is no id: names are looked up by the engine")))
}

/// In every set, as runc has it.
fn add(sets: &mut Capabilities, name: &str) {
    let Capabilities { bounding, effective, inheritable, permitted, ambient } = sets;
    for set in [bounding, effective, inheritable, permitted, ambient] {
        let name: Text = name.to_owned().into();
        if !set.contains(&name) {
            set.push(name);
        }
    }
}
