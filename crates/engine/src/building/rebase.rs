//! Patch day: an application's layers on another base, where that is safe.

mod facts;
mod touched;

use build::rebase::{New, Old, Reason, Rebased, judge};
use model::digest::Digest;
use model::image::Image;
use model::reference::ImageName;
use store::{Assembly, Imported};

use super::error::BuildError;
use super::image::built_on;
use crate::book::{Entry, Kind};
use crate::engine::Engine;

/// What is to be moved, and where.
#[derive(Debug)]
pub struct RebaseRequest {
    /// The image.
    pub image: Image,
    /// What it was built on; the store is searched for it if nothing is said.
    pub from: Option<Image>,
    /// What it shall lie on.
    pub onto: Image,
    /// How the new base was called.
    pub onto_name: String,
    /// The names of what comes of it; those of the image if there are none.
    pub names: Vec<ImageName>,
}

/// An image on another base.
#[derive(Debug)]
pub struct Moved {
    /// As the store has it.
    pub image: Image,
    /// The image that it was.
    pub before: Digest,
    /// What it lay on.
    pub from: Digest,
    /// How many layers are the new base's.
    pub base_layers: usize,
    /// What a person may want to look at.
    pub remarks: Vec<String>,
}

impl Engine {
    /// Looks whether an image may be moved, without doing it.
    ///
    /// # Errors
    /// [`BuildError::Rebase`] with every reason why not.
    pub fn judge_rebase(&self, request: &RebaseRequest) -> Result<Rebased, BuildError> {
        let from = self.base_of(request)?;
        let (old, new) = (self.side(&from)?, self.side(&request.onto)?);
        let differences = self.differences(&from, &request.onto)?;
        let above = request.image.layers.get(from.layers.len()..).unwrap_or_default();
        let above = self.touched(above)?;
        let image = &request.image;
        let old = Old { config: &image.config, layers: &image.layers, base: &old, above: &above };
        judge(&old, &New { base: &new, differences: &differences }).map_err(BuildError::Rebase)
    }

    /// Puts an image's own layers onto another base.
    ///
    /// # Errors
    /// As [`Engine::judge_rebase`]; the store's.
    pub fn rebase(&self, request: RebaseRequest) -> Result<Moved, BuildError> {
        let Rebased { config, layers, base, remarks } = self.judge_rebase(&request)?;
        let from = self.base_of(&request)?;
        let RebaseRequest { image, onto, onto_name, names, .. } = request;
        let own = image.names.iter().filter_map(|name| name.parse().ok()).collect();
        let names = if names.is_empty() { own } else { names };
        let annotations = built_on(&onto_name, &onto).into();
        let history = image.history.get(from.history.len()..).unwrap_or_default().to_vec();
        let assembly = Assembly {
            base: Some(&onto),
            layers: &layers,
            config,
            history,
            author: String::new(),
            created: image.created.max(onto.created),
            annotations,
        };
        let before = image.digest;
        let name = names.first().map(ToString::to_string).unwrap_or_default();
        let Imported { image, .. } = self.store.assemble(assembly, names, self.now())?;
        let entry = Entry::image(Kind::Build, Some(image.digest), name, self.now());
        self.note(&entry.with("rebased", before.to_string()).with("onto", onto.digest.to_string()))?;
        Ok(Moved { image, before, from: from.digest, base_layers: base, remarks })
    }

    /// What an image was built on: the one that is named, or of those in the store the one that it shares most with.
    fn base_of(&self, request: &RebaseRequest) -> Result<Image, BuildError> {
        if let Some(from) = &request.from {
            return Ok(from.clone());
        }
        let own = &request.image.layers;
        let is_below = |other: &Image| {
            !other.layers.is_empty()
                && other.layers.len() < own.len()
                && other.layers.iter().zip(own).all(|(one, two)| one.diff_id == two.diff_id)
        };
        let images = self.images()?;
        let below = images.into_iter().filter(is_below).max_by_key(|image| image.layers.len());
        below.ok_or(BuildError::NoOldBase)
    }
}

/// The first reasons, and how many there are besides: a thousand files would make a long sentence.
pub(super) fn sentence(reasons: &[Reason]) -> String {
    const SHOWN: usize = 4;
    let mut said: Vec<String> = reasons.iter().take(SHOWN).map(ToString::to_string).collect();
    if let Some(more @ 1..) = reasons.len().checked_sub(SHOWN) {
        said.push(format!("and {more} more reasons of this kind"));
    }
    said.join("; ")
}
