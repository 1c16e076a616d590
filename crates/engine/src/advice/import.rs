//! Published advisories on their way into the database: each source replaces what it said before.

use std::collections::BTreeMap;
use std::path::PathBuf;

use advisories::database::{Index, Publisher, Sources, Trust};
use advisories::import::{ImportError, Imported as Read, Item, Limits, Skipped, import, import_stream};
use registry::client::Client;
use registry::config::{Config, Places};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::examine::ExamineError;
use crate::registries::RegistriesError;
use crate::time::rfc3339;

/// The most things that are named one by one of those that were not understood.
const MOST_NAMED: usize = 50;

/// Records between two signs of life.
const STRIDE: u64 = 1000;

/// Where published advisories are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feed {
    /// A file, an archive, or a directory.
    Path(PathBuf),
    /// A file or an archive at an address.
    Address(String),
}

impl Feed {
    /// What a person typed.
    #[must_use]
    pub fn typed(text: &std::ffi::OsStr) -> Self {
        match text.to_str().filter(|text| ["https://", "http://"].iter().any(|start| text.starts_with(start)))
        {
            Some(address) => Self::Address(address.to_owned()),
            None => Self::Path(text.into()),
        }
    }

    /// The last part of its name.
    fn name(&self) -> String {
        match self {
            Self::Path(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            Self::Address(address) => address.rsplit('/').next().unwrap_or(address).to_owned(),
        }
    }
}

impl std::fmt::Display for Feed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(path) => write!(f, "`{}`", path.display()),
            Self::Address(address) => write!(f, "`{address}`"),
        }
    }
}

/// What came of an import.
#[derive(Debug)]
pub struct Imported {
    /// The sources that have other advisories now.
    pub sources: Vec<Replaced>,
    /// Formats, and how many documents of each.
    pub formats: Vec<(&'static str, u64)>,
    /// How many things were not understood.
    pub skipped: u64,
    /// The first of them: where, and why, for people.
    pub named: Vec<String>,
    /// All that there is now.
    pub index: Index,
    /// Why what was there before could not be kept, if it could not.
    pub lost: Option<String>,
}

/// A source that has other advisories now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// `debian`, `kev`.
    pub source: String,
    /// How many advisories and remarks there were.
    pub before: u64,
    /// How many there are.
    pub after: u64,
}

/// What could not be understood, and the first of it.
#[derive(Default)]
struct Complaints {
    count: u64,
    named: Vec<String>,
}

impl Complaints {
    fn add(&mut self, words: impl FnOnce() -> String) {
        self.count += 1;
        if self.named.len() < MOST_NAMED {
            self.named.push(words());
        }
    }
}

impl Engine {
    /// Takes in published advisories: files, archives, directories, and what is at addresses, which are asked as
    /// `places` says; a publisher signs what comes of it. `tell` gets how many records there were so far.
    ///
    /// # Errors
    /// [`ExamineError`], where this site would not believe the signature above all; whatever happens, the database is as it was or as it should be.
    pub fn import_advisories(
        &self,
        feeds: &[Feed],
        places: Places,
        publisher: Option<&Publisher<'_>>,
        tell: &mut dyn FnMut(u64),
    ) -> Result<Imported, EngineError> {
        let trust = self.trust()?;
        believed(&trust, publisher)?;
        let (mut sources, mut records, mut complaints) = (Sources::default(), 0_u64, Complaints::default());
        let mut formats: BTreeMap<&'static str, u64> = BTreeMap::new();
        let mut each = |item| match item {
            Item::Record(record) => {
                sources.add(&record);
                records += 1;
                if records.is_multiple_of(STRIDE) {
                    tell(records);
                }
            }
            Item::Skipped(skipped) => complaints.add(|| words(&skipped)),
        };
        for feed in feeds {
            let read = read(feed, &places, &mut each)?;
            for (format, count) in &read.formats {
                *formats.entry(format.name()).or_default() += count.documents;
            }
        }
        if records == 0 {
            let feeds: Vec<String> = feeds.iter().map(ToString::to_string).collect();
            return Err(ExamineError::Nothing(feeds.join(", ")).into());
        }
        let origin = feeds.first().map(Feed::name).unwrap_or_default();
        let (index, replaced, lost) =
            self.replace_sources(sources, &origin, (&trust, publisher), &mut complaints)?;
        self.note_advisories("import", replaced.iter().map(|replaced| replaced.source.as_str()))?;
        let Complaints { count: skipped, named } = complaints;
        Ok(Imported {
            sources: replaced,
            formats: formats.into_iter().collect(),
            skipped,
            named,
            index,
            lost,
        })
    }

    fn replace_sources(
        &self,
        sources: Sources,
        origin: &str,
        (trust, publisher): (&Trust, Option<&Publisher<'_>>),
        complaints: &mut Complaints,
    ) -> Result<(Index, Vec<Replaced>, Option<String>), ExamineError> {
        let library = self.library();
        let now = rfc3339(self.now());
        let built = sources.finish()?;
        let before = library.index(trust).map(|index| index.shards).unwrap_or_default();
        let mut update = library.update(trust)?;
        let lost = update.lost().map(ToString::to_string);
        let mut replaced = Vec::new();
        for (source, built) in built {
            for left in &built.left_out {
                complaints.add(|| format!("{}: `{}`: {}", left.advisory, left.package, left.reason));
            }
            let present = before.iter().find(|entry| entry.source == source);
            let before = present.map_or(0, |entry| size(&entry.counts));
            update.put(&source, origin, &now, &built)?;
            replaced.push(Replaced { source, before, after: size(&built.counts) });
        }
        Ok((update.finish(&now, publisher)?, replaced, lost))
    }
}

/// Whether this site would use what a publisher signs, or what nobody does.
fn believed(trust: &Trust, publisher: Option<&Publisher<'_>>) -> Result<(), ExamineError> {
    match (trust, publisher) {
        (Trust::Anybody, _) => Ok(()),
        (Trust::Keys(keys), Some(publisher)) if keys.contains(&publisher.public()) => Ok(()),
        (Trust::Keys(_), publisher) => {
            Err(ExamineError::NotBelieved(publisher.map(|publisher| publisher.public().id())))
        }
    }
}

fn size(counts: &advisories::database::Counts) -> u64 {
    u64::from(counts.advisories) + u64::from(counts.remarks)
}

fn read(feed: &Feed, places: &Places, each: &mut dyn FnMut(Item)) -> Result<Read, EngineError> {
    let limits = Limits::default();
    let read = match feed {
        Feed::Path(path) => import(std::slice::from_ref(path), &limits, each),
        Feed::Address(address) => {
            let mut stream = fetched(address, places)?;
            import_stream(&feed.name(), &mut stream, &limits, each)
        }
    };
    Ok(read.map_err(|error: ImportError| ExamineError::from(error))?)
}

/// What is at an address.
pub(super) fn fetched(address: &str, places: &Places) -> Result<Box<dyn std::io::Read>, EngineError> {
    let config = Config::load(places.clone()).map_err(RegistriesError::from)?;
    Ok(Client::new(config)?.download(address)?)
}

fn words(skipped: &Skipped) -> String {
    let Skipped { source, record, reason } = skipped;
    if record.is_empty() { format!("{source}: {reason}") } else { format!("{source}: {record}: {reason}") }
}
