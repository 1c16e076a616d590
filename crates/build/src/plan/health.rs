//! `HEALTHCHECK`: what is asked of a container, and when.

use model::upkeep::{Health, HealthCommand};

use super::error::Problem;
use super::history;
use crate::instruction::{Command, Healthcheck};

/// The check that an instruction names. It replaces the base's with everything that belongs to it.
pub(super) fn health(check: &Healthcheck) -> Result<Health, Problem> {
    let Healthcheck::Command { command, interval, timeout, start_period, start_interval, retries } = check
    else {
        return Ok(Health { command: Some(HealthCommand::Disabled), ..Health::default() });
    };
    let command = match command {
        Command::Exec(arguments) if arguments.is_empty() => return Err(Problem::NoProgram),
        Command::Exec(arguments) => HealthCommand::Program(arguments.clone()),
        Command::Shell(line, _) if line.trim().is_empty() => return Err(Problem::NoProgram),
        Command::Shell(line, _) => HealthCommand::Shell(line.clone()),
    };
    Ok(Health {
        command: Some(command),
        interval: millis(*interval),
        timeout: millis(*timeout),
        start_period: millis(*start_period),
        start_interval: millis(*start_interval),
        retries: Some(*retries).filter(|retries| *retries > 0),
    })
}

/// As Docker keeps it: `HEALTHCHECK {Test:[CMD true] Interval:30s ...}`.
pub(super) fn line(health: &Health) -> String {
    let test = match &health.command {
        None | Some(HealthCommand::Disabled) => "[NONE]".to_owned(),
        Some(HealthCommand::Program(arguments)) => format!("[CMD {}]", arguments.join(" ")),
        Some(HealthCommand::Shell(line)) => format!("[CMD-SHELL {line}]"),
    };
    let time = |millis: Option<u64>| history::time(millis.unwrap_or(0));
    format!(
        "HEALTHCHECK {{Test:{test} Interval:{} Timeout:{} StartPeriod:{} StartInterval:{} Retries:{}}}",
        time(health.interval),
        time(health.timeout),
        time(health.start_period),
        time(health.start_interval),
        health.retries.unwrap_or(0)
    )
}

/// Nanoseconds, as Go counts, are milliseconds to us; 0 is what Docker does without the flag.
fn millis(nanoseconds: u64) -> Option<u64> {
    (nanoseconds > 0).then_some(nanoseconds.div_ceil(1_000_000))
}
