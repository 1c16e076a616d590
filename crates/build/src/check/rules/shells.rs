//! How scripts are written.

use crate::check::rule::{Rule, Severity};
use crate::check::script::{End, Origin, Script, ScriptCommand};
use crate::check::subject::{Found, Subject};
use crate::instruction::Command;

pub(super) static SUDO: Rule = Rule {
    id: "SudoUsed",
    severity: Severity::Warning,
    what: "Scripts do not use `sudo`.",
    why: "Builds run as root until `USER` says otherwise; `sudo` changes the environment, and stays in the image.",
    instead: "Write `USER root` before the line, and the other user after it.",
    bad: "FROM debian:12\nRUN sudo apt-get update",
    good: "FROM debian:12\nUSER root\nRUN apt-get update",
    look: sudo,
};

fn sudo(subject: &Subject<'_>) -> Vec<Found> {
    let lines = subject.runs().filter(|(line, _)| line.commands().any(|command| command.raised));
    lines.map(|(line, _)| line.found("`sudo` is not needed: `USER` says who runs a line")).collect()
}

pub(super) static CD: Rule = Rule {
    id: "CdInsteadOfWorkdir",
    severity: Severity::Note,
    what: "`WORKDIR` changes the directory, and not `cd`.",
    why: "`cd` ends with its line; whoever adds the next line forgets it.",
    instead: "Write `WORKDIR /src` before the line.",
    bad: "FROM debian:12\nRUN cd /src && make",
    good: "FROM debian:12\nWORKDIR /src\nRUN make",
    look: cd,
};

fn cd(subject: &Subject<'_>) -> Vec<Found> {
    let changes = |script: &Script| {
        let first = script.commands.iter().find(|command| command.name() != "set");
        first.is_some_and(|command| command.name() == "cd" && command.verb().starts_with('/'))
    };
    let lines = subject.runs().filter(|(line, _)| line.scripts.iter().any(changes));
    lines.map(|(line, _)| line.found("the directory is changed for this line only; use `WORKDIR`")).collect()
}

pub(super) static PIPE: Rule = Rule {
    id: "PipefailMissing",
    severity: Severity::Note,
    what: "A pipe fails if any of its commands fails.",
    why: "Otherwise only the last one counts, and what the first did not write is missing from the image.",
    instead: "Write `SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]` before, or `set -o pipefail` in the line.",
    bad: "FROM debian:12\nRUN curl -fsS https://example.org/a | tar x",
    good: "FROM debian:12\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN curl -fsS https://example.org/a | tar x",
    look: pipe,
};

/// Programs that do not fail, or whose failure does not matter.
const HARMLESS: &[&str] = &["echo", "printf", "yes", "true", "cat", "ls", "tee"];

fn pipe(subject: &Subject<'_>) -> Vec<Found> {
    let feeds = |command: &&ScriptCommand| {
        command.end == End::Pipe && !command.asked && !HARMLESS.contains(&command.name())
    };
    let lines = subject.runs().filter(|(line, _)| !line.facts.shell.pipefail);
    let lines = lines.filter_map(|(line, _)| {
        let safe = |script: &&Script| !script.named("set").any(|command| command.has("pipefail"));
        let feeding = line.scripts.iter().filter(safe).flat_map(|script| &script.commands).find(feeds)?;
        Some(line.found(format!("nobody notices if `{}` fails", feeding.name())))
    });
    lines.collect()
}

pub(super) static ERREXIT: Rule = Rule {
    id: "DocumentWithoutErrexit",
    severity: Severity::Warning,
    what: "A document of commands ends with the first one that fails.",
    why: "Otherwise only the last one counts, and the build goes on with half of it.",
    instead: "Begin the document with `set -e`.",
    bad: "FROM debian:12\nRUN <<EOF\nmake\nmake install\nEOF",
    good: "FROM debian:12\nRUN <<EOF\nset -e\nmake\nmake install\nEOF",
    look: errexit,
};

fn errexit(subject: &Subject<'_>) -> Vec<Found> {
    let sets = |command: &ScriptCommand| {
        command.name() == "set" && (command.has_flag('e', "--errexit") || command.has("errexit"))
    };
    let goes_on = |script: &Script| {
        let several = script.commands.iter().rev().skip(1).any(|command| command.end == End::Other);
        script.origin == Origin::Document && several && !script.commands.iter().any(sets)
    };
    let lines = subject.runs().filter(|(line, run)| {
        let shebang = match &run.command {
            Command::Shell(_, documents) => documents.iter().any(|document| {
                document
                    .content
                    .lines()
                    .next()
                    .is_some_and(|line| line.starts_with("#!") && line.contains(" -e"))
            }),
            Command::Exec(_) => false,
        };
        // `bash -e <<EOF`
        let told = line.commands().next().is_some_and(|command| command.has_flag('e', "--errexit"));
        !line.facts.shell.errexit && !shebang && !told && line.scripts.iter().any(goes_on)
    });
    lines
        .map(|(line, _)| line.found("the document goes on after a command that fails; add `set -e`"))
        .collect()
}
