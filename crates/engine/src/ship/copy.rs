//! From any place to any other, without a stop in the store.

use model::digest::ClaimedDigest;
use model::reference::{ArchiveSource, ImageName, Reference, Transport};
use registry::client::Client;
use store::Progress;
use store::carrier::{Layout, LayoutWriter};

use super::cargo::{Extent, Referrers, choose, gather};
use super::origin::{OnDisk, Origin, Remote};
use super::pull::which;
use super::push::tag;
use super::target::{self, Target};
use super::transfer::{Moved, transfer};
use super::{Result, ShipError};
use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::registries::Registries;
use crate::trust::Along;

/// How a copy is made.
#[derive(Debug, Clone)]
pub struct Copying {
    /// How much of an index.
    pub extent: Extent,
    /// What goes with it.
    pub referrers: Referrers,
}

/// What was copied.
#[derive(Debug, Clone)]
pub struct Copied {
    /// Where it came from.
    pub from: String,
    /// Where it is now.
    pub to: String,
    /// Of what was copied.
    pub digest: ClaimedDigest,
    /// What it took.
    pub moved: Moved,
    /// What became of what the image's publisher says; nothing where it was to stay, or could not leave a file.
    pub trust: Option<Along>,
}

impl Engine {
    /// Copies an image or an artifact. `from` without a transport is an image of the store, `to` without one a
    /// name in a registry.
    ///
    /// # Errors
    /// References that are none, what registries say, and the store's about files.
    pub fn copy_image(
        &self,
        registries: &Registries,
        from: &str,
        to: &str,
        how: &Copying,
        progress: &mut dyn Progress,
    ) -> Result<Copied> {
        let client = self.client(registries)?;
        let (from, to): (Reference, Reference) = (from.parse()?, to.parse()?);
        let copied = self.carry(registries, &client, &from, &to, how, progress)?;
        let names = match (from, to) {
            (Reference::Remote(from), Reference::Name(to) | Reference::Remote(to))
                if how.referrers == Referrers::Along =>
            {
                (registries.full_name(&from)?, registries.full_name(&to)?)
            }
            _ => return Ok(copied),
        };
        let trust = Some(self.carry_trust(&client, &names.0, &names.1)?);
        Ok(Copied { trust, ..copied })
    }

    pub(super) fn carry(
        &self,
        registries: &Registries,
        client: &Client,
        from: &Reference,
        to: &Reference,
        how: &Copying,
        progress: &mut dyn Progress,
    ) -> Result<Copied> {
        let name = named(from);
        let origin = self.origin_at(registries, client, from)?;
        let copied = (|| {
            let top = origin.top()?;
            let top = match &how.extent {
                Extent::Whole => top,
                Extent::One(wanted) => choose(&*origin, top, wanted)?.document,
            };
            let digest = top.descriptor.digest;
            let cargo = gather(&*origin, top, how.referrers)?;
            let target = self.target_at(registries, client, to, name.as_deref())?;
            Ok((digest, transfer(&*origin, target, &cargo, progress)?))
        })();
        let (from, to) = (from.to_string(), to.to_string());
        let (digest, moved) = copied.map_err(|error| self.distrusted(error, &from))?;
        if moved.documents > 0 {
            let entry = Entry::image(Kind::ImageCopy, None, from.clone(), self.now());
            self.note(&entry.with("to", &to).with("digest", digest.to_string()))?;
        }
        Ok(Copied { from, to, digest, moved, trust: None })
    }

    fn origin_at<'a>(
        &'a self,
        registries: &Registries,
        client: &'a Client,
        from: &Reference,
    ) -> Result<Box<dyn Origin + 'a>> {
        Ok(match from {
            Reference::Remote(name) => {
                let name = registries.full_name(name)?;
                Box::new(Remote::new(client, name.located(), which(&name)))
            }
            Reference::Archive(source) => {
                let layout = Layout::open(&self.store, source)?;
                Box::new(OnDisk::new(layout, source.selector.clone(), source.to_string()))
            }
            Reference::Name(name) => self.stored_origin(&self.store.resolve(name)?, name)?,
            Reference::Embedded => {
                let name = crate::images::embedded();
                self.stored_origin(&self.store.resolve(&name)?, &name)?
            }
        })
    }

    pub(super) fn target_at<'a>(
        &self,
        registries: &Registries,
        client: &'a Client,
        to: &Reference,
        name: Option<&str>,
    ) -> Result<Box<dyn Target + 'a>> {
        match to {
            Reference::Name(name) | Reference::Remote(name) => {
                Ok(Box::new(tag(registries, client, &registries.full_name(name)?)?))
            }
            Reference::Archive(destination) => {
                let current = self.current(destination)?;
                let writer = LayoutWriter::create(destination)?;
                Ok(Box::new(target::OnDisk::new(writer, name.map(str::to_owned), current)))
            }
            Reference::Embedded => {
                let why = "it is the image that coffer carries";
                Err(ShipError::Destination { destination: to.to_string(), why }.into())
            }
        }
    }

    /// What a layout that is there has under the destination's own name.
    pub(super) fn current(&self, destination: &ArchiveSource) -> Result<Option<ClaimedDigest>> {
        let there = destination.path.join("index.json").exists();
        if destination.transport != Some(Transport::Oci) || destination.selector.is_none() || !there {
            return Ok(None);
        }
        let layout = Layout::open(&self.store, destination)?;
        // A name that is not there yet is what is about to change.
        let top = layout.top(destination.selector.as_deref());
        Ok(top.ok().map(|(descriptor, _)| descriptor.digest))
    }
}

/// What a copy is called where its destination gives it no name.
fn named(from: &Reference) -> Option<String> {
    match from {
        Reference::Name(name) | Reference::Remote(name) => tagged(name),
        Reference::Archive(source) => source.selector.clone(),
        Reference::Embedded => None,
    }
}

fn tagged(name: &ImageName) -> Option<String> {
    (name.digest.is_none() || name.tag.is_some()).then(|| name.tagged())
}
