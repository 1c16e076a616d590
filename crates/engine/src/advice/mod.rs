//! The advisories of a site: one database, replaced as a whole, opened where it lies.

mod publishers;
mod import;

use std::io::{Read, Write};

use advisories::database::{Database, DatabaseError, Index, Library};
use model::finding::{Exploited, Severity};
use registry::config::Places;

use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::examine::ExamineError;

pub use advisories::database::{Age, BadKey, Entry as Source, Index as Catalogue, Publisher, PublisherKey};
pub use import::{Feed, Imported, Replaced};
pub use publishers::publisher;

/// The database as it was when it was opened, whatever replaces it.
#[derive(Debug)]
pub(crate) struct Advice {
    pub(crate) index: Index,
    pub(crate) database: Database,
}

/// What somebody publishes about a vulnerability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bulletin {
    /// By its publisher's name for it.
    pub id: String,
    /// Who publishes it.
    pub source: String,
    /// One line for people.
    pub summary: String,
    /// `2023-10-11`; empty where nobody says.
    pub published: String,
    /// In the publisher's words.
    pub severity: Option<Severity>,
    /// Where people read more.
    pub reference: String,
}

/// All that is known of a vulnerability, whatever has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dossier {
    /// By publisher.
    pub bulletins: Vec<Bulletin>,
    /// Present where it is known to be exploited.
    pub exploited: Option<Exploited>,
    /// The probability that it is exploited within 30 days.
    pub epss: Option<f32>,
}

impl Advice {
    /// Whether anybody speaks of a vulnerability of that name.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.database.find(name).is_ok_and(|heads| !heads.is_empty())
    }
}

impl Engine {
    fn library(&self) -> Library {
        Library::at(self.site.advisories())
    }

    /// The advisories, if there are any.
    pub(crate) fn advice(&self) -> Result<Option<Advice>, ExamineError> {
        match self.library().open(&self.trust()?) {
            Ok((index, database)) => Ok(Some(Advice { index, database })),
            Err(DatabaseError::Missing(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Which sources there are, and how old each is.
    ///
    /// # Errors
    /// [`DatabaseError`], where there are none above all.
    pub fn advisories(&self) -> Result<Catalogue, EngineError> {
        Ok(self.library().index(&self.trust()?).map_err(ExamineError::from)?)
    }

    /// What is known of a vulnerability, by any of its names.
    ///
    /// # Errors
    /// [`DatabaseError`], where there are no advisories above all.
    pub fn dossier(&self, name: &str) -> Result<Dossier, EngineError> {
        let (_, database) = self.library().open(&self.trust()?).map_err(ExamineError::from)?;
        let heads = database.find(name).map_err(ExamineError::from)?;
        let remarks = database.remarks(name).map_err(ExamineError::from)?;
        let bulletins = heads.iter().map(|head| Bulletin {
            id: head.id.to_owned(),
            source: head.source.to_owned(),
            summary: head.summary.to_owned(),
            published: head.published.to_owned(),
            severity: head.severity,
            reference: head.reference.to_owned(),
        });
        Ok(Dossier {
            bulletins: bulletins.collect(),
            exploited: remarks.exploited,
            epss: remarks.likelihood.map(|(probability, _)| probability),
        })
    }

    /// Reads every byte of the advisories and compares it with what was written.
    ///
    /// # Errors
    /// [`DatabaseError`], with the first thing that is not what it was.
    pub fn verify_advisories(&self) -> Result<Catalogue, EngineError> {
        Ok(self.library().verify(&self.trust()?).map_err(ExamineError::from)?)
    }

    /// Writes the advisories into one file, to carry them to where there is no network; a publisher signs them.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub fn export_advisories(
        &self,
        publisher: Option<&Publisher<'_>>,
        out: &mut dyn Write,
    ) -> Result<Catalogue, EngineError> {
        let trust = self.trust()?;
        Ok(self.library().export(&trust, publisher, out).map_err(ExamineError::from)?)
    }

    /// The same for what is at an address, which is asked as `places` says.
    ///
    /// # Errors
    /// As [`update_advisories`](Self::update_advisories); everything that can go wrong on a network.
    pub fn fetch_advisories(&self, from: &str, places: &Places, age: Age) -> Result<Catalogue, EngineError> {
        self.update_advisories(&mut import::fetched(from, places)?, age)
    }

    /// Takes over all advisories that were exported elsewhere. Until the last byte is here and right, the present
    /// ones stay.
    ///
    /// # Errors
    /// [`DatabaseError`]; older ones, unless their age does not matter.
    pub fn update_advisories(&self, from: &mut dyn Read, age: Age) -> Result<Catalogue, EngineError> {
        let index = self.library().import(from, &self.trust()?, age).map_err(ExamineError::from)?;
        self.note_advisories("update", index.shards.iter().map(|entry| entry.source.as_str()))?;
        Ok(index)
    }

    fn note_advisories<'a>(
        &self,
        change: &str,
        sources: impl Iterator<Item = &'a str>,
    ) -> Result<(), EngineError> {
        let sources = sources.collect::<Vec<_>>().join(", ");
        let entry = Entry::new(Kind::Advisories, self.now()).with("change", change).with("sources", sources);
        self.note(&entry)
    }
}
