//! Who built an image, by statements that were verified when they came. A start compares keys, and verifies nothing.

use model::digest::ClaimedDigest;
use model::image::Image;
use model::reference::ImageName;
use serde::{Deserialize, Serialize};
use store::About;
use trust::catalogue::{Builder, Catalogue};
use trust::foreign::ForeignKey;

use super::pins::Pins;
use super::vouch::Subject;
use crate::engine::Engine;
use crate::error::EngineError;

/// The most statements that are remembered of an image.
const MOST: usize = 64;

/// The longest name of a builder that is remembered, in characters.
const LONGEST: usize = 300;

/// A statement that held.
#[derive(Debug, Serialize, Deserialize)]
struct Build {
    /// SHA-256 of the key that signed it.
    key: [u8; 32],
    /// Who built the image.
    builder: String,
}

impl Engine {
    /// Verifies what lies beside an image about its build, with the keys of everybody who is pinned for one of its
    /// names, and remembers what holds.
    ///
    /// # Errors
    /// What the disk says; pins that cannot be read.
    pub(crate) fn learn_builds(&self, image: &Image) -> Result<(), EngineError> {
        self.learn_builds_by(&Pins::load(&self.site.trust())?, image)
    }

    /// The same for every image of the store, after somebody was pinned or heard.
    pub(super) fn learn_all_builds(&self) -> Result<(), EngineError> {
        let pins = Pins::load(&self.site.trust())?;
        self.store.list()?.iter().try_for_each(|image| self.learn_builds_by(&pins, image))
    }

    fn learn_builds_by(&self, pins: &Pins, image: &Image) -> Result<(), EngineError> {
        let names = image.names.iter().cloned().chain(self.store.pins(image)?);
        let names = names.filter_map(|name| name.parse::<ImageName>().ok());
        let mut keys: Vec<ForeignKey> = Vec::new();
        for subject in names.filter_map(|name| Subject::of(pins, &name)) {
            let counting = self.consult(&subject.pin, |catalogue| {
                let builders = catalogue.builders(subject.pin.stage.as_deref());
                Ok(builders.filter_map(Builder::key).collect::<Vec<_>>())
            });
            // Who cannot be heard vouches for nothing, and so for nobody.
            let new = counting.unwrap_or_default().into_iter().filter(|key| !keys.contains(key));
            keys.extend(new.collect::<Vec<_>>());
        }
        let known = self.store.recall(About::Build(image)).is_some();
        let builders = if keys.is_empty() { Vec::new() } else { self.builders(image, keys)? };
        if builders.is_empty() && !known {
            return Ok(());
        }
        Ok(self.store.remember(About::Build(image), &written(builders)?)?)
    }

    /// Who built an image, by the word of somebody whose word counts for the publisher now.
    pub(super) fn built(
        &self,
        subject: &Subject,
        catalogue: &Catalogue<'_>,
        image: &Image,
    ) -> Option<String> {
        let mut counting = catalogue.builders(subject.pin.stage.as_deref()).peekable();
        counting.peek()?;
        let note = self.store.recall(About::Build(image))?;
        let builds: Vec<Build> = postcard::from_bytes(&note).ok()?;
        let counting: Vec<ClaimedDigest> = counting.map(|builder| builder.fingerprint()).collect();
        let build = builds.into_iter().find(|build| counting.contains(&build.key.into()))?;
        Some(build.builder)
    }
}

fn written(builders: Vec<(ClaimedDigest, String)>) -> Result<Vec<u8>, EngineError> {
    let build = |(key, builder): (ClaimedDigest, String)| Build {
        key: *key.as_bytes(),
        // Their words are shown to people.
        builder: builder.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect(),
    };
    let builds: Vec<Build> = builders.into_iter().take(MOST).map(build).collect();
    postcard::to_stdvec(&builds)
        .map_err(|error| EngineError::io("write who built an image")(std::io::Error::other(error)))
}
