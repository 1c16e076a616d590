//! Forms of instructions.

use std::collections::BTreeMap;

use crate::check::rule::{Rule, Severity};
use crate::check::subject::{Found, Line, Subject};
use crate::instruction::{Command, Instruction, Lines, Pair, PairForm};

pub(super) static CONTINUATION: Rule = Rule {
    id: "NoEmptyContinuation",
    severity: Severity::Warning,
    what: "No empty line stands within an instruction.",
    why: "It looks like the end of the instruction, and will be it one day.",
    instead: "Remove the line, or make it a comment.",
    bad: "FROM scratch\nCOPY a \\\n\n  /a",
    good: "FROM scratch\nCOPY a \\\n  /a",
    look: continuation,
};

fn continuation(subject: &Subject<'_>) -> Vec<Found> {
    let gaps: BTreeMap<u32, u32> = subject.gaps.iter().map(|gap| (gap.first, gap.last)).collect();
    let gap = |line: &Line<'_>| {
        let last = *gaps.get(&line.node.lines.first)?;
        let lines = Lines { first: last, last };
        Some(Found { lines, ..line.found("an empty line stands within the instruction") })
    };
    subject.lines.iter().filter_map(gap).collect()
}

pub(super) static JSON: Rule = Rule {
    id: "JSONArgsRecommended",
    severity: Severity::Warning,
    what: "`CMD` and `ENTRYPOINT` have the JSON form.",
    why: "In the other form a shell is the first process, and keeps signals from the program.",
    instead: "Write `CMD [\"program\", \"argument\"]`, or name a shell with `SHELL` if you want one.",
    bad: "FROM scratch\nCMD program argument",
    good: "FROM scratch\nCMD [\"program\", \"argument\"]",
    look: json,
};

fn json(subject: &Subject<'_>) -> Vec<Found> {
    let shells = subject.instructions().filter(|(line, instruction)| match instruction {
        Instruction::Cmd(Command::Shell(..)) | Instruction::Entrypoint(Command::Shell(..)) => {
            !line.facts.shell.chosen
        }
        _ => false,
    });
    shells
        .map(|(line, _)| {
            line.found(format!("`{}` starts a shell, which keeps signals from the program", line.node.name))
        })
        .collect()
}

pub(super) static MAINTAINER: Rule = Rule {
    id: "MaintainerDeprecated",
    severity: Severity::Warning,
    what: "Nobody uses `MAINTAINER`.",
    why: "It is deprecated; a label says the same where tools look.",
    instead: "Write `LABEL org.opencontainers.image.authors=\"...\"`.",
    bad: "FROM scratch\nMAINTAINER me@example.org",
    good: "FROM scratch\nLABEL org.opencontainers.image.authors=\"me@example.org\"",
    look: maintainer,
};

fn maintainer(subject: &Subject<'_>) -> Vec<Found> {
    let lines = subject.instructions().filter(|(_, what)| matches!(what, Instruction::Maintainer(_)));
    lines.map(|(line, _)| line.found("`MAINTAINER` is deprecated; use a label")).collect()
}

pub(super) static MULTIPLE: Rule = Rule {
    id: "MultipleInstructionsDisallowed",
    severity: Severity::Warning,
    what: "A stage has one `CMD`, one `ENTRYPOINT` and one `HEALTHCHECK`.",
    why: "Only the last one counts.",
    instead: "Remove the others.",
    bad: "FROM scratch\nCMD [\"a\"]\nCMD [\"b\"]",
    good: "FROM scratch\nCMD [\"b\"]",
    look: multiple,
};

fn multiple(subject: &Subject<'_>) -> Vec<Found> {
    let (mut found, mut last) = (Vec::new(), [const { None::<&Line<'_>> }; 3]);
    for (line, instruction) in subject.instructions() {
        let place = match instruction {
            Instruction::Cmd(_) => 0,
            Instruction::Entrypoint(_) => 1,
            Instruction::Healthcheck(_) => 2,
            _ => continue,
        };
        let Some(slot) = last.get_mut(place) else { continue };
        if let Some(before) = slot.replace(line).filter(|before| before.stage == line.stage) {
            found
                .push(before.found(format!("this `{}` has no effect: a later one counts", before.node.name)));
        }
    }
    found
}

pub(super) static KEY_VALUE: Rule = Rule {
    id: "LegacyKeyValueFormat",
    severity: Severity::Warning,
    what: "Names and values have `=` between them.",
    why: "The form with a space takes the rest of the line, and its quotes, as one value.",
    instead: "Write `ENV NAME=value`.",
    bad: "FROM scratch\nENV NAME value",
    good: "FROM scratch\nENV NAME=value",
    look: key_value,
};

fn key_value(subject: &Subject<'_>) -> Vec<Found> {
    let old = |pairs: &[Pair]| pairs.iter().any(|pair| pair.form == PairForm::Space);
    let lines = subject.instructions().filter(|(_, instruction)| match instruction {
        Instruction::Env(pairs) | Instruction::Label(pairs) => old(pairs),
        _ => false,
    });
    lines.map(|(line, _)| line.found(format!("write `{} name=value`", line.node.name))).collect()
}

pub(super) static EXPOSE: Rule = Rule {
    id: "ExposeInvalidFormat",
    severity: Severity::Warning,
    what: "`EXPOSE` has ports, and no addresses.",
    why: "Where a port is published is decided when the container runs; what is written here is lost.",
    instead: "Write `EXPOSE 80`, and `coffer run -p 127.0.0.1:8080:80`.",
    bad: "FROM scratch\nEXPOSE 127.0.0.1:80:80",
    good: "FROM scratch\nEXPOSE 80",
    look: expose,
};

fn expose(subject: &Subject<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (line, instruction) in subject.instructions() {
        let Instruction::Expose(ports) = instruction else { continue };
        let mapped = ports.iter().filter(|port| port.contains(':') && !port.contains('$'));
        found.extend(mapped.map(|port| line.found(format!("`{port}` has more than a port and a protocol"))));
    }
    found
}
