//! Base images, and what the last stage leaves to whoever runs it.

use crate::check::rule::{Rule, Severity};
use crate::check::subject::{Found, Subject};

pub(super) static LATEST: Rule = Rule {
    id: "BaseLatest",
    severity: Severity::Warning,
    what: "Base images have a tag, and another one than `latest`.",
    why: "Which version `latest` is changes, and so does what is built.",
    instead: "Name a version: `FROM debian:12`.",
    bad: "FROM debian",
    good: "FROM debian:12",
    look: latest,
};

fn latest(subject: &Subject<'_>) -> Vec<Found> {
    let moving = |base: &&str| !base.contains('@') && matches!(tag(base), None | Some("latest"));
    let bases = bases(subject).filter(|(_, base)| moving(base));
    bases.map(|(line, base)| subject.on(line, format!("`{base}` names no version"))).collect()
}

pub(super) static UNPINNED: Rule = Rule {
    id: "BaseUnpinned",
    severity: Severity::Note,
    what: "Base images are named by digest.",
    why: "A tag can be moved to another image; a digest cannot.",
    instead: "Write `FROM debian:12@sha256:...`; `coffer pull` and `coffer inspect` tell the digest.",
    bad: "FROM debian:12",
    good: "FROM debian:12@sha256:e83913597ca9deb9d699316a9a9d806c2a87ed61195ac66ae0a8ac55089a84b9",
    look: unpinned,
};

fn unpinned(subject: &Subject<'_>) -> Vec<Found> {
    let bases = bases(subject).filter(|(_, base)| !base.contains('@'));
    bases.map(|(line, base)| subject.on(line, format!("`{base}` can become another image"))).collect()
}

pub(super) static ROOT: Rule = Rule {
    id: "RootUser",
    severity: Severity::Warning,
    what: "The last stage names a user that is not root.",
    why: "Whoever gets into the program gets what its user may do.",
    instead: "End with `USER 1000`, or the name of a user that the image has.",
    bad: "FROM debian:12\nCMD [\"program\"]",
    good: "FROM debian:12\nUSER 1000\nCMD [\"program\"]",
    look: root,
};

fn root(subject: &Subject<'_>) -> Vec<Found> {
    let Some((line, _, facts)) = subject.stages().last() else { return Vec::new() };
    let message = match facts.user.as_deref() {
        None => "the image runs as the user of its base, which mostly is root",
        Some(user) if is_root(user) => "the image runs as root",
        Some(_) => return Vec::new(),
    };
    vec![line.found(message)]
}

fn is_root(user: &str) -> bool {
    matches!(user.split(':').next(), Some("" | "root" | "0"))
}

pub(super) static HEALTH: Rule = Rule {
    id: "HealthcheckMissing",
    severity: Severity::Note,
    what: "The last stage says how its health is checked.",
    why: "A program that hangs is not told from one that works.",
    instead: "Add `HEALTHCHECK CMD [\"program\", \"--check\"]`, or `HEALTHCHECK NONE` to a base that has one.",
    bad: "FROM debian:12\nCMD [\"program\"]",
    good: "FROM debian:12\nHEALTHCHECK CMD [\"program\", \"--check\"]\nCMD [\"program\"]",
    look: health,
};

fn health(subject: &Subject<'_>) -> Vec<Found> {
    let last = subject.stages().last().filter(|(_, _, facts)| !facts.has_check);
    last.map(|(line, ..)| line.found("nothing says how the health of the program is checked"))
        .into_iter()
        .collect()
}

/// The images that stages begin with, and their lines.
fn bases<'a>(subject: &'a Subject<'_>) -> impl Iterator<Item = (usize, &'a str)> {
    let images = subject.stages().filter(|(_, _, facts)| facts.parent.is_none());
    let images = images.map(|(line, _, facts)| (line.index, facts.base.as_str()));
    images.filter(|(_, base)| !base.is_empty() && *base != "scratch")
}

fn tag(base: &str) -> Option<&str> {
    let name = base.rsplit('/').next().unwrap_or(base);
    name.split_once(':').map(|(_, tag)| tag)
}
