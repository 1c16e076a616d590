//! Where an image is with what vouches for it: the store, a repository, or an OCI layout.

use model::digest::ClaimedDigest;
use model::image::Image;
use model::oci::{Descriptor, Manifest, OCI_MANIFEST};
use model::reference::{ArchiveSource, ImageName, Reference, Repository, Transport};
use registry::client::{Client, Which};
use store::carrier::{Layout, LayoutWriter};
use store::{Beside, StoreError};

use super::{AttestError, Result, absent};
use crate::engine::Engine;
use crate::registries::Registries;
use crate::ship::{Document, OnDisk, Origin, Remote, which};

/// An image and its surroundings.
pub(super) enum Place<'a> {
    /// In the store.
    Store { engine: &'a Engine, name: ImageName, image: Box<Image> },
    /// In a registry.
    Repository { client: Client, name: ImageName, repository: Repository },
    /// In a directory.
    Layout { engine: &'a Engine, source: ArchiveSource },
}

impl<'a> Place<'a> {
    /// The place of an image that somebody names.
    pub(super) fn find(engine: &'a Engine, registries: &Registries, reference: &str) -> Result<Self> {
        let parsed = reference.parse()?;
        if let Some((name, image)) = engine.at_hand(&parsed)? {
            return Ok(Self::Store { engine, name, image: Box::new(image) });
        }
        match parsed {
            Reference::Name(name) | Reference::Remote(name) => {
                let name = registries.full_name(&name)?;
                let repository = name.located();
                Ok(Self::Repository { client: engine.client(registries)?, name, repository })
            }
            Reference::Archive(source) if is_layout(&source) => {
                let source = ArchiveSource { transport: Some(Transport::Oci), ..source };
                Ok(Self::Layout { engine, source })
            }
            Reference::Archive(_) | Reference::Embedded => {
                let why = "it has no place for signatures";
                Err(AttestError::Place { reference: reference.to_owned(), why }.into())
            }
        }
    }

    /// The place of an image of the store.
    pub(super) fn of(engine: &'a Engine, image: &Image) -> Self {
        let name = ImageName { repository: image.digest.hex(), tag: None, digest: None };
        Self::Store { engine, name, image: Box::new(image.clone()) }
    }

    /// The image's name, with its registry.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Store { name, .. } | Self::Repository { name, .. } => name.to_string(),
            Self::Layout { source, .. } => source.to_string(),
        }
    }

    /// What the image calls itself in what is signed: its repository, which nobody verifies.
    pub(super) fn reference(&self) -> String {
        match self {
            Self::Repository { repository, .. } => repository.to_string(),
            // Where it will be one day, nobody knows.
            Self::Store { .. } | Self::Layout { .. } => String::new(),
        }
    }

    /// Whence documents and blobs come.
    pub(super) fn origin(&self) -> Result<Box<dyn Origin + '_>> {
        Ok(match self {
            Self::Store { engine, name, image } => engine.stored_origin(image, name)?,
            Self::Repository { client, name, repository } => {
                Box::new(Remote::new(client, repository.clone(), which(name)))
            }
            Self::Layout { engine, source } => Box::new(on_disk(engine, source)?),
        })
    }

    /// What the name stands for.
    pub(super) fn top(&self) -> Result<Document> {
        self.origin()?.top()
    }

    /// The indexes that an image of the store was chosen from: what is said of them is said of it.
    pub(super) fn indexes(&self) -> Result<Vec<ClaimedDigest>> {
        match self {
            Self::Store { engine, image, .. } => Ok(engine.store.subjects(image)?),
            Self::Repository { .. } | Self::Layout { .. } => Ok(Vec::new()),
        }
    }

    /// The manifest under a tag beside the image, where there is one.
    pub(super) fn beside(&self, tag: &str) -> Result<Option<Document>> {
        match self {
            Self::Store { engine, image, .. } => {
                for subject in engine.store.subjects(image)? {
                    let there = engine.store.attached(&subject)?;
                    if let Some(one) = there.into_iter().find(|one| one.tag.as_deref() == Some(tag)) {
                        return Ok(Some(Document { descriptor: one.descriptor(), bytes: one.bytes }));
                    }
                }
                Ok(None)
            }
            Self::Repository { client, repository, .. } => {
                let tag = Which::Tag(tag.to_owned());
                let Some(fetched) = absent(client.manifest(repository, &tag))? else { return Ok(None) };
                let size = fetched.bytes.len() as u64;
                let descriptor = Descriptor::new(fetched.media_type, fetched.digest.into(), size);
                Ok(Some(Document { descriptor, bytes: fetched.bytes }))
            }
            Self::Layout { engine, source } => {
                let source = ArchiveSource { selector: Some(tag.to_owned()), ..source.clone() };
                match on_disk(engine, &source)?.top() {
                    Ok(document) => Ok(Some(document)),
                    Err(crate::error::EngineError::Store(StoreError::NotAnImage { .. })) => Ok(None),
                    Err(error) => Err(error),
                }
            }
        }
    }

    /// Puts a manifest with its blobs there, under a tag, or as what refers to `top`.
    pub(super) fn put(
        &self,
        top: &Document,
        manifest: &Document,
        blobs: &[(Descriptor, Vec<u8>)],
        tag: Option<&str>,
    ) -> Result<()> {
        match self {
            Self::Store { engine, .. } => {
                engine.store.keep_beside(&Beside {
                    subject: top.descriptor.digest,
                    tag: tag.map(str::to_owned),
                    manifest: manifest.bytes.clone(),
                    blobs: blobs.iter().map(|(_, bytes)| bytes.clone()).collect(),
                })?;
                Ok(())
            }
            Self::Repository { client, repository, .. } => {
                for (descriptor, bytes) in blobs {
                    send(client, repository, descriptor, bytes)?;
                }
                client.push_manifest(repository, tag, OCI_MANIFEST, &manifest.bytes)?;
                Ok(())
            }
            Self::Layout { source, .. } => {
                let writer = LayoutWriter::create(&ArchiveSource { selector: None, ..source.clone() })?;
                for (descriptor, bytes) in blobs {
                    writer.blob(descriptor, &mut bytes.as_slice())?;
                }
                if let Some(tag) = tag {
                    return Ok(writer.finish(Some(tag), &manifest.descriptor, &manifest.bytes, &[])?);
                }
                writer.blob(&manifest.descriptor, &mut manifest.bytes.as_slice())?;
                let name = source.selector.as_deref();
                let beside = std::slice::from_ref(&manifest.descriptor);
                Ok(writer.finish(name, &top.descriptor, &top.bytes, beside)?)
            }
        }
    }
}

