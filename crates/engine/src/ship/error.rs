//! What keeps an image from being shipped, beyond what the store and the registries say themselves.

use std::io;
use std::path::PathBuf;

/// Why an image stays where it is.
#[derive(Debug, thiserror::Error)]
pub enum ShipError {
    /// It is not made for what it should run on.
    #[error("`{name}` has no image for {wanted}, only for {}", listed(.available))]
    Platform {
        /// As it was asked for.
        name: String,
        /// `linux/amd64`.
        wanted: String,
        /// What there is.
        available: Vec<String>,
    },
    /// It is something else than an image.
    #[error("`{name}` is no image but an artifact of type `{kind}`")]
    Artifact {
        /// As it was asked for.
        name: String,
        /// Its media type.
        kind: String,
    },
    /// One of its layers is none that could be unpacked, or is not there.
    #[error("layer {layer} of `{name}` {why}")]
    Layer {
        /// As it was asked for.
        name: String,
        /// Its digest.
        layer: String,
        /// What it is instead.
        why: String,
    },
    /// The repository has other tags.
    #[error("`{repository}` has no tag `{tag}`; did you mean {}?", .near.join(" or "))]
    Tag {
        /// The repository.
        repository: String,
        /// The tag that was asked for.
        tag: String,
        /// Tags that look like it.
        near: Vec<String>,
    },
    /// A document that no image has.
    #[error("`{name}` cannot be followed: {why}")]
    Document {
        /// As it was asked for.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// Nothing can be sent there.
    #[error("nothing can be sent to `{destination}`: {why}")]
    Destination {
        /// As it was typed.
        destination: String,
        /// Why not.
        why: &'static str,
    },
    /// An id is no name that a registry could keep.
    #[error("`{0}` has no name that says where it should go")]
    Nameless(String),
    /// A file that lists what to sync cannot be read.
    #[error("cannot read `{}`: {cause}", .path.display())]
    ListRead {
        /// The file.
        path: PathBuf,
        /// The kernel's answer.
        cause: io::Error,
    },
    /// It cannot be understood.
    #[error("`{}` cannot be followed: {why}", .path.display())]
    List {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line.
        why: String,
    },
}

impl ShipError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Platform { .. } => "E-ship-platform",
            Self::Artifact { .. } => "E-ship-artifact",
            Self::Layer { .. } => "E-ship-layer",
            Self::Tag { .. } => "E-ship-tag",
            Self::Document { .. } => "E-ship-document",
            Self::Destination { .. } => "E-ship-destination",
            Self::Nameless(_) => "E-ship-nameless",
            Self::ListRead { .. } | Self::List { .. } => "E-ship-list",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Platform { available, .. } => match available.first() {
                Some(other) => format!("take another one if you mean to: --platform {other}"),
                None => "ask whoever made it for another one".into(),
            },
            Self::Artifact { name, .. } => {
                format!("it can be carried, not run: coffer copy docker://{name} oci:DIR")
            }
            Self::Layer { .. } => "ask whoever made the image for one with plain, gzip or zstd layers".into(),
            Self::Tag { repository, .. } => format!("coffer search-tags {repository}"),
            Self::Document { .. } => "ask whoever made it; no honest tool makes such a thing".into(),
            Self::Destination { .. } => {
                "name a place such as registry.example/team/app:1, oci:DIR or oci-archive:FILE".into()
            }
            Self::Nameless(id) => format!("say where: coffer push {id} registry.example/team/app:1"),
            Self::ListRead { .. } => "name a repository, or a file that you can read".into(),
            Self::List { .. } => "mend it; `coffer sync --help` shows what it may hold".into(),
        }
    }
}

fn listed(available: &[String]) -> String {
    if available.is_empty() { "nothing that says so".to_owned() } else { available.join(", ") }
}
