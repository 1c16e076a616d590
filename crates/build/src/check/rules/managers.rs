//! Package managers other than Debian's.

use crate::check::rule::{Rule, Severity};
use crate::check::script::ScriptCommand;
use crate::check::subject::{Found, Line, Subject};
use crate::instruction::Run;

pub(super) static PIP: Rule = Rule {
    id: "PipCache",
    severity: Severity::Note,
    what: "`pip install` keeps no cache in the image.",
    why: "Everything is in the layer twice.",
    instead: "Write `pip install --no-cache-dir`, or `RUN --mount=type=cache,target=/root/.cache/pip`.",
    bad: "FROM python:3.12\nRUN pip install flask==3.1.0",
    good: "FROM python:3.12\nRUN pip install --no-cache-dir flask==3.1.0",
    look: pip,
};

fn pip(subject: &Subject<'_>) -> Vec<Found> {
    let keeps = |command: &ScriptCommand| {
        let module = command.name().starts_with("python") && command.has("-m") && command.has("pip");
        let is_pip = ["pip", "pip3"].contains(&command.name()) || module;
        is_pip && command.has("install") && !command.has("--no-cache-dir")
    };
    if subject.lines.iter().any(|line| line.node.text.contains("PIP_NO_CACHE_DIR")) {
        return Vec::new();
    }
    let lines = subject.shipped_runs().filter(|(line, run)| line.commands().any(keeps) && !caches(run));
    lines.map(|(line, _)| line.found("pip's cache stays in the layer")).collect()
}

pub(super) static NPM: Rule = Rule {
    id: "NpmInstall",
    severity: Severity::Note,
    what: "Packages of Node are installed from the lock file.",
    why: "`npm install` takes newer versions than those that were tested, and changes the lock file.",
    instead: "Write `npm ci`.",
    bad: "FROM node:22\nCOPY package.json package-lock.json ./\nRUN npm install",
    good: "FROM node:22\nCOPY package.json package-lock.json ./\nRUN npm ci",
    look: npm,
};

fn npm(subject: &Subject<'_>) -> Vec<Found> {
    let unlocked = |command: &ScriptCommand| {
        let words = command.arguments().filter(|word| !word.starts_with('-')).count();
        command.name() == "npm" && ["install", "i"].contains(&command.verb()) && words == 1
    };
    let lines = subject.runs().filter(|(line, _)| line.commands().any(unlocked));
    lines.map(|(line, _)| line.found("`npm install` does not keep to the lock file; use `npm ci`")).collect()
}

pub(super) static YUM: Rule = Rule {
    id: "YumCache",
    severity: Severity::Note,
    what: "`dnf` and `yum` leave no cache in the image.",
    why: "Lists and packages stay in the layer, and are of no use to the program.",
    instead: "End the same `RUN` with `dnf clean all`.",
    bad: "FROM fedora:42\nRUN dnf install -y curl",
    good: "FROM fedora:42\nRUN dnf install -y curl && dnf clean all",
    look: yum,
};

fn yum(subject: &Subject<'_>) -> Vec<Found> {
    let is_yum = |command: &ScriptCommand| ["yum", "dnf", "microdnf"].contains(&command.name());
    let cleans = |command: &ScriptCommand| {
        let removes = command.name() == "rm" && command.arguments().any(|word| word.contains("/var/cache"));
        is_yum(command) && command.verb() == "clean" || removes
    };
    let lines = subject.shipped_runs().filter(|(line, run)| {
        let installs = line.commands().any(|command| is_yum(command) && command.has("install"));
        installs && !line.commands().any(cleans) && !caches(run)
    });
    lines.map(|(line, _)| line.found("lists and packages stay in the layer; add `dnf clean all`")).collect()
}

pub(super) static APK: Rule = Rule {
    id: "ApkCache",
    severity: Severity::Note,
    what: "`apk add` has `--no-cache`.",
    why: "The index stays in the layer, and is old soon.",
    instead: "Write `apk add --no-cache package`, without `apk update`.",
    bad: "FROM alpine:3.22\nRUN apk update && apk add curl",
    good: "FROM alpine:3.22\nRUN apk add --no-cache curl",
    look: apk,
};

fn apk(subject: &Subject<'_>) -> Vec<Found> {
    let keeps = |command: &ScriptCommand| command.verb() == "add" && !command.has("--no-cache");
    let removes = |line: &Line<'_>| {
        line.commands().any(|command| {
            command.name() == "rm" && command.arguments().any(|word| word.contains("/var/cache/apk"))
        })
    };
    let lines = subject.shipped_runs().filter(|(line, run)| {
        let kept = line.scripts.iter().flat_map(|script| script.named("apk")).any(keeps);
        kept && !removes(line) && !caches(run)
    });
    lines.map(|(line, _)| line.found("the index stays in the layer; add `--no-cache`")).collect()
}

fn caches(run: &Run) -> bool {
    run.mounts.iter().any(|mount| mount.contains("type=cache"))
}
