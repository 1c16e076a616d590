//! What is written down about a container: `container.json`, a format of our own with a version.

use model::digest::ClaimedDigest;
use model::image::Layer;
use model::publish::Publish;
use model::request::RunRequest;
use model::trust::Vouched;
use model::verdict::{Exception, Level, Outcome};
use serde::{Deserialize, Serialize};

use super::process::ProcessId;
use super::range::IdRange;
use crate::id::ContainerId;

/// The format that is written, and the newest one that is understood.
pub(crate) const VERSION: u32 = 2;

/// One container, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// Format of this record.
    pub version: u32,
    /// Its id.
    pub id: ContainerId,
    /// Its name; unique.
    pub name: String,
    /// A name that a rename gave it or took from it, and that it still has if the rename was cut short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_name: Option<String>,
    /// The image's manifest digest.
    pub image: ClaimedDigest,
    /// The image, as it was asked for.
    pub image_name: String,
    /// The layers that it lies on, bottom first, where they are no image's: those of a step of a build.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub below: Vec<StoredLayer>,
    /// What was asked for.
    pub request: RunRequest,
    /// Program and arguments that were started.
    pub command: Vec<String>,
    /// When it was made, seconds since the epoch.
    pub created: i64,
    /// What was decided.
    pub decision: Decided,
    /// Host ids of the container's users; absent where they are the invoker's.
    pub range: Option<IdRange>,
    /// Its control group, below the host's hierarchies.
    pub cgroup: String,
    /// Where its ports are published while it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Publish>,
    /// How it stands.
    pub status: Status,
    /// The process that looks after it; absent where nobody does, or a command in the foreground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitor: Option<ProcessId>,
    /// How often its monitor has started it again since somebody started it.
    #[serde(default)]
    pub restarts: u32,
    /// What its health checks say; absent where it has none, or does not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthState>,
    /// Somebody asked for its end, so that no restart policy starts it again.
    #[serde(default)]
    pub stopped: bool,
    /// Somebody asked its monitor to start it again as soon as it has ended.
    #[serde(default)]
    pub restart_asked: bool,
}

/// A layer, as it is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredLayer {
    /// As it is packed.
    pub blob: ClaimedDigest,
    /// As it is unpacked.
    pub diff_id: ClaimedDigest,
}

impl From<&Layer> for StoredLayer {
    fn from(layer: &Layer) -> Self {
        Self { blob: layer.blob.into(), diff_id: layer.diff_id.into() }
    }
}

/// What the health checks of a running container say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HealthState {
    /// None has succeeded yet, and it is too early to worry.
    Starting,
    /// The last one succeeded.
    Healthy,
    /// Too many in a row have failed.
    Unhealthy,
}

/// The decision that let it run, in short.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Decided {
    /// The verdict's outcome.
    pub outcome: Outcome,
    /// The level that was in force.
    pub level: Level,
    /// How many controls were applied.
    pub applied: usize,
    /// Ids of the controls that were missing.
    pub missing: Vec<String>,
    /// What was granted against the default.
    pub exceptions: Vec<Exception>,
    /// Who vouched for the image.
    #[serde(default)]
    pub vouched: Vouched,
    /// Index of the permit in the ledger; absent if the start was cut short before it was written.
    pub permit: Option<u64>,
}

/// How a container stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Status {
    /// Somebody is making it. Whoever is killed at that has made nothing.
    Making,
    /// Made by `create`, and waits for somebody to start it.
    Created,
    /// Somebody is starting it, as it was made or has ended before.
    Starting,
    /// Its first process runs.
    Running {
        /// Which process that is.
        process: ProcessId,
        /// Since when, seconds since the epoch.
        since: i64,
    },
    /// It has ended, and its monitor is about to start it again.
    Restarting {
        /// How it ended.
        exit: Ended,
        /// When, seconds since the epoch.
        at: i64,
    },
    /// It has ended.
    Exited {
        /// How.
        exit: Ended,
        /// When, seconds since the epoch; when it was noticed, where nobody saw it end.
        at: i64,
    },
}

