//! Where a copy comes from: a repository, an image on disk, or an image of the store.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use model::digest::{ClaimedDigest, Digest};
use model::oci::Descriptor;
use model::reference::Repository;
use registry::client::{Client, ClientError, Which};
use store::carrier::Layout;
use store::{Attached, Blobs, Limits, Outgoing, StoreError};

use super::Result;

/// A manifest or an index, with what it is.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) descriptor: Descriptor,
    /// Checked against the descriptor.
    pub(crate) bytes: Vec<u8>,
}

/// A blob's bytes, as they come.
pub(crate) type Bytes<'a> = Box<dyn Read + Send + 'a>;

/// Where images come from. Threads share it.
pub(crate) trait Origin: Sync {
    /// As a person would name it.
    fn name(&self) -> String;
    /// What was asked for.
    fn top(&self) -> Result<Document>;
    /// A document that another one names.
    fn document(&self, descriptor: &Descriptor) -> Result<Document>;
    /// A blob's bytes from an offset on. Whoever reads them hashes them.
    fn open(&self, blob: &Descriptor, from: u64) -> io::Result<Bytes<'_>>;
    /// What refers to a document.
    fn referrers(&self, subject: &ClaimedDigest) -> Result<Vec<Descriptor>>;
    /// What lies beside a document under tags made of its digest, as cosign keeps it: by tag.
    fn tagged(&self, subject: &ClaimedDigest) -> Result<Vec<(String, Descriptor)>>;
    /// What publishers say, where it lies among the images themselves.
    fn publishers(&self) -> Result<Vec<Descriptor>>;
    /// Repositories that are likely to have the same blobs.
    fn neighbours(&self) -> &[Repository];
}

/// A blob that is small by its kind, whole and checked.
pub(super) fn small(origin: &dyn Origin, blob: &Descriptor) -> Result<Vec<u8>> {
    whole(origin, blob, "bytes in a configuration", Limits::default().config)
}

/// A blob's bytes, all of them and checked, if they are no more than allowed.
pub(crate) fn whole(
    origin: &dyn Origin,
    blob: &Descriptor,
    limit: &'static str,
    allowed: u64,
) -> Result<Vec<u8>> {
    let label = blob.digest.to_string();
    if blob.size > allowed {
        return Err(StoreError::Limit { what: label, limit, allowed }.into());
    }
    let mut bytes = Vec::new();
    let read = origin.open(blob, 0).and_then(|from| from.take(blob.size + 1).read_to_end(&mut bytes));
    read.map_err(|cause| StoreError::Fetch { blob: label.clone(), cause })?;
    let found = bytes.len() as u64;
    if found != blob.size {
        return Err(StoreError::Size { blob: label, claimed: blob.size, found, evidence: None }.into());
    }
    match blob.digest.confirm(Digest::of(&bytes)) {
        Ok(_) => Ok(bytes),
        Err(mismatch) => Err(StoreError::Digest { blob: label, mismatch, evidence: None }.into()),
    }
}

/// Layers for the store, from wherever they are.
pub(super) struct Layers<'a>(pub(super) &'a dyn Origin);

impl Blobs for Layers<'_> {
    fn open(&self, blob: &Descriptor, from: u64) -> io::Result<Bytes<'_>> {
        self.0.open(blob, from)
    }
}

/// A tag or a digest of a repository.
pub(crate) struct Remote<'a> {
    client: &'a Client,
    repository: Repository,
    which: Which,
    neighbours: Vec<Repository>,
}

impl<'a> Remote<'a> {
    pub(crate) fn new(client: &'a Client, repository: Repository, which: Which) -> Self {
        let neighbours = vec![repository.clone()];
        Self { client, repository, which, neighbours }
    }
}

