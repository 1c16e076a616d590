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
use crate::trust::{Along, Freight, unload_trust};

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
    /// What became of what the image's publisher says; nothing where it was to stay, or is not known here.
    pub trust: Option<Along>,
}

/// What all copies of one command have in common.
pub(super) struct Trip<'a> {
    pub(super) registries: &'a Registries,
    pub(super) client: &'a Client,
    pub(super) how: &'a Copying,
}

impl Trip<'_> {
    /// What the publisher of images says that go from a registry to a layout.
    pub(super) fn loaded(
        &self,
        engine: &Engine,
        from: &Reference,
        to: &Reference,
    ) -> Result<Option<Freight>> {
        match (from, to) {
            (Reference::Remote(from), Reference::Archive(to))
                if self.how.referrers == Referrers::Along && is_layout(to) =>
            {
                engine.load_trust(self.client, &self.registries.full_name(from)?)
            }
            _ => Ok(None),
        }
    }

    /// What publishers say where images come from a layout.
    fn aboard(&self, origin: &dyn Origin) -> Result<Vec<Freight>> {
        if self.how.referrers == Referrers::Along { Freight::all(origin) } else { Ok(Vec::new()) }
    }
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
        let trip = Trip { registries, client: &client, how };
        let loaded = trip.loaded(self, &from, &to)?;
        let copied = self.carry(&trip, &from, &to, loaded.as_ref(), progress)?;
        match (from, to) {
            (Reference::Remote(from), Reference::Name(to) | Reference::Remote(to))
                if how.referrers == Referrers::Along =>
            {
                let (from, to) = (registries.full_name(&from)?, registries.full_name(&to)?);
                Ok(Copied { trust: Some(self.carry_trust(&client, &from, &to)?), ..copied })
            }
            _ => Ok(copied),
        }
    }

    /// Copies one image. `loaded` is what its publisher says, for a layout that it goes to.
    pub(super) fn carry(
        &self,
        trip: &Trip<'_>,
        from: &Reference,
        to: &Reference,
        loaded: Option<&Freight>,
        progress: &mut dyn Progress,
    ) -> Result<Copied> {
        let carried = self.carried(trip, from, to, loaded, progress);
        let (from, to) = (from.to_string(), to.to_string());
        let (digest, moved, trust) = carried.map_err(|error| self.distrusted(error, &from))?;
        if moved.documents > 0 {
            let entry = Entry::image(Kind::ImageCopy, None, from.clone(), self.now());
            self.note(&entry.with("to", &to).with("digest", digest.to_string()))?;
        }
        Ok(Copied { from, to, digest, moved, trust })
    }

    fn carried(
        &self,
        trip: &Trip<'_>,
        from: &Reference,
        to: &Reference,
        loaded: Option<&Freight>,
        progress: &mut dyn Progress,
    ) -> Result<(ClaimedDigest, Moved, Option<Along>)> {
        let Trip { registries, client, how } = trip;
        let origin = self.origin_at(registries, client, from)?;
        let mut top = origin.top()?;
        if let Extent::One(wanted) = &how.extent {
            top = choose(&*origin, top, wanted)?.document;
        }
        let digest = top.descriptor.digest;
        let aboard = trip.aboard(&*origin)?;
        let cargo = gather(&*origin, top, how.referrers)?;
        let target = self.target_at(registries, client, to, named(from).as_deref())?;
        let freight = loaded.or_else(|| released(&aboard, &digest));
        match to {
            Reference::Archive(there) if is_layout(there) => {
                let trust = Some(freight.map_or(Along::Nobody, |_| Along::Aboard));
                let freight = self.unless_newer(freight, there)?;
                Ok((digest, transfer(&*origin, target, &cargo, freight, progress)?, trust))
            }
            Reference::Name(name) | Reference::Remote(name) if matches!(from, Reference::Archive(_)) => {
                let moved = transfer(&*origin, target, &cargo, None, progress)?;
                let trust = unload_trust(client, &aboard, &digest, &registries.full_name(name)?)?;
                Ok((digest, moved, Some(trust)))
            }
            _ => Ok((digest, transfer(&*origin, target, &cargo, None, progress)?, None)),
        }
    }

    /// Files that are to lie in a layout, unless it has newer ones of the same publisher.
    fn unless_newer<'a>(
        &self,
        freight: Option<&'a Freight>,
        destination: &ArchiveSource,
    ) -> Result<Option<&'a Freight>> {
        let there = destination.path.join("index.json").exists();
        let Some(freight) = freight.filter(|_| there && is_directory(destination)) else {
            return Ok(freight);
        };
        let layout = Layout::open(&self.store, destination)?;
        let aboard = Freight::all(&OnDisk::new(layout, None, destination.to_string()))?;
        let theirs = aboard.iter().find(|theirs| theirs.tag() == freight.tag());
        Ok(Some(freight).filter(|ours| theirs.is_none_or(|theirs| ours.is_newer_than(theirs))))
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
        if !is_directory(destination) || destination.selector.is_none() || !there {
            return Ok(None);
        }
        let layout = Layout::open(&self.store, destination)?;
        // A name that is not there yet is what is about to change.
        let top = layout.top(destination.selector.as_deref());
        Ok(top.ok().map(|(descriptor, _)| descriptor.digest))
    }
}

/// Who of several publishers released a digest.
fn released<'a>(aboard: &'a [Freight], digest: &ClaimedDigest) -> Option<&'a Freight> {
    aboard.iter().find(|freight| freight.name_of(digest).is_some())
}

/// Whether there is room beside an image for what its publisher says.
fn is_layout(destination: &ArchiveSource) -> bool {
    matches!(destination.transport, Some(Transport::Oci | Transport::OciArchive))
}

/// What is added to; an archive is replaced.
fn is_directory(destination: &ArchiveSource) -> bool {
    destination.transport == Some(Transport::Oci)
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
