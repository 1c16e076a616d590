//! What a publisher says, verified, for whoever wants to see all of it.

use std::collections::BTreeMap;

use model::digest::ClaimedDigest;
use trust::publisher::{
    Change, Draft, Event, Keys, Missing, PublishError, Repository, Requirement, Revocation, RoleName,
    Versions,
};

use super::change::{fingerprint, root_of};
use super::desk::Desk;
use super::retired::{KeyStanding, Usage};
use super::whose::{Publisher, Whose};
use super::{EngineError, unpacked};
use crate::engine::Engine;
use crate::trust::keyring::{Kept, Keyring};
use crate::trust::{Carrier, Edition, Files, Place, TrustError};

/// Whom somebody means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// A publisher of theirs.
    Publisher(String),
    /// Whoever is pinned there.
    Place(Place),
}

/// What a publisher says.
#[derive(Debug)]
pub struct Known {
    /// Where.
    pub place: Place,
    /// By which they are known.
    pub fingerprint: ClaimedDigest,
    /// Root, release, online, and stages.
    pub roles: Vec<RoleStanding>,
    /// What each name means now.
    pub releases: Vec<ReleaseStanding>,
    /// What nobody may run any more.
    pub revoked: Vec<Revocation>,
    /// What waits for signatures, and for whose; for a publisher of ours.
    pub waiting: Option<Waiting>,
}

/// Where it was read, the files, what they say, and whose they are where they are ours.
type Read = (Place, Files, Repository, Option<Publisher>);

/// The changes that wait, and whose signatures they wait for.
pub type Waiting = (Vec<Change>, Vec<Missing>);

/// How it stands with a role.
#[derive(Debug)]
pub struct RoleStanding {
    /// Which.
    pub role: RoleName,
    /// Who signs, and how many of them have to.
    pub keys: Keys,
    /// The version of its document; of a stage, none before the first promotion.
    pub version: u64,
    /// When that ends; of `online`, the timestamp.
    pub expires: i64,
    /// What has to be attested before a promotion.
    pub requires: Vec<Requirement>,
}

/// A name and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseStanding {
    /// `web/app:1.4`
    pub name: String,
    /// Of its manifest or index.
    pub digest: ClaimedDigest,
    /// The number of the signing.
    pub sequence: u64,
    /// The stages at which it means the same.
    pub stages: Vec<String>,
}

impl Of {
    /// A place has a registry, and a name is a word.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Publisher(text.to_owned()), Self::Place)
    }
}

impl Engine {
    /// Every key of every publisher of a user.
    ///
    /// # Errors
    /// [`PublishingError`](super::PublishingError).
    pub fn publishers(
        &self,
        desk: &Desk<'_>,
        name: Option<&str>,
    ) -> Result<Vec<(String, Vec<KeyStanding>)>, EngineError> {
        let names = match name {
            Some(name) => vec![name.to_owned()],
            None => Keyring::names(&desk.publishers)?,
        };
        let of = |name: String| {
            let (keyring, notes) = desk.named(&name)?;
            let standing = |key: Kept| {
                let retired = notes.has_retired(&key.public.id());
                KeyStanding { key, usage: if retired { Usage::Retired } else { Usage::Live } }
            };
            Ok((name, keyring.keys()?.into_iter().map(standing).collect()))
        };
        names.into_iter().map(of).collect()
    }

    /// What a publisher says now.
    ///
    /// # Errors
    /// What the registry says; [`PublishingError`](super::PublishingError).
    pub fn known_of(&self, desk: &Desk<'_>, of: &Of) -> Result<Known, EngineError> {
        let (place, files, repository, publisher) = self.read(desk, of)?;
        let waiting = match &publisher {
            Some(publisher) => self.waiting(desk, publisher, &repository)?,
            None => None,
        };
        let draft = Draft::of(repository.clone(), trust::publisher::Validity::default());
        Ok(Known {
            place,
            fingerprint: fingerprint(&files),
            roles: roles(&draft, &repository)?,
            releases: releases(&repository.log()?),
            revoked: repository.revocations()?.revoked,
            waiting,
        })
    }

