//! The client: images from and to a registry.

mod error;

pub use error::ClientError;

use std::io::Read;

use model::digest::{ClaimedDigest, Digest};
use model::oci::Descriptor;
use model::reference::Repository;

use crate::config::Config;

/// What this client returns.
pub type Result<T> = std::result::Result<T, ClientError>;

/// Connections, tokens and what the host says about registries. Threads share it.
pub struct Client {
    config: Config,
}

/// Which manifest of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Whatever the tag points to now.
    Tag(String),
    /// The one that hashes to this.
    Digest(ClaimedDigest),
}

/// A manifest or an index, as it came.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The very bytes.
    pub bytes: Vec<u8>,
    /// What they are, by the answer's header or by their own word.
    pub media_type: String,
    /// What they hash to; equal to what was asked for, and to what the registry says of them.
    pub digest: Digest,
}

/// What asking for a blob of another repository came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mount {
    /// The registry has linked it.
    Mounted,
    /// It has not; the blob has to be sent.
    Refused,
}

/// Opens a blob's bytes from an offset on: asked again when a transfer has to be resumed.
pub type Opener<'a> = dyn Fn(u64) -> std::io::Result<Box<dyn Read + Send + 'a>> + Sync + 'a;

impl Client {
    /// A client that has not connected to anything yet.
    ///
    /// # Errors
    /// A certificate or key of the configuration that cannot be used.
    pub fn new(config: Config) -> Result<Self> {
        Ok(Self { config })
    }

    /// The manifest or index of a tag or digest, from a mirror where one is configured and has it.
    ///
    /// # Errors
    /// Everything that can go wrong on a network; bytes that are not what was asked for are
    /// [`ClientError::Digest`].
    pub fn manifest(&self, repository: &Repository, which: &Which) -> Result<Fetched> {
        let _ = (&self.config, which);
        Err(ClientError::unfinished(repository))
    }

    /// The digest and the size of a tag's manifest, without its bytes.
    ///
    /// # Errors
    /// As [`Client::manifest`].
    pub fn resolve(&self, repository: &Repository, which: &Which) -> Result<Descriptor> {
        let _ = which;
        Err(ClientError::unfinished(repository))
    }

    /// A blob's bytes from offset `from` on. The reader connects again and goes on with a range when the
    /// connection breaks, ends after exactly `blob.size` bytes, and does not hash: who reads all of it does.
    ///
    /// # Errors
    /// As [`Client::manifest`]; errors while reading carry a [`ClientError`] inside the `io::Error`.
    pub fn blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        from: u64,
    ) -> Result<Box<dyn Read + Send>> {
        let _ = (blob, from);
        Err(ClientError::unfinished(repository))
    }

    /// Whether the repository has the blob.
    ///
    /// # Errors
    /// As [`Client::manifest`].
    pub fn has_blob(&self, repository: &Repository, digest: &ClaimedDigest) -> Result<bool> {
        let _ = digest;
        Err(ClientError::unfinished(repository))
    }

    /// Asks the registry to link a blob that another of its repositories has.
    ///
    /// # Errors
    /// As [`Client::manifest`].
    pub fn mount(&self, repository: &Repository, digest: &ClaimedDigest, from: &str) -> Result<Mount> {
        let _ = (digest, from);
        Err(ClientError::unfinished(repository))
    }

    /// Sends a blob: whole where that works, in chunks and resumed where not. `advanced` hears of bytes sent.
    ///
    /// # Errors
    /// As [`Client::manifest`]; a source whose bytes are not the blob's is [`ClientError::Digest`].
    pub fn push_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        source: &Opener<'_>,
        advanced: &mut dyn FnMut(u64),
    ) -> Result<()> {
        let _ = (blob, source, advanced);
        Err(ClientError::unfinished(repository))
    }

    /// Sends a manifest or an index, under a tag or under its digest alone. One with a subject is added to the
    /// fallback tag of its referrers where the registry does not keep them by itself.
    ///
    /// # Errors
    /// As [`Client::manifest`].
    pub fn push_manifest(
        &self,
        repository: &Repository,
        tag: Option<&str>,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<Digest> {
        let _ = (tag, media_type, bytes);
        Err(ClientError::unfinished(repository))
    }

    /// All tags of a repository, over all pages.
    ///
    /// # Errors
    /// As [`Client::manifest`].
    pub fn tags(&self, repository: &Repository) -> Result<Vec<String>> {
        Err(ClientError::unfinished(repository))
    }

    /// All repositories of a registry, over all pages, where it tells.
    ///
    /// # Errors
    /// As [`Client::manifest`].
    pub fn catalogue(&self, registry: &str) -> Result<Vec<String>> {
        Err(ClientError::unfinished(&Repository { registry: registry.to_owned(), path: String::new() }))
    }

    /// What refers to a manifest: signatures, inventories, attestations. By the API, or by the fallback tag.
    ///
    /// # Errors
    /// As [`Client::manifest`].
    pub fn referrers(
        &self,
        repository: &Repository,
        subject: &ClaimedDigest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        let _ = (subject, artifact_type);
        Err(ClientError::unfinished(repository))
    }

    /// Deletes a manifest or a tag.
    ///
    /// # Errors
    /// As [`Client::manifest`].
    pub fn delete_manifest(&self, repository: &Repository, which: &Which) -> Result<()> {
        let _ = which;
        Err(ClientError::unfinished(repository))
    }

    /// Whether the registry takes these credentials. Nothing is kept.
    ///
    /// # Errors
    /// [`ClientError`] that says what it answered.
    pub fn check_login(&self, registry: &str, user: &str, password: &str) -> Result<()> {
        let _ = (user, password);
        Err(ClientError::unfinished(&Repository { registry: registry.to_owned(), path: String::new() }))
    }
}
