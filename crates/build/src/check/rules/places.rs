//! Paths and platforms.

use crate::check::rule::{Rule, Severity};
use crate::check::script::ScriptCommand;
use crate::check::subject::{Found, Line, Subject};
use crate::ignore::clean;
use crate::instruction::Instruction;

pub(super) static WORKDIR: Rule = Rule {
    id: "WorkdirRelativePath",
    severity: Severity::Warning,
    what: "The first `WORKDIR` is absolute.",
    why: "A relative one depends on the base image, which may change.",
    instead: "Write `WORKDIR /app`.",
    bad: "FROM debian:12\nWORKDIR app",
    good: "FROM debian:12\nWORKDIR /app",
    look: workdir,
};

fn workdir(subject: &Subject<'_>) -> Vec<Found> {
    let lines = subject.instructions().filter(|(line, instruction)| {
        let relative = line.facts.paths.first().is_some_and(|path| !path.starts_with('/'));
        matches!(instruction, Instruction::Workdir(_)) && !line.facts.placed && relative
    });
    lines.map(|(line, _)| line.found("where this is depends on the base image; begin with `/`")).collect()
}

pub(super) static TARGET_PLATFORM: Rule = Rule {
    id: "RedundantTargetPlatform",
    severity: Severity::Warning,
    what: "`FROM` does not name `$TARGETPLATFORM`.",
    why: "It is what everybody gets.",
    instead: "Leave `--platform` out.",
    bad: "FROM --platform=$TARGETPLATFORM debian:12",
    good: "FROM debian:12",
    look: target_platform,
};

fn target_platform(subject: &Subject<'_>) -> Vec<Found> {
    let lines = subject.stages().filter(|(_, _, facts)| {
        facts.platform.as_ref().is_some_and(|platform| {
            platform.used.iter().eq(["TARGETPLATFORM"])
                && platform.unmatched.is_empty()
                && platform.text == "linux/amd64"
        })
    });
    lines.map(|(line, ..)| line.found("`$TARGETPLATFORM` is the default")).collect()
}

pub(super) static CONSTANT_PLATFORM: Rule = Rule {
    id: "FromPlatformFlagConstDisallowed",
    severity: Severity::Warning,
    what: "`FROM --platform` is a variable.",
    why: "With a constant the file builds for one platform only, whatever is asked for.",
    instead: "Use `$BUILDPLATFORM`, give the platform when you build, or name the stage after it.",
    bad: "FROM --platform=linux/amd64 debian:12 AS build",
    good: "FROM --platform=$BUILDPLATFORM debian:12 AS build",
    look: constant_platform,
};

fn constant_platform(subject: &Subject<'_>) -> Vec<Found> {
    let lines = subject.stages().filter(|(_, stage, facts)| {
        let Some(platform) = &facts.platform else { return false };
        let name = stage.name.as_deref().unwrap_or_default();
        let named = platform.text.split('/').take(2).any(|part| name.contains(part));
        platform.used.is_empty() && platform.unmatched.is_empty() && !platform.text.is_empty() && !named
    });
    let text = |platform: &Option<String>| platform.clone().unwrap_or_default();
    lines
        .map(|(line, stage, _)| line.found(format!("the platform is always `{}`", text(&stage.platform))))
        .collect()
}

pub(super) static IGNORED: Rule = Rule {
    id: "CopyIgnoredFile",
    severity: Severity::Warning,
    what: "Nothing is copied that `.dockerignore` excludes.",
    why: "It is not there when the image is built.",
    instead: "Except it in `.dockerignore` with `!`, or do not copy it.",
    bad: "FROM scratch\nCOPY ignored /a",
    good: "FROM scratch\nCOPY a /a",
    look: ignored,
};

fn ignored(subject: &Subject<'_>) -> Vec<Found> {
    // With exceptions a directory may be excluded, and something in it not.
    let Some(ignore) = subject.surroundings.ignore.filter(|ignore| !ignore.has_exceptions()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (line, paths) in local(subject) {
        let excluded = paths.filter(|path| match path.as_str() {
            "" | "." => ignore.excludes_everything(),
            path => ignore.excludes(path),
        });
        let excluded = excluded.map(|path| if path.is_empty() { ".".to_owned() } else { path });
        found.extend(excluded.map(|path| line.found(format!("`{path}` is excluded by .dockerignore"))));
    }
    found
}

pub(super) static EVERYTHING_FIRST: Rule = Rule {
    id: "CopyBeforeDependencies",
    severity: Severity::Note,
    what: "Dependencies are installed before everything is copied.",
    why: "Each change of any file makes the next build install them again.",
    instead: "Copy the lock file first, install, and copy the rest afterwards.",
    bad: "FROM node:22\nCOPY . .\nRUN npm ci",
    good: "FROM node:22\nCOPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .",
    look: everything_first,
};

/// Programs and the words that make them install what a file lists.
const INSTALL: &[(&str, &[&str])] = &[
    ("npm", &["ci", "install"]),
    ("yarn", &["install"]),
    ("pnpm", &["install"]),
    ("pip", &["install"]),
    ("pip3", &["install"]),
    ("poetry", &["install"]),
    ("bundle", &["install"]),
    ("composer", &["install"]),
    ("go", &["mod"]),
    ("cargo", &["fetch"]),
];

fn everything_first(subject: &Subject<'_>) -> Vec<Found> {
    let (mut found, mut everything) = (Vec::new(), None);
    for (line, instruction) in subject.instructions() {
        match instruction {
            Instruction::Copy(copy) | Instruction::Add(copy) if copy.from.is_none() => {
                let whole = line.facts.paths.iter().any(|path| ["", "."].contains(&normal(path).as_str()));
                everything =
                    everything.or_else(|| whole.then_some(line)).filter(|first| first.stage == line.stage);
            }
            Instruction::Run(run) if run.mounts.is_empty() => {
                let before = everything.filter(|first: &&Line<'_>| first.stage == line.stage);
                if let (Some(first), Some(command)) =
                    (before, line.commands().find(|command| installs(command)))
                {
                    let message =
                        format!("everything is copied before `{}` installs dependencies", command.name());
                    found.push(first.found(message));
                    everything = None;
                }
            }
            _ => {}
        }
    }
    found
}

fn installs(command: &ScriptCommand) -> bool {
    let by_list = match command.name() {
        // What is named is no list.
        "pip" | "pip3" => command.has_flag('r', "--requirement"),
        "npm" | "yarn" | "pnpm" => command.arguments().filter(|word| !word.starts_with('-')).count() == 1,
        _ => true,
    };
    by_list && INSTALL.iter().any(|(name, verbs)| command.name() == *name && verbs.contains(&command.verb()))
}

/// What is taken from the context, as it is spelt shortest.
fn local<'a>(
    subject: &'a Subject<'_>,
) -> impl Iterator<Item = (&'a Line<'a>, impl Iterator<Item = String> + 'a)> {
    let lines = subject.instructions().filter(|(_, instruction)| match instruction {
        Instruction::Copy(copy) => copy.from.is_none(),
        Instruction::Add(_) => true,
        _ => false,
    });
    lines.map(|(line, _)| {
        let paths = line.facts.paths.iter().filter(|path| !path.contains("://") && !path.starts_with("git@"));
        (line, paths.map(|path| normal(path)))
    })
}

fn normal(path: &str) -> String {
    clean(path).trim_start_matches('/').to_owned()
}
