//! Pinning: from now on nothing of a place runs unless its publisher vouches for it.

use std::io::{Read, Write};
use std::path::Path;

use ledger::Durability;
use serde::Deserialize;
use trust::catalogue::Catalogue;

use super::archive;
use super::directory::{self, TIMESTAMP};
use super::error::TrustError;
use super::files::Files;
use super::news::{Heard, about};
use super::pins::{Pin, Pins, Turn};
use super::place::Place;
use super::publish::{Carrier, Edition};
use super::shelf::Shelf;
use super::source::client;
use crate::book::Kind;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::registries::Registries;

/// What this module returns.
type Result<T> = std::result::Result<T, EngineError>;

/// A pin, and what is believed of its publisher.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Who is pinned where.
    pub pin: Pin,
    /// When they were heard last, in seconds since 1970; nothing where they never were.
    pub heard: Option<i64>,
    /// When what they said stops being believed.
    pub expires: Option<i64>,
}

/// What was written into an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// How many files.
    pub files: usize,
    /// The time until which it is good, by its own word.
    pub until: String,
}

impl Engine {
    /// Pins a publisher at a place, after hearing them: from the place itself, or from files that came on another way.
    ///
    /// # Errors
    /// [`TrustError`]: nothing is pinned that was not verified.
    pub fn pin(&self, registries: &Registries, pin: &Pin, files: Option<Files>) -> Result<Heard> {
        // Who cannot write history down finds out before anything is changed.
        let book = self.book()?;
        let heard = match files {
            Some(files) => self.hear(pin, |_| Ok(files))?,
            None => self.hear_from_afar(&client(registries), pin)?,
        };
        let root = self.site.trust();
        let turn = Turn::wait(&root)?;
        let mut pins = Pins::load(&root)?;
        let before = pins.put(pin.clone());
        let entry = about(Kind::TrustPin, pin, self.now()).with("fingerprint", pin.fingerprint.to_string());
        let entry = pin.stage.iter().fold(entry, |entry, stage| entry.with("stage", stage));
        let entry =
            before.iter().fold(entry, |entry, before| entry.with("before", before.fingerprint.to_string()));
        book.append(&entry, Durability::Flushed)?;
        turn.save(&pins)?;
        drop(turn);
        self.learn_all_builds()?;
        Ok(heard)
    }

    /// Takes a pin away. What was seen of its publisher is kept, so that nobody gains by it who sends older files.
    ///
    /// # Errors
    /// [`TrustError::NotPinned`]; what the disk says.
    pub fn unpin(&self, place: &Place) -> Result<Pin> {
        let root = self.site.trust();
        let turn = Turn::wait(&root)?;
        let mut pins = Pins::load(&root)?;
        let pin = pins.take(place).ok_or_else(|| TrustError::NotPinned(place.to_string()))?;
        let entry =
            about(Kind::TrustUnpin, &pin, self.now()).with("fingerprint", pin.fingerprint.to_string());
        self.book()?.append(&entry, Durability::Flushed)?;
        turn.save(&pins)?;
        Ok(pin)
    }

    /// Everybody who is pinned.
    ///
    /// # Errors
    /// Pins or catalogues that cannot be read.
    pub fn pins(&self) -> Result<Vec<Standing>> {
        let root = self.site.trust();
        let pins = Pins::load(&root)?;
        let standing = |pin: &Pin| {
            let bytes = self.catalogue(pin)?;
            let catalogue = bytes.as_deref().and_then(|bytes| Catalogue::from_bytes(bytes).ok());
            let heard = catalogue.as_ref().map(Catalogue::refreshed);
            let expires = catalogue.as_ref().map(Catalogue::expires);
            Ok(Standing { pin: pin.clone(), heard, expires })
        };
        pins.iter().map(standing).collect()
    }

    /// The catalogue of what is believed of a publisher, as it was written.
    pub(super) fn catalogue(&self, pin: &Pin) -> std::result::Result<Option<Vec<u8>>, TrustError> {
        Shelf::of(&self.site.trust(), &pin.fingerprint).catalogue()
    }

    /// Writes all of a publisher's files into an archive, to carry them to where there is no network.
    ///
    /// # Errors
    /// [`TrustError::Nothing`]; what the registry, the disk and the archive's place say.
    pub fn export_trust(
        &self,
        registries: &Registries,
        carrier: &Carrier,
        out: &mut dyn Write,
    ) -> Result<Exported> {
        let published = self.published(registries, carrier, Edition::Latest)?;
        let files = published.ok_or_else(|| TrustError::Nothing(carrier.to_string()))?.files;
        archive::write(&files, out).map_err(EngineError::io("write the archive"))?;
        Ok(Exported { files: files.len(), until: files.get(TIMESTAMP).and_then(expiry).unwrap_or_default() })
    }
}

impl Files {
    /// What an archive holds.
    ///
    /// # Errors
    /// An archive that has anything else in it.
    pub fn from_archive(from: &mut dyn Read) -> Result<Self> {
        Ok(archive::read(from)?)
    }

    /// What a directory holds.
    ///
    /// # Errors
    /// What the disk says.
    pub fn from_directory(path: &Path) -> Result<Self> {
        Ok(directory::read(path)?)
    }
}

/// When a document ends, by its own word.
fn expiry(bytes: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Document {
        signed: Signed,
    }
    #[derive(Deserialize)]
    struct Signed {
        expires: String,
    }
    let document = serde_json::from_slice::<Document>(bytes).ok()?;
    Some(document.signed.expires).filter(|expires| expires.len() <= 40)
}
