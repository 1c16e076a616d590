//! The client: images from and to a registry.
//!
//! A call goes through `manifest`, `blob`, `upload`, `list` or `referrers`, which know the distribution
//! specification, to `exchange`, which knows tokens, redirects and tries, and from there to one `host`.

mod error;
mod patience;
mod plain;
mod complaint;
mod challenge;
mod link;
mod ranges;
mod address;
mod tls;
mod connector;
mod pace;
mod answer;
mod host;
mod settings;
mod failure;
mod exchange;
mod keyring;
mod document;
mod evidence;
mod manifest;
mod blob;
mod source;
mod upload;
mod list;
mod referrers;
mod download;
mod login;

pub mod fuzz;

pub use download::Download;
pub use error::ClientError;
pub use manifest::{Guard, Over};
pub use patience::Patience;

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use model::digest::{ClaimedDigest, Digest};
use model::oci::Descriptor;
use model::reference::Repository;

use crate::config::Config;
use keyring::Keyring;
use settings::Hosts;

/// What this client returns.
pub type Result<T> = std::result::Result<T, ClientError>;

/// Connections, tokens and what the host says about registries. Threads share it.
pub struct Client(Arc<Shared>);

/// What a reader needs as well that outlives the call.
struct Shared {
    config: Config,
    patience: Patience,
    hosts: Hosts,
    keyring: Keyring,
    evidence: Option<PathBuf>,
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

/// What a registry made of credentials that were shown to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// It wanted some, and took them.
    Accepted,
    /// It wants none, so any would do.
    NotAsked,
}

/// Opens a blob's bytes from an offset on: asked again when a transfer has to be resumed.
pub type Opener<'a> = dyn Fn(u64) -> std::io::Result<Box<dyn Read + Send + 'a>> + Sync + 'a;

impl Client {
    /// A client that has not connected to anything yet.
    ///
    /// # Errors
    /// None of its own: a certificate or key that cannot be used is the error of the first call that needs it.
    pub fn new(config: Config) -> Result<Self> {
        Ok(Self::with_patience(config, Patience::default()))
    }

    /// The same, with other waits.
    #[must_use]
    pub fn with_patience(config: Config, patience: Patience) -> Self {
        let evidence = config.places.evidence.clone();
        let (hosts, keyring) = (Hosts::default(), Keyring::default());
        Self(Arc::new(Shared { config, patience, hosts, keyring, evidence }))
    }

    /// The bytes at an address, which is no repository's: nobody is shown any credentials.
    ///
    /// # Errors
    /// Everything that can go wrong on a network; an address without TLS that is not this machine's.
    pub fn download(&self, url: &str) -> Result<Box<dyn Read>> {
        Ok(self.0.download(url)?.body)
    }

    /// The same, with what the server says of it.
    ///
    /// # Errors
    /// As [`Client::download`].
    pub fn fetch(&self, url: &str) -> Result<Download> {
        self.0.download(url)
    }

    /// The manifest or index of a tag or digest, from a mirror where one is configured and has it.
    ///
    /// # Errors
    /// Everything that can go wrong on a network; bytes that are not what was asked for are
    /// [`ClientError::Digest`].
    pub fn manifest(&self, repository: &Repository, which: &Which) -> Result<Fetched> {
        self.0.manifest(repository, which)
    }

    /// The digest and the size of a tag's manifest, without its bytes where the registry tells.
    ///
    /// # Errors
    /// As [`Client::manifest`].
    pub fn resolve(&self, repository: &Repository, which: &Which) -> Result<Descriptor> {
        self.0.resolve(repository, which)
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
        Ok(Box::new(blob::Transfer::start(&self.0, repository, blob, from)?))
    }

    /// Whether the repository has the blob.
    ///
    /// # Errors
    /// As [`Client::manifest`].
    pub fn has_blob(&self, repository: &Repository, digest: &ClaimedDigest) -> Result<bool> {
        self.0.has_blob(repository, digest)
    }

    /// Asks the registry to link a blob that another of its repositories has.
    ///
    /// # Errors
    /// As [`Client::manifest`].
    pub fn mount(&self, repository: &Repository, digest: &ClaimedDigest, from: &str) -> Result<Mount> {
        self.0.mount(repository, digest, from)
    }

    /// Sends a blob: whole where that works, in chunks and resumed where not. `advanced` hears of every byte
    /// once, in pieces: their sum is the blob's size in the end.
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
        self.0.push_blob(repository, blob, source, advanced)
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
        Ok(self.0.push_manifest(repository, tag, media_type, bytes, Over::Anything)?.0)
    }

    /// Sends a manifest under a tag in the place of what was there when somebody looked, and says who saw to it that
    /// nothing else was there by then.
    ///
    /// # Errors
    /// As [`Client::manifest`]; [`ClientError::Refused`] with status 412 if something else was.
    pub fn push_manifest_over(
        &self,
        repository: &Repository,
        tag: &str,
        media_type: &str,
        bytes: &[u8],
        over: Over,
    ) -> Result<Guard> {
        Ok(self.0.push_manifest(repository, Some(tag), media_type, bytes, over)?.1)
    }

    /// All tags of a repository, over all pages.
    ///
    /// # Errors
    /// As [`Client::manifest`].
    pub fn tags(&self, repository: &Repository) -> Result<Vec<String>> {
        self.0.tags(repository)
    }

    /// All repositories of a registry, over all pages, where it tells.
    ///
    /// # Errors
    /// As [`Client::manifest`].
    pub fn catalogue(&self, registry: &str) -> Result<Vec<String>> {
        self.0.catalogue(registry)
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
        self.0.referrers(repository, subject, artifact_type)
    }

    /// Deletes a manifest or a tag.
    ///
    /// # Errors
    /// As [`Client::manifest`].
    pub fn delete_manifest(&self, repository: &Repository, which: &Which) -> Result<()> {
        self.0.delete_manifest(repository, which)
    }

    /// Whether the registry takes these credentials, and whether it wants any. Nothing is kept.
    ///
    /// # Errors
    /// [`ClientError`] that says what it answered.
    pub fn check_login(&self, registry: &str, user: &str, password: &str) -> Result<Checked> {
        self.0.check_login(registry, user, password)
    }
}
