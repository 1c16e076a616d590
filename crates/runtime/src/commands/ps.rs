//! `ps`: the processes of a container, as the host's own ps(1) shows them.

use std::collections::BTreeSet;
use std::process::Command as Program;

use super::list::{FORMAT, Format};
use super::{Command, Outcome, print};
use crate::error::Failure;
use crate::globals::Globals;
use crate::json;
use crate::options::{Given, OptionsEnd};
use crate::state::Container;

pub(crate) const COMMAND: Command = Command {
    name: "ps",
    arguments: "CONTAINER [PS OPTIONS]",
    about: "list the processes of a container, with the host's ps (default: ps -ef)",
    options: &[FORMAT],
    end: OptionsEnd::After(1),
    examples: &["ps web", "ps web -o pid,comm", "ps --format json web"],
    run,
};

fn run(globals: &Globals, given: &Given) -> Outcome {
    let Some((id, options)) = given.arguments.split_first() else {
        return Err(given.wrong("of which container?".to_owned()));
    };
    let format = Format::of(given)?;
    let container = Container::find(&globals.root, id)?;
    let pids = processes(&container)?;
    match format {
        Format::Json => print(&json::line(&pids)),
        Format::Table => print(&selected(&listing(options)?, &pids)?),
    }
}

/// Those in its control group; without one, the first is known.
fn processes(container: &Container) -> Result<BTreeSet<i32>, Failure> {
    let Some(record) = container.record()? else { return Ok(BTreeSet::new()) };
    match record.group() {
        Some(group) => Ok(group.processes()),
        None => Ok(container.process(&record)?.map(|_| record.pid).into_iter().collect()),
    }
}

/// What ps says of all processes.
fn listing(options: &[String]) -> Result<String, Failure> {
    let fault = |error| Failure::io("run", "ps")(error);
    let mut ps = Program::new("ps");
    let ps = if options.is_empty() { ps.arg("-ef") } else { ps.args(options) };
    let output = ps.output().map_err(fault)?;
    if !output.status.success() {
        return Err(Failure::Ps(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The heading and the lines of these processes.
fn selected(listing: &str, pids: &BTreeSet<i32>) -> Result<String, Failure> {
    let mut lines = listing.lines();
    let heading = lines.next().unwrap_or_default();
    let column = heading.split_whitespace().position(|title| title == "PID");
    let column = column.ok_or_else(|| Failure::Ps("there is no column PID with these options".to_owned()))?;
    let of_container = |line: &&str| {
        let pid = line.split_whitespace().nth(column).and_then(|field| field.parse().ok());
        pid.is_some_and(|pid| pids.contains(&pid))
    };
    let mut text = format!("{heading}\n");
    text.extend(lines.filter(of_container).map(|line| format!("{line}\n")));
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_selected_by_the_column_that_says_pid() {
        let listing = "UID  PPID   PID CMD\nroot    1     7 a\nroot    7     9 b 1\nroot    7    10\n";
        let shown = selected(listing, &BTreeSet::from([1, 9])).unwrap();
        assert_eq!(shown, "UID  PPID   PID CMD\nroot    7     9 b 1\n");
        assert!(matches!(selected("UID CMD\n", &BTreeSet::new()), Err(Failure::Ps(_))));
    }
}
