//! What is known of an image by its bytes alone: merged from the facts of its layers, and kept beside it, so that
//! other advisories need neither.

use model::finding::Secret;
use model::image::Image;
use model::inventory::{Gap, Inventory};
use scan::misconfiguration::Placed;
use scan::{FORMAT, LayerFacts, Scope};
use serde::{Deserialize, Serialize};
use store::{About, Progress};

use crate::engine::Engine;
use crate::error::EngineError;

/// The layout of what is kept, and the version of the facts that it was merged from.
const LAYOUT: (u32, u32) = (2, FORMAT);

/// The most bytes that are read: more than anybody has written.
const MOST_BYTES: usize = scan::MOST_BYTES;

/// What is known of an image, or of anything else that has layers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// How much of all layers was looked for.
    pub(super) scope: Scope,
    /// Here, so that it can be read without the rest.
    pub(crate) inventory: Inventory,
    /// The worst first.
    pub(crate) secrets: Vec<Secret>,
    pub(crate) oddities: Vec<Placed>,
}

impl Known {
    /// Of layers, bottom first, and of how an image starts and was made.
    pub(super) fn of(layers: &[LayerFacts], image: Option<&Image>) -> Self {
        let scope = layers.iter().map(|facts| facts.scope).min().unwrap_or_default();
        let mut inventory = scan::merge(layers);
        let mut secrets = scan::all_secrets(layers);
        let searched = image.filter(|_| scope == Scope::Everything);
        match searched.map(|image| scan::secrets::search_config(&image.config, &image.history)) {
            Some(Ok(found)) => secrets.extend(found),
            Some(Err(flaw)) => {
                let reason = format!("the configuration was not searched for secrets: {flaw}");
                inventory.gaps.push(Gap { location: String::new(), reason });
            }
            None => {}
        }
        secrets.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.place.cmp(&b.place)));
        Self { scope, inventory, secrets, oddities: scan::all_oddities(layers) }
    }

    fn encode(&self) -> Option<Vec<u8>> {
        let layout = postcard::to_stdvec(&LAYOUT).ok()?;
        postcard::to_extend(self, layout).ok().filter(|bytes| bytes.len() <= MOST_BYTES)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        match postcard::take_from_bytes(body(bytes)?) {
            Ok((known, [])) => Some(known),
            _ => None,
        }
    }
}

/// The inventory alone.
fn inventory(bytes: &[u8]) -> Option<Inventory> {
    let ((_, inventory), _): ((Scope, Inventory), _) = postcard::take_from_bytes(body(bytes)?).ok()?;
    Some(inventory)
}

/// What follows the layout, if it is ours.
fn body(bytes: &[u8]) -> Option<&[u8]> {
    let (layout, body) = postcard::take_from_bytes(bytes).ok()?;
    (bytes.len() <= MOST_BYTES && LAYOUT == layout).then_some(body)
}

impl Engine {
    /// What is known of an image, at least as much as `scope`; what is not is learned. This process must have no
    /// other thread.
    pub(super) fn known(
        &self,
        name: &str,
        image: &Image,
        scope: Scope,
        progress: &mut dyn Progress,
    ) -> Result<Known, EngineError> {
        if let Some(known) = self.kept_known(image, scope) {
            return Ok(known);
        }
        let known = Known::of(&self.layer_facts(name, image, scope, progress)?, Some(image));
        // Where it cannot be kept, only the next one pays for it.
        let _next_time = known.encode().map(|bytes| self.store.remember(About::Image(image), &bytes));
        Ok(known)
    }

    /// What is known of an image already, if it is as much as `scope`.
    pub(super) fn kept_known(&self, image: &Image, scope: Scope) -> Option<Known> {
        let kept = self.store.recall(About::Image(image))?;
        Known::decode(&kept).filter(|known| known.scope >= scope)
    }

    /// What is known to be in an image, without a look at it.
    pub(crate) fn kept_inventory(&self, image: &Image) -> Option<Inventory> {
        inventory(&self.store.recall(About::Image(image))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        let facts = LayerFacts::default();
        let mut known = Known::of(&[facts], None);
        known.inventory.gaps.push(Gap { location: "a".into(), reason: "b".into() });
        known
    }

    #[test]
    fn what_is_kept_comes_back_whole_and_the_inventory_alone() {
        let bytes = known().encode().unwrap();
        assert_eq!(Known::decode(&bytes), Some(known()));
        assert_eq!(inventory(&bytes), Some(known().inventory));
    }

    #[test]
    fn what_is_cut_off_longer_or_of_another_version_is_not_known() {
        let bytes = known().encode().unwrap();
        let longer = [bytes.as_slice(), &[0]].concat();
        let mut other = bytes.clone();
        other[1] = other[1].wrapping_add(1);
        for damaged in [&bytes[..bytes.len() - 1], &longer, &other, &[]] {
            assert_eq!(Known::decode(damaged), None, "{damaged:?}");
        }
    }
}
