//! `list`: the containers below `--root`.

use super::{Command, Outcome, clean_up, print};
use crate::globals::Globals;
use crate::json;
use crate::options::{Given, Opt, OptionsEnd, switch, value};
use crate::shown::Shown;
use crate::state::Container;
use crate::table::table;

pub(crate) const COMMAND: Command = Command {
    name: "list",
    arguments: "",
    about: "list the containers that are kept below `--root`",
    options: OPTIONS,
    end: OptionsEnd::Nowhere,
    examples: &["list", "list --format json", "list --quiet"],
    run,
};

const OPTIONS: &[Opt] = &[FORMAT, switch("quiet", Some('q'), "their names only")];

pub(super) const FORMAT: Opt = value("format", Some('f'), "table|json", "how it is written (default: table)");

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Table,
    Json,
}

impl Format {
    pub(super) fn of(given: &Given) -> Result<Self, crate::error::Failure> {
        match given.value("format") {
            None | Some("table") => Ok(Self::Table),
            Some("json") => Ok(Self::Json),
            Some(other) => Err(given.wrong(format!("`--format {other}`: it is table or json"))),
        }
    }
}

fn run(globals: &Globals, given: &Given) -> Outcome {
    let format = Format::of(given)?;
    if let Some(other) = given.arguments.first() {
        return Err(given.wrong(format!("`{other}` is one argument too many")));
    }
    let containers = Container::all(&globals.root)?;
    if given.is_on("quiet") {
        return print(&containers.iter().map(|container| format!("{}\n", container.id)).collect::<String>());
    }
    let mut shown = Vec::new();
    for container in &containers {
        match Shown::look(container) {
            Ok(one) => shown.push(one),
            // Those that can be read are listed, whatever became of another.
            Err(failure) => clean_up(&globals.log, Err(failure)),
        }
    }
    match format {
        Format::Json => print(&json::line(&shown)),
        Format::Table => print(&tabulate(&shown)),
    }
}

fn tabulate(shown: &[Shown]) -> String {
    let row = |one: &Shown| {
        let Shown { id, pid, status, bundle, created, owner, .. } = one;
        let status = status.as_str().to_owned();
        [id.clone(), pid.to_string(), status, bundle.clone(), created.clone(), owner.clone()]
    };
    let rows: Vec<_> = shown.iter().map(row).collect();
    table(["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"], &rows)
}
