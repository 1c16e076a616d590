//! What comes from elsewhere.

use crate::check::rule::{Rule, Severity};
use crate::check::script::{End, ScriptCommand, is_shell};
use crate::check::subject::{Found, Line, Subject};
use crate::instruction::{Instruction, Transfer};

pub(super) static UNCHECKED: Rule = Rule {
    id: "AddWithoutChecksum",
    severity: Severity::Warning,
    what: "`ADD` of an address has a checksum.",
    why: "Whoever serves the address decides what is in the image, at each build.",
    instead: "Write `ADD --checksum=sha256:... https://...`.",
    bad: "FROM scratch\nADD https://example.org/a.tar.gz /a/",
    good: "FROM scratch\nADD --checksum=sha256:e83913597ca9deb9d699316a9a9d806c2a87ed61195ac66ae0a8ac55089a84b9 \
           https://example.org/a.tar.gz /a/",
    look: unchecked,
};

fn unchecked(subject: &Subject<'_>) -> Vec<Found> {
    let lines = adds(subject)
        .filter(|(line, add)| add.checksum.is_none() && line.facts.paths.iter().any(|path| is_file(path)));
    lines.map(|(line, _)| line.found("what the address serves is taken unseen")).collect()
}

pub(super) static NO_ADD: Rule = Rule {
    id: "AddInsteadOfCopy",
    severity: Severity::Note,
    what: "Files of the context are copied by `COPY`.",
    why: "`ADD` unpacks archives and fetches addresses; for files it does nothing more, and has to be read twice.",
    instead: "Write `COPY`.",
    bad: "FROM scratch\nADD program /",
    good: "FROM scratch\nCOPY program /",
    look: no_add,
};

/// Ends of names that `ADD` unpacks.
const ARCHIVES: &[&str] = &[".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".zst"];

fn no_add(subject: &Subject<'_>) -> Vec<Found> {
    let is_plain = |path: &String| {
        let remote = path.contains("://") || path.starts_with("git@") || path.ends_with(".git");
        !remote && !ARCHIVES.iter().any(|end| path.ends_with(end)) && !path.contains(['*', '$'])
    };
    let lines = adds(subject).filter(|(line, add)| {
        add.unpack.is_none() && !line.facts.paths.is_empty() && line.facts.paths.iter().all(is_plain)
    });
    lines.map(|(line, _)| line.found("`COPY` does the same for files")).collect()
}

pub(super) static PIPED: Rule = Rule {
    id: "PipeToShell",
    severity: Severity::Warning,
    what: "Nothing is run that was just downloaded.",
    why: "Whoever serves it decides what runs, and a transfer that breaks off runs half of it.",
    instead: "Download it with `ADD --checksum`, and run it then.",
    bad: "FROM debian:12\nRUN curl -fsS https://example.org/install.sh | sh",
    good: "FROM debian:12\nADD --checksum=sha256:e83913597ca9deb9d699316a9a9d806c2a87ed61195ac66ae0a8ac55089a84b9 \
           https://example.org/install.sh /tmp/\nRUN sh /tmp/install.sh",
    look: piped,
};

fn piped(subject: &Subject<'_>) -> Vec<Found> {
    let is_piped = |line: &&Line<'_>| {
        line.scripts.iter().any(|script| {
            // `curl a | gunzip | sh` is one, too.
            let mut fetched = false;
            script.commands.iter().any(|command| {
                let runs = fetched && (is_shell(command.name()) || is_interpreter(command));
                fetched = (fetched || fetches(command)) && command.end == End::Pipe;
                runs
            })
        })
    };
    let lines = subject.runs().map(|(line, _)| line).filter(is_piped);
    lines.map(|line| line.found("what is downloaded is run unseen")).collect()
}

fn fetches(command: &ScriptCommand) -> bool {
    ["curl", "wget", "aria2c"].contains(&command.name())
}

fn is_interpreter(command: &ScriptCommand) -> bool {
    let reads_input = command.words.len() == 1 || command.has("-");
    ["python", "python3", "perl", "ruby", "node", "php"].contains(&command.name()) && reads_input
}

pub(super) static NO_TLS: Rule = Rule {
    id: "CertificatesUnchecked",
    severity: Severity::Error,
    what: "Certificates are checked.",
    why: "Without it anybody on the way can put something else into the image.",
    instead: "Remove the flag; install `ca-certificates`, or give the missing authority with `--cacert`.",
    bad: "FROM debian:12\nRUN curl -fsSk https://example.org/a -o a",
    good: "FROM debian:12\nRUN curl -fsS https://example.org/a -o a",
    look: no_tls,
};

fn no_tls(subject: &Subject<'_>) -> Vec<Found> {
    let unchecked = |command: &ScriptCommand| match command.name() {
        "curl" => command.has_flag('k', "--insecure"),
        "wget" => command.has("--no-check-certificate"),
        "pip" | "pip3" => command.arguments().any(|word| word.starts_with("--trusted-host")),
        "git" => command.arguments().any(|word| word.eq_ignore_ascii_case("http.sslverify=false")),
        "apt-get" | "apt" => command.has("--allow-unauthenticated") || command.has("--force-yes"),
        "npm" => command.has("strict-ssl") && command.has("false"),
        "apk" => command.has("--allow-untrusted"),
        "yum" | "dnf" => command.has("--nogpgcheck"),
        _ => false,
    };
    let lines = subject
        .runs()
        .filter_map(|(line, _)| Some((line, line.commands().find(|command| unchecked(command))?)));
    lines
        .map(|(line, command)| line.found(format!("`{}` does not check who it talks to", command.name())))
        .collect()
}

fn adds<'a>(subject: &'a Subject<'_>) -> impl Iterator<Item = (&'a Line<'a>, &'a Transfer)> {
    subject.instructions().filter_map(|(line, instruction)| match instruction {
        Instruction::Add(add) => Some((line, add)),
        _ => None,
    })
}

/// An address of a file; what git fetches is checked by its commit.
fn is_file(path: &str) -> bool {
    (path.starts_with("http://") || path.starts_with("https://")) && !path.contains(".git")
}
