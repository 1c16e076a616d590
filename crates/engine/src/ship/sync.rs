//! Whole repositories, kept the same as others.

use model::digest::ClaimedDigest;
use model::reference::{ArchiveSource, ImageName, Reference, Repository, Transport};
use registry::client::{Client, Which};
use store::Progress;

use super::cargo::{Extent, Referrers};
use super::copy::{Copying, Trip};
use super::list::Job;
use super::pull::images;
use super::{Result, ShipError};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::registries::Registries;
use crate::trust::Freight;

/// How a sync is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Syncing {
    /// Whether anything is sent at all.
    pub effect: Effect,
    /// What happens after a failure.
    pub failing: Failing,
    /// What goes with images.
    pub referrers: Referrers,
}

/// Whether anything is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// What differs.
    Copy,
    /// Nothing; it is only said what differs.
    Say,
}

/// What happens after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failing {
    /// The sync ends.
    Stops,
    /// The next tag follows.
    GoesOn,
}

/// What became of one tag.
#[derive(Debug)]
pub struct Synced {
    /// `repository:tag`.
    pub from: String,
    /// The same at its destination.
    pub to: String,
    /// What the tag stands for at its source.
    pub digest: Option<ClaimedDigest>,
    /// What was done.
    pub outcome: Outcome,
}

/// What was done about a tag.
#[derive(Debug)]
pub enum Outcome {
    /// It was sent, or what refers to it.
    Copied,
    /// It would be.
    Differs,
    /// It is the same.
    UpToDate,
    /// It could not be sent.
    Failed(EngineError),
}

impl Engine {
    /// Copies all tags that a job means, with every platform. `heard` hears of each as it is done.
    ///
    /// # Errors
    /// Jobs that cannot be begun; what fails later is an [`Outcome`].
    pub fn sync(
        &self,
        registries: &Registries,
        jobs: &[Job],
        how: Syncing,
        progress: &mut dyn Progress,
        heard: &mut dyn FnMut(Synced),
    ) -> Result<()> {
        let client = self.client(registries)?;
        for job in jobs {
            let (from, to) = ends(registries, job)?;
            let repository = from.located();
            let copying = Copying { extent: Extent::Whole, referrers: how.referrers };
            let trip = Trip { registries, client: &client, how: &copying };
            let loaded = match (&to, how.effect) {
                (Destination::Layout(to), Effect::Copy) => {
                    trip.loaded(self, &Reference::Remote(from.clone()), &Reference::Archive(to.clone()))?
                }
                _ => None,
            };
            for tag in images(client.tags(&repository)?).filter(|tag| job.means(tag)) {
                let pair =
                    Pair { repository: &repository, from: tagged(&from, &tag), to: to.tagged(&tag), tag };
                let synced = self.sync_tag(&trip, pair, loaded.as_ref(), how.effect, progress);
                let stops = how.failing == Failing::Stops && matches!(synced.outcome, Outcome::Failed(_));
                heard(synced);
                if stops {
                    return Ok(());
                }
            }
            if let (Destination::Repository(to), Effect::Copy, Referrers::Along) =
                (&to, how.effect, how.referrers)
            {
                self.carry_trust(&client, &from, to)?;
            }
        }
        Ok(())
    }

    fn sync_tag(
        &self,
        trip: &Trip<'_>,
        pair: Pair<'_>,
        loaded: Option<&Freight>,
        effect: Effect,
        progress: &mut dyn Progress,
    ) -> Synced {
        let (from, to) = (pair.from.to_string(), pair.to.to_string());
        let done = match effect {
            Effect::Say => self.difference(trip.registries, trip.client, &pair),
            Effect::Copy => {
                let copied = self.carry(trip, &pair.from, &pair.to, loaded, progress);
                copied.map(|copied| {
                    let same = copied.moved.documents == 0;
                    (copied.digest, if same { Outcome::UpToDate } else { Outcome::Copied })
                })
            }
        };
        match done {
            Ok((digest, outcome)) => Synced { from, to, digest: Some(digest), outcome },
            Err(error) => Synced { from, to, digest: None, outcome: Outcome::Failed(error) },
        }
    }

    fn difference(
        &self,
        registries: &Registries,
        client: &Client,
        pair: &Pair<'_>,
    ) -> Result<(ClaimedDigest, Outcome)> {
        let which = Which::Tag(pair.tag.clone());
        let digest = client.resolve(pair.repository, &which)?.digest;
        let current = match &pair.to {
            Reference::Archive(layout) => self.current(layout)?,
            to => self.target_at(registries, client, to, None)?.current()?,
        };
        Ok((digest, if current == Some(digest) { Outcome::UpToDate } else { Outcome::Differs }))
    }
}

/// One tag at both ends.
struct Pair<'a> {
    repository: &'a Repository,
    tag: String,
    from: Reference,
    to: Reference,
}

/// Where a repository goes.
enum Destination {
    Repository(ImageName),
    Layout(ArchiveSource),
}

impl Destination {
    fn tagged(&self, tag: &str) -> Reference {
        match self {
            Self::Repository(name) => tagged(name, tag),
            Self::Layout(layout) => {
                Reference::Archive(ArchiveSource { selector: Some(tag.to_owned()), ..layout.clone() })
            }
        }
    }
}

fn tagged(name: &ImageName, tag: &str) -> Reference {
    Reference::Remote(ImageName { tag: Some(tag.to_owned()), digest: None, ..name.clone() })
}

/// Both are whole repositories: a tag would be one image, which is a copy.
fn ends(registries: &Registries, job: &Job) -> Result<(ImageName, Destination)> {
    let from = match job.from.parse()? {
        Reference::Name(name) | Reference::Remote(name) => registries.full_name(&bare(name, &job.from)?)?,
        Reference::Archive(_) | Reference::Embedded => return Err(no_repository(&job.from)),
    };
    let to = match job.to.parse()? {
        Reference::Name(name) | Reference::Remote(name) => {
            Destination::Repository(registries.full_name(&bare(name, &job.to)?)?)
        }
        Reference::Archive(layout)
            if layout.transport == Some(Transport::Oci) && layout.selector.is_none() =>
        {
            Destination::Layout(layout)
        }
        Reference::Archive(_) | Reference::Embedded => return Err(no_repository(&job.to)),
    };
    Ok((from, to))
}

fn bare(name: ImageName, typed: &str) -> Result<ImageName> {
    if name.tag.is_none() && name.digest.is_none() { Ok(name) } else { Err(no_repository(typed)) }
}

fn no_repository(typed: &str) -> EngineError {
    let why = "a sync goes from a repository to a repository or to oci:DIR, all without a tag";
    ShipError::Destination { destination: typed.to_owned(), why }.into()
}
