//! Pins: which publisher has to vouch for what comes from a place.

use std::path::{Path, PathBuf};

use model::digest::ClaimedDigest;
use model::reference::Repository;
use rustix::fd::OwnedFd;
use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};

use super::directory::replace_flushed;
use super::error::TrustError;
use super::place::Place;
use crate::state::{open_dir, read_file};

/// What this module returns.
type Result<T> = std::result::Result<T, TrustError>;

/// The file of all pins.
const PINS: &str = "pins.json";

/// Its layout.
const VERSION: u32 = 1;

/// A publisher who has to vouch for what comes from a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// For what comes from where.
    pub place: Place,
    /// The SHA-256 of one of the publisher's root documents, whichever version.
    pub fingerprint: ClaimedDigest,
    /// What the publisher is called here.
    pub publisher: String,
    /// The stage that an image has to have been promoted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
}

/// Every pin of a site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pins {
    version: u32,
    pins: Vec<Pin>,
}

/// An image's own name among its publisher's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pinned<'a> {
    pub(super) pin: &'a Pin,
    /// The repository, as the publisher calls it.
    pub(super) name: &'a str,
}

impl Pins {
    /// The pins below a directory; none where there is no such file.
    pub(super) fn load(root: &Path) -> Result<Self> {
        let path = root.join(PINS);
        let dir = match open_dir(root) {
            Err(rustix::io::Errno::NOENT) => return Ok(Self::default()),
            opened => opened.map_err(|errno| TrustError::io("open", root)(errno.into()))?,
        };
        let Some(bytes) = read_file(dir, PINS).map_err(TrustError::io("read", &path))? else {
            return Ok(Self::default());
        };
        let damaged = |why: String| TrustError::Damaged { path: path.clone(), why };
        let pins: Self = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if pins.version != VERSION {
            return Err(damaged(format!("its layout is {}, and only {VERSION} is known", pins.version)));
        }
        Ok(pins)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Pin> {
        self.pins.iter()
    }

    pub(super) fn at(&self, place: &Place) -> Option<&Pin> {
        self.pins.iter().find(|pin| pin.place == *place)
    }

    /// The pin that a repository falls under: that of the longest place.
    pub(super) fn over<'a>(&'a self, repository: &'a Repository) -> Option<Pinned<'a>> {
        let pinned =
            self.pins.iter().filter_map(|pin| Some(Pinned { pin, name: pin.place.name_of(repository)? }));
        pinned.max_by_key(|pinned| pinned.pin.place.depth())
    }

    /// Puts a pin in; the one that it replaces.
    pub(super) fn put(&mut self, pin: Pin) -> Option<Pin> {
        let old = self.take(&pin.place);
        self.pins.push(pin);
        self.pins.sort_by(|a, b| a.place.cmp(&b.place));
        old
    }

    pub(super) fn take(&mut self, place: &Place) -> Option<Pin> {
        let at = self.pins.iter().position(|pin| pin.place == *place)?;
        Some(self.pins.remove(at))
    }
}

/// The file of all pins, while nobody else changes it.
pub(super) struct Turn {
    root: PathBuf,
    dir: OwnedFd,
}

impl Turn {
    /// Waits for it.
    pub(super) fn wait(root: &Path) -> Result<Self> {
        let failed = |errno: rustix::io::Errno| TrustError::io("lock", root)(errno.into());
        std::fs::create_dir_all(root).map_err(TrustError::io("make the directory", root))?;
        let dir = open_dir(root).map_err(failed)?;
        rustix::io::retry_on_intr(|| rustix::fs::flock(&dir, FlockOperation::LockExclusive))
            .map_err(failed)?;
        Ok(Self { root: root.to_owned(), dir })
    }

    pub(super) fn save(&self, pins: &Pins) -> Result<()> {
        let failed = |error| TrustError::io("write to", &self.root)(error);
        let pins = Pins { version: VERSION, ..pins.clone() };
        let bytes = serde_json::to_vec_pretty(&pins).map_err(|error| failed(error.into()))?;
        replace_flushed(&self.dir, PINS, &bytes).map_err(failed)?;
        rustix::fs::fsync(&self.dir).map_err(|errno| failed(errno.into()))
    }
}

#[cfg(test)]
mod tests {
    use model::digest::Digest;
    use model::reference::ImageName;

    use super::*;

    fn pin(place: &str, publisher: &str) -> Pin {
        Pin {
            place: place.parse().unwrap(),
            fingerprint: Digest::of(publisher.as_bytes()).into(),
            publisher: publisher.to_owned(),
            stage: None,
        }
    }

    fn pins(all: &[(&str, &str)]) -> Pins {
        let mut pins = Pins::default();
        for (place, publisher) in all {
            assert_eq!(pins.put(pin(place, publisher)), None);
        }
        pins
    }

    #[test]
    fn the_longest_place_wins() {
        let pins = pins(&[("r.example", "all"), ("r.example/team", "team"), ("r.example/team/web", "web")]);
        let check = |image: &str, expected: Option<(&str, &str)>| {
            let repository = image.parse::<ImageName>().unwrap().located();
            let over = pins.over(&repository);
            assert_eq!(over.map(|over| (over.pin.publisher.as_str(), over.name)), expected, "{image}");
        };
        check("r.example/team/web/app:1", Some(("web", "app")));
        check("r.example/team/webapp", Some(("team", "webapp")));
        check("r.example/other", Some(("all", "other")));
        check("other.example/team/app", None);
    }

    #[test]
    fn pins_come_back_from_disk_and_replace_each_other() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().join("trust");
        assert_eq!(Pins::load(&root).unwrap(), Pins::default());
        let turn = Turn::wait(&root).unwrap();
        let mut pins = pins(&[("r.example/b", "b"), ("r.example/a", "a")]);
        turn.save(&pins).unwrap();
        assert_eq!(pins.put(pin("r.example/a", "other")), Some(pin("r.example/a", "a")));
        turn.save(&pins).unwrap();
        let loaded = Pins::load(&root).unwrap();
        assert_eq!(loaded.iter().map(|pin| pin.publisher.as_str()).collect::<Vec<_>>(), ["other", "b"]);
        assert_eq!(pins.take(&"r.example/b".parse().unwrap()), Some(pin("r.example/b", "b")));
        assert_eq!(pins.take(&"r.example/b".parse().unwrap()), None);
    }

    #[test]
    fn a_damaged_file_is_never_taken_for_none() {
        let root = tempfile::tempdir().unwrap();
        for text in ["", "{", "{}", "[]", r#"{"version":2,"pins":[]}"#, r#"{"version":1,"pins":[{}]}"#] {
            std::fs::write(root.path().join(PINS), text).unwrap();
            assert!(matches!(Pins::load(root.path()), Err(TrustError::Damaged { .. })), "{text}");
        }
    }
}
