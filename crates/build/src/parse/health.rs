//! `HEALTHCHECK`.

use crate::instruction::{Command, Healthcheck};
use crate::parse::error::Fault;
use crate::parse::flags::{Flag, Flags, text};
use crate::parse::node::{Arguments, Node};
use crate::parse::{number, run};

const FLAGS: &[Flag] =
    &[text("interval"), text("timeout"), text("start-period"), text("start-interval"), text("retries")];

/// The shortest time but for none.
const SHORTEST: u64 = 1_000_000;

pub(super) fn healthcheck(node: &Node) -> Result<Healthcheck, Fault> {
    let Arguments::Check(kind, arguments) = &node.arguments else {
        return Err(Fault::Some(node.name.clone()));
    };
    let flags = Flags::read(&node.name, &node.flags, FLAGS)?;
    let command = run::command(arguments, &[]);
    let nothing = match &command {
        Command::Exec(words) => words.is_empty(),
        Command::Shell(line, _) => line.is_empty(),
    };
    match kind.to_ascii_uppercase().as_str() {
        "NONE" if nothing => Ok(Healthcheck::None),
        "NONE" => Err(Fault::NoCheck),
        "CMD" if nothing => Err(Fault::CheckCommand),
        "CMD" => Ok(Healthcheck::Command {
            command,
            interval: time(&flags, "interval")?,
            timeout: time(&flags, "timeout")?,
            start_period: time(&flags, "start-period")?,
            start_interval: time(&flags, "start-interval")?,
            retries: retries(&flags)?,
        }),
        _ => Err(Fault::Check(kind.clone())),
    }
}

fn time(flags: &Flags<'_>, flag: &str) -> Result<u64, Fault> {
    let Some(value) = flags.text(flag).filter(|value| !value.is_empty()) else { return Ok(0) };
    match number::nanoseconds(&value) {
        Some(time) if time == 0 || time >= SHORTEST => Ok(time),
        _ => Err(Fault::FlagTime { flag: flag.to_owned(), value }),
    }
}

fn retries(flags: &Flags<'_>) -> Result<u32, Fault> {
    let Some(value) = flags.text("retries").filter(|value| !value.is_empty()) else { return Ok(0) };
    let number = value.parse::<i32>().ok().and_then(|number| u32::try_from(number).ok());
    number.ok_or(Fault::FlagNumber { flag: "retries", value })
}
