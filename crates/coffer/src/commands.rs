//! Every command: one value that carries its words, its help and what it does.

mod advisories;
mod assess;
mod attest;
mod build;
mod container;
mod demo;
mod exec;
mod events;
mod files;
mod image;
mod ledger;
mod lifecycle;
mod logs;
mod login;
mod meta;
mod port;
mod registry;
mod resources;
mod run;
mod scan;
mod ship;
mod system;
mod trust;
mod volume;

use std::ffi::OsString;

use clap::{ArgMatches, Args, FromArgMatches};

use crate::args::global::{Globals, ListOptions};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};

/// One command.
#[derive(Debug)]
pub(crate) struct Entry {
    /// What is typed: `["image", "ls"]`.
    pub(crate) words: &'static [&'static str],
    /// Other spellings, Docker's above all: `images`, `image list`.
    pub(crate) aliases: &'static [&'static [&'static str]],
    /// Where it belongs in the life of a container.
    pub(crate) life: Life,
    /// What it does, in one line without a full stop.
    pub(crate) about: &'static str,
    /// Two command lines, each with a remark.
    pub(crate) examples: [(&'static str, &'static str); 2],
    /// What else there is to know, below the options; may be empty.
    pub(crate) notes: &'static str,
    /// How it ends.
    pub(crate) codes: ExitCodes,
    /// Adds its options to a clap command.
    pub(crate) options: fn(clap::Command) -> clap::Command,
    /// Does it; the exit code.
    pub(crate) act: fn(&ArgMatches, &mut Context) -> Result<u8, Failure>,
}

/// The life of a container, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// Where to begin.
    Start,
    /// Images are made.
    Make,
    /// Images come and go.
    Ship,
    /// Who made it?
    Trust,
    /// May it run?
    Decide,
    /// It runs.
    Run,
    /// What happened, and the proof.
    Prove,
    /// About this program.
    Itself,
}

impl Life {
    /// In the order of a life.
    pub(crate) const ALL: [Self; 8] = [
        Self::Start,
        Self::Make,
        Self::Ship,
        Self::Trust,
        Self::Decide,
        Self::Run,
        Self::Prove,
        Self::Itself,
    ];

    /// As a heading.
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Start => "start here",
            Self::Make => "make",
            Self::Ship => "ship",
            Self::Trust => "trust",
            Self::Decide => "decide",
            Self::Run => "run",
            Self::Prove => "prove",
            Self::Itself => "coffer itself",
        }
    }
}

/// Every command, in the order of help.
pub(crate) const ALL: [&Entry; 120] = [
    &demo::DEMO,
    &build::BUILD,
    &build::check::CHECK,
    &build::rebase::REBASE,
    &build::cache::LIST,
    &build::cache::PRUNE,
    &ship::PULL,
    &ship::PUSH,
    &ship::COPY,
    &ship::SYNC,
    &image::IMPORT,
    &image::LIST,
    &image::INSPECT,
    &image::HISTORY,
    &image::TAG,
    &image::SAVE,
    &image::VERIFY,
    &image::REMOVE,
    &image::PRUNE,
    &login::LOGIN,
    &login::LOGOUT,
    &login::SEARCH_TAGS,
    &registry::SERVE,
    &registry::USER_ADD,
    &registry::USER_LIST,
    &registry::USER_PASSWD,
    &registry::USER_REMOVE,
    &registry::TEAM_ADD,
    &registry::TEAM_LIST,
    &registry::TEAM_JOIN,
    &registry::TEAM_LEAVE,
    &registry::TEAM_REMOVE,
    &registry::TOKEN_CREATE,
    &registry::TOKEN_LIST,
    &registry::TOKEN_REVOKE,
    &registry::COLLECT,
    &registry::STATS,
    &registry::VERIFY,
    &trust::pin::PIN,
    &trust::pin::PINS,
    &trust::pin::UNPIN,
    &trust::pin::REFRESH,
    &trust::verify::VERIFY,
    &trust::look::INSPECT,
    &trust::look::LOG,
    &trust::carry::EXPORT,
    &trust::carry::IMPORT,
    &trust::begin::INIT,
    &trust::begin::MAKE_KEY,
    &trust::begin::KEYS,
    &trust::sign::SIGN,
    &trust::sign::PROMOTE,
    &trust::sign::REVOKE,
    &trust::roles::DELEGATE,
    &trust::roles::ROTATE,
    &trust::roles::RENEW,
    &trust::roles::RECOVER,
    &trust::timestamp::SERVE,
    &attest::ATTEST,
    &attest::VERIFY,
    &scan::EXPLAIN,
    &scan::DIFF,
    &scan::SCAN,
    &scan::SBOM,
    &advisories::IMPORT,
    &advisories::UPDATE,
    &advisories::STATUS,
    &advisories::VERIFY,
    &advisories::EXPORT,
    &advisories::PIN,
    &advisories::UNPIN,
    &advisories::AFFECTED,
    &advisories::ACCEPT,
    &assess::ASSESS,
    &system::CHECK,
    &system::INFO,
    &run::RUN,
    &run::CREATE,
    &lifecycle::START,
    &lifecycle::STOP,
    &lifecycle::RESTART,
    &lifecycle::KILL,
    &lifecycle::WAIT,
    &logs::LOGS,
    &lifecycle::ATTACH,
    &lifecycle::RENAME,
    &exec::EXEC,
    &container::PS,
    &container::INSPECT,
    &port::PORT,
    &files::COPY,
    &files::DIFF,
    &files::COMMIT,
    &files::EXPORT,
    &resources::TOP,
    &resources::STATS,
    &resources::PAUSE,
    &resources::UNPAUSE,
    &resources::UPDATE,
    &container::REMOVE,
    &container::PRUNE,
    &volume::CREATE,
    &volume::LIST,
    &volume::INSPECT,
    &volume::REMOVE,
    &volume::PRUNE,
    &container::EXPLAIN,
    &events::EVENTS,
    &ledger::SHOW,
    &ledger::VERIFY,
    &ledger::CHECKPOINT,
    &system::RESTORE,
    &system::STOP,
    &system::INSTALL,
    &system::DF,
    &system::PRUNE,
    &meta::HELP,
    &meta::COMPLETIONS,
    &meta::MAN,
    &meta::VERSION,
];

