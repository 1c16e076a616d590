//! What a publisher says goes where their images go: a copy of an image is trusted as the image is.

use model::reference::{ImageName, Repository};
use registry::client::{Client, ClientError};

use super::carriage::{Compared, Listing};
use super::harbour::{Harbour, Moored};
use super::pins::Pins;
use super::place::Place;
use super::publish::Edition;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::registries::RegistriesError;

/// What this module returns.
type Result<T> = std::result::Result<T, EngineError>;

/// What became of a publisher's files when images of theirs were copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Along {
    /// Nobody publishes where the images came from.
    Nobody,
    /// The files are at this place now.
    Copied(Place),
    /// This place had the same ones, or newer ones.
    There(Place),
    /// This place has another publisher's, which were left as they are.
    Foreign(Place),
    /// The copy has another name than its publisher gave it, so that nobody vouches for it.
    Renamed(Place),
}

impl Engine {
    /// Copies what the publisher of an image says to where a copy of the image is.
    pub(crate) fn carry_trust(&self, client: &Client, from: &ImageName, to: &ImageName) -> Result<Along> {
        let (here, there) = (from.located(), to.located());
        let Some((place, moored)) = self.publisher_of(client, &here)? else { return Ok(Along::Nobody) };
        let tag = |name: &ImageName| name.tag.clone().unwrap_or_else(|| "latest".to_owned());
        let same_tag = from.digest.is_some() || tag(from) == tag(to);
        let Some(target) = place.elsewhere(&here, &there).filter(|_| same_tag) else {
            return Ok(Along::Renamed(place));
        };
        let source = Harbour::new(client, place.repository());
        replicate(&source, &moored.listing, &Harbour::new(client, target.repository()), target)
    }

    /// Where the publisher of a repository has their files: where somebody is pinned, or the nearest place around it.
    fn publisher_of(&self, client: &Client, repository: &Repository) -> Result<Option<(Place, Moored)>> {
        let pins = Pins::load(&self.site.trust())?;
        let places = match pins.over(repository) {
            Some(pinned) => vec![pinned.pin.place.clone()],
            None => Place::around(repository),
        };
        for place in places {
            if let Some(moored) = looked(&Harbour::new(client, place.repository()))? {
                return Ok(Some((place, moored)));
            }
        }
        Ok(None)
    }
}

/// What somebody publishes there, as far as we may see it.
fn looked(harbour: &Harbour<'_>) -> Result<Option<Moored>> {
    match harbour.look(Edition::Latest) {
        // Registries say so of repositories that are not there, too.
        Err(EngineError::Registries(RegistriesError::Client(
            ClientError::Denied { .. } | ClientError::Login { .. } | ClientError::Refused { .. },
        ))) => Ok(None),
        // Somebody's image, which happens to be called so.
        Err(EngineError::Trust(super::TrustError::Carriage(_))) => Ok(None),
        looked => looked,
    }
}

fn replicate(source: &Harbour<'_>, listing: &Listing, target: &Harbour<'_>, place: Place) -> Result<Along> {
    let there = target.look(Edition::Latest)?;
    if let Some(there) = &there {
        let ours = source.standing(listing)?;
        match ours.compared(&target.standing(&there.listing)?) {
            Compared::Newer => {}
            Compared::Same | Compared::Older => return Ok(Along::There(place)),
            Compared::Foreign => return Ok(Along::Foreign(place)),
        }
    }
    target.send(Edition::Latest, &source.files(listing)?, there.as_ref())?;
    Ok(Along::Copied(place))
}
