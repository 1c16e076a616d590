//! Pointers: which segments are a blob, and whether it is on the shelf.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use super::objects::{Objects, Tag, Written};
use crate::server::shelf::ContentDigest;
use crate::server::shelf::error::{Result, ShelfError};

/// A pointer to a terabyte in the smallest segments is smaller.
const LIMIT: u64 = 32 * 1024 * 1024;

/// How many pointers are remembered.
const KNOWN: usize = 4096;

/// What a pointer's object says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Pointer {
    /// The directory of the segments.
    pub(super) data: String,
    pub(super) segments: Vec<Segment>,
    pub(super) state: State,
}

/// A part of a blob: an object of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Segment {
    pub(super) name: String,
    pub(super) size: u64,
}

/// Whether a blob is on the shelf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// It is.
    Here,
    /// It can be put back, by whoever has the ticket.
    Trashed { when: u64, ticket: String },
    /// It is being destroyed.
    Leaving { when: u64, ticket: String },
}

impl Pointer {
    pub(super) fn size(&self) -> u64 {
        size(&self.segments)
    }

    pub(super) fn in_state(&self, state: State) -> Self {
        Self { state, ..self.clone() }
    }
}

pub(super) fn size(segments: &[Segment]) -> u64 {
    segments.iter().fold(0, |sum, segment| sum.saturating_add(segment.size))
}

/// The object that is a segment.
pub(super) fn segment(data: &str, segment: &Segment) -> String {
    format!("data/{data}/{}", segment.name)
}

/// The object that is a blob's pointer.
pub(super) fn name(digest: &ContentDigest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}

pub(super) async fn read(objects: &Objects, digest: &ContentDigest) -> Result<Option<(Pointer, Tag)>> {
    read_json(objects, &name(digest)).await
}

pub(super) async fn create(objects: &Objects, digest: &ContentDigest, pointer: &Pointer) -> Result<Written> {
    let name = name(digest);
    objects.put_new(&name, json(&name, pointer)?.into()).await
}

pub(super) async fn change(
    objects: &Objects,
    digest: &ContentDigest,
    pointer: &Pointer,
    tag: &Tag,
) -> Result<Written> {
    let name = name(digest);
    objects.put_over(&name, json(&name, pointer)?.into(), tag).await
}

/// Destroys all segments of a directory, those that no pointer names among them.
pub(super) async fn destroy(objects: &Objects, data: &str) -> Result<()> {
    let segments = objects.all(&format!("data/{data}"), usize::MAX).await?;
    objects.delete_all(segments.into_iter().map(|(name, _)| name).collect()).await
}

pub(super) fn json<T: Serialize>(name: &str, value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| damaged(name, &error))
}

pub(super) async fn read_json<T: for<'de> Deserialize<'de>>(
    objects: &Objects,
    name: &str,
) -> Result<Option<(T, Tag)>> {
    let Some((bytes, tag)) = objects.get(name, LIMIT).await? else { return Ok(None) };
    let value = serde_json::from_slice(&bytes).map_err(|error| damaged(name, &error))?;
    Ok(Some((value, tag)))
}

fn damaged(name: &str, error: &serde_json::Error) -> ShelfError {
    ShelfError::Damaged { what: name.to_owned(), why: error.to_string() }
}

/// Pointers as they were: enough to read bytes, which never change, and not to say that a blob is there.
#[derive(Clone, Default)]
pub(super) struct Known(Arc<Mutex<HashMap<ContentDigest, Arc<Pointer>>>>);

impl Known {
    pub(super) fn get(&self, digest: &ContentDigest) -> Option<Arc<Pointer>> {
        self.0.lock().ok()?.get(digest).cloned()
    }

    pub(super) fn keep(&self, digest: &ContentDigest, pointer: Arc<Pointer>) {
        if let Ok(mut known) = self.0.lock() {
            if known.len() >= KNOWN {
                known.clear();
            }
            known.insert(digest.clone(), pointer);
        }
    }

    pub(super) fn forget(&self, digest: &ContentDigest) {
        if let Ok(mut known) = self.0.lock() {
            known.remove(digest);
        }
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Known")
    }
}
