//! What a consumer asks: whether a publisher vouches for an image, now. Made of metadata when they are refreshed, and
//! small enough to be read by every start.

mod table;
mod attested;
mod builder;
mod doubt;
mod build;

pub use attested::Attested;
pub use builder::Builder;
pub use doubt::Doubt;

use std::borrow::Cow;

use model::digest::{ClaimedDigest, Digest};
use serde::{Deserialize, Serialize};

use table::Table;

/// The form that is written here; another one is read from metadata again.
const FORMAT: u32 = 3;

/// How far a clock may go back without a word.
const SLACK: i64 = 300;

/// All that a publisher vouches for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue<'a> {
    format: u32,
    publisher: [u8; 32],
    refreshed: i64,
    /// The first of the roles above all releases to expire, and when.
    #[serde(borrow)]
    expires: Expiry<'a>,
    /// `NAME:TAG` to digest and sequence.
    #[serde(borrow)]
    releases: Table<'a>,
    #[serde(borrow)]
    stages: Vec<Stage<'a>>,
    /// Digest to time and reason.
    #[serde(borrow)]
    revoked: Table<'a>,
    /// Stages that are gone, and since when.
    #[serde(borrow)]
    removed: Table<'a>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Expiry<'a> {
    #[serde(borrow)]
    role: Cow<'a, str>,
    at: i64,
}

/// A stage: what its signers promoted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stage<'a> {
    #[serde(borrow)]
    expires: Expiry<'a>,
    /// `NAME:TAG` to digest.
    #[serde(borrow)]
    releases: Table<'a>,
    /// Whose provenance it requires.
    #[serde(borrow)]
    builders: Vec<Builder<'a>>,
}

/// The file is of another version, or damaged: it is to be made again from metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the catalogue is of another version, or damaged")]
pub struct BadCatalogue;

impl<'a> Catalogue<'a> {
    /// Reads what [`Catalogue::to_bytes`] gave.
    ///
    /// # Errors
    /// [`BadCatalogue`].
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, BadCatalogue> {
        let (catalogue, rest): (Self, _) = postcard::take_from_bytes(bytes).map_err(|_| BadCatalogue)?;
        if catalogue.format == FORMAT && rest.is_empty() { Ok(catalogue) } else { Err(BadCatalogue) }
    }

    /// A file. It belongs where only its owner writes: nothing in it is signed any more.
    ///
    /// # Errors
    /// [`BadCatalogue`], never.
    pub fn to_bytes(&self) -> Result<Vec<u8>, BadCatalogue> {
        postcard::to_stdvec(self).map_err(|_| BadCatalogue)
    }

    /// The publisher's fingerprint.
    #[must_use]
    pub fn publisher(&self) -> ClaimedDigest {
        self.publisher.into()
    }

    /// When the publisher was heard, in seconds since 1970.
    #[must_use]
    pub fn refreshed(&self) -> i64 {
        self.refreshed
    }

    /// When it stops vouching for anything, in seconds since 1970.
    #[must_use]
    pub fn expires(&self) -> i64 {
        self.expires.at
    }

    /// How many releases there are.
    #[must_use]
    pub fn releases(&self) -> usize {
        self.releases.len()
    }

    /// The stages, in the publisher's order.
    pub fn stages(&self) -> impl Iterator<Item = &str> {
        self.stages.iter().map(|stage| stage.expires.role.as_ref())
    }