impl Origin for Remote<'_> {
    fn name(&self) -> String {
        match &self.which {
            Which::Tag(tag) => format!("{}:{tag}", self.repository),
            Which::Digest(digest) => format!("{}@{digest}", self.repository),
        }
    }

    fn top(&self) -> Result<Document> {
        let fetched = self.client.manifest(&self.repository, &self.which)?;
        let size = fetched.bytes.len() as u64;
        let descriptor = Descriptor::new(fetched.media_type, fetched.digest.into(), size);
        Ok(Document { descriptor, bytes: fetched.bytes })
    }

    fn document(&self, descriptor: &Descriptor) -> Result<Document> {
        let fetched = self.client.manifest(&self.repository, &Which::Digest(descriptor.digest))?;
        let found = fetched.bytes.len() as u64;
        if found != descriptor.size {
            let what = format!("manifest `{}` of `{}`", descriptor.digest, self.repository);
            return Err(ClientError::Size { what, claimed: descriptor.size, found }.into());
        }
        let descriptor = Descriptor { media_type: fetched.media_type, ..descriptor.clone() };
        Ok(Document { descriptor, bytes: fetched.bytes })
    }

    fn open(&self, blob: &Descriptor, from: u64) -> io::Result<Bytes<'_>> {
        let opened = self.client.blob(&self.repository, blob, from).map_err(io::Error::other)?;
        Ok(opened)
    }

    fn referrers(&self, subject: &ClaimedDigest) -> Result<Vec<Descriptor>> {
        Ok(self.client.referrers(&self.repository, subject, None)?)
    }

    fn tagged(&self, subject: &ClaimedDigest) -> Result<Vec<(String, Descriptor)>> {
        let mut tagged = Vec::new();
        for tag in trust::cosign::tags(subject) {
            match self.client.resolve(&self.repository, &Which::Tag(tag.clone())) {
                Ok(descriptor) => tagged.push((tag, descriptor)),
                Err(ClientError::Missing { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(tagged)
    }

    fn publishers(&self) -> Result<Vec<Descriptor>> {
        // Registries have it in a repository of its own.
        Ok(Vec::new())
    }

    fn neighbours(&self) -> &[Repository] {
        &self.neighbours
    }
}

/// An image on disk.
pub(crate) struct OnDisk {
    layout: Layout,
    selector: Option<String>,
    name: String,
}

impl OnDisk {
    pub(crate) fn new(layout: Layout, selector: Option<String>, name: String) -> Self {
        Self { layout, selector, name }
    }
}

impl Origin for OnDisk {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn top(&self) -> Result<Document> {
        let (descriptor, bytes) = self.layout.top(self.selector.as_deref())?;
        Ok(Document { descriptor, bytes })
    }

    fn document(&self, descriptor: &Descriptor) -> Result<Document> {
        let bytes = self.layout.manifest(descriptor)?;
        Ok(Document { descriptor: descriptor.clone(), bytes })
    }

    fn open(&self, blob: &Descriptor, from: u64) -> io::Result<Bytes<'_>> {
        let mut bytes = self.layout.blob(&blob.digest).map_err(io::Error::other)?;
        // Packed archives cannot be entered in the middle.
        io::copy(&mut bytes.by_ref().take(from), &mut io::sink())?;
        Ok(bytes)
    }

    fn referrers(&self, subject: &ClaimedDigest) -> Result<Vec<Descriptor>> {
        Ok(self.layout.referrers(subject)?)
    }

    fn tagged(&self, subject: &ClaimedDigest) -> Result<Vec<(String, Descriptor)>> {
        Ok(self.layout.tagged(subject)?)
    }

    fn publishers(&self) -> Result<Vec<Descriptor>> {
        Ok(self.layout.tagged_anything(crate::trust::SUFFIX)?)
    }

    fn neighbours(&self) -> &[Repository] {
        &[]
    }
}

/// Opens a blob of the store, or one that was packed for this copy.
pub(super) type Opener<'a> = Box<dyn Fn(&ClaimedDigest) -> store::Result<File> + Sync + 'a>;

/// An image of the store.
pub(super) struct Stored<'a> {
    name: String,
    outgoing: Outgoing,
    opener: Opener<'a>,
    /// What lies beside it, and is about the indexes that it was chosen from.
    beside: Vec<Attached>,
    neighbours: Vec<Repository>,
}

impl<'a> Stored<'a> {
    pub(super) fn new(
        name: String,
        outgoing: Outgoing,
        opener: Opener<'a>,
        beside: Vec<Attached>,
        neighbours: Vec<Repository>,
    ) -> Self {
        Self { name, outgoing, opener, beside, neighbours }
    }
}

impl Origin for Stored<'_> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn top(&self) -> Result<Document> {
        let Outgoing { manifest, media_type, .. } = &self.outgoing;
        let digest = Digest::of(manifest).into();
        let descriptor = Descriptor::new(media_type, digest, manifest.len() as u64);
        Ok(Document { descriptor, bytes: manifest.clone() })
    }

    fn document(&self, descriptor: &Descriptor) -> Result<Document> {
        let beside = self.beside.iter().find(|attached| descriptor.digest == attached.digest.into());
        if let Some(attached) = beside {
            return Ok(Document { descriptor: attached.descriptor(), bytes: attached.bytes.clone() });
        }
        let why = "the store has no such manifest".to_owned();
        Err(super::ShipError::Document { name: descriptor.digest.to_string(), why }.into())
    }

    fn open(&self, blob: &Descriptor, from: u64) -> io::Result<Bytes<'_>> {
        let mut file = (self.opener)(&blob.digest).map_err(io::Error::other)?;
        file.seek(SeekFrom::Start(from))?;
        Ok(Box::new(file))
    }

    fn referrers(&self, subject: &ClaimedDigest) -> Result<Vec<Descriptor>> {
        let about = |attached: &&Attached| attached.subject == *subject && attached.tag.is_none();
        Ok(self.beside.iter().filter(about).map(Attached::descriptor).collect())
    }

    fn tagged(&self, subject: &ClaimedDigest) -> Result<Vec<(String, Descriptor)>> {
        let about = self.beside.iter().filter(|attached| attached.subject == *subject);
        Ok(about.filter_map(|attached| Some((attached.tag.clone()?, attached.descriptor()))).collect())
    }

    fn publishers(&self) -> Result<Vec<Descriptor>> {
        // The store keeps what was verified of it, by publisher and not by image.
        Ok(Vec::new())
    }

    fn neighbours(&self) -> &[Repository] {
        &self.neighbours
    }
}
