//! What earlier builds have made: for each key the layer that came of it, and what copies and mounts took.

mod entries;
mod shown;

use build::plan::Key;
use model::digest::{ClaimedDigest, Digest};
use model::image::Layer;
use serde::{Deserialize, Serialize};
use store::Kept;

use super::error::BuildError;
use crate::engine::Engine;
use crate::error::EngineError;

pub use entries::{CacheEntry, CacheKind, CachePrune, CachePruned};
pub(super) use shown::Part;

/// What a step made.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// None where nothing was changed.
    pub(super) layer: Option<Layer>,
    /// Seconds since the epoch.
    pub(super) made: i64,
}

/// A record as it is kept. A newer version's is passed over.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
enum Line {
    /// Of a step.
    Step { title: String, made: i64 },
    /// What a copy takes.
    Taken { digest: ClaimedDigest },
    /// What a mount shows of a context.
    Shown { title: String, made: i64, digest: ClaimedDigest },
}

/// Where a step with this key is kept: with other times in its files it is another layer.
pub(super) fn place(key: &Key, epoch: Option<i64>) -> ClaimedDigest {
    match epoch {
        None => key.digest(),
        Some(seconds) => Digest::of(format!("{key} at {seconds}").as_bytes()).into(),
    }
}

impl Engine {
    /// What a step with this key made before. Its layer stays as long as this build, whoever clears up meanwhile.
    pub(super) fn done_before(&self, key: &ClaimedDigest) -> Result<Option<Record>, BuildError> {
        let Some(Kept { record, layers }) = self.store.hold_kept(key)? else { return Ok(None) };
        let Ok(Line::Step { made, .. }) = serde_json::from_slice(&record) else { return Ok(None) };
        self.store.touch_kept(key, self.now())?;
        Ok(Some(Record { layer: layers.into_iter().next(), made }))
    }

    /// Keeps what a step has made.
    pub(super) fn keep_step(
        &self,
        key: &ClaimedDigest,
        title: &str,
        record: &Record,
    ) -> Result<(), BuildError> {
        let line = Line::Step { title: title.to_owned(), made: record.made };
        self.keep_line(key, &line, record.layer.into_iter().collect())
    }

    /// The digest that was remembered.
    pub(super) fn taken_before(&self, key: &Key) -> Result<Option<ClaimedDigest>, BuildError> {
        let claimed = key.digest();
        let Some(Kept { record, .. }) = self.store.kept(&claimed)? else { return Ok(None) };
        let Ok(Line::Taken { digest }) = serde_json::from_slice(&record) else { return Ok(None) };
        self.store.touch_kept(&claimed, self.now())?;
        Ok(Some(digest))
    }

    /// Remembers what a copy takes.
    pub(super) fn remember_taken(&self, key: &Key, digest: &Digest) -> Result<(), BuildError> {
        self.keep_line(&key.digest(), &Line::Taken { digest: (*digest).into() }, Vec::new())
    }

    fn keep_line(&self, key: &ClaimedDigest, line: &Line, layers: Vec<Layer>) -> Result<(), BuildError> {
        let record =
            serde_json::to_vec(line).map_err(|error| EngineError::io("write a record")(error.into()))?;
        let kept = Kept { record, layers };
        Ok(self.store.keep(key, &kept, self.now())?)
    }
}
