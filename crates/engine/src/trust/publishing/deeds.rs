//! What publishers do day by day, and what they do when keys come and go.

use model::digest::ClaimedDigest;
use model::reference::ImageName;
use registry::client::Which;
use trust::key::{KeyId, PublicKey};
use trust::publisher::{Draft, PublishError, Requirement, RoleName, StageName};

use super::beginning::{RoleWish, by_beginning};
use super::desk::{Desk, NamedKey};
use super::outcome::Outcome;
use super::whose::{Publisher, Sent, Whose, release_name};
use super::{EngineError, PublishingError};
use crate::book::Kind;
use crate::engine::Engine;
use crate::trust::keyring::{Kept, KeyPlace};

/// A stage that is to be.
#[derive(Debug)]
pub struct StageWish {
    /// What it is called.
    pub stage: StageName,
    /// Whose keys.
    pub keys: RoleWish,
    /// What has to be attested before a promotion: the kind, and whose word counts.
    pub requires: Vec<(String, Vec<NamedKey>)>,
}

/// What comes of making keys.
type Made = Result<Outcome, EngineError>;

/// Something that makes keys.
type Work<'a> = dyn Fn(&mut Desk<'_>, &mut Publisher) -> Made + 'a;

/// An image as its registry has it.
struct Found {
    name: String,
    digest: ClaimedDigest,
    length: u64,
}

impl Engine {
    /// Signs images as releases, as their registry has them now.
    ///
    /// # Errors
    /// What the registry says; [`PublishingError`].
    pub fn sign_releases(
        &self,
        desk: &mut Desk<'_>,
        whose: &Whose,
        images: &[ImageName],
    ) -> Result<Outcome, EngineError> {
        let first = images.first().ok_or(PublishingError::NoPublisher)?;
        let mut publisher = desk.signer_of(whose, first)?;
        let found = images.iter().map(|image| self.found(desk, &publisher, image));
        let found = found.collect::<Result<Vec<_>, EngineError>>()?;
        let now = self.now();
        self.amend(Kind::TrustSign, desk, &mut publisher, whose, &|draft| {
            found.iter().try_for_each(|image| draft.release(&image.name, image.digest, image.length, now))
        })
    }

    /// Signs what others have begun, and nothing else.
    ///
    /// # Errors
    /// What the registry says; [`PublishingError`].
    pub fn sign_waiting(
        &self,
        desk: &mut Desk<'_>,
        name: &str,
        whose: &Whose,
    ) -> Result<Outcome, EngineError> {
        let mut publisher = desk.publisher(name, whose.place.as_ref())?;
        self.amend(Kind::TrustSign, desk, &mut publisher, whose, &|_| Ok(()))
    }

    /// Promotes a release to a stage, if everything is attested that the stage requires.
    ///
    /// # Errors
    /// What the registry says; [`PublishingError`].
    pub fn promote(
        &self,
        desk: &mut Desk<'_>,
        whose: &Whose,
        image: &ImageName,
        stage: &StageName,
    ) -> Result<Outcome, EngineError> {
        let mut publisher = desk.signer_of(whose, image)?;
        let found = self.found(desk, &publisher, image)?;
        let required = self.required(desk, &publisher, whose, stage)?;
        let attested = self.statements(desk.registries, image, found.digest, &required)?;
        let now = self.now();
        self.amend(Kind::TrustPromote, desk, &mut publisher, whose, &|draft| {
            draft.promote(stage, &found.name, found.digest, &attested, now)
        })
    }

    /// Says that nobody may run a digest any more, whatever it is called.
    ///
    /// # Errors
    /// What the registry says; [`PublishingError`].
    pub fn revoke(
        &self,
        desk: &mut Desk<'_>,
        whose: &Whose,
        image: &ImageName,
        reason: &str,
    ) -> Result<Outcome, EngineError> {
        let (mut publisher, digest, now) = (desk.signer_of(whose, image)?, digest_of(image)?, self.now());
        self.amend(Kind::TrustRevoke, desk, &mut publisher, whose, &|draft| draft.revoke(digest, reason, now))
    }

    /// Takes that back.
    ///
    /// # Errors
    /// What the registry says; [`PublishingError`].
    pub fn restore_revoked(
        &self,
        desk: &mut Desk<'_>,
        whose: &Whose,
        image: &ImageName,
    ) -> Result<Outcome, EngineError> {
        let (mut publisher, digest, now) = (desk.signer_of(whose, image)?, digest_of(image)?, self.now());
        self.amend(Kind::TrustRevoke, desk, &mut publisher, whose, &|draft| draft.restore(digest, now))
    }

