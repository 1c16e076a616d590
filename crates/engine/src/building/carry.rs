//! Earlier builds of other machines: an image whose layers are those of steps, and whose label says which.
//!
//! So a cache is pushed, pulled, copied, pinned and verified like any image. What it says is the word of whoever can
//! write to its place, as with any cache that is shared: pin its place, and only their publisher's word counts.

use std::collections::BTreeSet;

use model::digest::ClaimedDigest;
use model::image::{HistoryEntry, Image, ImageConfig, Layer};
use serde::{Deserialize, Serialize};
use store::Assembly;

use super::cache::Record;
use super::error::BuildError;
use super::image::Built;
use super::solve::Root;
use crate::engine::Engine;
use crate::error::EngineError;

/// The label that says which step made which layer.
const LABEL: &str = "dev.cofferdam.build-cache";
/// Steps that are taken from one cache.
const MAX_STEPS: usize = 10_000;

/// What a cache says; a newer version's is passed over.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Manifest {
    version: u32,
    steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Step {
    key: ClaimedDigest,
    title: String,
    made: i64,
    /// None where nothing was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    layer: Option<ClaimedDigest>,
}

const VERSION: u32 = 1;

/// A step that was done or found.
#[derive(Debug)]
pub(super) struct Kept {
    place: ClaimedDigest,
    title: String,
    record: Record,
}

impl Kept {
    pub(super) fn of(root: &Root, place: ClaimedDigest, title: &str) -> Self {
        let layer = if root.own { root.layers.last().copied() } else { None };
        Self { place, title: title.to_owned(), record: Record { layer, made: root.made } }
    }
}

impl Engine {
    /// An image of what builds have done, each step once, to be sent to where others look for it.
    ///
    /// # Errors
    /// The store's.
    pub fn pack_cache(&self, built: &[Built]) -> Result<Image, BuildError> {
        let mut kept: Vec<&Kept> = Vec::new();
        let mut places = BTreeSet::new();
        kept.extend(built.iter().flat_map(|built| &built.kept).filter(|kept| places.insert(kept.place)));
        let mut layers: Vec<Layer> = Vec::new();
        for layer in kept.iter().filter_map(|kept| kept.record.layer) {
            if !layers.iter().any(|other| other.diff_id == layer.diff_id) {
                layers.push(layer);
            }
        }
        let steps = kept.iter().map(|kept| Step {
            key: kept.place,
            title: kept.title.clone(),
            made: kept.record.made,
            layer: kept.record.layer.map(|layer| layer.diff_id.into()),
        });
        let manifest = Manifest { version: VERSION, steps: steps.collect() };
        let text = serde_json::to_string(&manifest);
        let text = text.map_err(|error| EngineError::io("write what a cache holds")(error.into()))?;
        let line = || HistoryEntry { created_by: "a step of a build".into(), ..HistoryEntry::default() };
        let assembly = Assembly {
            base: None,
            layers: &layers,
            config: ImageConfig { labels: [(LABEL.to_owned(), text)].into(), ..super::platform::of_host() },
            history: layers.iter().map(|_| line()).collect(),
            author: String::new(),
            created: None,
            annotations: Default::default(),
        };
        Ok(self.store.assemble(assembly, Vec::new(), self.now())?.image)
    }

    /// Takes over what a cache says, and how many steps that are; none if it is no cache. What was done on this host
    /// itself is believed before what others say.
    ///
    /// # Errors
    /// The store's.
    pub fn unpack_cache(&self, image: &Image) -> Result<Option<usize>, BuildError> {
        let manifest = image.config.labels.get(LABEL);
        let manifest = manifest.and_then(|text| serde_json::from_str::<Manifest>(text).ok());
        let Some(manifest) = manifest.filter(|manifest| manifest.version == VERSION) else { return Ok(None) };
        let mut count = 0;
        for step in manifest.steps.into_iter().take(MAX_STEPS) {
            let layer = match step.layer {
                None => None,
                Some(claimed) => {
                    match image.layers.iter().find(|layer| ClaimedDigest::from(layer.diff_id) == claimed) {
                        None => continue,
                        found => found.copied(),
                    }
                }
            };
            if self.store.kept(&step.key)?.is_none() {
                self.keep_step(&step.key, &step.title, &Record { layer, made: step.made })?;
            }
            count += 1;
        }
        Ok(Some(count))
    }
}
