//! A source of blobs that plays tricks.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Mutex;
use std::time::Duration;

use coffer_store::{Blobs, Incoming};
use model::digest::{ClaimedDigest, Digest};
use model::oci::{Descriptor, Manifest};

/// An image as a registry has it.
pub(crate) struct Shipment {
    /// The OCI layout that holds it.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) manifest: Vec<u8>,
    pub(crate) config: Vec<u8>,
    pub(crate) layers: Vec<Descriptor>,
    blobs: BTreeMap<ClaimedDigest, Vec<u8>>,
}

impl Shipment {
    pub(crate) fn of(layers: &[&[u8]], shipped: &[Vec<u8>]) -> Self {
        let files = super::oci_files(Some("app"), layers, shipped);
        let blobs: BTreeMap<ClaimedDigest, Vec<u8>> =
            files.iter().skip(2).map(|(_, bytes)| (Digest::of(bytes).into(), bytes.clone())).collect();
        let manifest = files.last().unwrap().1.clone();
        let read: Manifest = serde_json::from_slice(&manifest).unwrap();
        Self { config: blobs[&read.config.digest].clone(), layers: read.layers, manifest, files, blobs }
    }

    pub(crate) fn bytes(&self, digest: &ClaimedDigest) -> Vec<u8> {
        self.blobs[digest].clone()
    }

    pub(crate) fn incoming<'a>(&self, blobs: &'a Afar<'_>) -> Incoming<'a> {
        Incoming {
            manifest: self.manifest.clone(),
            media_type: model::oci::OCI_MANIFEST.to_owned(),
            config: self.config.clone(),
            pins: Vec::new(),
            blobs,
        }
    }
}

/// What happens to a blob on its way.
pub(crate) enum Trick {
    /// The connection breaks after this many bytes.
    Cut(u64),
    /// These bytes come instead.
    Other(Vec<u8>),
    /// It takes its time.
    Slow,
    /// The whole process dies after this many bytes.
    Kill(u64),
}

/// Blobs from afar, and a list of what was asked for.
pub(crate) struct Afar<'a> {
    shipment: &'a Shipment,
    tricks: BTreeMap<ClaimedDigest, Trick>,
    opened: Mutex<Vec<(ClaimedDigest, u64)>>,
}

impl<'a> Afar<'a> {
    pub(crate) fn new(shipment: &'a Shipment) -> Self {
        Self { shipment, tricks: BTreeMap::new(), opened: Mutex::default() }
    }

    pub(crate) fn with(mut self, digest: ClaimedDigest, trick: Trick) -> Self {
        self.tricks.insert(digest, trick);
        self
    }

    pub(crate) fn opened(&self) -> Vec<(ClaimedDigest, u64)> {
        self.opened.lock().unwrap().clone()
    }
}

impl Blobs for Afar<'_> {
    fn open(&self, blob: &Descriptor, from: u64) -> io::Result<Box<dyn Read + Send + '_>> {
        self.opened.lock().unwrap().push((blob.digest, from));
        let start = usize::try_from(from).unwrap();
        let honest = &self.shipment.blobs[&blob.digest];
        Ok(match self.tricks.get(&blob.digest) {
            None => Box::new(&honest[start..]),
            Some(Trick::Other(bytes)) => Box::new(&bytes[start.min(bytes.len())..]),
            Some(Trick::Cut(after)) => Box::new(honest[start..].take(*after).chain(Broken)),
            Some(Trick::Kill(after)) => Box::new(honest[start..].take(*after).chain(Deadly)),
            Some(Trick::Slow) => Box::new(Slow(&honest[start..])),
        })
    }
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::new(io::ErrorKind::ConnectionReset, "cut"))
    }
}

struct Deadly;

impl Read for Deadly {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        let this = rustix::process::getpid();
        rustix::process::kill_process(this, rustix::process::Signal::KILL)?;
        Ok(0)
    }
}

struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        std::thread::sleep(Duration::from_millis(1));
        let length = buffer.len().min(50_000);
        self.0.read(&mut buffer[..length])
    }
}
