//! Where a copy goes to: a repository, or an image on disk.

use std::io::Read;

use model::digest::ClaimedDigest;
use model::oci::Descriptor;
use model::reference::Repository;
use registry::client::{Client, ClientError, Mount, Which};
use store::carrier::LayoutWriter;

use super::Result;
use super::origin::{Document, Origin};
use crate::error::EngineError;

/// Where images go to. Threads share it.
pub(super) trait Target: Sync {
    /// Whether it has the document, under the tag if it is to have one, and with it everything that it names.
    fn has_document(&self, descriptor: &Descriptor, tag: Option<&str>) -> Result<bool>;
    /// What its name stands for now.
    fn current(&self) -> Result<Option<ClaimedDigest>>;
    /// Whether it has the blob.
    fn has(&self, blob: &Descriptor) -> Result<bool>;
    /// Takes a blob over from a repository that it can reach by itself.
    fn mount(&self, blob: &Descriptor, from: &Repository) -> Result<Mount>;
    /// Takes a blob's bytes and checks them.
    fn send(
        &self,
        blob: &Descriptor,
        origin: &dyn Origin,
        advanced: &mut (dyn FnMut(u64) + Send),
    ) -> Result<()>;
    /// Takes a document whose blobs it has, and gives it a tag if it is to have one.
    fn take(&self, document: &Document, tag: Option<&str>) -> Result<Taken>;
    /// Takes the document that all of it was for, and gives it its name; `beside` it is what is about it, with its tag
    /// where it has one.
    fn finish(self: Box<Self>, top: &Document, beside: &[Descriptor]) -> Result<()>;
}

/// What became of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It was sent.
    Sent,
    /// It was there.
    Present,
}

/// A tag of a repository.
pub(super) struct Tag<'a> {
    client: &'a Client,
    repository: Repository,
    tag: String,
    answers: Answers,
}

/// Who answers when the repository is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    /// The registry that is written to.
    Itself,
    /// Perhaps a mirror, which knows nothing of what there really is.
    Mirrors,
}

impl<'a> Tag<'a> {
    pub(super) fn new(client: &'a Client, repository: Repository, tag: String, answers: Answers) -> Self {
        Self { client, repository, tag, answers }
    }

    fn digest_of(&self, which: &Which) -> Result<Option<ClaimedDigest>> {
        if self.answers == Answers::Mirrors {
            return Ok(None);
        }
        match self.client.resolve(&self.repository, which) {
            Ok(descriptor) => Ok(Some(descriptor.digest)),
            Err(ClientError::Missing { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl Target for Tag<'_> {
    fn has_document(&self, descriptor: &Descriptor, tag: Option<&str>) -> Result<bool> {
        let which = tag.map_or(Which::Digest(descriptor.digest), |tag| Which::Tag(tag.to_owned()));
        Ok(self.digest_of(&which)? == Some(descriptor.digest))
    }

    fn current(&self) -> Result<Option<ClaimedDigest>> {
        self.digest_of(&Which::Tag(self.tag.clone()))
    }

    fn has(&self, blob: &Descriptor) -> Result<bool> {
        Ok(self.client.has_blob(&self.repository, &blob.digest)?)
    }

    fn mount(&self, blob: &Descriptor, from: &Repository) -> Result<Mount> {
        if from.registry != self.repository.registry || from.path == self.repository.path {
            return Ok(Mount::Refused);
        }
        Ok(self.client.mount(&self.repository, &blob.digest, &from.path)?)
    }

    fn send(
        &self,
        blob: &Descriptor,
        origin: &dyn Origin,
        advanced: &mut (dyn FnMut(u64) + Send),
    ) -> Result<()> {
        let source = |from| origin.open(blob, from);
        Ok(self.client.push_blob(&self.repository, blob, &source, advanced)?)
    }

    fn take(&self, document: &Document, tag: Option<&str>) -> Result<Taken> {
        let Document { descriptor, bytes } = document;
        self.client.push_manifest(&self.repository, tag, &descriptor.media_type, bytes)?;
        Ok(Taken::Sent)
    }

    fn finish(self: Box<Self>, top: &Document, _beside: &[Descriptor]) -> Result<()> {
        let media_type = &top.descriptor.media_type;
        self.client.push_manifest(&self.repository, Some(&self.tag), media_type, &top.bytes)?;
        Ok(())
    }
}

/// An image on disk.
pub(super) struct OnDisk {
    writer: LayoutWriter,
    name: Option<String>,
    current: Option<ClaimedDigest>,
}

impl OnDisk {
    /// `current` is what the destination has under the name now.
    pub(super) fn new(writer: LayoutWriter, name: Option<String>, current: Option<ClaimedDigest>) -> Self {
        Self { writer, name, current }
    }
}

impl Target for OnDisk {
    fn has_document(&self, _descriptor: &Descriptor, _tag: Option<&str>) -> Result<bool> {
        // Files may be there without those that they name: each is looked for.
        Ok(false)
    }

    fn current(&self) -> Result<Option<ClaimedDigest>> {
        Ok(self.current)
    }

    fn has(&self, blob: &Descriptor) -> Result<bool> {
        Ok(self.writer.has(&blob.digest))
    }

    fn mount(&self, _blob: &Descriptor, _from: &Repository) -> Result<Mount> {
        Ok(Mount::Refused)
    }

    fn send(
        &self,
        blob: &Descriptor,
        origin: &dyn Origin,
        advanced: &mut (dyn FnMut(u64) + Send),
    ) -> Result<()> {
        let source = origin
            .open(blob, 0)
            .map_err(|cause| store::StoreError::Fetch { blob: blob.digest.to_string(), cause });
        let mut counted = Counted { source: source.map_err(EngineError::from)?, advanced };
        let sent = self.writer.blob(blob, &mut counted);
        Ok(sent?)
    }

    fn take(&self, document: &Document, _tag: Option<&str>) -> Result<Taken> {
        if self.writer.has(&document.descriptor.digest) {
            return Ok(Taken::Present);
        }
        self.writer.blob(&document.descriptor, &mut document.bytes.as_slice())?;
        Ok(Taken::Sent)
    }

    fn finish(self: Box<Self>, top: &Document, beside: &[Descriptor]) -> Result<()> {
        let Self { writer, name, .. } = *self;
        Ok(writer.finish(name.as_deref(), &top.descriptor, &top.bytes, beside)?)
    }
}

/// Counts what is read.
struct Counted<'a, R> {
    source: R,
    advanced: &'a mut (dyn FnMut(u64) + Send),
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.source.read(buffer)?;
        (self.advanced)(length as u64);
        Ok(length)
    }
}
