//! What a publisher's directory remembers beside keys: where they publish, and for how long what is signed is good.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
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
        Self { places: Vec::new(), valid: validity.into() }
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
