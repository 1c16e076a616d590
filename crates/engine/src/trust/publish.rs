//! What publishers need: their files as they are now, and others in their place.

use std::path::PathBuf;

use model::digest::{ClaimedDigest, Digest};

use super::carriage::{self, Compared, Listing, Standing};
use super::directory::{self, TIMESTAMP};
use super::error::TrustError;
use super::files::Files;
use super::harbour::{Harbour, Moored};
use super::place::Place;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::registries::Registries;

/// What this module returns.
type Result<T> = std::result::Result<T, EngineError>;

/// Half-signed files, beside those that count.
const PENDING: &str = "pending";

/// Where a publisher's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carrier {
    /// Beside the images of a place.
    Registry(Place),
    /// In a directory.
    Directory(PathBuf),
}

/// Which of a publisher's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// Those that count.
    Latest,
    /// Those that somebody has signed and others have still to sign.
    Pending,
}

impl Edition {
    /// The artifact's tag.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Latest => "latest",
            Self::Pending => PENDING,
        }
    }
}

/// Stands for what was there when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revision(ClaimedDigest);

/// A publisher's files, and what stands for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The files.
    pub files: Files,
    /// To say later that they were these.
    pub revision: Revision,
}

impl std::fmt::Display for Carrier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Registry(place) => place.fmt(f),
            Self::Directory(path) => path.display().fmt(f),
        }
    }
}

impl Engine {
    /// What a carrier has; nothing of it is verified.
    ///
    /// # Errors
    /// What the registry or the disk says, and files that no publisher has.
    pub fn published(
        &self,
        registries: &Registries,
        carrier: &Carrier,
        edition: Edition,
    ) -> Result<Option<Published>> {
        match carrier {
            Carrier::Registry(place) => {
                let client = self.client(registries)?;
                let harbour = Harbour::new(&client, place.repository());
                let Some(Moored { digest, listing }) = harbour.look(edition)? else { return Ok(None) };
                Ok(Some(Published { files: harbour.files(&listing)?, revision: Revision(digest) }))
            }
            Carrier::Directory(path) => {
                let path = in_directory(path, edition);
                let files = if path.exists() { directory::read(&path)? } else { Files::default() };
                if files.is_empty() {
                    return Ok(None);
                }
                let revision = Revision(Digest::of(&carriage::manifest(&files)?).into());
                Ok(Some(Published { files, revision }))
            }
        }
    }

    /// Puts files in the place of those that were read as `over`, or where there were none. Newer ones are never
    /// replaced by older ones, nor one publisher's by another's.
    ///
    /// # Errors
    /// [`TrustError::Raced`], [`TrustError::Newer`] and [`TrustError::Foreign`]; what the registry or the disk says.
    pub fn publish(
        &self,
        registries: &Registries,
        carrier: &Carrier,
        edition: Edition,
        files: &Files,
        over: Option<Revision>,
    ) -> Result<Revision> {
        match carrier {
            Carrier::Registry(place) => {
                let client = self.client(registries)?;
                let harbour = Harbour::new(&client, place.repository());
                let there = harbour.look(edition)?;
                expect(carrier, there.as_ref().map(|there| Revision(there.digest)), over)?;
                if edition == Edition::Latest
                    && let Some(there) = &there
                {
                    let theirs = harbour.standing(&there.listing)?;
                    supersedes(carrier, files, &theirs)?;
                }
                harbour.send(edition, files, there.as_ref()).map(Revision)
            }
            Carrier::Directory(path) => {
                let there = self.published(registries, carrier, edition)?;
                expect(carrier, there.as_ref().map(|there| there.revision), over)?;
                if edition == Edition::Latest
                    && let Some(there) = &there
                {
                    supersedes(carrier, files, &there.files.standing())?;
                }
                directory::write(&in_directory(path, edition), files)?;
                Ok(Revision(Digest::of(&carriage::manifest(files)?).into()))
            }
        }
    }

    /// Takes half-signed files away that were read as `seen`: they count now, or nobody wants them. What somebody else
    /// has begun meanwhile stays.
    ///
    /// # Errors
    /// What the registry or the disk says; some registries let nobody remove anything.
    pub fn withdraw(&self, registries: &Registries, carrier: &Carrier, seen: Revision) -> Result<()> {
        match carrier {
            Carrier::Registry(place) => {
                let client = self.client(registries)?;
                Harbour::new(&client, place.repository()).remove(Edition::Pending, &seen.0)
            }
            Carrier::Directory(path) => {
                let there = self.published(registries, carrier, Edition::Pending)?;
                if there.is_some_and(|there| there.revision != seen) {
                    return Ok(());
                }
                let path = in_directory(path, Edition::Pending);
                match std::fs::remove_dir_all(&path) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        Err(TrustError::io("remove", &path)(error).into())
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}

fn in_directory(path: &std::path::Path, edition: Edition) -> PathBuf {
    match edition {
        Edition::Latest => path.to_owned(),
        Edition::Pending => path.join(PENDING),
    }
}

/// Whoever has not seen what is there does not replace it.
fn expect(carrier: &Carrier, there: Option<Revision>, over: Option<Revision>) -> Result<()> {
    if there == over { Ok(()) } else { Err(TrustError::Raced(carrier.to_string()).into()) }
}

fn supersedes(carrier: &Carrier, files: &Files, theirs: &Standing) -> Result<()> {
    let ours = files.standing();
    match ours.compared(theirs) {
        Compared::Newer | Compared::Same => Ok(()),
        Compared::Older => {
            let (place, theirs, ours) = (carrier.to_string(), theirs.timestamp(), ours.timestamp());
            Err(TrustError::Newer { place, theirs, ours }.into())
        }
        Compared::Foreign => Err(TrustError::Foreign(carrier.to_string()).into()),
    }
}

impl Files {
    /// How far they are, by their own word.
    pub(super) fn standing(&self) -> Standing {
        Standing::of(&self.listing(), self.get(TIMESTAMP))
    }
}

impl Harbour<'_> {
    pub(super) fn standing(&self, listing: &Listing) -> Result<Standing> {
        let timestamp = listing.get(TIMESTAMP).map(|file| self.file(TIMESTAMP, file)).transpose()?;
        Ok(Standing::of(listing, timestamp.as_deref()))
    }
}
