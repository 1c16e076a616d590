//! `start`, `stop`, `restart`, `kill`, `wait`, `attach`, `rename`

use engine::id::ContainerId;
use engine::session::{Purpose, Side, split_off};
use engine::site::Site;
use engine::{Attached, Detach, Engine, EngineError, Grace, PassSignals};

use super::{Act, Entry, Life, act, options, run};
use crate::args::global::Format;
use crate::args::lifecycle::{Attach, Kill, Rename, Restart, Start, Stop, Wait};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::text;
use crate::{session, site};

pub(super) const START: Entry = Entry {
    words: &["start"],
    aliases: &[&["container", "start"]],
    life: Life::Run,
    about: "Start containers that were made or have ended",
    examples: [
        ("coffer start web db", "in the background"),
        ("coffer start -ai box", "in the foreground, with its input"),
    ],
    notes: "Each start is decided anew: what policy permitted once it may refuse later.",
    codes: ExitCodes::OfRun,
    options: options::<Start>,
    act: act::<Start>,
};

pub(super) const STOP: Entry = Entry {
    words: &["stop"],
    aliases: &[&["container", "stop"]],
    life: Life::Run,
    about: "Ask containers to end, and kill them if they do not",
    examples: [("coffer stop web", "within 10 seconds"), ("coffer stop -t 60 db", "or a minute")],
    notes: "\
The signal is SIGTERM, or what the image or `--stop-signal` says. A first process that has no handler for
it never gets it, so such a container is killed at once. No restart policy starts it again.",
    codes: ExitCodes::Ordinary,
    options: options::<Stop>,
    act: act::<Stop>,
};

pub(super) const RESTART: Entry = Entry {
    words: &["restart"],
    aliases: &[&["container", "restart"]],
    life: Life::Run,
    about: "Stop containers and start them again",
    examples: [
        ("coffer restart web", "it keeps its id and its files"),
        ("coffer restart -t 0 web", "killed at once"),
    ],
    notes: "One that has ended already is only started.",
    codes: ExitCodes::Ordinary,
    options: options::<Restart>,
    act: act::<Restart>,
};

pub(super) const KILL: Entry = Entry {
    words: &["kill"],
    aliases: &[&["container", "kill"]],
    life: Life::Run,
    about: "Send a signal to containers",
    examples: [
        ("coffer kill web", "SIGKILL"),
        ("coffer kill -s HUP web", "to have it read its configuration"),
    ],
    notes: "The signal goes to the container's first process.",
    codes: ExitCodes::Ordinary,
    options: options::<Kill>,
    act: act::<Kill>,
};

pub(super) const WAIT: Entry = Entry {
    words: &["wait"],
    aliases: &[&["container", "wait"]],
    life: Life::Run,
    about: "Wait until containers have ended, and print their exit codes",
    examples: [("coffer wait job", "one"), ("coffer wait job-1 job-2", "each, in this order")],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<Wait>,
    act: act::<Wait>,
};

pub(super) const ATTACH: Entry = Entry {
    words: &["attach"],
    aliases: &[&["container", "attach"]],
    life: Life::Run,
    about: "Be the terminal of a container in the background, or its streams",
    examples: [
        ("coffer attach web", "until it ends; ctrl-p ctrl-q leaves its terminal"),
        ("coffer attach --no-stdin --sig-proxy=false web", "only look; ctrl-c leaves it"),
    ],
    notes: "\
What it printed before is in its log: `coffer logs`. The exit code is the container's own. One that was
started in the foreground has its streams there.",
    codes: ExitCodes::Ordinary,
    options: options::<Attach>,
    act: act::<Attach>,
};

