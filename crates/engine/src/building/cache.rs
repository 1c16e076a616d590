//! What earlier builds have made: for each key the layer that came of it, and what copies took.

use build::plan::Key;
use model::digest::{ClaimedDigest, Digest};
use model::image::Layer;
use serde::{Deserialize, Serialize};
use store::Kept;

use super::error::BuildError;
use crate::engine::Engine;
use crate::error::EngineError;

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
}

/// Where a step with this key is kept: with other times in its files it is another layer.
pub(super) fn place(key: &Key, epoch: Option<i64>) -> ClaimedDigest {
    match epoch {
        None => key.digest(),
        Some(seconds) => Digest::of(format!("{key} at {seconds}").as_bytes()).into(),
    }
}

impl Engine {
    /// What a step with this key made before. It stays for this build, even if somebody prunes what is kept meanwhile.
    pub(super) fn done_before(&self, key: &ClaimedDigest) -> Result<Option<Record>, BuildError> {
        let Some(Kept { record, layers }) = self.store.take_up(key)? else { return Ok(None) };
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

/// One thing that earlier builds have left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    /// Digest of what it was made of.
    pub key: String,
    /// `[build 3/7] RUN make`
    pub title: String,
    /// When it was used last, seconds since the epoch.
    pub last_used: i64,
    /// Bytes that nothing but the cache needs.
    pub bytes: u64,
}

/// What of the cache is to go.
#[derive(Debug, Clone, Copy, Default)]
pub struct CachePrune {
    /// Only what was last used before, seconds since the epoch.
    pub before: Option<i64>,
    /// Only so much that this many bytes are left, the oldest first.
    pub keep: Option<u64>,
}

impl Engine {
    /// Steps that earlier builds have left, the latest first.
    ///
    /// # Errors
    /// The store's.
    pub fn build_cache(&self) -> Result<Vec<CacheEntry>, BuildError> {
        let entry = |entry: store::KeptEntry| match serde_json::from_slice(&entry.kept.record) {
            Ok(Line::Step { title, .. }) => Some(CacheEntry {
                key: entry.key.to_string(),
                title,
                last_used: entry.last_used,
                bytes: entry.bytes,
            }),
            _ => None,
        };
        Ok(self.store.list_kept()?.into_iter().rev().filter_map(entry).collect())
    }

    /// Removes steps that earlier builds have left.
    ///
    /// # Errors
    /// The store's.
    pub fn prune_build_cache(&self, prune: CachePrune) -> Result<store::Pruned, BuildError> {
        let entries = self.store.list_kept()?;
        let mut left: u64 = entries.iter().map(|entry| entry.bytes).sum();
        let mut doomed = Vec::new();
        for entry in entries {
            let is_young = prune.before.is_some_and(|before| entry.last_used >= before);
            if is_young || prune.keep.is_some_and(|keep| left <= keep) {
                continue;
            }
            left = left.saturating_sub(entry.bytes);
            doomed.push(entry.key);
        }
        Ok(self.store.forget(&doomed)?)
    }
}
