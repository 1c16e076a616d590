//! Where news of a publisher comes from: a registry that is asked file by file, or files that are all here.

use std::time::{Duration, Instant};

use model::digest::{ClaimedDigest, Digest};
use registry::client::{Client, Patience};
use trust::SourceError;
use trust::client::Source;

use super::directory::TIMESTAMP;
use super::error::TrustError;
use super::files::{Files, root_version};
use super::harbour::{Harbour, Moored};
use super::place::Place;
use super::publish::Edition;
use crate::error::EngineError;
use crate::registries::Registries;

/// What this module returns.
type Result<T> = std::result::Result<T, EngineError>;

/// The longest that all of a publisher's files may take.
const LONGEST: Duration = Duration::from_secs(60);

/// For documents of some kilobytes: who is slower than this withholds them.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(5),
    answer: Duration::from_secs(10),
    least: 20_000,
    over: Duration::from_secs(10),
    tries: 2,
    pause: Duration::from_millis(250),
    longest: Duration::from_secs(2),
};

/// Files that are asked for by name, and a root that is asked for by what it is.
pub(super) trait Origin: Source {
    /// The root document with a fingerprint.
    fn root(&mut self, fingerprint: &ClaimedDigest) -> Result<Option<Vec<u8>>>;
}

/// A client for news.
pub(super) fn client(registries: &Registries) -> Client {
    registries.client_with(PATIENCE)
}

/// What a place has, as far as it is asked for.
pub(super) struct Afar<'a> {
    harbour: Harbour<'a>,
    moored: Moored,
    /// The one that is kept: if it is the same, nothing else is asked for.
    timestamp: Option<Vec<u8>>,
}

impl<'a> Afar<'a> {
    /// Looks at what there is.
    pub(super) fn look(client: &'a Client, place: &Place, had: &Files) -> Result<Self> {
        let harbour = Harbour::new(client, place.repository()).until(Instant::now() + LONGEST);
        let moored = harbour.look(Edition::Latest)?;
        let moored = moored.ok_or_else(|| TrustError::Nothing(place.to_string()))?;
        Ok(Self { harbour, moored, timestamp: had.get(TIMESTAMP).map(<[u8]>::to_vec) })
    }

    fn named(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let Some(file) = self.moored.listing.get(name) else { return Ok(None) };
        let had = self.timestamp.as_ref().filter(|_| name == TIMESTAMP);
        match had.filter(|bytes| file.digest.confirm(Digest::of(bytes)).is_ok()) {
            Some(bytes) => Ok(Some(bytes.clone())),
            None => self.harbour.file(name, file).map(Some),
        }
    }
}

impl Source for Afar<'_> {
    fn fetch(&mut self, name: &str, most: u64) -> std::result::Result<Option<Vec<u8>>, SourceError> {
        let size = self.moored.listing.get(name).map_or(0, |file| file.size);
        if size > most {
            return Err(too_long(name, most));
        }
        self.named(name).map_err(|error| SourceError(error.to_string()))
    }
}

impl Origin for Afar<'_> {
    fn root(&mut self, fingerprint: &ClaimedDigest) -> Result<Option<Vec<u8>>> {
        let name = self.moored.listing.root(fingerprint).map(str::to_owned);
        name.map_or(Ok(None), |name| self.named(&name))
    }
}

impl Source for Files {
    fn fetch(&mut self, name: &str, most: u64) -> std::result::Result<Option<Vec<u8>>, SourceError> {
        match self.get(name) {
            Some(bytes) if bytes.len() as u64 > most => Err(too_long(name, most)),
            bytes => Ok(bytes.map(<[u8]>::to_vec)),
        }
    }
}

impl Origin for Files {
    fn root(&mut self, fingerprint: &ClaimedDigest) -> Result<Option<Vec<u8>>> {
        let mut roots = self.iter().filter(|(name, _)| root_version(name).is_some());
        let root = roots.find(|(_, bytes)| fingerprint.confirm(Digest::of(bytes)).is_ok());
        Ok(root.map(|(_, bytes)| bytes.to_vec()))
    }
}

fn too_long(name: &str, most: u64) -> SourceError {
    SourceError(format!("`{name}` has more than {most} bytes"))
}
