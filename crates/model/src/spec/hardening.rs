//! What Cofferdam does beyond the OCI specification, as one extra property of it.

use serde::{Deserialize, Serialize};

/// What Cofferdam does beyond the OCI specification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Hardening {
    /// The root filesystem is this overlay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlay: Option<Overlay>,
    /// The only places of the root from which anything can be executed, bound read-only; empty where
    /// the root is mounted exec (`--mutable`).
    pub islands: Vec<Island>,
    /// Whether Landlock closes everything outside the root, and EXECUTE outside the islands.
    pub landlock: Landlock,
    /// `vm.memfd_noexec` of the pid namespace: 2 refuses executable memfds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memfd_noexec: Option<u8>,
    /// Files that the engine makes for this container and binds over the image's: `/etc/hosts`, ...
    pub files: Vec<InjectedFile>,
    /// The same, as programs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scripts: Vec<InjectedFile>,
    /// The same, but what is in them is never written down: it comes with the start.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretFile>,
}

/// An overlay filesystem of image layers and one writable directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Overlay {
    /// Top layer first, as overlayfs wants them; absolute host paths.
    pub lower: Vec<String>,
    /// Where writes go; empty where nothing can be written.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub upper: String,
    /// overlayfs' scratch directory, on the same filesystem as `upper`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub work: String,
    /// What happens to writes after a crash of the host.
    pub durability: OverlayDurability,
}

/// Whether overlayfs syncs the upper directory when it is unmounted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverlayDurability {
    /// It does.
    #[default]
    Synced,
    /// It does not: for containers that are removed when they end.
    Volatile,
}

/// A place from which programs may be executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Island {
    /// Absolute, in the container.
    pub path: String,
    /// A whole directory, or one file.
    pub kind: IslandKind,
}

/// What an island is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IslandKind {
    /// A directory and everything below.
    Directory,
    /// One file.
    File,
}

/// Whether Landlock is on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Landlock {
    /// Off (`--privileged`).
    #[default]
    Off,
    /// On; a kernel that cannot is a start that fails.
    Required,
}

/// A small file that the engine makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InjectedFile {
    /// Absolute, in the container.
    pub path: String,
    /// What is in it.
    pub content: String,
}

/// A file whose content is known to nobody but the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretFile {
    /// Absolute, in the container.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// Owner, in the container.
    pub uid: u32,
    /// Group, in the container.
    pub gid: u32,
}
