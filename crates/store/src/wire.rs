//! Other people's JSON: the configuration of OCI image-spec 1.1, and Docker's image specification 1.2.
//! Indexes and manifests are in `model::oci`.

mod health;

use std::collections::BTreeMap;

use model::digest::ClaimedDigest;
use model::image::{HistoryEntry, ImageConfig};
use serde::{Deserialize, Serialize};

use crate::error::{Result, StoreError};

use health::Healthcheck;

/// One image in `manifest.json` of `docker save`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DockerImage {
    pub(crate) config: String,
    pub(crate) repo_tags: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) layers: Vec<String>,
}

/// OCI image-spec, config.md. Docker writes `null` where it has nothing.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ConfigFile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) author: Option<String>,
    pub(crate) architecture: Option<String>,
    pub(crate) os: Option<String>,
    pub(crate) config: Option<Execution>,
    pub(crate) rootfs: RootFs,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) history: Option<Vec<History>>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct RootFs {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) diff_ids: Vec<ClaimedDigest>,
}

/// A set, as Go writes it.
type Set = BTreeMap<String, serde_json::Value>;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Execution {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exposed_ports: Option<Set>,
    #[serde(skip_serializing_if = "Option::is_none")]
    env: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entrypoint: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cmd: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    volumes: Option<Set>,
    #[serde(skip_serializing_if = "Option::is_none")]
    working_dir: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_signal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    healthcheck: Option<Healthcheck>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shell: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_build: Option<Vec<String>>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct History {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) comment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) empty_layer: Option<bool>,
}

/// Parses JSON that `what` names in the error.
pub(crate) fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8], what: &str) -> Result<T> {
    serde_json::from_slice(bytes)
        .map_err(|error| StoreError::NotAnImage { what: what.to_owned(), why: error.to_string() })
}

/// RFC 3339 to seconds since the epoch; nonsense and Go's zero time are "not said".
pub(crate) fn seconds(text: Option<&str>) -> Option<i64> {
    let time: jiff::Timestamp = text?.parse().ok()?;
    (!text?.starts_with("0001-")).then(|| time.as_second())
}

/// The reverse of [`seconds`].
pub(crate) fn rfc3339(seconds: i64) -> Option<String> {
    jiff::Timestamp::from_second(seconds).ok().map(|time| time.to_string())
}

impl History {
    /// A line of ours; what is empty is left out.
    pub(crate) fn of(entry: HistoryEntry) -> Self {
        let text = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            created: entry.created.and_then(rfc3339),
            author: None,
            created_by: text(entry.created_by),
            comment: text(entry.comment),
            empty_layer: entry.empty_layer.then_some(true),
        }
    }
}

impl ConfigFile {
    /// The configuration in our vocabulary.
    pub(crate) fn image_config(&self) -> ImageConfig {
        let empty = Execution::default();
        let run = self.config.as_ref().unwrap_or(&empty);
        let keys = |set: &Option<Set>| set.iter().flat_map(BTreeMap::keys).cloned().collect();
        ImageConfig {
            architecture: self.architecture.clone().unwrap_or_default(),
            os: self.os.clone().unwrap_or_default(),
            user: run.user.clone().unwrap_or_default(),
            entrypoint: run.entrypoint.clone().unwrap_or_default(),
            cmd: run.cmd.clone().unwrap_or_default(),
            env: run.env.clone().unwrap_or_default(),
            working_dir: rooted(run.working_dir.as_deref().unwrap_or_default()),
            exposed_ports: keys(&run.exposed_ports),
            volumes: keys(&run.volumes),
            stop_signal: run.stop_signal.clone().unwrap_or_default(),
            labels: run.labels.clone().unwrap_or_default(),
            health: run.healthcheck.as_ref().map(Healthcheck::health).unwrap_or_default(),
            shell: run.shell.clone().unwrap_or_default(),
            on_build: run.on_build.clone().unwrap_or_default(),
        }
    }

    pub(crate) fn history(&self) -> Vec<HistoryEntry> {
        let entry = |entry: &History| HistoryEntry {
            created: seconds(entry.created.as_deref()),
            created_by: entry.created_by.clone().unwrap_or_default(),
            comment: entry.comment.clone().unwrap_or_default(),
            empty_layer: entry.empty_layer.unwrap_or_default(),
        };
        self.history.iter().flatten().map(entry).collect()
    }

    /// The file for a configuration of ours.
    pub(crate) fn of(config: &ImageConfig, diff_ids: Vec<ClaimedDigest>) -> Self {
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        let list = |list: &Vec<String>| (!list.is_empty()).then(|| list.clone());
        let set = |list: &Vec<String>| {
            let members = list.iter().map(|key| (key.clone(), serde_json::json!({})));
            (!list.is_empty()).then(|| members.collect())
        };
        Self {
            architecture: Some(config.architecture.clone()),
            os: Some(config.os.clone()),
            config: Some(Execution {
                user: text(&config.user),
                exposed_ports: set(&config.exposed_ports),
                env: list(&config.env),
                entrypoint: list(&config.entrypoint),
                cmd: list(&config.cmd),
                volumes: set(&config.volumes),
                working_dir: text(&config.working_dir),
                labels: (!config.labels.is_empty()).then(|| config.labels.clone()),
                stop_signal: text(&config.stop_signal),
                healthcheck: Healthcheck::of(&config.health),
                shell: list(&config.shell),
                on_build: list(&config.on_build),
            }),
            rootfs: RootFs { kind: "layers".to_owned(), diff_ids },
            ..Self::default()
        }
    }
}

/// Docker starts a relative working directory at the root.
fn rooted(path: &str) -> String {
    if path.is_empty() || path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

/// The architecture of this machine, as Go and OCI spell it.
pub(crate) fn host_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" => "ppc64le",
        "loongarch64" => "loong64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dockers_nulls_and_gos_zero_times_are_absence() {
        let text = br#"{"created":"0001-01-01T00:00:00Z","architecture":"amd64","os":"linux",
            "config":{"Env":null,"Cmd":["sh"],"ExposedPorts":{"80/tcp":{}},"Volumes":null,"WorkingDir":"srv"},
            "rootfs":{"type":"layers","diff_ids":[]},
            "history":[{"created":"2024-05-22T18:18:12.25Z","created_by":"ADD","empty_layer":true}],"other":1}"#;
        let file: ConfigFile = parse(text, "config").unwrap();
        assert_eq!(seconds(file.created.as_deref()), None);
        let config = file.image_config();
        assert_eq!((config.cmd, config.exposed_ports), (vec!["sh".to_owned()], vec!["80/tcp".to_owned()]));
        assert_eq!(config.working_dir, "/srv");
        let history = file.history();
        assert_eq!((history[0].created, history[0].empty_layer), (Some(1_716_401_892), true));
    }

    #[test]
    fn a_configuration_of_ours_survives_the_file() {
        let config = ImageConfig {
            architecture: "amd64".into(),
            os: "linux".into(),
            env: vec!["A=b".into()],
            volumes: vec!["/data".into()],
            shell: vec!["/bin/ash".into(), "-c".into()],
            on_build: vec!["COPY . /app".into()],
            ..ImageConfig::default()
        };
        let bytes = serde_json::to_vec(&ConfigFile::of(&config, vec![])).unwrap();
        assert_eq!(parse::<ConfigFile>(&bytes, "config").unwrap().image_config(), config);
    }
}
