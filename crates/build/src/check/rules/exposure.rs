//! What lets others in.

use crate::check::rule::{Rule, Severity};
use crate::check::script::ScriptCommand;
use crate::check::subject::{Found, Line, Subject};
use crate::instruction::Instruction;

pub(super) static SSH: Rule = Rule {
    id: "SshServer",
    severity: Severity::Warning,
    what: "The image has no SSH server.",
    why: "It is another way in, with keys and passwords of its own that nobody renews.",
    instead: "Use `coffer exec` to get into a container.",
    bad: "FROM debian:12\nRUN apt-get install -y openssh-server\nEXPOSE 22",
    good: "FROM debian:12\nEXPOSE 8080",
    look: ssh,
};

fn ssh(subject: &Subject<'_>) -> Vec<Found> {
    let installs = |command: &ScriptCommand| {
        let verbs = ["install", "add"];
        let servers = ["openssh-server", "dropbear"];
        verbs.contains(&command.verb()) && servers.iter().any(|server| command.has(server))
    };
    let lines = subject.instructions().filter_map(|(line, instruction)| match instruction {
        Instruction::Expose(ports) if ports.iter().any(|port| ["22", "22/tcp"].contains(&port.as_str())) => {
            Some(line.found("port 22 is SSH's"))
        }
        Instruction::Run(_) if line.commands().any(installs) => {
            Some(line.found("an SSH server is installed"))
        }
        _ => None,
    });
    lines.collect()
}

pub(super) static WRITABLE: Rule = Rule {
    id: "WorldWritable",
    severity: Severity::Warning,
    what: "Nothing is writable for everybody.",
    why: "Any process of the container can replace what others run.",
    instead: "Give it to the user that needs it: `COPY --chown=1000`, `chown`.",
    bad: "FROM debian:12\nRUN chmod -R 777 /app",
    good: "FROM debian:12\nRUN chown -R 1000 /app",
    look: writable,
};

fn writable(subject: &Subject<'_>) -> Vec<Found> {
    let opens = |line: &Line<'_>| {
        let commands = line.commands().filter(|command| command.name() == "chmod");
        commands.flat_map(ScriptCommand::arguments).any(is_open)
    };
    let lines = subject.instructions().filter(|(line, instruction)| match instruction {
        Instruction::Copy(copy) | Instruction::Add(copy) => copy.mode.as_deref().is_some_and(is_open),
        Instruction::Run(_) => opens(line),
        _ => false,
    });
    lines.map(|(line, _)| line.found("it becomes writable for everybody")).collect()
}

/// `777`, `0666`, `a+rwx`, `o+w`; with the sticky bit, as `1777`, only owners remove.
fn is_open(mode: &str) -> bool {
    let digits = mode.chars().all(|c| c.is_digit(8)) && (3..=4).contains(&mode.len());
    if digits {
        let others = mode.chars().next_back().and_then(|digit| digit.to_digit(8)).unwrap_or_default();
        let sticky = mode.len() == 4 && mode.starts_with(['1', '3', '5', '7']);
        return others & 2 != 0 && !sticky;
    }
    mode.split(',').any(|clause| match clause.split_once(['+', '=']) {
        Some((who, what)) => {
            (who.contains(['a', 'o']))
                && what.contains('w')
                && who.chars().all(|c| "ugoa".contains(c))
                && !what.contains('t')
        }
        None => false,
    })
}
