//! Everything that builds keep for later ones, in one list: what is shown, and what is removed.

use std::ffi::OsString;

use model::digest::{ClaimedDigest, Digest};
use store::{KeptEntry, Pruned};

use super::Line;
use crate::building::caches::Cache;
use crate::building::prints::{self, Index};
use crate::engine::Engine;
use crate::error::EngineError;

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheKind {
    /// What a step made.
    Step,
    /// What steps mounted of a context.
    Context,
    /// A directory of `RUN --mount=type=cache`.
    Mount,
    /// What is remembered of files.
    Internal,
}

impl CacheKind {
    /// What all of them are called.
    pub const NAMES: [&'static str; 4] =
        [Self::Step.name(), Self::Context.name(), Self::Mount.name(), Self::Internal.name()];

    /// As BuildKit calls it (client/diskusage.go).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Step => "regular",
            Self::Context => "source.local",
            Self::Mount => "exec.cachemount",
            Self::Internal => "internal",
        }
    }
}

/// One thing that earlier builds have left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    /// What it is.
    pub kind: CacheKind,
    /// A digest that nothing else here has: of what it was made of, or of what it is called.
    pub key: String,
    /// For people: `[build 3/7] RUN make`, or the id of a cache.
    pub title: String,
    /// When it was made, seconds since the epoch, where that is known.
    pub created: Option<i64>,
    /// When it was used last, seconds since the epoch.
    pub last_used: i64,
    /// Bytes that nothing else needs.
    pub bytes: u64,
    /// Whether a step has it now.
    pub busy: bool,
    /// Whether images have all of it, so that removing it frees next to nothing.
    pub shared: bool,
    place: Place,
}

/// Where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Kept(ClaimedDigest),
    Directory { id: String, number: u32 },
    Prints(OsString),
}

/// What of the cache is to go.
#[derive(Clone, Copy)]
pub struct CachePrune<'a> {
    /// Only these.
    pub meant: &'a dyn Fn(&CacheEntry) -> bool,
    /// Only so much that this many bytes of everything are left, the oldest first.
    pub keep: Option<u64>,
}

/// What has gone.
#[derive(Debug, Default)]
pub struct CachePruned {
    /// What was listed.
    pub removed: Vec<CacheEntry>,
    /// What that was in the store.
    pub store: Pruned,
    /// Bytes freed.
    pub bytes: u64,
}

impl Engine {
    /// Everything that earlier builds have left, the latest first.
    ///
    /// # Errors
    /// The store's; the state cannot be read.
    pub fn build_cache(&self) -> Result<Vec<CacheEntry>, EngineError> {
        let kept = self.store.list_kept()?.into_iter().map(of_kept);
        let caches = self.caches()?.into_iter().map(of_cache);
        let prints = prints::list(&self.site.prints()).into_iter().map(of_prints);
        let mut entries: Vec<CacheEntry> = kept.chain(caches).chain(prints).collect();
        entries.sort_by(|one, other| (other.last_used, &other.key).cmp(&(one.last_used, &one.key)));
        Ok(entries)
    }

    /// Removes what earlier builds have left, and no step has now.
    ///
    /// # Errors
    /// The first thing that cannot be removed.
    pub fn prune_build_cache(&self, prune: CachePrune<'_>) -> Result<CachePruned, EngineError> {
        let entries = self.build_cache()?;
        let mut left: u64 = entries.iter().map(|entry| entry.bytes).sum();
        let mut pruned = CachePruned::default();
        let mut keys = Vec::new();
        for entry in entries.into_iter().rev() {
            if prune.keep.is_some_and(|keep| left <= keep) {
                break;
            }
            if entry.busy || !(prune.meant)(&entry) || !self.removed(&entry, &mut keys)? {
                continue;
            }
            left = left.saturating_sub(entry.bytes);
            pruned.bytes += if matches!(entry.place, Place::Kept(_)) { 0 } else { entry.bytes };
            pruned.removed.push(entry);
        }
        pruned.store = self.store.forget(&keys)?;
        pruned.bytes += pruned.store.bytes;
        Ok(pruned)
    }

    /// Whether it has gone. What lies in the store goes with all others, as `keys`.
    fn removed(&self, entry: &CacheEntry, keys: &mut Vec<ClaimedDigest>) -> Result<bool, EngineError> {
        match &entry.place {
            Place::Kept(key) => {
                keys.push(*key);
                Ok(true)
            }
            Place::Directory { id, number } => self.remove_cache(id, *number, entry.last_used),
            Place::Prints(name) => Ok(prints::remove(&self.site.prints(), name)),
        }
    }
}

fn of_kept(entry: KeptEntry) -> CacheEntry {
    let KeptEntry { key, kept, last_used, bytes, shared } = entry;
    let (kind, title, created) = match serde_json::from_slice(&kept.record) {
        Ok(Line::Step { title, made }) => (CacheKind::Step, title, Some(made)),
        Ok(Line::Shown { title, made, .. }) => (CacheKind::Context, title, Some(made)),
        Ok(Line::Taken { .. }) => {
            (CacheKind::Internal, "what a copy takes of another stage".to_owned(), None)
        }
        Err(_) => (CacheKind::Internal, "what another version of coffer keeps".to_owned(), None),
    };
    let (place, key) = (Place::Kept(key), key.to_string());
    CacheEntry { kind, key, title, created, last_used, bytes, busy: false, shared, place }
}

fn of_cache(cache: Cache) -> CacheEntry {
    let Cache { id, number, created, used, bytes, busy } = cache;
    CacheEntry {
        kind: CacheKind::Mount,
        key: Digest::of(format!("cache {number} of {id}").as_bytes()).to_string(),
        title: id.clone(),
        created: Some(created),
        last_used: used,
        bytes,
        busy,
        shared: false,
        place: Place::Directory { id, number },
    }
}

fn of_prints(index: Index) -> CacheEntry {
    let Index { name, used, bytes } = index;
    CacheEntry {
        kind: CacheKind::Internal,
        key: format!("sha256:{}", name.to_string_lossy()),
        title: "digests of the files of a context or layer".to_owned(),
        created: None,
        last_used: used,
        bytes,
        busy: false,
        shared: false,
        place: Place::Prints(name),
    }
}
