//! `registry serve`, and what looks after a registry

mod serve;
mod settings;
mod user;
mod team;
mod token;
mod upkeep;

use super::{Entry, Life, act, options};
use crate::args::registry::{Collect, Serve, Stats, Verify};
use crate::errors::ExitCodes;
use crate::render::text;

pub(super) use team::{TEAM_ADD, TEAM_JOIN, TEAM_LEAVE, TEAM_LIST, TEAM_REMOVE};
pub(super) use token::{TOKEN_CREATE, TOKEN_LIST, TOKEN_REVOKE};
pub(super) use user::{USER_ADD, USER_LIST, USER_PASSWD, USER_REMOVE};

pub(super) const SERVE: Entry = Entry {
    words: &["registry", "serve"],
    aliases: &[],
    life: Life::Ship,
    about: "Serve a private registry, until a signal ends it",
    examples: [
        ("coffer registry serve", "on 127.0.0.1:5000, for those with an account"),
        ("coffer registry serve --listen 0.0.0.0:5000 --tls-name registry.example", "with TLS, for others too"),
    ],
    notes: "\
It is for those with an account: `coffer registry user add --admin NAME` makes the first. Beyond this host it speaks
TLS, with a certificate of its own if it is given none, and says how clients come to trust it.

SIGTERM and SIGINT end it when the requests are done that it has; SIGHUP has it read its certificate again. Every
push, pull and deletion is in the ledger. `coffer help serving` tells about settings, rules and buckets.",
    codes: ExitCodes::Ordinary,
    options: options::<Serve>,
    act: act::<Serve>,
};

pub(super) const COLLECT: Entry = Entry {
    words: &["registry", "gc"],
    aliases: &[],
    life: Life::Ship,
    about: "Remove from a registry what its rules do not keep, and collect garbage",
    examples: [
        ("coffer registry gc --dry-run", "what would go"),
        ("coffer registry gc", "while it is served, or not"),
    ],
    notes: "\
A served registry does so by itself every half an hour. Garbage is what no manifest needs and nobody has pushed or
asked for within the last hour; `[rules.collection]` of the settings has both times. Pushes go on meanwhile, and no
manifest ever loses what it needs.",
    codes: ExitCodes::Ordinary,
    options: options::<Collect>,
    act: act::<Collect>,
};

pub(super) const STATS: Entry = Entry {
    words: &["registry", "stats"],
    aliases: &[],
    life: Life::Ship,
    about: "Count what a registry holds",
    examples: [
        ("coffer registry stats", "repositories, tags, blobs and bytes"),
        ("coffer registry stats --format json", "the same for programs"),
    ],
    notes: "Bytes are counted in each repository that has them, and once for all: the difference is what is shared.",
    codes: ExitCodes::Ordinary,
    options: options::<Stats>,
    act: act::<Stats>,
};

pub(super) const VERIFY: Entry = Entry {
    words: &["registry", "verify"],
    aliases: &[],
    life: Life::Ship,
    about: "Check that a registry holds what it says",
    examples: [
        ("coffer registry verify", "reads and hashes everything"),
        ("coffer registry verify --repair", "and writes again what can be derived"),
    ],
    notes: "\
Every blob has to hash to its name, and every manifest to have what it needs. What is damaged or missing cannot be
repaired: push it again. The exit code is 1 if anything was found.",
    codes: ExitCodes::Ordinary,
    options: options::<Verify>,
    act: act::<Verify>,
};

/// One on each line.
fn names<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names.into_iter().map(|name| text::plain(name) + "\n").collect()
}
