//! Variables that are not there.

use std::str::FromStr as _;

use model::reference::ImageName;

use crate::check::rule::{Rule, Severity};
use crate::check::subject::{Found, Subject};

pub(super) static IN_FROM: Rule = Rule {
    id: "UndefinedArgInFrom",
    severity: Severity::Warning,
    what: "`FROM` uses only arguments that are declared before the first stage.",
    why: "Others are empty.",
    instead: "Declare it with `ARG` before the first `FROM`.",
    bad: "ARG VERSION=1\nFROM debian:${VERSON}",
    good: "ARG VERSION=1\nFROM debian:${VERSION}",
    look: in_from,
};

fn in_from(subject: &Subject<'_>) -> Vec<Found> {
    let asked =
        subject.stages().flat_map(|(line, _, facts)| facts.undefined.iter().map(move |name| (line, name)));
    asked.map(|(line, (name, near))| line.found(format!("`{name}` is not declared{}", hint(near)))).collect()
}

pub(super) static DEFAULT_IN_FROM: Rule = Rule {
    id: "InvalidDefaultArgInFrom",
    severity: Severity::Warning,
    what: "`FROM` names an image even if nobody gives build arguments.",
    why: "Whoever builds without them gets an error that does not say what is missing.",
    instead: "Give the argument a default.",
    bad: "ARG TAG\nFROM debian:${TAG}",
    good: "ARG TAG=12\nFROM debian:${TAG}",
    look: default_in_from,
};

fn default_in_from(subject: &Subject<'_>) -> Vec<Found> {
    let named = subject
        .stages()
        .filter_map(|(line, stage, facts)| Some((line, stage, facts.default_base.as_deref()?)));
    let invalid = named.filter(|(_, _, base)| !is_name(base));
    invalid
        .map(|(line, stage, base)| {
            line.found(format!("without build arguments `{}` is `{base}`, which is no image", stage.base))
        })
        .collect()
}

/// Whether this can be an image, or a stage.
fn is_name(base: &str) -> bool {
    base == "scratch" || ImageName::from_str(base).is_ok()
}

pub(super) static UNDEFINED: Rule = Rule {
    id: "UndefinedVar",
    severity: Severity::Warning,
    what: "Variables are set before they are used.",
    why: "Others are empty.",
    instead: "Set it with `ENV`, or declare it with `ARG` in this stage.",
    bad: "FROM scratch\nARG DIRECTORY=/a\nCOPY a $DIRECTORI",
    good: "FROM scratch\nARG DIRECTORY=/a\nCOPY a $DIRECTORY",
    look: undefined,
};

fn undefined(subject: &Subject<'_>) -> Vec<Found> {
    let asked = subject
        .instructions()
        .flat_map(|(line, _)| line.facts.undefined.iter().map(move |name| (line, name)));
    asked.map(|(line, (name, near))| line.found(format!("`${name}` is not set{}", hint(near)))).collect()
}

fn hint(near: &Option<String>) -> String {
    near.as_ref().map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}
