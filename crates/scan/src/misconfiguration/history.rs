//! Mistakes in the commands that made an image.

use model::finding::{Misconfiguration, Place};
use model::image::HistoryEntry;

use super::catalogue::{self as rules, Rule};
use super::judge::mistake;

/// The longest command that is read, in bytes.
const LONGEST: usize = 64 << 10;

/// What runs what it is given.
const INTERPRETERS: &[&str] =
    &["ash", "bash", "dash", "node", "perl", "php", "python", "python2", "python3", "ruby", "sh", "zsh"];

/// What the history has against it.
pub(super) fn mistakes(history: &[HistoryEntry]) -> Vec<Misconfiguration> {
    let numbered = history.iter().zip(0_u32..);
    let of_entry = |(entry, number): (&HistoryEntry, u32)| {
        let found = judged(&entry.created_by);
        found.into_iter().map(move |rule| mistake(rule, Place::History(number), ""))
    };
    numbered.flat_map(of_entry).collect()
}

fn judged(line: &str) -> Vec<&'static Rule> {
    if line.len() > LONGEST {
        return Vec::new();
    }
    let commands = Commands::of(line);
    let found: [(&'static Rule, bool); 5] = [
        (&rules::PIPE_TO_SHELL, commands.0.iter().any(|command| runs_unseen(command))),
        (&rules::ADD_FROM_URL, adds_from_url(line)),
        (&rules::UPDATE_ALONE, commands.only_update()),
        (&rules::CHMOD_777, commands.0.iter().any(|command| gives_to_all(command))),
        (&rules::UNVERIFIED_DOWNLOAD, commands.0.iter().any(|command| is_unverified(command))),
    ];
    found.into_iter().filter(|(_, is)| *is).map(|(rule, _)| rule).collect()
}

/// The commands of a line of shell, roughly: enough to see what is called with what.
struct Commands<'a>(Vec<&'a str>);

impl<'a> Commands<'a> {
    /// Docker's `/bin/sh -c ...`, BuildKit's `RUN /bin/sh -c ... # buildkit`, with arguments `|1 NAME=value` before.
    fn of(line: &'a str) -> Self {
        let command = line.split_once("sh -c ").map_or("", |(_, command)| command);
        let command = command.trim_end_matches("# buildkit");
        let separate = command.split([';', '\n', '&']).flat_map(|command| command.split("||"));
        Self(separate.map(str::trim).filter(|command| !command.is_empty()).collect())
    }

    fn only_update(&self) -> bool {
        const FETCH: &[&str] = &["apt-get update", "apt update", "apk update"];
        const USE: &[&str] = &["install", "add", "upgrade", "dist-upgrade", "build-dep", "full-upgrade"];
        let fetches = self.0.iter().any(|command| FETCH.iter().any(|fetch| command.contains(fetch)));
        fetches && !self.0.iter().any(|command| words(command).any(|word| USE.contains(&word)))
    }
}

fn words(command: &str) -> impl Iterator<Item = &str> {
    command.split_whitespace()
}

/// The program that a command calls, past those that only change how.
fn program(command: &str) -> Option<(&str, impl Iterator<Item = &str>)> {
    const BEFORE: &[&str] =
        &["sudo", "env", "exec", "command", "time", "then", "else", "do", "if", "set", "("];
    let mut words = words(command).skip_while(|word| {
        BEFORE.contains(word) || word.starts_with('-') || (word.contains('=') && !word.contains('/'))
    });
    let first = words.next()?;
    Some((first.rsplit('/').next().unwrap_or(first), words))
}

fn downloads(command: &str) -> bool {
    words(command)
        .any(|word| matches!(word.trim_start_matches(['"', '\'', '$', '(', '<', '`']), "curl" | "wget"))
}

/// `curl ... | sh`, `sh -c "$(curl ...)"`, `bash <(curl ...)`.
fn runs_unseen(command: &str) -> bool {
    const INLINE: &[&str] = &["$(curl ", "$(wget ", "<(curl ", "<(wget ", "`curl ", "`wget "];
    let mut parts = command.split('|');
    let first = parts.next().unwrap_or_default();
    let piped = downloads(first) && parts.any(reads_its_program);
    let called = program(first).is_some_and(|(name, _)| INTERPRETERS.contains(&name) || name == "eval");
    piped || (called && INLINE.iter().any(|inline| command.contains(inline)))
}

/// An interpreter without a program of its own: with one (`python -c`), what comes is only its data.
fn reads_its_program(command: &str) -> bool {
    let Some((name, mut arguments)) = program(command) else { return false };
    let own = |argument: &str| argument == "-c" || argument == "-e" || argument == "-m" || argument == "-ne";
    INTERPRETERS.contains(&name) && !arguments.next().is_some_and(own)
}

/// `ADD https://...`, in Docker's and in BuildKit's words.
fn adds_from_url(line: &str) -> bool {
    let line = line.strip_prefix("/bin/sh -c #(nop) ").unwrap_or(line).trim_start();
    let Some(rest) = line.strip_prefix("ADD ") else { return false };
    let url = |word: &str| ["http://", "https://", "ftp://"].iter().any(|scheme| word.starts_with(scheme));
    words(rest).any(url) && !words(rest).any(|word| word.starts_with("--checksum="))
}

fn gives_to_all(command: &str) -> bool {
    const ALL: &[&str] = &["777", "0777", "a+rwx", "ugo+rwx", "a+w", "o+w", "a=rwx", "666", "0666"];
    program(command).is_some_and(|(name, mut words)| name == "chmod" && words.any(|word| ALL.contains(&word)))
}

/// Options that turn verification off, and the programs whose options they are.
const UNVERIFIED: &[(&str, &[&str])] = &[
    ("curl", &["--insecure", "--proxy-insecure"]),
    ("wget", &["--no-check-certificate"]),
    ("apt-get", &["--allow-unauthenticated", "--force-yes"]),
    ("apt", &["--allow-unauthenticated"]),
    ("apk", &["--allow-untrusted"]),
    ("yum", &["--nogpgcheck"]),
    ("dnf", &["--nogpgcheck", "--no-gpgchecks"]),
    ("zypper", &["--no-gpg-checks"]),
    ("pip", &["--trusted-host"]),
    ("pip3", &["--trusted-host"]),
    ("git", &["http.sslVerify=false"]),
];

fn is_unverified(command: &str) -> bool {
    let Some((name, mut words)) = program(command.split('|').next().unwrap_or_default()) else {
        return false;
    };
    let off = UNVERIFIED.iter().find(|(program, _)| *program == name).map_or(&[][..], |(_, options)| options);
    let insecure = |word: &str| name == "curl" && is_cluster_with_k(word);
    words.any(|word| {
        insecure(word) || off.iter().any(|option| word.split('=').next() == Some(option) || word == *option)
    })
}

/// `-k`, `-fsSLk`: curl's short options that have no value.
fn is_cluster_with_k(word: &str) -> bool {
    let letters = word.strip_prefix('-').unwrap_or_default();
    letters.contains('k') && letters.chars().all(|letter| "#fgGiIjJklLnNOpqRsSv0123".contains(letter))
}
