//! From the store to a registry.

use std::collections::BTreeSet;

use model::digest::ClaimedDigest;
use model::image::Image;
use model::reference::{ImageName, Repository};
use registry::client::Client;
use store::{Packing, Progress};

use super::cargo::{Referrers, gather};
use super::origin::{Origin, Stored};
use super::target::{Answers, Tag, Target};
use super::transfer::{Moved, transfer};
use super::{Result, ShipError};
use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::registries::Registries;

/// How a push is made.
#[derive(Debug, Clone, Copy)]
pub struct Pushing {
    /// How plain layers are packed, if they are: what lies beside the image is about another one then, and stays.
    pub packing: Option<Packing>,
    /// What goes with it.
    pub referrers: Referrers,
}

/// An image that was pushed.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// Where it is now, with its registry and tag.
    pub name: ImageName,
    /// Of the manifest there.
    pub digest: ClaimedDigest,
    /// What it took.
    pub moved: Moved,
}

impl Engine {
    /// Sends an image of the store to a registry, under a name. As it is, its digest stays; packed, it gets another.
    ///
    /// # Errors
    /// What the registry says, and the store's.
    pub fn push(
        &self,
        registries: &Registries,
        image: &Image,
        to: &ImageName,
        how: Pushing,
        progress: &mut dyn Progress,
    ) -> Result<Pushed> {
        let name = registries.full_name(to)?;
        let client = self.client(registries)?;
        let origin = self.stored(image, &name.to_string(), how.packing)?;
        let target = tag(registries, &client, &name)?;
        let top = origin.top()?;
        let digest = top.descriptor.digest;
        let cargo = gather(&origin, top, how.referrers)?;
        let moved = transfer(&origin, Box::new(target), &cargo, None, progress)
            .map_err(|error| self.distrusted(error, &name.to_string()))?;
        let entry = Entry::image(Kind::ImagePush, Some(image.digest), name.tagged(), self.now());
        self.note(&entry.with("registry", name.located().registry).with("digest", digest.to_string()))?;
        Ok(Pushed { name, digest, moved })
    }

    /// Names of an image of the store, all of the repository that `name` is of.
    ///
    /// # Errors
    /// The store's.
    pub fn tags_here(&self, name: &ImageName) -> Result<Vec<ImageName>> {
        let repository = name.located();
        let all = self.store.list()?.into_iter().flat_map(|image| image.names);
        let names = all.filter_map(|name| name.parse::<ImageName>().ok());
        Ok(names.filter(|name| name.located() == repository).collect())
    }

    /// An image of the store as an origin, with what lies beside it.
    pub(crate) fn stored_origin(&self, image: &Image, name: &ImageName) -> Result<Box<dyn Origin + '_>> {
        Ok(Box::new(self.stored(image, &name.to_string(), None)?))
    }

    /// The same, perhaps packed.
    pub(super) fn stored(&self, image: &Image, name: &str, packing: Option<Packing>) -> Result<Stored<'_>> {
        let neighbours = self.neighbours(image)?;
        let mut beside = Vec::new();
        for subject in self.store.subjects(image)? {
            beside.extend(self.store.attached(&subject)?);
        }
        let Some(packing) = packing else {
            let outgoing = self.store.outgoing(image)?;
            let opener = Box::new(|digest: &ClaimedDigest| self.store.blob(digest));
            return Ok(Stored::new(name.to_owned(), outgoing, opener, beside, neighbours));
        };
        let packed = self.store.packed(image, packing)?;
        let outgoing = packed.outgoing.clone();
        let opener = Box::new(move |digest: &ClaimedDigest| packed.blob(digest));
        Ok(Stored::new(name.to_owned(), outgoing, opener, beside, neighbours))
    }

    /// Every repository that the image is called after.
    fn neighbours(&self, image: &Image) -> Result<Vec<Repository>> {
        let names = image.names.iter().cloned().chain(self.store.pins(image)?);
        let repositories = names.filter_map(|name| Some(name.parse::<ImageName>().ok()?.located()));
        Ok(repositories.collect::<BTreeSet<_>>().into_iter().collect())
    }
}

/// A name as a target.
pub(super) fn tag<'a>(
    registries: &Registries,
    client: &'a Client,
    name: &ImageName,
) -> Result<impl Target + 'a + use<'a>> {
    if name.digest.is_some() {
        let why = "a digest follows from what is sent; give a tag";
        return Err(ShipError::Destination { destination: name.to_string(), why }.into());
    }
    let repository = name.located();
    let answers = if registries.is_mirrored(&repository)? { Answers::Mirrors } else { Answers::Itself };
    let tag = name.tag.clone().unwrap_or_else(|| "latest".to_owned());
    Ok(Tag::new(client, repository, tag, answers))
}
