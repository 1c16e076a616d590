//! `help`, `completions`, `man`, `version`

use serde::Serialize;

use super::{Act, Entry, Life, act, options};
use crate::args::other::{Completions, Help, Man, Version};
use crate::completions;
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::help;

pub(super) const HELP: Entry = Entry {
    words: &["help"],
    aliases: &[],
    life: Life::Itself,
    about: "Explain a command, a topic, or the code of a message",
    examples: [
        ("coffer help run", "what `coffer run --help` says"),
        ("coffer help E-store-digest", "what a message's code means"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<Help>,
    act: act::<Help>,
};

impl Act for Help {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        help::about(context, &self.words).map(|()| 0)
    }
}

pub(super) const COMPLETIONS: Entry = Entry {
    words: &["completions"],
    aliases: &[],
    life: Life::Itself,
    about: "Print completions for a shell",
    examples: [
        ("coffer completions bash > ~/.local/share/bash-completion/completions/coffer", "for bash"),
        ("coffer completions fish > ~/.config/fish/completions/coffer.fish", "for fish"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<Completions>,
    act: act::<Completions>,
};

impl Act for Completions {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        context.print(&completions::script(self.shell)).map(|()| 0)
    }
}

pub(super) const MAN: Entry = Entry {
    words: &["man"],
    aliases: &[],
    life: Life::Itself,
    about: "Write the manual pages into a directory",
    examples: [
        ("coffer man ~/.local/share/man/man1", "for one person"),
        ("coffer man /usr/local/share/man/man1", "for everybody"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<Man>,
    act: act::<Man>,
};

impl Act for Man {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        #[derive(Serialize)]
        struct Written {
            pages: usize,
        }
        let pages = completions::write_manual(&self.directory)?;
        context.show(|| Written { pages }, || format!("{pages} pages written\n")).map(|()| 0)
    }
}

pub(super) const VERSION: Entry = Entry {
    words: &["version"],
    aliases: &[],
    life: Life::Itself,
    about: "Print the version",
    examples: [("coffer version", "for people"), ("coffer version --format json", "for programs")],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<Version>,
    act: act::<Version>,
};

impl Act for Version {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        #[derive(Serialize)]
        struct Versions {
            version: &'static str,
        }
        let version = env!("CARGO_PKG_VERSION");
        context.show(|| Versions { version }, || format!("coffer {version}\n")).map(|()| 0)
    }
}
