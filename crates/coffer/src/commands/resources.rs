//! `pause`, `unpause`, `update`, `top`, and `stats`

mod stats;

use engine::resources::Change;
use model::request::Limits;

use super::{Act, Entry, Life, Truncate, act, options};
use crate::args::global::Format;
use crate::args::resources::{Pause, Top, Unpause, Update};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::{text, top};
use crate::site;

pub(super) use stats::STATS;

pub(super) const PAUSE: Entry = Entry {
    words: &["pause"],
    aliases: &[&["container", "pause"]],
    life: Life::Run,
    about: "Hold every process of containers still",
    examples: [
        ("coffer pause web", "until coffer unpause"),
        ("coffer ps --filter status=paused", "which ones"),
    ],
    notes: "\
They keep their memory, and get no processor time. This takes a control group of the container's own: root's
containers have one, a user's where systemd delegates one.",
    codes: ExitCodes::Ordinary,
    options: options::<Pause>,
    act: act::<Pause>,
};

pub(super) const UNPAUSE: Entry = Entry {
    words: &["unpause"],
    aliases: &[&["container", "unpause"]],
    life: Life::Run,
    about: "Let paused containers go on",
    examples: [("coffer unpause web", "by name"), ("coffer unpause 8f1c 2e90", "by the beginnings of ids")],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<Unpause>,
    act: act::<Unpause>,
};

pub(super) const UPDATE: Entry = Entry {
    words: &["update"],
    aliases: &[&["container", "update"]],
    life: Life::Run,
    about: "Change limits and the restart policy of containers",
    examples: [
        ("coffer update --memory 1g --cpus 1.5 web", "at once where it runs"),
        ("coffer update --restart no web db", "so that they stay as they end"),
    ],
    notes: "\
What is not named stays. The change is judged as at a start and recorded; where one limit cannot be, none is
changed. A container that does not run has its new limits from its next start on. The restart policy is
that of whoever looks after it in the background: a container that runs in the foreground is started again
only after its next `coffer start`.",
    codes: ExitCodes::Ordinary,
    options: options::<Update>,
    act: act::<Update>,
};

pub(super) const TOP: Entry = Entry {
    words: &["top"],
    aliases: &[&["container", "top"]],
    life: Life::Run,
    about: "List the processes of a container that runs",
    examples: [
        ("coffer top web", "by their numbers on this host"),
        ("coffer top -q web", "the numbers only"),
    ],
    notes: "\
USER is the id in the container, CPU the share of a processor over the process's whole life, MEMORY what it
has in memory, shared pages included. `--format json` also has its number in the container.",
    codes: ExitCodes::Ordinary,
    options: options::<Top>,
    act: act::<Top>,
};

impl Act for Pause {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        each(context, &self.containers, |container| Ok(engine.pause(container).map(drop)?))
    }
}

impl Act for Unpause {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        each(context, &self.containers, |container| Ok(engine.unpause(container).map(drop)?))
    }
}

impl Act for Update {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let change = Change { limits: self.limits.limits(), restart: self.restart };
        if change.limits == Limits::default() && change.restart.is_none() {
            return Err(Failure::usage("there is nothing to change", "name a limit: coffer update --help"));
        }
        let engine = site::open()?;
        each(context, &self.containers, |container| Ok(engine.update(container, &change).map(drop)?))
    }
}

/// Does it to one after the other and repeats each as it was typed, as Docker does.
fn each(
    context: &Context,
    containers: &[String],
    mut act: impl FnMut(&str) -> Result<(), Failure>,
) -> Result<u8, Failure> {
    for container in containers {
        act(container)?;
        if context.format == Format::Table {
            context.print(&format!("{}\n", text::plain(container)))?;
        }
    }
    if context.format == Format::Json {
        context.print_json(&containers)?;
    }
    Ok(0)
}

impl Act for Top {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        if let Some(option) = self.ps_options.first() {
            return Err(Failure::usage(
                format!("`coffer top` passes nothing on to ps, as with `{}`", text::cut(option, 40)),
                "leave it out: `--format json` has everything there is to know of a process",
            ));
        }
        let lines = site::open()?.top(&self.container)?;
        if self.quiet && context.format == Format::Table {
            context.print(&lines.iter().map(|line| format!("{}\n", line.pid)).collect::<String>())?;
            return Ok(0);
        }
        let truncate = if self.no_trunc { Truncate::Whole } else { Truncate::Short };
        context.show(
            || lines.iter().map(top::ProcessJson::new).collect::<Vec<_>>(),
            || top::table(&lines, truncate, context.style, context.width()),
        )?;
        Ok(0)
    }
}