    /// Makes or changes a stage.
    ///
    /// # Errors
    /// What the registry says; [`PublishingError`].
    pub fn delegate(
        &self,
        desk: &mut Desk<'_>,
        name: &str,
        whose: &Whose,
        wish: &StageWish,
    ) -> Result<Outcome, EngineError> {
        let mut publisher = desk.publisher(name, whose.place.as_ref())?;
        self.with_new_keys(desk, &mut publisher, &|desk, publisher| {
            self.delegated(desk, publisher, whose, wish)
        })
    }

    fn delegated(
        &self,
        desk: &mut Desk<'_>,
        publisher: &mut Publisher,
        whose: &Whose,
        wish: &StageWish,
    ) -> Result<Outcome, EngineError> {
        let requires = wish.requires.iter().map(|(kind, keys)| {
            let keys = keys.iter().map(|key| desk.public_half(key));
            Ok(Requirement { kind: kind.clone(), keys: keys.collect::<Result<_, PublishingError>>()? })
        });
        let requires = requires.collect::<Result<Vec<_>, PublishingError>>()?;
        let role = RoleName::Stage(wish.stage.clone());
        let keys = desk.keys_for(&publisher.keyring, &role, &wish.keys)?;
        let now = self.now();
        self.amend(Kind::TrustDelegate, desk, publisher, whose, &|draft| {
            draft.delegate(&wish.stage, &keys, &requires, now)
        })
    }

    /// Takes a stage away.
    ///
    /// # Errors
    /// What the registry says; [`PublishingError`].
    pub fn remove_stage(
        &self,
        desk: &mut Desk<'_>,
        name: &str,
        whose: &Whose,
        stage: &StageName,
    ) -> Result<Outcome, EngineError> {
        let mut publisher = desk.publisher(name, whose.place.as_ref())?;
        let now = self.now();
        self.amend(Kind::TrustDelegate, desk, &mut publisher, whose, &|draft| draft.remove_stage(stage, now))
    }

    /// Replaces a key by another.
    ///
    /// # Errors
    /// What the registry says; [`PublishingError`], such as [`PublishingError::FromHardware`] where no new one is named
    /// and the old one is in a token.
    pub fn rotate_key(
        &self,
        desk: &mut Desk<'_>,
        name: &str,
        whose: &Whose,
        role: &RoleName,
        old: Option<&str>,
        new: Option<&NamedKey>,
    ) -> Result<Outcome, EngineError> {
        let mut publisher = desk.publisher(name, whose.place.as_ref())?;
        let draft = self.as_published(desk, &publisher, whose)?;
        let keys = draft.keys(role)?;
        let old = match old {
            Some(text) => by_beginning(text, name, &keys.keys)?,
            None => {
                let ours = publisher.keyring.keys()?;
                let ours: Vec<&Kept> = ours.iter().filter(|kept| keys.keys.contains(&kept.public)).collect();
                match ours.as_slice() {
                    [only] => only.public.id(),
                    several => {
                        let (role, count) = (role.to_string(), several.len());
                        return Err(PublishingError::WhichOld { role, count }.into());
                    }
                }
            }
        };
        if new.is_none() {
            not_from_hardware(&publisher.keyring.keys()?, role, &old)?;
        }
        let now = self.now();
        self.with_new_keys(desk, &mut publisher, &|desk, publisher| {
            let new = match new {
                Some(named) => desk.take_key(&publisher.keyring, role, named)?,
                None => desk.make_key(&publisher.keyring, role)?.0.public,
            };
            let edit = |draft: &mut Draft| draft.rotate(role, &old, new.clone(), now);
            self.amend(Kind::TrustRotate, desk, publisher, whose, &edit)
        })
    }

