//! What a publisher's directory remembers beside keys: where they publish, and for how long what is signed is good.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use trust::key::KeyId;
use trust::publisher::Validity;

use super::super::directory::{self, replace_flushed};
use super::super::files::Files;
use super::super::place::Place;
use super::PublishingError;
use crate::state::{open_dir, read_file};

/// The file.
const NOTES: &str = "notes.json";

/// Where the first documents wait until they are published.
const FIRST: &str = "first";

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Notes {
    /// Where the publisher has published from here, the first one first.
    pub(super) places: Vec<Place>,
    #[serde(default)]
    valid: Valid,
    /// Keys that were used, and are no longer.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    retired: BTreeSet<KeyId>,
}

/// [`Validity`], as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Valid {
    root: i64,
    targets: i64,
    snapshot: i64,
    timestamp: i64,
}

impl Default for Valid {
    fn default() -> Self {
        Validity::default().into()
    }
}

impl From<Validity> for Valid {
    fn from(validity: Validity) -> Self {
        let Validity { root, targets, snapshot, timestamp } = validity;
        Self { root, targets, snapshot, timestamp }
    }
}

impl Notes {
    /// For how long what is signed here is good.
    pub(super) fn validity(&self) -> Validity {
        let Valid { root, targets, snapshot, timestamp } = self.valid;
        Validity { root, targets, snapshot, timestamp }
    }

    pub(super) fn new(validity: Validity) -> Self {
        Self { places: Vec::new(), valid: validity.into(), retired: BTreeSet::new() }
    }

    /// Those of a publisher's directory; nothing where nothing was written down.
    pub(super) fn load(publisher: &Path) -> Result<Self, PublishingError> {
        let path = publisher.join(NOTES);
        let failed = |source| PublishingError::Io { doing: "read", path: path.clone(), source };
        let dir = open_dir(publisher).map_err(|errno| failed(errno.into()))?;
        let Some(bytes) = read_file(&dir, NOTES).map_err(failed)? else { return Ok(Self::default()) };
        serde_json::from_slice(&bytes)
            .map_err(|error| PublishingError::Damaged { path: path.clone(), why: error.to_string() })
    }

    pub(super) fn save(&self, publisher: &Path) -> Result<(), PublishingError> {
        let path = publisher.join(NOTES);
        let failed = |source| PublishingError::Io { doing: "write", path: path.clone(), source };
        let bytes = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        let dir = open_dir(publisher).map_err(|errno| failed(errno.into()))?;
        replace_flushed(&dir, NOTES, &bytes).map_err(failed)
    }

    /// Remembers which keys what is published names no more; whether that is news.
    pub(super) fn retire(&mut self, before: &BTreeSet<KeyId>, after: &BTreeSet<KeyId>) -> bool {
        let retired = self.retired.union(before).filter(|key| !after.contains(*key)).cloned().collect();
        let is_news = self.retired != retired;
        self.retired = retired;
        is_news
    }

    /// Whether a key was used, and is no longer.
    pub(super) fn has_retired(&self, key: &KeyId) -> bool {
        self.retired.contains(key)
    }

    /// Remembers a place, and whether it was new.
    pub(super) fn has_published_at(&mut self, place: &Place) -> bool {
        let is_new = !self.places.contains(place);
        if is_new {
            self.places.push(place.clone());
        }
        is_new
    }
}

/// The first documents, before anything is published.
pub(super) fn first(publisher: &Path) -> Result<Option<Files>, super::EngineError> {
    let path = publisher.join(FIRST);
    Ok(if path.exists() { Some(directory::read(&path)?) } else { None })
}

/// Keeps the first documents.
pub(super) fn keep_first(publisher: &Path, files: &Files) -> Result<(), super::EngineError> {
    Ok(directory::write(&publisher.join(FIRST), files)?)
}

/// They are published.
pub(super) fn forget_first(publisher: &Path) -> Result<(), PublishingError> {
    let path: PathBuf = publisher.join(FIRST);
    match std::fs::remove_dir_all(&path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(PublishingError::Io { doing: "remove", path, source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_retires_when_it_is_named_no_more_and_comes_back_when_it_is() {
        let ids = |names: &[&str]| names.iter().map(|name| KeyId::new(*name)).collect::<BTreeSet<_>>();
        let mut notes = Notes::default();
        assert!(!notes.retire(&ids(&["a", "b"]), &ids(&["a", "b", "c"])));
        assert!(notes.retire(&ids(&["a", "b"]), &ids(&["a"])));
        assert!(notes.has_retired(&KeyId::new("b")) && !notes.has_retired(&KeyId::new("a")));
        assert!(!notes.retire(&ids(&["a"]), &ids(&["a"])), "it stays so");
        assert!(notes.retire(&ids(&["a"]), &ids(&["a", "b"])) && !notes.has_retired(&KeyId::new("b")));
    }

    #[test]
    fn notes_come_back_and_places_are_remembered_once() {
        let publisher = tempfile::tempdir().unwrap();
        assert_eq!(Notes::load(publisher.path()).unwrap(), Notes::default());
        let mut notes = Notes::new(Validity { timestamp: 60, ..Validity::default() });
        let place: Place = "registry.example/team".parse().unwrap();
        assert!(notes.has_published_at(&place) && !notes.has_published_at(&place));
        notes.save(publisher.path()).unwrap();
        let loaded = Notes::load(publisher.path()).unwrap();
        assert_eq!((loaded.validity().timestamp, &loaded), (60, &notes));
        std::fs::write(publisher.path().join(NOTES), "{").unwrap();
        assert!(matches!(Notes::load(publisher.path()), Err(PublishingError::Damaged { .. })));
    }
}