/// A command's options, and what it does with them.
pub(crate) trait Act: Args {
    /// Does it; the exit code.
    fn act(self, context: &mut Context) -> Result<u8, Failure>;
}

/// [`Entry::options`] of a command.
pub(crate) fn options<A: Args>(command: clap::Command) -> clap::Command {
    Globals::augment_args(A::augment_args(command))
}

/// [`Entry::act`] of a command.
pub(crate) fn act<A: Act>(matches: &ArgMatches, context: &mut Context) -> Result<u8, Failure> {
    A::from_arg_matches(matches).map_err(|error| Failure::internal(&error))?.act(context)
}

/// The options of every command.
pub(crate) fn globals(matches: &ArgMatches) -> Globals {
    Globals::from_arg_matches(matches).unwrap_or_default()
}

/// The command that the words begin with, and how many of them name it.
pub(crate) fn find(words: &[OsString]) -> Option<(&'static Entry, usize)> {
    let begins = |name: &[&str]| name.len() <= words.len() && name.iter().zip(words).all(|(a, b)| *a == b);
    let names = ALL.into_iter().flat_map(|entry| {
        let all = std::iter::once(&entry.words).chain(entry.aliases);
        all.filter(|name| begins(name)).map(move |name| (entry, name.len()))
    });
    // `build cache ls` is no context of `build`.
    names.max_by_key(|(_, words)| *words)
}

impl Entry {
    /// `image ls`
    pub(crate) fn name(&self) -> String {
        self.words.join(" ")
    }

    /// `coffer image ls`
    pub(crate) fn full_name(&self) -> String {
        format!("coffer {}", self.name())
    }

    /// This command and no other, for clap.
    pub(crate) fn clap(&self) -> clap::Command {
        let name = self.full_name();
        let command = clap::Command::new(self.words.last().copied().unwrap_or("coffer"))
            .bin_name(&name)
            .display_name(name.replace(' ', "-"))
            .args_override_self(true)
            .disable_help_flag(true)
            .help_template("{before-help}{about}\n\n{usage-heading} {usage}\n\n{all-args}{after-help}");
        // The options' own doc comments are for readers of the source.
        let command = (self.options)(command).about(self.about).long_about(None);
        // `docker run -h` is the host name.
        let help = clap::Arg::new("help").long("help").help("Print help").action(clap::ArgAction::Help);
        let taken = command.get_arguments().any(|argument| argument.get_short() == Some('h'));
        let help = if taken { help } else { help.short('h') };
        command.arg(help.help_heading("Output"))
    }

    /// The same, with what only help needs.
    pub(crate) fn clap_with_help(&self) -> clap::Command {
        // Only paragraphs end lines: the terminal's width ends the others.
        let paragraphs: Vec<String> = self.notes.split("\n\n").map(|text| text.replace('\n', " ")).collect();
        self.clap().before_help(self.example_lines()).after_help(paragraphs.join("\n\n"))
    }

    fn example_lines(&self) -> String {
        let width = self.examples.iter().map(|(line, _)| line.chars().count()).max().unwrap_or(0);
        self.examples.iter().map(|(line, remark)| format!("  {line:<width$}   # {remark}\n")).collect()
    }
}

/// Whether ids are printed whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Truncate {
    /// Twelve digits.
    Short,
    /// All of them.
    Whole,
}

impl From<ListOptions> for Truncate {
    fn from(options: ListOptions) -> Self {
        if options.no_trunc { Self::Whole } else { Self::Short }
    }
}