    /// Whose word counts about how an image was built: theirs whose provenance `stage` requires, or any stage where none
    /// is demanded.
    pub fn builders(&self, stage: Option<&str>) -> impl Iterator<Item = &Builder<'a>> {
        let meant =
            self.stages.iter().filter(move |one| stage.is_none_or(|wanted| one.expires.role == wanted));
        meant.flat_map(|stage| &stage.builders)
    }

    /// What `name` (`NAME:TAG`) is signed as, whether or not it expired: a tag to begin with, not yet a reason to run
    /// anything.
    #[must_use]
    pub fn signed(&self, name: &str) -> Option<ClaimedDigest> {
        release(self.releases.get(name.as_bytes())?).map(|(digest, _)| digest)
    }

    /// Whether the publisher vouches for the image `digest`: as `name` (`NAME:TAG`), or as any release of `repository`
    /// (`NAME`) where it was asked for by its digest; promoted to `stage`, if one is demanded.
    ///
    /// # Errors
    /// [`Doubt`], the reason why not.
    pub fn judge(
        &self,
        name: Option<&str>,
        repository: &str,
        digest: Digest,
        stage: Option<&str>,
        now: i64,
    ) -> Result<Attested, Doubt> {
        self.check_time(now)?;
        self.check_revoked(digest)?;
        let (name, sequence) = match name {
            Some(name) => (name.to_owned(), self.release(name, digest)?),
            None => self.any_release(repository, digest)?,
        };
        let reached = self.reached(&name, digest, now);
        if let Some(wanted) = stage.filter(|wanted| !reached.iter().any(|stage| stage == wanted)) {
            return Err(self.not_promoted(name, wanted, reached, now));
        }
        Ok(Attested::assertion(self.publisher(), name, digest, sequence, reached))
    }

    /// Whether the publisher took `digest` back.
    ///
    /// # Errors
    /// [`Doubt::Revoked`].
    pub fn check_revoked(&self, digest: Digest) -> Result<(), Doubt> {
        let Some(entry) = self.revoked.get(digest.as_bytes()) else { return Ok(()) };
        let entry = String::from_utf8_lossy(entry);
        let (since, reason) = entry.split_once('\n').unwrap_or_default();
        Err(Doubt::Revoked { digest: digest.into(), since: since.to_owned(), reason: reason.to_owned() })
    }

    fn check_time(&self, now: i64) -> Result<(), Doubt> {
        if now < self.refreshed.saturating_sub(SLACK) {
            return Err(Doubt::Clock { now, heard: self.refreshed });
        }
        self.expires.check(now)
    }

    fn release(&self, name: &str, digest: Digest) -> Result<u64, Doubt> {
        let row = self.releases.get(name.as_bytes());
        let (signed, sequence) = row.and_then(release).ok_or_else(|| Doubt::NotSigned(name.to_owned()))?;
        let found = digest.into();
        if signed == found {
            Ok(sequence)
        } else {
            Err(Doubt::OtherDigest { name: name.to_owned(), signed, found })
        }
    }

    /// The latest release of `repository` with that digest.
    fn any_release(&self, repository: &str, digest: Digest) -> Result<(String, u64), Doubt> {
        let prefix = format!("{repository}:");
        let rows = self.releases.below(prefix.as_bytes());
        let rows = rows.filter_map(|(name, row)| Some((name, release(row)?)));
        let same = rows.filter(|(_, (signed, _))| *signed == digest.into());
        let latest = same.max_by_key(|(_, (_, sequence))| *sequence);
        let found =
            latest.map(|(name, (_, sequence))| (String::from_utf8_lossy(name).into_owned(), sequence));
        found.ok_or_else(|| Doubt::UnknownDigest { repository: repository.to_owned(), digest: digest.into() })
    }

    /// The stages whose signers vouch for it, and have not expired.
    fn reached(&self, name: &str, digest: Digest, now: i64) -> Vec<String> {
        let fresh = self.stages.iter().filter(|stage| stage.expires.check(now).is_ok());
        let reached = fresh.filter(|stage| stage.releases.get(name.as_bytes()) == Some(digest.as_bytes()));
        reached.map(|stage| stage.expires.role.clone().into_owned()).collect()
    }

    fn not_promoted(&self, name: String, wanted: &str, has: Vec<String>, now: i64) -> Doubt {
        match self.stages.iter().find(|stage| stage.expires.role == wanted) {
            None => self.no_stage(wanted),
            Some(stage) => match stage.expires.check(now) {
                Err(expired) => expired,
                Ok(()) => Doubt::Stage { name, wanted: wanted.to_owned(), has },
            },
        }
    }
}

impl Catalogue<'_> {
    fn no_stage(&self, wanted: &str) -> Doubt {
        let stage = wanted.to_owned();
        match self.removed.get(wanted.as_bytes()) {
            Some(since) => Doubt::StageRemoved { stage, since: String::from_utf8_lossy(since).into_owned() },
            None => Doubt::NoStage(stage),
        }
    }
}

impl Expiry<'_> {
    fn check(&self, now: i64) -> Result<(), Doubt> {
        match self.at > now {
            true => Ok(()),
            false => Err(Doubt::Expired { role: self.role.clone().into_owned(), since: self.at, now }),
        }
    }
}

/// A row of releases: digest and sequence.
fn release(row: &[u8]) -> Option<(ClaimedDigest, u64)> {
    let (digest, sequence) = row.split_first_chunk::<32>()?;
    Some((ClaimedDigest::from(*digest), u64::from_le_bytes(sequence.try_into().ok()?)))
}

#[cfg(test)]
mod tests;