    /// What a publisher has signed, oldest first.
    ///
    /// # Errors
    /// What the registry says; [`PublishingError`](super::PublishingError).
    pub fn publisher_log(&self, desk: &Desk<'_>, of: &Of) -> Result<Vec<Event>, EngineError> {
        let (_, _, repository, _) = self.read(desk, of)?;
        Ok(repository.log()?)
    }

    fn read(&self, desk: &Desk<'_>, of: &Of) -> Result<Read, EngineError> {
        match of {
            Of::Publisher(name) => {
                let publisher = desk.publisher(name, None)?;
                let files = self.latest(desk, &publisher)?;
                let repository = self.opened(&publisher, &Whose::default(), &files)?;
                Ok((publisher.place.clone(), files, repository, Some(publisher)))
            }
            Of::Place(place) => {
                let pinned =
                    self.pinned_root(place)?.ok_or_else(|| TrustError::NotPinned(place.to_string()))?;
                let files = self.latest_at(desk, place)?;
                let known = root_of(&files, &pinned, place)?;
                let repository = Repository::open(&unpacked(&files), &known, &Versions::default())?;
                Ok((place.clone(), files, repository, None))
            }
        }
    }

    pub(super) fn latest(&self, desk: &Desk<'_>, publisher: &Publisher) -> Result<Files, EngineError> {
        self.latest_at(desk, &publisher.place)
    }

    fn latest_at(&self, desk: &Desk<'_>, place: &Place) -> Result<Files, EngineError> {
        let latest = self.published(desk.registries, &Carrier::Registry(place.clone()), Edition::Latest)?;
        Ok(latest.ok_or_else(|| TrustError::Nothing(place.to_string()))?.files)
    }

    fn waiting(
        &self,
        desk: &Desk<'_>,
        publisher: &Publisher,
        base: &Repository,
    ) -> Result<Option<Waiting>, EngineError> {
        let carrier = Carrier::Registry(publisher.place.clone());
        let begun = self.published(desk.registries, &carrier, Edition::Pending)?;
        let Some(begun) = begun.filter(|begun| !begun.files.is_empty()) else { return Ok(None) };
        let validity = publisher.notes.validity();
        let draft = Draft::resume(Some(base.clone()), &unpacked(&begun.files), validity)?;
        if draft.is_empty() {
            return Ok(None);
        }
        let changes = draft.describe()?.changes.into_iter();
        let changes = changes.filter(|change| !matches!(change, Change::Document { .. })).collect();
        Ok(Some((changes, draft.missing())))
    }
}

fn roles(draft: &Draft, repository: &Repository) -> Result<Vec<RoleStanding>, PublishError> {
    let (versions, expiries) = (repository.versions(), repository.expiries());
    let stages = draft.stages();
    let roles = [RoleName::Root, RoleName::Release, RoleName::Online].into_iter();
    let roles = roles.chain(stages.into_iter().map(RoleName::Stage));
    let standing = |role: RoleName| {
        let (document, version) = match &role {
            RoleName::Root => ("root", versions.root),
            RoleName::Release => ("targets", versions.targets),
            RoleName::Online => ("timestamp", versions.timestamp),
            RoleName::Stage(stage) => {
                (stage.as_str(), versions.stages.get(stage.as_str()).copied().unwrap_or_default())
            }
        };
        let expires = expiries.iter().find(|(name, _)| name == document).map_or(0, |(_, end)| *end);
        let requires = match &role {
            RoleName::Stage(stage) => draft.requirements(stage)?,
            _ => Vec::new(),
        };
        Ok(RoleStanding { keys: draft.keys(&role)?, role, version, expires, requires })
    };
    roles.map(standing).collect()
}

/// What names mean, and how far that has come.
fn releases(events: &[Event]) -> Vec<ReleaseStanding> {
    let mut releases = BTreeMap::new();
    for event in events {
        if let Change::Released { name, digest, sequence, .. } = &event.change {
            let (name, digest, sequence) = (name.clone(), *digest, *sequence);
            releases.insert(name.clone(), ReleaseStanding { name, digest, sequence, stages: Vec::new() });
        }
    }
    for event in events {
        if let Change::Promoted { stage, name, digest, .. } = &event.change
            && let Some(release) = releases.get_mut(name).filter(|release| release.digest == *digest)
        {
            release.stages.push(stage.to_string());
        }
    }
    releases.into_values().collect()
}
