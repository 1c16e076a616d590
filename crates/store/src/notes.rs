//! What others have learned of layers and images: kept as long as these are, and learned anew where it is lost.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use model::image::{Image, Layer};

use crate::disk::Store;
use crate::error::{Result, StoreError};

/// Bytes of the checksum that ends a note: a power cut may leave anything.
const CHECKSUM: usize = 4;

/// Where notes about layers are, by diff id, and those about images, by manifest digest.
const OF_LAYERS: &str = "notes/layers";
const OF_IMAGES: &str = "notes/images";
const OF_JUDGEMENTS: &str = "notes/judgements";
const OF_BUILDS: &str = "notes/builds";

/// What a note is about. There is one note about each, and what it says is its writer's affair.
#[derive(Debug, Clone, Copy)]
pub enum About<'a> {
    /// A layer, whichever images have it.
    Layer(&'a Layer),
    /// An image.
    Image(&'a Image),
    /// What somebody makes of an image, who may change their mind while it stays the same.
    Judgement(&'a Image),
    /// What was verified of how an image was built.
    Build(&'a Image),
}

impl About<'_> {
    fn directory(self) -> &'static str {
        match self {
            Self::Layer(_) => OF_LAYERS,
            Self::Image(_) => OF_IMAGES,
            Self::Judgement(_) => OF_JUDGEMENTS,
            Self::Build(_) => OF_BUILDS,
        }
    }

    fn name(self) -> String {
        match self {
            Self::Layer(layer) => layer.diff_id.hex(),
            Self::Image(image) | Self::Judgement(image) | Self::Build(image) => image.digest.hex(),
        }
    }
}

impl Store {
    /// The note about something, unless there is none that is whole.
    #[must_use]
    pub fn recall(&self, about: About<'_>) -> Option<Vec<u8>> {
        let mut bytes = fs::read(self.note_path(about)).ok()?;
        let (note, checksum) = bytes.split_last_chunk::<CHECKSUM>()?;
        let (is_whole, length) = (crc32fast::hash(note).to_le_bytes() == *checksum, note.len());
        bytes.truncate(length);
        is_whole.then_some(bytes)
    }

    /// Keeps a note in the place of the one that was, as long as what it is about is in the store.
    ///
    /// # Errors
    /// What the disk says.
    pub fn remember(&self, about: About<'_>, note: &[u8]) -> Result<()> {
        let _present = self.share("sweep")?;
        let subject = match about {
            About::Layer(layer) => self.layer_path(&layer.diff_id),
            About::Image(image) | About::Judgement(image) | About::Build(image) => {
                self.record_path(&image.digest.hex())
            }
        };
        if !subject.exists() {
            return Ok(());
        }
        self.directory(about.directory())?;
        self.replace(&self.note_path(about), &[note, &crc32fast::hash(note).to_le_bytes()].concat())
    }

    fn note_path(&self, about: About<'_>) -> PathBuf {
        self.root.join(about.directory()).join(about.name())
    }

    /// Removes the notes about everything else than these; returns their bytes.
    pub(crate) fn drop_notes(&self, layers: &BTreeSet<String>, images: &BTreeSet<String>) -> Result<u64> {
        let mut bytes = 0;
        let all = [(OF_LAYERS, layers), (OF_IMAGES, images), (OF_JUDGEMENTS, images), (OF_BUILDS, images)];
        for (directory, kept) in all {
            if !self.root.join(directory).exists() {
                continue;
            }
            for path in self.unreferenced(directory, kept)? {
                bytes += fs::metadata(&path).map_or(0, |metadata| metadata.len());
                fs::remove_file(&path).map_err(StoreError::write_path(&path))?;
            }
        }
        Ok(bytes)
    }
}
