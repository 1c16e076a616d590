//! A record as it is written.

use serde::Deserialize;
use serde_json::Value;

use crate::import::words::or_default;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::import) struct Osv {
    #[serde(deserialize_with = "or_default")]
    pub(super) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) aliases: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) related: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) upstream: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) summary: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) details: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) published: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) modified: String,
    pub(super) withdrawn: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) severity: Vec<Score>,
    #[serde(deserialize_with = "or_default")]
    pub(super) affected: Vec<Package>,
    #[serde(deserialize_with = "or_default")]
    pub(super) references: Vec<Reference>,
    pub(super) database_specific: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Score {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) score: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reference {
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub(super) kind: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) url: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Package {
    #[serde(deserialize_with = "or_default")]
    pub(super) package: Name,
    #[serde(deserialize_with = "or_default")]
    pub(super) severity: Vec<Score>,
    #[serde(deserialize_with = "or_default")]
    pub(super) ranges: Vec<Range>,
    #[serde(deserialize_with = "or_default")]
    pub(super) versions: Vec<String>,
    pub(super) ecosystem_specific: Value,
    pub(super) database_specific: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Name {
    #[serde(deserialize_with = "or_default")]
    pub(super) ecosystem: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) purl: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Range {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) events: Vec<Event>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Event {
    Introduced(String),
    Fixed(String),
    LastAffected(String),
    Limit(String),
}

impl Event {
    pub(super) fn version(&self) -> &str {
        match self {
            Self::Introduced(version)
            | Self::Fixed(version)
            | Self::LastAffected(version)
            | Self::Limit(version) => version,
        }
    }
}
