//! An image made of layers that are in the store: what a build ends with.

use std::collections::BTreeMap;

use model::image::{HistoryEntry, Image, ImageConfig, Layer};
use model::reference::ImageName;

use crate::commit::Growth;
use crate::disk::Store;
use crate::error::Result;
use crate::import::{Imported, Naming, Quiet};
use crate::source::{Company, Plan, PlannedConfig};
use crate::wire::History;

/// What an image is made of. The same parts give the same bytes.
pub struct Assembly<'a> {
    /// The image below, whose history comes first; its layers are the first of `layers`.
    pub base: Option<&'a Image>,
    /// Bottom first.
    pub layers: &'a [Layer],
    /// How it starts.
    pub config: ImageConfig,
    /// Lines of history beyond the base's, oldest first.
    pub history: Vec<HistoryEntry>,
    /// Who made it; may be empty.
    pub author: String,
    /// When, in seconds since the epoch.
    pub created: Option<i64>,
    /// The manifest's.
    pub annotations: BTreeMap<String, String>,
}

impl Store {
    /// Makes an image of layers that are here. `now` is in seconds since the epoch.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`](crate::StoreError::Corrupt) for a layer that is gone; as [`Store::import`].
    pub fn assemble(&self, assembly: Assembly<'_>, names: Vec<ImageName>, now: i64) -> Result<Imported> {
        let _present = self.begin_import()?;
        let scratch = self.scratch()?;
        let layers = assembly.layers.iter().map(|layer| self.present(layer)).collect::<Result<Vec<_>>>()?;
        let config = PlannedConfig::Grown(Box::new(self.assembled(assembly)?));
        let company = Company::default();
        let plan = Plan { names: Vec::new(), manifest: None, config, layers, company };
        self.admit(&plan, &Naming::As(names), now, &mut Quiet, &scratch)
    }

    fn assembled(&self, assembly: Assembly<'_>) -> Result<Growth> {
        Ok(Growth {
            base: self.config_below(assembly.base)?,
            below: assembly.base.map_or(0, |image| image.layers.len()),
            config: assembly.config,
            lines: assembly.history.into_iter().map(History::of).collect(),
            author: Some(assembly.author).filter(|author| !author.is_empty()),
            created: assembly.created,
            annotations: assembly.annotations,
        })
    }
}