/// How a container ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "how")]
pub enum Ended {
    /// Its first process exited.
    Code {
        /// With this status.
        code: u8,
    },
    /// Its first process was killed.
    Signal {
        /// By this signal.
        signal: i32,
    },
    /// The kernel killed it, because it had used all the memory that it may.
    OutOfMemory,
    /// It never started.
    NeverStarted,
    /// Whoever watched it was killed, and so nobody knows how it ended.
    Unknown,
}

impl Record {
    /// It has ended, and nobody looks after it any more.
    pub(crate) fn end(&mut self, exit: Ended, at: i64) {
        self.status = Status::Exited { exit, at };
        (self.monitor, self.health, self.restart_asked) = (None, None, false);
    }
}

impl HealthState {
    /// As the ledger and `ps` write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }
}

impl Status {
    /// Whether somebody is about to start it, and nothing about it can be changed.
    #[must_use]
    pub fn is_starting(&self) -> bool {
        matches!(self, Self::Making | Self::Starting)
    }

    /// Whether nobody has to look after the container.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Created | Self::Exited { .. })
    }
}

impl Ended {
    /// As a shell would report it: 128 and the signal; 137 where nobody knows, as it was killed by the
    /// cleanup at the latest.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Code { code } => code,
            Self::Signal { signal } => 128_u8.saturating_add(u8::try_from(signal).unwrap_or(127)),
            Self::NeverStarted => 125,
            Self::Unknown | Self::OutOfMemory => 137,
        }
    }
}

/// Reads a record; the version is looked at before anything else.
///
/// # Errors
/// The version, if it is newer than ours, or what the parser says.
pub(crate) fn parse(bytes: &[u8]) -> Result<Record, Unreadable> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let Versioned { version } = serde_json::from_slice(bytes).map_err(Unreadable::damaged)?;
    if version > VERSION {
        return Err(Unreadable::Newer(version));
    }
    serde_json::from_slice(bytes).map_err(Unreadable::damaged)
}

/// Why a record cannot be used.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// Written by a newer version of ours.
    Newer(u32),
    /// Not a record.
    Damaged(String),
}

impl Unreadable {
    fn damaged(error: serde_json::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn sample(id: &ContainerId) -> Record {
        Record {
            version: VERSION,
            id: id.clone(),
            name: "calm-harbour".into(),
            other_name: None,
            image: format!("sha256:{}", "a".repeat(64)).parse().unwrap(),
            image_name: "alpine:latest".into(),
            below: Vec::new(),
            request: RunRequest::default(),
            command: vec!["/bin/true".into()],
            created: 1_700_000_000,
            decision: Decided {
                outcome: Outcome::Go,
                level: Level::Baseline,
                applied: 20,
                missing: Vec::new(),
                exceptions: Vec::new(),
                vouched: Vouched::Nobody,
                permit: Some(7),
            },
            range: None,
            cgroup: format!("coffer/{id}"),
            ports: Vec::new(),
            status: Status::Created,
            monitor: None,
            restarts: 0,
            health: None,
            stopped: false,
            restart_asked: false,
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let id = ContainerId::random().unwrap();
        let mut record = sample(&id);
        record.status = Status::Exited { exit: Ended::Signal { signal: 9 }, at: 5 };
        let bytes = serde_json::to_vec(&record).unwrap();
        assert_eq!(parse(&bytes).unwrap().status, record.status);
    }

    #[test]
    fn a_newer_format_is_told_from_a_damaged_one() {
        assert!(matches!(parse(br#"{"version":3,"other":true}"#), Err(Unreadable::Newer(3))));
        assert!(matches!(parse(br#"{"version":1}"#), Err(Unreadable::Damaged(_))));
        assert!(matches!(parse(b""), Err(Unreadable::Damaged(_))));
    }

    #[test]
    fn exit_codes_are_the_shell_s() {
        assert_eq!(Ended::Signal { signal: 15 }.exit_code(), 143);
        assert_eq!(Ended::Code { code: 3 }.exit_code(), 3);
    }
}