pub(super) const RENAME: Entry = Entry {
    words: &["rename"],
    aliases: &[&["container", "rename"]],
    life: Life::Run,
    about: "Give a container another name",
    examples: [
        ("coffer rename web web-old", "whether or not it runs"),
        ("coffer rename 8f1c web", "by its id"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<Rename>,
    act: act::<Rename>,
};

impl Act for Start {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let site = site::site()?;
        let in_front = self.attach || self.interactive;
        match self.containers.as_slice() {
            [one] if in_front => self.in_front(one, site, context),
            _ if in_front => Err(Failure::usage(
                "only one container can be in the foreground",
                "start the others without `--attach`",
            )),
            several => {
                session::hold(session::begin(&site, Purpose::Start)?);
                let engine = site::enter(site.clone())?;
                each(several, context, |text| start_behind(&engine, &site, text))
            }
        }
    }
}

impl Start {
    fn in_front(&self, text: &str, site: Site, context: &Context) -> Result<u8, Failure> {
        let outside = session::begin(&site, Purpose::Start)?;
        let keys = self.detach_keys.clone().unwrap_or_default();
        let foreground = run::leavable(&site, keys, outside)?;
        let engine = site::enter(site)?;
        Ok(run::exit_code(engine.start(text, foreground)?, context))
    }
}

/// What became of one of several containers.
pub(super) enum Done {
    /// What was asked.
    Yes,
    /// Something else, which was said already; the exit code.
    Said(u8),
    /// This process is another's monitor now, and has nothing more to do here.
    Behind,
}

/// Does something to each container, prints the names of those it was done to, and goes on after a
/// failure. The exit code is the last failure's.
pub(super) fn each(
    texts: &[String],
    context: &Context,
    mut act: impl FnMut(&str) -> Result<Done, Failure>,
) -> Result<u8, Failure> {
    let (mut done, mut code, mut failed) = (Vec::new(), 0, None);
    for text in texts {
        match act(text) {
            Ok(Done::Yes) => {
                done.push(text);
                if context.format == Format::Table {
                    context.print(&format!("{}\n", text::plain(text)))?;
                }
            }
            Ok(Done::Said(said)) => code = said,
            Ok(Done::Behind) => return Ok(0),
            Err(failure) if texts.len() == 1 => return Err(failure),
            Err(failure) => context.complain(failed.replace(failure)),
        }
    }
    if context.format == Format::Json {
        context.print_json(&done)?;
    }
    failed.map_or(Ok(code), Err)
}

/// The clone of this process that starts the container becomes its monitor.
pub(super) fn start_behind(engine: &Engine, site: &Site, text: &str) -> Result<Done, Failure> {
    match split_off().map_err(EngineError::from)? {
        Side::Outside(outside) => match outside.follow() {
            0 => Ok(Done::Yes),
            code => Ok(Done::Said(u8::try_from(code).unwrap_or(125))),
        },
        Side::Inside(release) => {
            session::enlist(site)?;
            let mut announce = |_: &ContainerId| {
                let _nobody_waits = rustix::io::write(&release, b"d");
            };
            engine.start_behind(text, &mut announce)?;
            Ok(Done::Behind)
        }
    }
}

impl Act for Stop {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let grace = self.ending.timeout.map(Grace::of);
        each(&self.ending.containers, context, |text| {
            engine.stop(text, grace).map(|_| Done::Yes).map_err(Into::into)
        })
    }
}

impl Act for Restart {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let site = site::site()?;
        session::hold(session::begin(&site, Purpose::Start)?);
        let engine = site::enter(site.clone())?;
        let grace = self.ending.timeout.map(Grace::of);
        each(&self.ending.containers, context, |text| {
            if engine.stop_to_restart(text, grace)? {
                Ok(Done::Yes)
            } else {
                start_behind(&engine, &site, text)
            }
        })
    }
}

impl Act for Kill {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let signal = self.signal.unwrap_or(model::signal::Signal::KILL);
        each(&self.containers, context, |text| {
            engine.kill(text, signal).map(|_| Done::Yes).map_err(Into::into)
        })
    }
}

impl Act for Wait {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let mut codes = Vec::new();
        for text in &self.containers {
            let code = engine.wait(text)?.exit_code();
            codes.push(code);
            if context.format == Format::Table {
                context.print(&format!("{code}\n"))?;
            }
        }
        if context.format == Format::Json {
            context.print_json(&codes)?;
        }
        Ok(0)
    }
}

impl Act for Attach {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let keys = self.detach_keys.unwrap_or_default();
        let signals = if self.sig_proxy { PassSignals::On } else { PassSignals::Off };
        let foreground = run::foreground(Detach::Here(keys))?;
        match engine.attach(&self.container, foreground, !self.no_stdin, signals)? {
            Attached::Ended(ended) => Ok(run::exit_code(ended, context)),
            Attached::Left => Ok(0),
            Attached::Behind => Err(Failure::failed(
                "E-run-behind",
                "the container prints faster than it is read here, and runs on",
                format!("its output is in its log: `coffer logs -f {}`", self.container),
            )),
        }
    }
}

impl Act for Rename {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let id = site::open()?.rename(&self.container, &self.name)?;
        if context.format == Format::Json {
            context.print_json(&id.as_str())?;
        }
        Ok(0)
    }
}
