//! Whose signature is meant, and for which place.

use model::digest::ClaimedDigest;
use model::reference::{ImageName, Repository};

use super::desk::Desk;
use super::notes::Notes;
use super::{EngineError, PublishingError};
use crate::trust::keyring::Keyring;
use crate::trust::{Place, target};

/// What a person says of it.
#[derive(Debug, Clone, Default)]
pub struct Whose {
    /// The publisher's name; found where it is not given.
    pub publisher: Option<String>,
    /// What they vouch for; remembered, or the registry's part that the image is in.
    pub place: Option<Place>,
    /// The fingerprint, for a signer who has not worked with the publisher's documents before.
    pub root: Option<ClaimedDigest>,
    /// What becomes of what others have begun.
    pub begun: Begun,
}

/// What becomes of what others have begun.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Begun {
    /// It goes on.
    #[default]
    Continued,
    /// It is dropped, and so are the signatures that it has.
    Dropped,
}

/// A publisher at work.
#[derive(Debug)]
pub(super) struct Publisher {
    pub(super) keyring: Keyring,
    pub(super) notes: Notes,
    pub(super) place: Place,
    pub(super) sent: Sent,
}

/// Whether somebody may have seen what this command makes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Sent {
    /// Nobody: nothing was sent yet.
    #[default]
    Nothing,
    /// It was sent, whatever came of that.
    Perhaps,
}

impl Desk<'_> {
    /// Who signs images of a repository.
    pub(super) fn signer_of(&self, whose: &Whose, image: &ImageName) -> Result<Publisher, EngineError> {
        let repository = image.located();
        let (keyring, notes) = match &whose.publisher {
            Some(name) => self.named(name)?,
            None => self.found(&repository, &image.to_string())?,
        };
        let place = whose.place.clone().or_else(|| place_of(&notes, keyring.name(), &repository));
        let place = place.ok_or_else(|| PublishingError::NoPlace(keyring.name().to_owned()))?;
        if place.name_of(&repository).is_none() {
            let (image, place, publisher) = (image.to_string(), place.to_string(), keyring.name().to_owned());
            return Err(PublishingError::Beside { image, place, publisher }.into());
        }
        Ok(Publisher { keyring, notes, place, sent: Sent::default() })
    }

    /// A publisher by name, where they have published before.
    pub(super) fn publisher(&self, name: &str, place: Option<&Place>) -> Result<Publisher, EngineError> {
        let (keyring, notes) = self.named(name)?;
        let place = place.or(notes.places.first()).cloned();
        let place = place.ok_or_else(|| PublishingError::NoPlace(name.to_owned()))?;
        Ok(Publisher { keyring, notes, place, sent: Sent::default() })
    }

    pub(super) fn named(&self, name: &str) -> Result<(Keyring, Notes), PublishingError> {
        let keyring = Keyring::open(&self.publishers, name)?;
        let notes = Notes::load(&self.directory(&keyring))?;
        Ok((keyring, notes))
    }

    /// Whoever has published for the repository before; else who is called like a part of it; else the only one.
    fn found(&self, repository: &Repository, typed: &str) -> Result<(Keyring, Notes), PublishingError> {
        let names = Keyring::names(&self.publishers)?;
        let all = names.iter().map(|name| self.named(name)).collect::<Result<Vec<_>, _>>()?;
        let nearest = |notes: &Notes| {
            let near = notes.places.iter().filter(|place| place.name_of(repository).is_some());
            near.map(|place| place.to_string().len()).max()
        };
        let before = all.iter().filter_map(|(keyring, notes)| Some((nearest(notes)?, keyring.name())));
        if let Some((_, name)) = before.max() {
            return self.named(name);
        }
        let called: Vec<&str> =
            names.iter().map(String::as_str).filter(|name| part(repository, name)).collect();
        match (called.as_slice(), names.as_slice()) {
            ([name], _) => self.named(name),
            ([], [name]) => self.named(name),
            (_, []) => Err(PublishingError::NoPublisher),
            _ => Err(PublishingError::WhichPublisher { image: typed.to_owned(), names }),
        }
    }
}

/// A place that was published to before; else the part of the repository that is called like the publisher; else all
/// that is beside the image.
fn place_of(notes: &Notes, name: &str, repository: &Repository) -> Option<Place> {
    let near = notes.places.iter().filter(|place| place.name_of(repository).is_some());
    if let Some(place) = near.max_by_key(|place| place.to_string().len()) {
        return Some(place.clone());
    }
    let around = Place::around(repository);
    let called = around.iter().find(|place| place.to_string().rsplit('/').next() == Some(name));
    called.or(around.first()).cloned()
}

/// Whether a directory above the image is called so.
fn part(repository: &Repository, name: &str) -> bool {
    repository.path.rsplit_once('/').is_some_and(|(above, _)| above.split('/').any(|part| part == name))
}

/// What a publisher calls an image, and which image it is.
pub(super) fn release_name(place: &Place, image: &ImageName) -> Result<String, PublishingError> {
    if image.tag.is_none() {
        return Err(PublishingError::NoTag(image.to_string()));
    }
    let repository = image.located();
    let name = place.name_of(&repository).unwrap_or(&repository.path);
    Ok(target(name, image))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(notes: &Notes, name: &str, image: &str) -> String {
        place_of(notes, name, &image.parse::<ImageName>().unwrap().located()).unwrap().to_string()
    }

    #[test]
    fn a_place_is_remembered_or_called_like_the_publisher_or_beside_the_image() {
        let mut notes = Notes::default();
        assert_eq!(place(&notes, "team", "r.example/team/web/app:1"), "r.example/team");
        assert_eq!(place(&notes, "anna", "r.example/team/web/app:1"), "r.example/team/web");
        assert_eq!(place(&notes, "anna", "r.example/app:1"), "r.example");
        for known in ["r.example/team", "r.example/team/web"] {
            notes.has_published_at(&known.parse().unwrap());
        }
        assert_eq!(place(&notes, "anna", "r.example/team/web/app:1"), "r.example/team/web");
        assert_eq!(place(&notes, "anna", "r.example/team/other:1"), "r.example/team");
        assert_eq!(place(&notes, "anna", "elsewhere.example/x/app:1"), "elsewhere.example/x");
    }

    #[test]
    fn a_release_is_called_as_below_its_place() {
        let name = |place: &str, image: &str| {
            release_name(&place.parse().unwrap(), &image.parse().unwrap()).map_err(|error| error.code())
        };
        assert_eq!(name("r.example/team", "r.example/team/web/app:1"), Ok("web/app:1".to_owned()));
        assert_eq!(name("r.example/team", "r.example/team/app"), Err("E-trust-image"));
    }
}