    /// Goes on without keys that are lost or stolen. Each role that had one gets a new one, made here.
    ///
    /// # Errors
    /// As [`Engine::rotate_key`].
    pub fn recover_keys(
        &self,
        desk: &mut Desk<'_>,
        name: &str,
        whose: &Whose,
        lost: &[String],
    ) -> Result<Outcome, EngineError> {
        let mut publisher = desk.publisher(name, whose.place.as_ref())?;
        let draft = self.as_published(desk, &publisher, whose)?;
        let stages = draft.stages().into_iter().map(RoleName::Stage);
        let roles = [RoleName::Root, RoleName::Release, RoleName::Online].into_iter().chain(stages);
        let keys = roles.map(|role| Ok((role.clone(), draft.keys(&role)?)));
        let keys = keys.collect::<Result<Vec<_>, PublishError>>()?;
        let all: Vec<_> = keys.iter().flat_map(|(_, keys)| keys.keys.clone()).collect();
        let lost = lost.iter().map(|text| by_beginning(text, name, &all));
        let lost = lost.collect::<Result<Vec<_>, PublishingError>>()?;
        let ours = publisher.keyring.keys()?;
        for (role, keys) in &keys {
            let mut gone = keys.keys.iter().map(PublicKey::id).filter(|id| lost.contains(id));
            gone.try_for_each(|id| not_from_hardware(&ours, role, &id))?;
        }
        let now = self.now();
        self.with_new_keys(desk, &mut publisher, &|desk, publisher| {
            let mut new = Vec::new();
            for (role, keys) in &keys {
                for _ in keys.keys.iter().filter(|key| lost.contains(&key.id())) {
                    new.push((role.clone(), desk.make_key(&publisher.keyring, role)?.0.public));
                }
            }
            let edit = |draft: &mut Draft| draft.recover(&lost, &new, now);
            self.amend(Kind::TrustRecover, desk, publisher, whose, &edit)
        })
    }

    /// Signs a role's document anew, so that it is good for as long again.
    ///
    /// # Errors
    /// What the registry says; [`PublishingError`].
    pub fn renew_role(
        &self,
        desk: &mut Desk<'_>,
        name: &str,
        whose: &Whose,
        role: &RoleName,
    ) -> Result<Outcome, EngineError> {
        let mut publisher = desk.publisher(name, whose.place.as_ref())?;
        let now = self.now();
        self.amend(Kind::TrustRenew, desk, &mut publisher, whose, &|draft| draft.renew(role, now))
    }

    /// Does what makes keys. Where it fails, they are gone again, unless somebody may have seen them by then.
    fn with_new_keys(&self, desk: &mut Desk<'_>, publisher: &mut Publisher, work: &Work<'_>) -> Made {
        let before = publisher.keyring.keys()?;
        let outcome = work(desk, publisher);
        if outcome.is_err() && publisher.sent == Sent::Nothing {
            for key in publisher.keyring.keys()?.iter().filter(|key| !before.contains(key)) {
                // What fails to go is a key that signs nothing.
                let _left_for_a_person = publisher.keyring.remove(key);
            }
        }
        outcome
    }

    /// What a tag means in its registry now.
    fn found(&self, desk: &Desk<'_>, publisher: &Publisher, image: &ImageName) -> Result<Found, EngineError> {
        let (repository, place) = (image.located(), &publisher.place);
        if place.name_of(&repository).is_none() {
            let (image, place) = (image.to_string(), place.to_string());
            let publisher = publisher.keyring.name().to_owned();
            return Err(PublishingError::Beside { image, place, publisher }.into());
        }
        let name = release_name(place, image)?;
        let which = match (&image.digest, &image.tag) {
            (Some(digest), _) => Which::Digest(*digest),
            (None, tag) => Which::Tag(tag.clone().unwrap_or_default()),
        };
        let fetched = self.client(desk.registries)?.manifest(&repository, &which)?;
        Ok(Found { name, digest: fetched.digest.into(), length: fetched.bytes.len() as u64 })
    }
}

/// A key that a token guards is not followed by one in a file because somebody said nothing.
fn not_from_hardware(ours: &[Kept], role: &RoleName, old: &KeyId) -> Result<(), PublishingError> {
    match ours.iter().find(|kept| kept.public.id() == *old).map(|kept| &kept.place) {
        Some(KeyPlace::Hardware(uri)) => {
            let (role, token, old) = (role.clone(), uri.to_string(), old.short());
            Err(PublishingError::FromHardware { role, token, old })
        }
        _ => Ok(()),
    }
}

fn digest_of(image: &ImageName) -> Result<ClaimedDigest, PublishingError> {
    image.digest.ok_or_else(|| PublishingError::NoDigest(image.repository.clone()))
}

impl Engine {
    /// The publisher's documents, as if nobody had begun anything.
    pub(super) fn as_published(
        &self,
        desk: &Desk<'_>,
        publisher: &Publisher,
        whose: &Whose,
    ) -> Result<Draft, EngineError> {
        let latest = self.latest(desk, publisher)?;
        let base = self.opened(publisher, whose, &latest)?;
        Ok(Draft::of(base, publisher.notes.validity()))
    }

    /// What a stage requires.
    fn required(
        &self,
        desk: &Desk<'_>,
        publisher: &Publisher,
        whose: &Whose,
        stage: &StageName,
    ) -> Result<Vec<Requirement>, EngineError> {
        Ok(self.as_published(desk, publisher, whose)?.requirements(stage)?)
    }
}
