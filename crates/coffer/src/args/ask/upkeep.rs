//! What is done for it while nobody looks: restarts, health checks, its log, and how it is stopped.

use clap::Args;
use model::upkeep::{Health, HealthCommand, Log, LogDriver, OnUnhealthy, Restart};

use crate::errors::Failure;
use crate::value::upkeep::{self, LogOptions};
use crate::value::{ValueError, duration, restart};

/// What its monitor is told.
#[derive(Debug, Args)]
#[command(next_help_heading = "Upkeep")]
pub(crate) struct Upkeep {
    /// When to start it again: no, always, unless-stopped, on-failure or on-failure:N
    #[arg(long, value_name = "POLICY", value_parser = restart::parse)]
    restart: Option<Restart>,
    /// Ask it whether it is well, with a line for its /bin/sh
    #[arg(long, value_name = "LINE", conflicts_with = "no_healthcheck")]
    health_cmd: Option<String>,
    /// Time between two health checks; 30s
    #[arg(long, value_name = "TIME", value_parser = duration::parse_millis)]
    health_interval: Option<u64>,
    /// Longest health check; 30s
    #[arg(long, value_name = "TIME", value_parser = duration::parse_millis)]
    health_timeout: Option<u64>,
    /// Failures at the beginning do not count for so long
    #[arg(long, value_name = "TIME", value_parser = duration::parse_millis)]
    health_start_period: Option<u64>,
    /// Time between two health checks at the beginning; 5s
    #[arg(long, value_name = "TIME", value_parser = duration::parse_millis)]
    health_start_interval: Option<u64>,
    /// Failures in a row that make it unhealthy; 3
    #[arg(long, value_name = "NUMBER")]
    health_retries: Option<u32>,
    /// Leave out the image's health check
    #[arg(long)]
    no_healthcheck: bool,
    /// What to do when it turns unhealthy: none, restart, stop or kill
    #[arg(long, value_name = "WHAT", value_parser = upkeep::on_unhealthy)]
    health_on_failure: Option<OnUnhealthy>,
    /// Where its output goes: json-file, journald or none
    #[arg(long, value_name = "DRIVER", value_parser = upkeep::log_driver)]
    log_driver: Option<LogDriver>,
    /// How much of it is kept: max-size=10m, max-file=5
    #[arg(long, value_name = "NAME=VALUE", value_parser = upkeep::log_options)]
    log_opt: Vec<LogOptions>,
    /// The signal that asks it to end, instead of the image's
    #[arg(long, value_name = "SIGNAL", value_parser = upkeep::signal)]
    stop_signal: Option<String>,
    /// Seconds until it is killed after that; -1 waits for ever
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_hyphen_values = true)]
    stop_timeout: Option<i64>,
}

impl Upkeep {
    /// Upkeep in the model's words.
    pub(super) fn upkeep(self) -> model::upkeep::Upkeep {
        let log = self.log();
        model::upkeep::Upkeep {
            restart: self.restart.unwrap_or_default(),
            on_unhealthy: self.health_on_failure.unwrap_or_default(),
            log,
            health: self.health(),
            stop_signal: self.stop_signal,
            stop_timeout: self.stop_timeout,
        }
    }

    /// What is removed at its end cannot be started again.
    pub(super) fn check_removal(&self) -> Result<(), Failure> {
        match self.restart {
            None | Some(Restart::No) => Ok(()),
            Some(_) => Err(Failure::usage(
                "`--restart` and `--rm` exclude each other",
                "leave one of them out: what is removed at its end cannot be started again",
            )),
        }
    }

    fn log(&self) -> Log {
        let size = self.log_opt.iter().rev().find_map(|options| options.max_size);
        let files = self.log_opt.iter().rev().find_map(|options| options.max_files);
        Log { driver: self.log_driver.unwrap_or_default(), max_size: size, max_files: files }
    }

    /// As with Docker, 0 stands for what the image says, or the default.
    fn health(&self) -> Health {
        let command = match (&self.health_cmd, self.no_healthcheck) {
            (_, true) => Some(HealthCommand::Disabled),
            (Some(line), false) => Some(HealthCommand::Shell(line.clone())),
            (None, false) => None,
        };
        let time = |time: Option<u64>| time.filter(|time| *time > 0);
        Health {
            command,
            interval: time(self.health_interval),
            timeout: time(self.health_timeout),
            start_period: time(self.health_start_period),
            start_interval: time(self.health_start_interval),
            retries: self.health_retries.filter(|retries| *retries > 0),
        }
    }
}

fn seconds(text: &str) -> Result<i64, ValueError> {
    let number = text.parse().ok().filter(|seconds| *seconds >= -1 && !text.starts_with('+'));
    number.ok_or_else(|| ValueError::new("it is no number of seconds", "a number from 0, or -1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_none_or_more_or_for_ever() {
        assert_eq!((seconds("-1"), seconds("0"), seconds("30")), (Ok(-1), Ok(0), Ok(30)));
        for text in ["", "-2", "+1", "1s", "99999999999999999999"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
