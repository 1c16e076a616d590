//! What publishers do day by day: release, promote, revoke. Each edit is the same however often it is made, so that the
//! next signer's same command changes nothing and adds a signature.

use model::digest::ClaimedDigest;
use model::reference::ImageName;
use serde_json::Value;

use super::draft::{Draft, SIGNED};
use super::revoked::{REVOKED, Revocations};
use super::{PublishError, RoleName, StageName};
use crate::key::{KeyId, PublicKey};
use crate::metadata::{Target, Targets, rfc3339};

/// The most components of a release's name: delegations speak of each depth by itself.
pub(super) const DEEPEST: usize = 6;

/// What a tag meant before.
pub(super) const BEFORE: &str = "before";

/// A statement about an image, the signature of which was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    kind: String,
    key: KeyId,
    subject: ClaimedDigest,
}

impl Attestation {
    /// Vouches that the envelope's signature was verified with this key, and that the statement's subject is this
    /// digest. A test lists the callers.
    #[must_use]
    pub fn assertion(kind: &str, key: &PublicKey, subject: ClaimedDigest) -> Self {
        Self { kind: kind.to_owned(), key: key.id(), subject }
    }
}

impl Draft {
    /// Signs an image's digest under a name: `web/app:1.4`. `length` is that of its manifest or index.
    ///
    /// # Errors
    /// [`PublishError::ReleaseName`], [`PublishError::Revoked`].
    pub fn release(
        &mut self,
        name: &str,
        digest: ClaimedDigest,
        length: u64,
        now: i64,
    ) -> Result<(), PublishError> {
        check_name(name)?;
        self.not_revoked(digest)?;
        let published = self.base.as_ref().and_then(|base| base.targets.document.targets.get(name)).cloned();
        self.edit_targets(now, |targets| {
            if !means(targets.targets.get(name), digest) {
                let sequence = next_sequence(targets);
                let target = target(digest, length, sequence, published, now);
                targets.targets.insert(name.to_owned(), target);
            }
            Ok(())
        })
    }

    /// Signs a published release once more, for a stage.
    ///
    /// # Errors
    /// [`PublishError::NotReleased`], [`PublishError::OtherDigest`], [`PublishError::NotAttested`],
    /// [`PublishError::NoStage`], [`PublishError::Revoked`].
    pub fn promote(
        &mut self,
        stage: &StageName,
        name: &str,
        digest: ClaimedDigest,
        attestations: &[Attestation],
        now: i64,
    ) -> Result<(), PublishError> {
        check_name(name)?;
        let (length, sequence) = self.released(name, digest)?;
        self.not_revoked(digest)?;
        self.attested(stage, digest, attestations)?;
        let name = format!("{stage}/{name}");
        let published = self.base.as_ref().and_then(|base| base.stages.get(stage));
        let published = published.and_then(|paper| paper.document.targets.get(&name)).cloned();
        self.edit_stage(stage, now, |targets| {
            if !means(targets.targets.get(&name), digest) {
                targets.targets.insert(name, target(digest, length, sequence, published, now));
            }
            Ok(())
        })
    }

    /// Says that a digest must not run any more, under whatever name.
    ///
    /// # Errors
    /// [`PublishError::Reason`], [`PublishError::Full`].
    pub fn revoke(&mut self, digest: ClaimedDigest, reason: &str, now: i64) -> Result<(), PublishError> {
        self.edit_revoked(now, |list| list.add(digest, reason, now))
    }

    /// Takes a revocation back.
    ///
    /// # Errors
    /// [`PublishError::NotRevoked`].
    pub fn restore(&mut self, digest: ClaimedDigest, now: i64) -> Result<(), PublishError> {
        let published = self.base.as_ref().map(|base| Revocations::read(&base.revoked)).transpose()?;
        let was = published.unwrap_or_default().get(digest).is_some();
        if !was && Revocations::read(&self.revoked)?.get(digest).is_none() {
            return Err(PublishError::NotRevoked(digest));
        }
        self.edit_revoked(now, |list| {
            list.remove(digest);
            Ok(())
        })
    }

