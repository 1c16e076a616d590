//! Packages of Debian and Ubuntu.

use crate::check::rule::{Rule, Severity};
use crate::check::script::ScriptCommand;
use crate::check::subject::{Found, Line, Subject};
use crate::instruction::Run;

pub(super) static RECOMMENDS: Rule = Rule {
    id: "AptRecommends",
    severity: Severity::Note,
    what: "`apt-get install` has `--no-install-recommends`.",
    why: "What nobody asked for makes the image larger, and has vulnerabilities of its own.",
    instead: "Write `apt-get install -y --no-install-recommends package`.",
    bad: "FROM debian:12\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*",
    good: "FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends curl \\\n \
           && rm -rf /var/lib/apt/lists/*",
    look: recommends,
};

fn recommends(subject: &Subject<'_>) -> Vec<Found> {
    let whole = |command: &ScriptCommand| {
        let without = |word: &str| {
            word == "--no-install-recommends" || word.to_ascii_lowercase().contains("install-recommends=")
        };
        is_apt(command) && command.verb() == "install" && !command.arguments().any(without)
    };
    let lines = subject.shipped_runs().filter(|(line, _)| line.commands().any(whole));
    lines.map(|(line, _)| line.found("recommended packages are installed, too")).collect()
}

pub(super) static LISTS: Rule = Rule {
    id: "AptLists",
    severity: Severity::Note,
    what: "The lists of packages do not stay in the image.",
    why: "They are large, old soon, and of no use to the program.",
    instead: "End the same `RUN` with `rm -rf /var/lib/apt/lists/*`, or mount a cache over the directory.",
    bad: "FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends curl",
    good: "FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends curl \\\n \
           && rm -rf /var/lib/apt/lists/*",
    look: lists,
};

fn lists(subject: &Subject<'_>) -> Vec<Found> {
    let removes = |command: &ScriptCommand| {
        command.name() == "rm" && command.arguments().any(|word| word.contains("/var/lib/apt"))
    };
    let mounted = |run: &Run| run.mounts.iter().any(|mount| mount.contains("/var/lib/apt"));
    let lines = subject.shipped_runs().filter(|(line, run)| {
        let updates = line.commands().any(|command| is_apt(command) && command.verb() == "update");
        updates && !mounted(run) && !line.commands().any(removes)
    });
    lines.map(|(line, _)| line.found("the lists of packages stay in the layer")).collect()
}

pub(super) static UPGRADE: Rule = Rule {
    id: "AptUpgrade",
    severity: Severity::Note,
    what: "Packages of the base are not upgraded by the file.",
    why: "The layer has them twice, and what is built depends on the day.",
    instead: "Take a newer base image.",
    bad: "FROM debian:12\nRUN apt-get upgrade -y",
    good: "FROM debian:12.11",
    look: upgrade,
};

fn upgrade(subject: &Subject<'_>) -> Vec<Found> {
    let upgrades = |command: &ScriptCommand| {
        is_apt(command) && ["upgrade", "dist-upgrade", "full-upgrade"].contains(&command.verb())
    };
    let lines = subject.shipped_runs().filter(|(line, _)| line.commands().any(upgrades));
    lines.map(|(line, _)| line.found("packages of the base are upgraded, and in the image twice")).collect()
}

pub(super) static ALONE: Rule = Rule {
    id: "AptUpdateAlone",
    severity: Severity::Warning,
    what: "`apt-get update` and `install` stand in one `RUN`.",
    why: "The lists come from the cache when only the other line changes, and name packages that are gone.",
    instead: "Write `RUN apt-get update && apt-get install ...`.",
    bad: "FROM debian:12\nRUN apt-get update\nRUN apt-get install -y curl",
    good: "FROM debian:12\nRUN apt-get update && apt-get install -y curl",
    look: alone,
};

fn alone(subject: &Subject<'_>) -> Vec<Found> {
    let has =
        |line: &Line<'_>, verb| line.commands().any(|command| is_apt(command) && command.verb() == verb);
    let lines = subject.runs().filter(|(line, _)| {
        let others = ["install", "upgrade", "dist-upgrade", "build-dep", "satisfy"];
        has(line, "update") && !others.iter().any(|verb| has(line, verb))
    });
    lines.map(|(line, _)| line.found("the lists are updated, and used by another line")).collect()
}

pub(super) static APT: Rule = Rule {
    id: "AptInScript",
    severity: Severity::Note,
    what: "Scripts use `apt-get`, and not `apt`.",
    why: "`apt` is for people: what it prints and asks changes between versions.",
    instead: "Write `apt-get`, or `apt-cache`.",
    bad: "FROM debian:12\nRUN apt install -y curl",
    good: "FROM debian:12\nRUN apt-get install -y curl",
    look: apt,
};

fn apt(subject: &Subject<'_>) -> Vec<Found> {
    let lines = subject.runs().filter(|(line, _)| line.commands().any(|command| command.name() == "apt"));
    lines.map(|(line, _)| line.found("`apt` is for people; use `apt-get`")).collect()
}

fn is_apt(command: &ScriptCommand) -> bool {
    ["apt-get", "apt", "aptitude"].contains(&command.name())
}
