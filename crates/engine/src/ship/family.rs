//! One image for several platforms: an index over images of the store, on its way out.

use std::io;
use std::path::Path;

use build::plan::Platform;
use model::digest::{ClaimedDigest, Digest};
use model::image::Image;
use model::oci::{self, Descriptor, Index, OCI_INDEX};
use model::reference::{ArchiveSource, ImageName, Repository, Transport};
use store::Progress;
use store::carrier::LayoutWriter;

use super::cargo::{Referrers, gather};
use super::origin::{Bytes, Document, Origin, Stored};
use super::push::{Pushed, tag};
use super::target::OnDisk;
use super::transfer::{Moved, transfer};
use super::{Result, ShipError};
use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::registries::Registries;

/// The image for one of the platforms.
#[derive(Debug, Clone)]
pub struct Member {
    /// What it is for.
    pub platform: Platform,
    /// An image of the store.
    pub image: Image,
}

/// Images as one origin: whatever one of them has, all of it has.
struct Family<'a> {
    name: String,
    top: Document,
    members: Vec<Stored<'a>>,
    neighbours: Vec<Repository>,
}

impl Engine {
    /// Sends images to a registry, under one name that stands for all of them.
    ///
    /// # Errors
    /// As [`Engine::push`].
    pub fn push_family(
        &self,
        registries: &Registries,
        members: &[Member],
        to: &ImageName,
        referrers: Referrers,
        progress: &mut dyn Progress,
    ) -> Result<Pushed> {
        let name = registries.full_name(to)?;
        let client = self.client(registries)?;
        let family = self.family(members, &name.to_string())?;
        let target = tag(registries, &client, &name)?;
        let digest = family.top.descriptor.digest;
        let cargo = gather(&family, family.top()?, referrers)?;
        let moved = transfer(&family, Box::new(target), &cargo, None, progress)
            .map_err(|error| self.distrusted(error, &name.to_string()))?;
        let entry = Entry::image(Kind::ImagePush, None, name.tagged(), self.now());
        self.note(&entry.with("registry", name.located().registry).with("digest", digest.to_string()))?;
        Ok(Pushed { name, digest, moved })
    }

    /// Writes images as one OCI archive, with what lies beside them. `name` is what it is called in there.
    ///
    /// # Errors
    /// The store's.
    pub fn save_family(&self, members: &[Member], to: &Path, name: Option<&ImageName>) -> Result<Moved> {
        let family = self.family(members, &to.display().to_string())?;
        let cargo = gather(&family, family.top()?, Referrers::Along)?;
        let destination =
            ArchiveSource { transport: Some(Transport::OciArchive), path: to.to_owned(), selector: None };
        let writer = LayoutWriter::create(&destination)?;
        let target = OnDisk::new(writer, name.map(ImageName::tagged), None);
        transfer(&family, Box::new(target), &cargo, None, &mut store::Quiet)
    }

    /// The digest of the index over images.
    ///
    /// # Errors
    /// The store's.
    pub fn index_of(&self, members: &[Member]) -> Result<ClaimedDigest> {
        Ok(self.family(members, "the index")?.top.descriptor.digest)
    }

    fn family(&self, members: &[Member], name: &str) -> Result<Family<'_>> {
        let stored = members.iter().map(|member| self.stored(&member.image, name, None));
        let stored = stored.collect::<Result<Vec<_>>>()?;
        let listed = members.iter().zip(&stored).map(|(member, stored)| {
            let descriptor = stored.top()?.descriptor;
            Ok(Descriptor { platform: Some(platform(&member.platform)), ..descriptor })
        });
        let index = Index::of(listed.collect::<Result<Vec<_>>>()?);
        let bytes = serde_json::to_vec(&index);
        let bytes = bytes.map_err(|error| EngineError::io("write an index")(error.into()))?;
        let descriptor = Descriptor::new(OCI_INDEX, Digest::of(&bytes).into(), bytes.len() as u64);
        let neighbours = stored.first().map(|first| first.neighbours().to_vec()).unwrap_or_default();
        let top = Document { descriptor, bytes };
        Ok(Family { name: name.to_owned(), top, members: stored, neighbours })
    }
}

/// As an index says it.
fn platform(platform: &Platform) -> oci::Platform {
    let Platform { os, architecture, variant } = platform.clone();
    oci::Platform { architecture, os, variant: Some(variant).filter(|v| !v.is_empty()), os_version: None }
}

impl Origin for Family<'_> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn top(&self) -> Result<Document> {
        Ok(self.top.clone())
    }

    fn document(&self, descriptor: &Descriptor) -> Result<Document> {
        for member in &self.members {
            let top = member.top()?;
            if top.descriptor.digest == descriptor.digest {
                return Ok(top);
            }
            if let Ok(document) = member.document(descriptor) {
                return Ok(document);
            }
        }
        let why = "the store has no such manifest".to_owned();
        Err(ShipError::Document { name: descriptor.digest.to_string(), why }.into())
    }

    /// All of them are in one store.
    fn open(&self, blob: &Descriptor, from: u64) -> io::Result<Bytes<'_>> {
        self.members.first().ok_or(io::ErrorKind::NotFound)?.open(blob, from)
    }

    fn referrers(&self, subject: &ClaimedDigest) -> Result<Vec<Descriptor>> {
        self.of_each(|member| member.referrers(subject))
    }

    fn tagged(&self, subject: &ClaimedDigest) -> Result<Vec<(String, Descriptor)>> {
        self.of_each(|member| member.tagged(subject))
    }

    fn publishers(&self) -> Result<Vec<Descriptor>> {
        self.of_each(|stored| stored.publishers())
    }

    fn neighbours(&self) -> &[Repository] {
        &self.neighbours
    }
}

impl Family<'_> {
    fn of_each<T>(&self, of: impl Fn(&Stored<'_>) -> Result<Vec<T>>) -> Result<Vec<T>> {
        Ok(self.members.iter().map(of).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }
}
