//! Docker's health check in an image's configuration: an extension of the specification.

use model::upkeep::{Health, HealthCommand};
use serde::{Deserialize, Serialize};

const NANOSECONDS: u64 = 1_000_000;

/// Times are in nanoseconds, and 0 stands for the default.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Healthcheck {
    #[serde(skip_serializing_if = "Option::is_none")]
    test: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_period: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_interval: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retries: Option<u32>,
}

impl Healthcheck {
    /// In our vocabulary.
    pub(crate) fn health(&self) -> Health {
        let millis =
            |time: Option<u64>| time.filter(|time| *time > 0).map(|time| (time / NANOSECONDS).max(1));
        Health {
            command: self.test.as_deref().and_then(command),
            interval: millis(self.interval),
            timeout: millis(self.timeout),
            start_period: millis(self.start_period),
            start_interval: millis(self.start_interval),
            retries: self.retries.filter(|retries| *retries > 0),
        }
    }

    /// The file's form; `None` where there is nothing to say.
    pub(crate) fn of(health: &Health) -> Option<Self> {
        let nanos = |time: Option<u64>| time.map(|time| time.saturating_mul(NANOSECONDS));
        let test = health.command.as_ref().map(|command| match command {
            HealthCommand::Disabled => vec!["NONE".to_owned()],
            HealthCommand::Program(words) => [vec!["CMD".to_owned()], words.clone()].concat(),
            HealthCommand::Shell(line) => vec!["CMD-SHELL".to_owned(), line.clone()],
        });
        (*health != Health::default()).then(|| Self {
            test,
            interval: nanos(health.interval),
            timeout: nanos(health.timeout),
            start_period: nanos(health.start_period),
            start_interval: nanos(health.start_interval),
            retries: health.retries,
        })
    }
}

/// An empty list inherits, which for us is the same as silence; an unknown kind is none that we can run.
fn command(test: &[String]) -> Option<HealthCommand> {
    let (kind, words) = test.split_first()?;
    match kind.as_str() {
        "NONE" => Some(HealthCommand::Disabled),
        "CMD" if !words.is_empty() => Some(HealthCommand::Program(words.to_vec())),
        "CMD-SHELL" => words.first().map(|line| HealthCommand::Shell(line.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_health_check_survives_the_file() {
        let text = r#"{"Test":["CMD-SHELL","curl -f localhost"],"Interval":5000000000,"Retries":0}"#;
        let health = serde_json::from_str::<Healthcheck>(text).unwrap().health();
        assert_eq!(health.command, Some(HealthCommand::Shell("curl -f localhost".into())));
        assert_eq!((health.interval, health.retries), (Some(5000), None));
        assert_eq!(Healthcheck::of(&health).unwrap().health(), health);
        assert!(Healthcheck::of(&Health::default()).is_none());
    }
}
