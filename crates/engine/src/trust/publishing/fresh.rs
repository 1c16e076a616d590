//! A machine that keeps a publisher's documents fresh, with the online key that lies there.

use std::time::Duration;

use trust::publisher::RoleName;

use super::change::root_of;
use super::desk::Desk;
use super::whose::{Publisher, Whose};
use super::{EngineError, PublishingError};
use crate::engine::Engine;
use crate::trust::{Carrier, Deed, Duty, Edition};

impl Engine {
    /// Keeps a publisher fresh until a signal asks for the end; `herald` hears of every round.
    ///
    /// # Errors
    /// [`PublishingError`]: the key is not here, or does not open; what the registry says.
    pub fn keep_publisher_fresh(
        &self,
        desk: &mut Desk<'_>,
        name: &str,
        whose: &Whose,
        every: Duration,
        herald: &mut dyn FnMut(&Deed),
    ) -> Result<(), EngineError> {
        let publisher = desk.publisher(name, whose.place.as_ref())?;
        let known = self.known_root(desk, &publisher, whose)?;
        let keys = publisher.keyring.keys()?;
        let online = keys.iter().find(|key| key.role == RoleName::Online);
        let online = online.ok_or(trust::publisher::PublishError::NoOnlineKey)?;
        let signer = desk.open(&publisher.keyring, online)?;
        let carrier = Carrier::Registry(publisher.place.clone());
        let duty = Duty {
            carrier: &carrier,
            signer: &*signer,
            known,
            seen: publisher.keyring.seen()?,
            validity: publisher.notes.validity(),
            every,
        };
        self.serve_timestamps(desk.registries, duty, herald)
    }

    /// A root that is known to be the publisher's, published or still waiting.
    fn known_root(
        &self,
        desk: &Desk<'_>,
        publisher: &Publisher,
        whose: &Whose,
    ) -> Result<Vec<u8>, EngineError> {
        if let Some(root) = publisher.keyring.root()? {
            return Ok(root);
        }
        let place = &publisher.place;
        let fingerprint = match whose.root {
            Some(fingerprint) => Some(fingerprint),
            None => self.pinned_root(place)?,
        };
        let Some(fingerprint) = fingerprint else {
            let (publisher, place) = (publisher.keyring.name().to_owned(), place.to_string());
            return Err(PublishingError::RootUnknown { publisher, place }.into());
        };
        let carrier = Carrier::Registry(place.clone());
        let mut found = Err(PublishingError::OtherRoot {
            place: place.to_string(),
            fingerprint: fingerprint.to_string(),
        });
        for edition in [Edition::Latest, Edition::Pending] {
            if let Some(published) = self.published(desk.registries, &carrier, edition)?
                && found.is_err()
            {
                found = root_of(&published.files, &fingerprint, place);
            }
        }
        Ok(found?)
    }
}
