//! A publisher's files in a registry: the artifact `PLACE/trust`, read file by file, and written as a whole.

use std::io::{self, Read};
use std::thread;
use std::time::{Duration, Instant};

use model::digest::{ClaimedDigest, Digest};
use model::oci::{Descriptor, OCI_EMPTY, OCI_MANIFEST};
use model::reference::Repository;
use registry::client::{Client, ClientError, Fetched, Guard, Over, Which};

use super::carriage::{self, EMPTY, Listing, described};
use super::error::TrustError;
use super::files::Files;
use super::publish::Edition;
use crate::error::EngineError;

/// What this module returns.
type Result<T> = std::result::Result<T, EngineError>;

/// By then, whoever has looked at a name has written it.
const SETTLED: Duration = Duration::from_millis(400);

/// The repository of one place.
pub(super) struct Harbour<'a> {
    client: &'a Client,
    repository: Repository,
    until: Option<Instant>,
}

/// What there is under a name now.
#[derive(Debug, Clone)]
pub(super) struct Moored {
    /// Of the artifact's manifest.
    pub(super) digest: ClaimedDigest,
    pub(super) listing: Listing,
}

impl<'a> Harbour<'a> {
    pub(super) fn new(client: &'a Client, repository: Repository) -> Self {
        Self { client, repository, until: None }
    }

    /// The same, with an end to all patience: a peer that sends a byte now and then is never waited for longer.
    pub(super) fn until(self, until: Instant) -> Self {
        Self { until: Some(until), ..self }
    }

    pub(super) fn look(&self, edition: Edition) -> Result<Option<Moored>> {
        let fetched = match self.client.manifest(&self.repository, &Which::Tag(edition.tag().to_owned())) {
            Err(ClientError::Missing { .. }) => return Ok(None),
            fetched => fetched?,
        };
        let Fetched { bytes, digest, .. } = fetched;
        Ok(Some(Moored { digest: digest.into(), listing: Listing::parse(&bytes)? }))
    }

    /// A file's bytes, checked against the listing.
    pub(super) fn file(&self, name: &str, file: &Descriptor) -> Result<Vec<u8>> {
        let what = format!("`{name}` of `{}`", self.repository);
        let mut reader = Hurried { reader: self.client.blob(&self.repository, file, 0)?, until: self.until };
        let mut bytes = Vec::new();
        // The reader ends after exactly as many bytes as were claimed.
        if let Err(error) = reader.read_to_end(&mut bytes) {
            return Err(said(what, file.size, bytes.len(), error).into());
        }
        match file.digest.confirm(Digest::of(&bytes)) {
            Ok(_) => Ok(bytes),
            Err(mismatch) => Err(ClientError::Digest { what, mismatch, evidence: None }.into()),
        }
    }

    pub(super) fn files(&self, listing: &Listing) -> Result<Files> {
        let mut files = Files::default();
        for (name, file) in listing.iter() {
            files.add(name, self.file(name, file)?)?;
        }
        Ok(files)
    }

    /// Sends the files that `there` has not, and then what names them; unless the name stands for something else by
    /// then. A registry that knows conditions lets one of two win. With any other, whoever looked before we wrote will
    /// have written when we look last, so that of two at once one finds out.
    pub(super) fn send(
        &self,
        edition: Edition,
        files: &Files,
        there: Option<&Moored>,
    ) -> Result<ClaimedDigest> {
        let has = |digest: &ClaimedDigest| {
            there.is_some_and(|there| there.listing.iter().any(|(_, file)| file.digest == *digest))
        };
        let listing = files.listing();
        for (name, file) in listing.iter().filter(|(_, file)| !has(&file.digest)) {
            self.send_blob(file, files.get(name).unwrap_or_default())?;
        }
        if there.is_none() {
            self.send_blob(&described(OCI_EMPTY, EMPTY), EMPTY)?;
        }
        let manifest = carriage::manifest(files)?;
        let digest = ClaimedDigest::from(Digest::of(&manifest));
        let over = there.map(|there| there.digest);
        self.still(edition, over)?;
        let over = over.map_or(Over::Nothing, Over::This);
        match self.client.push_manifest_over(&self.repository, edition.tag(), OCI_MANIFEST, &manifest, over) {
            Ok(Guard::Registry) => return Ok(digest),
            Ok(Guard::Nobody) => {
                self.still(edition, Some(digest))?;
                thread::sleep(SETTLED);
            }
            // It may have been ours whose answer got lost.
            Err(ClientError::Refused { status: 412, .. }) => {}
            Err(error) => return Err(error.into()),
        }
        self.still(edition, Some(digest))?;
        Ok(digest)
    }

    /// Takes a name away, where the registry lets anybody, if it stands for what was seen.
    pub(super) fn remove(&self, edition: Edition, seen: &ClaimedDigest) -> Result<()> {
        if self.current(edition)? != Some(*seen) {
            return Ok(());
        }
        match self.client.delete_manifest(&self.repository, &Which::Tag(edition.tag().to_owned())) {
            Err(ClientError::Missing { .. }) => Ok(()),
            removed => Ok(removed?),
        }
    }

    /// Whether the name stands for what it should.
    fn still(&self, edition: Edition, expected: Option<ClaimedDigest>) -> Result<()> {
        match self.current(edition)? == expected {
            true => Ok(()),
            false => Err(TrustError::Raced(self.repository.to_string()).into()),
        }
    }

    fn current(&self, edition: Edition) -> Result<Option<ClaimedDigest>> {
        match self.client.resolve(&self.repository, &Which::Tag(edition.tag().to_owned())) {
            Err(ClientError::Missing { .. }) => Ok(None),
            resolved => Ok(Some(resolved?.digest)),
        }
    }

    fn send_blob(&self, blob: &Descriptor, bytes: &[u8]) -> Result<()> {
        if self.client.has_blob(&self.repository, &blob.digest)? {
            return Ok(());
        }
        let source = |from: u64| -> io::Result<Box<dyn Read + Send + '_>> {
            let from = usize::try_from(from).unwrap_or(usize::MAX);
            Ok(Box::new(bytes.get(from..).unwrap_or_default()))
        };
        Ok(self.client.push_blob(&self.repository, blob, &source, &mut |_| {})?)
    }
}

/// A registry's own words, where a transfer has passed them on.
fn said(what: String, expected: u64, got: usize, error: io::Error) -> ClientError {
    match error.downcast::<ClientError>() {
        Ok(said) => said,
        Err(error) => ClientError::Cut { what, got: got as u64, expected, cause: error.to_string() },
    }
}

/// A stream that ends with an error when it is late.
struct Hurried<R> {
    reader: R,
    until: Option<Instant>,
}

impl<R: Read> Read for Hurried<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.until.is_some_and(|until| Instant::now() >= until) {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "it took too long"));
        }
        self.reader.read(buffer)
    }
}
