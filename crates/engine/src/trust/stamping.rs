//! `coffer trust timestamp serve`: a machine says again and again that a publisher's files are the present ones, and
//! publishes what people have signed. It can sign nothing else.

use std::time::Duration;

use trust::key::Signer;
use trust::publisher::{Draft, Repository, Validity, Versions};

use super::error::TrustError;
use super::files::Files;
use super::publish::{Carrier, Edition, Published};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::foreground::Interruptions;
use crate::registries::Registries;

/// What this module returns.
type Result<T> = std::result::Result<T, EngineError>;

/// What a machine is to keep fresh, and by what.
pub struct Duty<'a> {
    /// Where the publisher's files are.
    pub carrier: &'a Carrier,
    /// The online key.
    pub signer: &'a dyn Signer,
    /// A root of the publisher's, from one who knows.
    pub known: Vec<u8>,
    /// What was seen published.
    pub seen: Versions,
    /// For how long documents are good.
    pub validity: Validity,
    /// How long it waits between two looks.
    pub every: Duration,
}

/// What was done in one round.
#[derive(Debug)]
pub enum Deed {
    /// There was nothing to do.
    Nothing,
    /// What others had signed counts now.
    Published(Box<Repository>),
    /// Half of its time was over: it was said again that nothing is newer.
    Renewed(Box<Repository>),
    /// It could not be done now, and is tried again in the next round.
    Failed(EngineError),
}

impl Engine {
    /// Keeps a publisher's files fresh until a signal asks for the end. `herald` hears of every round.
    ///
    /// # Errors
    /// Signals that cannot be held back.
    pub fn serve_timestamps(
        &self,
        registries: &Registries,
        mut duty: Duty<'_>,
        herald: &mut dyn FnMut(&Deed),
    ) -> Result<()> {
        let signals = Interruptions::hold().map_err(EngineError::io("hold signals back"))?;
        loop {
            let deed = self.stamp(registries, &mut duty).unwrap_or_else(Deed::Failed);
            herald(&deed);
            if signals.within(duty.every).is_some() {
                return Ok(());
            }
        }
    }

    /// One round: publishes what is complete, or renews what is half over.
    ///
    /// # Errors
    /// What the carrier says, and files that are not the publisher's.
    pub fn stamp(&self, registries: &Registries, duty: &mut Duty<'_>) -> Result<Deed> {
        let now = self.now();
        let latest = self.published(registries, duty.carrier, Edition::Latest)?;
        let base = latest.as_ref().map(|latest| duty.verified(&latest.files)).transpose()?;
        if let Some(pending) = self.published(registries, duty.carrier, Edition::Pending)?
            && let Some(repository) =
                self.complete(registries, duty, latest.as_ref(), base.clone(), &pending)?
        {
            return Ok(Deed::Published(Box::new(repository)));
        }
        let Some(base) = base.filter(|base| base.is_due(duty.validity, now)) else {
            return Ok(Deed::Nothing);
        };
        let next = base.refreshed(&[duty.signer], duty.validity, now).map_err(TrustError::from)?;
        self.put(registries, duty, latest.as_ref(), &next)?;
        Ok(Deed::Renewed(Box::new(next)))
    }

    /// Publishes of a draft what has all its signatures; the rest goes on waiting.
    fn complete(
        &self,
        registries: &Registries,
        duty: &mut Duty<'_>,
        latest: Option<&Published>,
        base: Option<Repository>,
        pending: &Published,
    ) -> Result<Option<Repository>> {
        let files = pending.files.clone().into_map();
        let draft = Draft::resume(base, &files, duty.validity).map_err(TrustError::from)?;
        if !draft.is_ready() {
            return Ok(None);
        }
        let done = draft.publish(&[duty.signer], self.now()).map_err(TrustError::from)?;
        // A publisher's very first root is one that somebody knows, or nobody's.
        Repository::open(&done.repository.files(), &duty.known, &duty.seen).map_err(TrustError::from)?;
        self.put(registries, duty, latest, &done.repository)?;
        if done.rest.is_empty() {
            // Where nobody may remove anything, it is found to be done in the next round.
            let _stays = self.withdraw(registries, duty.carrier, pending.revision);
        } else {
            let rest = Files::of(done.rest.files())?;
            self.publish(registries, duty.carrier, Edition::Pending, &rest, Some(pending.revision))?;
        }
        Ok(Some(done.repository))
    }

    fn put(
        &self,
        registries: &Registries,
        duty: &mut Duty<'_>,
        over: Option<&Published>,
        next: &Repository,
    ) -> Result<()> {
        let (files, over) = (Files::of(next.files())?, over.map(|over| over.revision));
        self.publish(registries, duty.carrier, Edition::Latest, &files, over)?;
        (duty.known, duty.seen) = (next.root().to_vec(), next.versions());
        Ok(())
    }
}

impl Duty<'_> {
    /// What is published, as far as it is the publisher's and nothing that was seen is missing.
    fn verified(&mut self, files: &Files) -> Result<Repository> {
        let repository =
            Repository::open(&files.clone().into_map(), &self.known, &self.seen).map_err(TrustError::from)?;
        (self.known, self.seen) = (repository.root().to_vec(), repository.versions());
        Ok(repository)
    }
}
