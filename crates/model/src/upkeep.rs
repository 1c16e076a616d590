//! What is done for a container while nobody looks: restarts, health checks, logs, and how it is stopped.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Everything that its monitor is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Upkeep {
    /// `--restart`.
    pub restart: Restart,
    /// `--health-*`: what differs from the image's own.
    pub health: Health,
    /// `--health-on-failure`.
    pub on_unhealthy: OnUnhealthy,
    /// `--log-driver` and `--log-opt`.
    pub log: Log,
    /// `--stop-signal`, as typed; the image's if absent.
    pub stop_signal: Option<String>,
    /// `--stop-timeout`, seconds before SIGKILL; -1 waits for ever, the default is 10.
    pub stop_timeout: Option<i64>,
}

/// Whether a container is started again when it ends by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "policy")]
pub enum Restart {
    /// It is not.
    #[default]
    No,
    /// Whatever its exit code, and after a reboot.
    Always,
    /// The same, but not after a reboot if somebody had stopped it.
    UnlessStopped,
    /// Only after an exit code other than 0.
    OnFailure {
        /// At most so often in a row; without a limit where absent.
        most: Option<u32>,
    },
}

impl fmt::Display for Restart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::No => f.write_str("no"),
            Self::Always => f.write_str("always"),
            Self::UnlessStopped => f.write_str("unless-stopped"),
            Self::OnFailure { most: None } => f.write_str("on-failure"),
            Self::OnFailure { most: Some(most) } => write!(f, "on-failure:{most}"),
        }
    }
}

/// What is asked of a container to learn whether it is well; absent fields leave the image's, or Docker's
/// defaults. Times in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    /// What is executed in the container.
    pub command: Option<HealthCommand>,
    /// Between two checks; 30 s.
    pub interval: Option<u64>,
    /// Longest check; 30 s.
    pub timeout: Option<u64>,
    /// At the beginning, failures do not count for so long; 0.
    pub start_period: Option<u64>,
    /// Between two checks in that time; 5 s.
    pub start_interval: Option<u64>,
    /// Failures in a row that make it unhealthy; 3.
    pub retries: Option<u32>,
}

/// The command of a health check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HealthCommand {
    /// None, although the image has one.
    Disabled,
    /// A program and its arguments.
    Program(Vec<String>),
    /// A line for `/bin/sh -c`.
    Shell(String),
}

/// What happens to a container that turns unhealthy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnUnhealthy {
    /// It is said, and nothing else.
    #[default]
    Nothing,
    /// It is stopped and started again.
    Restart,
    /// It is stopped.
    Stop,
    /// It is killed, and its restart policy decides what follows.
    Kill,
}

/// Where output goes, and how much of it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Log {
    /// Where to.
    pub driver: LogDriver,
    /// Largest file in bytes; 10 MB where absent.
    pub max_size: Option<u64>,
    /// Most files; 5 where absent.
    pub max_files: Option<u32>,
}

/// Where output goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogDriver {
    /// Files of JSON lines beside the container, bounded.
    #[default]
    JsonFile,
    /// systemd's journal.
    Journald,
    /// Nowhere.
    None,
}

impl Health {
    /// This, and the image's where this says nothing.
    #[must_use]
    pub fn over(&self, image: &Self) -> Self {
        Self {
            command: self.command.clone().or_else(|| image.command.clone()),
            interval: self.interval.or(image.interval),
            timeout: self.timeout.or(image.timeout),
            start_period: self.start_period.or(image.start_period),
            start_interval: self.start_interval.or(image.start_interval),
            retries: self.retries.or(image.retries),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_s_health_check_lies_over_the_image_s() {
        let image = Health { interval: Some(1), retries: Some(5), ..Health::default() };
        let asked = Health { command: Some(HealthCommand::Disabled), interval: Some(2), ..Health::default() };
        let both = asked.over(&image);
        assert_eq!((both.interval, both.retries), (Some(2), Some(5)));
        assert_eq!(both.command, Some(HealthCommand::Disabled));
    }

    #[test]
    fn what_an_older_version_wrote_is_read_with_the_defaults() {
        let read: Upkeep = serde_json::from_str(r#"{"restart":{"policy":"on-failure","most":5}}"#).unwrap();
        assert_eq!(read.restart, Restart::OnFailure { most: Some(5) });
        assert_eq!(read.log, Log::default());
    }
}