    fn edit_revoked(
        &mut self,
        now: i64,
        change: impl FnOnce(&mut Revocations) -> Result<(), PublishError>,
    ) -> Result<(), PublishError> {
        let before = Revocations::read(&self.revoked)?;
        let mut list = before.clone();
        change(&mut list)?;
        if list == before {
            return Ok(());
        }
        let base = self.base.as_ref().map(|base| Revocations::read(&base.revoked)).transpose()?;
        let version = base.map_or(0, |base| base.version).checked_add(1);
        list.version = version.ok_or(PublishError::Versions(RoleName::Release))?;
        let bytes = list.to_bytes()?;
        self.edit_targets(now, |targets| {
            targets.targets.insert(REVOKED.to_owned(), Target::file(&bytes));
            Ok(())
        })?;
        self.revoked = bytes;
        Ok(())
    }

    fn not_revoked(&self, digest: ClaimedDigest) -> Result<(), PublishError> {
        match Revocations::read(&self.revoked)?.get(digest) {
            Some(entry) => Err(PublishError::Revoked { digest, reason: entry.reason.clone() }),
            None => Ok(()),
        }
    }

    /// Length and sequence of what is published: a stage never vouches for what the release role has not.
    fn released(&self, name: &str, digest: ClaimedDigest) -> Result<(u64, u64), PublishError> {
        let published = self.base.as_ref().and_then(|base| base.targets.document.targets.get(name));
        let target = published.ok_or_else(|| PublishError::NotReleased(name.to_owned()))?;
        match target.hashes.sha256() {
            Some(signed) if signed == digest => Ok((target.length, target.sequence())),
            Some(signed) => Err(PublishError::OtherDigest { name: name.to_owned(), signed, asked: digest }),
            None => Err(PublishError::NotReleased(name.to_owned())),
        }
    }

    fn attested(
        &self,
        stage: &StageName,
        digest: ClaimedDigest,
        attestations: &[Attestation],
    ) -> Result<(), PublishError> {
        let required = self.requirements(stage)?;
        let given = |kind: &str, keys: &[PublicKey]| {
            attestations.iter().any(|attestation| {
                attestation.kind == kind
                    && attestation.subject == digest
                    && keys.iter().any(|key| key.id() == attestation.key)
            })
        };
        let missing = required.into_iter().filter(|required| !given(&required.kind, &required.keys));
        let kinds: Vec<String> = missing.map(|required| required.kind).collect();
        match kinds.is_empty() {
            true => Ok(()),
            false => Err(PublishError::NotAttested { stage: stage.clone(), kinds }),
        }
    }
}

/// `NAME:TAG`, as it follows a place and `/`.
pub(super) fn check_name(name: &str) -> Result<(), PublishError> {
    let wrong = || PublishError::ReleaseName(name.chars().take(100).collect());
    // What comes first below a place is never a registry.
    let image: ImageName = format!("place.invalid/{name}").parse().map_err(|_| wrong())?;
    let deep = name.split('/').count();
    if image.tag.is_some() && image.digest.is_none() && deep <= DEEPEST { Ok(()) } else { Err(wrong()) }
}

fn means(target: Option<&Target>, digest: ClaimedDigest) -> bool {
    target.and_then(|target| target.hashes.sha256()) == Some(digest)
}

/// What a signing makes of a name: what is published of it, if that is the same after all.
fn target(digest: ClaimedDigest, length: u64, sequence: u64, published: Option<Target>, now: i64) -> Target {
    let before = match published {
        Some(published) if means(Some(&published), digest) => return published,
        published => published.and_then(|target| target.hashes.sha256()),
    };
    let mut target = Target::release(digest, length, sequence);
    let custom = target.custom.get_or_insert_default();
    custom.insert(SIGNED.to_owned(), Value::from(rfc3339(now)));
    custom.extend(before.map(|before| (BEFORE.to_owned(), Value::from(before.to_string()))));
    target
}

/// Grows with every signing of the publisher.
fn next_sequence(targets: &Targets) -> u64 {
    targets.targets.values().map(Target::sequence).max().unwrap_or(0).saturating_add(1)
}