impl Engine {
    /// The image of the store that a person means who names no registry, if the store has it.
    ///
    /// # Errors
    /// The store's.
    pub fn at_hand(&self, reference: &Reference) -> Result<Option<(ImageName, Image)>> {
        let name = match reference {
            Reference::Name(name) if !name.names_registry() => name.clone(),
            Reference::Embedded => crate::images::embedded(),
            Reference::Name(_) | Reference::Remote(_) | Reference::Archive(_) => return Ok(None),
        };
        if self.lacks(&name)? {
            return Ok(None);
        }
        let image = self.store.resolve(&name)?;
        Ok(Some((name, image)))
    }
}

/// A directory that is an OCI layout, by its transport or by its look.
fn is_layout(source: &ArchiveSource) -> bool {
    match source.transport {
        Some(transport) => transport == Transport::Oci,
        None => source.path.join("oci-layout").is_file(),
    }
}

fn on_disk(engine: &Engine, source: &ArchiveSource) -> Result<OnDisk> {
    let layout = Layout::open(&engine.store, source)?;
    Ok(OnDisk::new(layout, source.selector.clone(), source.to_string()))
}

fn send(client: &Client, repository: &Repository, blob: &Descriptor, bytes: &[u8]) -> Result<()> {
    if client.has_blob(repository, &blob.digest)? {
        return Ok(());
    }
    let source = |from: u64| {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let rest: Box<dyn std::io::Read + Send + '_> = Box::new(bytes.get(from..).unwrap_or_default());
        Ok(rest)
    };
    Ok(client.push_blob(repository, blob, &source, &mut |_| {})?)
}

/// A manifest as a document.
pub(super) fn document(manifest: &Manifest) -> Result<Document> {
    let bytes = serde_json::to_vec(manifest)
        .map_err(|error| crate::error::EngineError::io("write a manifest")(std::io::Error::from(error)))?;
    Ok(wrapped(bytes))
}

/// A manifest's bytes as a document.
pub(super) fn wrapped(bytes: Vec<u8>) -> Document {
    let digest: ClaimedDigest = model::digest::Digest::of(&bytes).into();
    Document { descriptor: Descriptor::new(OCI_MANIFEST, digest, bytes.len() as u64), bytes }
}
