//! What is known about an image without opening anything hostile: its configuration, its layers,
//! and what unpacking saw on the way.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::upkeep::Health;

/// An image that the store admitted: every byte of it was hashed.
#[derive(Debug, Clone, Serialize)]
pub struct Image {
    /// Digest of the manifest: the image's identity.
    pub digest: Digest,
    /// Digest of the configuration (Docker's "image id").
    pub config_digest: Digest,
    /// Names that point to this image, `repository:tag`, sorted.
    pub names: Vec<String>,
    /// Unpacked size of all layers, in bytes.
    pub size: u64,
    /// When the image says it was made, seconds since the epoch; archives may not say.
    pub created: Option<i64>,
    /// When this store admitted it, seconds since the epoch.
    pub imported: i64,
    /// Bottom layer first.
    pub layers: Vec<Layer>,
    /// How to start it.
    pub config: ImageConfig,
    /// What unpacking saw.
    pub facts: ImageFacts,
    /// One line per layer or command, oldest first (OCI image-spec, config.md "history").
    pub history: Vec<HistoryEntry>,
}

/// One layer of an admitted image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Digest of the blob as it was shipped.
    pub blob: Digest,
    /// Digest of the uncompressed tar stream.
    pub diff_id: Digest,
    /// Size of the blob, in bytes.
    pub size: u64,
}

/// What an image asks for when it starts (OCI image-spec, config.md), already checked for syntax.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageConfig {
    /// `amd64`, `arm64`, ...
    pub architecture: String,
    /// `linux`.
    pub os: String,
    /// `user`, `uid`, `user:group`, `uid:gid`; empty means root.
    pub user: String,
    /// Prepended to the command.
    pub entrypoint: Vec<String>,
    /// The default command, or the default arguments of the entrypoint.
    pub cmd: Vec<String>,
    /// `NAME=value`.
    pub env: Vec<String>,
    /// Absolute; empty means `/`.
    pub working_dir: String,
    /// `80/tcp`.
    pub exposed_ports: Vec<String>,
    /// Absolute paths that want storage of their own.
    pub volumes: Vec<String>,
    /// `SIGTERM` if empty.
    pub stop_signal: String,
    /// Free labels.
    pub labels: BTreeMap<String, String>,
    /// How it is asked whether it is well (Docker's extension of the specification).
    pub health: Health,
    /// The shell of commands that are a line (Docker's extension); empty is `/bin/sh -c`.
    pub shell: Vec<String>,
    /// Instructions for whoever builds on it (Docker's extension).
    pub on_build: Vec<String>,
}

/// One entry of an image's history.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryEntry {
    /// Seconds since the epoch.
    pub created: Option<i64>,
    /// The command that made the layer.
    pub created_by: String,
    /// A remark of its author.
    pub comment: String,
    /// True where the command changed only the configuration.
    pub empty_layer: bool,
}

/// What unpacking saw in the merged tree of all layers: later layers hide earlier ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageFacts {
    /// Entries in the merged tree.
    pub entries: u64,
    /// Every directory that directly holds at least one executable, sorted by path.
    pub exec_dirs: Vec<ExecDir>,
    /// Absolute paths of set-user-id and set-group-id files, sorted.
    pub setuid_files: Vec<String>,
    /// Absolute paths of files with file capabilities, sorted.
    pub capability_files: Vec<String>,
    /// Top-level symbolic links, name to target: `bin` -> `usr/bin`.
    pub root_links: BTreeMap<String, String>,
    /// Files owned by ids that a map of one user cannot show, flattened to that user (rootless without subuids).
    pub flattened_owners: bool,
}

/// A directory that holds executables: regular files with an execute bit, or ELF objects
/// (shared objects are mapped executable whether or not they carry the bit).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecDir {
    /// Absolute, normalised; `/` for the root itself.
    pub path: String,
    /// Names of the executables directly in it, sorted.
    pub files: Vec<String>,
    /// How many other entries (data files, directories, links) it directly holds.
    pub others: u64,
}
