//! A machine that keeps a publisher's documents fresh, with the online key that lies there.

use std::time::Duration;

use trust::publisher::{PublishError, RoleName};

use super::change::root_of;
use super::desk::Desk;
use super::whose::{Publisher, Whose};
use super::{EngineError, PublishingError};
use crate::engine::Engine;
use crate::trust::keyring::Kept;
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
        let carrier = Carrier::Registry(publisher.place.clone());
        let online = self.online_key(desk, &publisher, whose, &carrier)?;
        let signer = desk.open(&publisher.keyring, &online)?;
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

    /// The key that the root calls online; before there is one, the newest that was made for it.
    fn online_key(
        &self,
        desk: &Desk<'_>,
        publisher: &Publisher,
        whose: &Whose,
        carrier: &Carrier,
    ) -> Result<Kept, EngineError> {
        let mut keys = publisher.keyring.keys()?;
        keys.retain(|key| key.role == RoleName::Online);
        if self.published(desk.registries, carrier, Edition::Latest)?.is_some() {
            let wanted = self.as_published(desk, publisher, whose)?.keys(&RoleName::Online)?;
            keys.retain(|key| wanted.keys.contains(&key.public));
        }
        Ok(keys.pop().ok_or(PublishError::NoOnlineKey)?)
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
