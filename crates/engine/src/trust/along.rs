//! What a publisher says goes where their images go: a copy of an image is trusted as the image is.

use model::digest::ClaimedDigest;
use model::reference::{ImageName, Repository};
use registry::client::{Client, ClientError};

use super::carriage::{Compared, Standing};
use super::files::Files;
use super::freight::Freight;
use super::harbour::{Harbour, Moored};
use super::pins::Pins;
use super::place::{Place, target};
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
    /// The files are in the same layout, or newer ones are.
    Aboard,
    /// The files are at this place now.
    Copied(Place),
    /// This place had the same ones, or newer ones.
    There(Place),
    /// This place has another publisher's, which were left as they are.
    Foreign(Place),
    /// The copy has another name than this one, which its publisher gave it, so that nobody vouches for it.
    Renamed(String),
}

impl Engine {
    /// Copies what the publisher of an image says to where a copy of the image is.
    pub(crate) fn carry_trust(&self, client: &Client, from: &ImageName, to: &ImageName) -> Result<Along> {
        let (here, there) = (from.located(), to.located());
        let Some((place, moored)) = self.publisher_of(client, &here)? else { return Ok(Along::Nobody) };
        let tag = |name: &ImageName| name.tag.clone().unwrap_or_else(|| "latest".to_owned());
        let same_tag = from.digest.is_some() || tag(from) == tag(to);
        let Some(there) = place.elsewhere(&here, &there).filter(|_| same_tag) else {
            return Ok(Along::Renamed(target(place.name_of(&here).unwrap_or_default(), from)));
        };
        let source = Harbour::new(client, place.repository());
        let ours = || source.standing(&moored.listing);
        replicate(client, &ours, &|| source.files(&moored.listing), there)
    }

    /// What the publisher of an image says, to lie beside a copy in a layout.
    pub(crate) fn load_trust(&self, client: &Client, from: &ImageName) -> Result<Option<Freight>> {
        let Some((place, moored)) = self.publisher_of(client, &from.located())? else { return Ok(None) };
        let files = Harbour::new(client, place.repository()).files(&moored.listing)?;
        Ok(Some(Freight::of(files)?))
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

/// Copies what the publisher of an image in a layout says to where a copy of the image is. Whose image it is, the
/// layout does not say: whoever released the digest, or else the name.
pub(crate) fn unload_trust(
    client: &Client,
    aboard: &[Freight],
    digest: &ClaimedDigest,
    to: &ImageName,
) -> Result<Along> {
    let mut fitting: Vec<_> =
        aboard.iter().filter_map(|freight| Some((freight, freight.place_of(to)?))).collect();
    fitting.sort_by_key(|(freight, _)| freight.name_of(digest).is_none());
    match (fitting.into_iter().next(), aboard.iter().find_map(|freight| freight.name_of(digest))) {
        (Some((freight, place)), _) => {
            replicate(client, &|| Ok(freight.standing()), &|| Ok(freight.files().clone()), place)
        }
        (None, Some(name)) => Ok(Along::Renamed(name)),
        (None, None) => Ok(Along::Nobody),
    }
}

/// Newer files take the place of older ones of the same publisher, and of nothing else.
fn replicate(
    client: &Client,
    standing: &dyn Fn() -> Result<Standing>,
    files: &dyn Fn() -> Result<Files>,
    place: Place,
) -> Result<Along> {
    let target = Harbour::new(client, place.repository());
    let there = target.look(Edition::Latest)?;
    if let Some(there) = &there {
        match standing()?.compared(&target.standing(&there.listing)?) {
            Compared::Newer => {}
            Compared::Same | Compared::Older => return Ok(Along::There(place)),
            Compared::Foreign => return Ok(Along::Foreign(place)),
        }
    }
    target.send(Edition::Latest, &files()?, there.as_ref())?;
    Ok(Along::Copied(place))
}
