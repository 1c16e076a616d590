//! Who vouches for an image, for somebody who asks without starting it.

use model::digest::ClaimedDigest;
use model::reference::ImageName;
use model::trust::Vouched;
use registry::client::Which;

use super::error::TrustError;
use super::files::Files;
use super::pins::Pins;
use super::place::Place;
use super::publish::{Carrier, Edition};
use super::publishing::fingerprint;
use super::source::client;
use super::vouch::{Subject, Unvouched};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::registries::Registries;

impl Engine {
    /// Who vouches for an image of the store; for one that it lacks, of its registry.
    ///
    /// # Errors
    /// [`TrustError::NotPinned`]; what the store and the registry say.
    pub fn who_vouches(
        &self,
        registries: &Registries,
        name: &ImageName,
    ) -> Result<(ClaimedDigest, Vouched), EngineError> {
        let pins = Pins::load(&self.site.trust())?;
        let Some(subject) = Subject::of(&pins, name) else {
            return Err(TrustError::NotPinned(name.to_string()).into());
        };
        if !self.lacks(name)? {
            let image = self.image(&name.to_string())?;
            return Ok((image.digest.into(), self.vouched(&name.to_string(), &image, self.now())));
        }
        let which = match &name.digest {
            Some(digest) => Which::Digest(*digest),
            None => Which::Tag(name.tag.clone().unwrap_or_else(|| "latest".to_owned())),
        };
        let found = self.client(registries)?.manifest(&name.located(), &which)?;
        self.hear_from_afar(&client(registries), &subject.pin)?;
        let answer = self.consult(&subject.pin, |catalogue| {
            subject.judge(catalogue, found.digest, self.now()).map_err(Unvouched::Doubt)
        });
        let vouched = match answer {
            Ok(attested) => subject.signed(&attested, None),
            Err(doubt) => subject.doubted(&doubt, None),
        };
        Ok((found.digest.into(), vouched))
    }
}

impl Engine {
    /// By whose fingerprint a place is pinned.
    pub(super) fn pinned_root(&self, place: &Place) -> Result<Option<ClaimedDigest>, EngineError> {
        Ok(Pins::load(&self.site.trust())?.at(place).map(|pin| pin.fingerprint))
    }

    /// The fingerprint of whoever answers now, for somebody who believes them unseen.
    ///
    /// # Errors
    /// [`TrustError::Nothing`]; what the registry says.
    pub fn first_root(
        &self,
        registries: &Registries,
        place: &Place,
        files: Option<&Files>,
    ) -> Result<ClaimedDigest, EngineError> {
        let found = match files {
            Some(files) => Some(fingerprint(files)),
            None => {
                let carrier = Carrier::Registry(place.clone());
                self.published(registries, &carrier, Edition::Latest)?
                    .map(|published| fingerprint(&published.files))
            }
        };
        Ok(found.ok_or_else(|| TrustError::Nothing(place.to_string()))?)
    }
}
