//! Published advisories on their way into the database: each source replaces what it said before.

use std::path::PathBuf;

use advisories::database::{Index, Sources, Trust};
use advisories::import::{Format, Item, Limits, Skipped, import};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::examine::ExamineError;
use crate::time::rfc3339;

/// The most things that are named one by one of those that were not understood.
const MOST_NAMED: usize = 50;

/// Records between two signs of life.
const STRIDE: u64 = 1000;

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
    /// Takes in published advisories: files, archives, directories. `tell` gets how many records there were so far.
    ///
    /// # Errors
    /// [`ExamineError`]; whatever happens, the database is as it was or as it should be.
    pub fn import_advisories(
        &self,
        paths: &[PathBuf],
        tell: &mut dyn FnMut(u64),
    ) -> Result<Imported, EngineError> {
        let (mut sources, mut records, mut complaints) = (Sources::default(), 0_u64, Complaints::default());
        let imported = import(paths, &Limits::default(), &mut |item| match item {
            Item::Record(record) => {
                sources.add(&record);
                records += 1;
                if records.is_multiple_of(STRIDE) {
                    tell(records);
                }
            }
            Item::Skipped(skipped) => complaints.add(|| words(&skipped)),
        });
        let imported = imported.map_err(ExamineError::from)?;
        if records == 0 {
            let paths: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
            return Err(ExamineError::Nothing(paths.join(", ")).into());
        }
        let formats = imported.formats.iter().map(|(format, count)| (name(*format), count.documents));
        let formats = formats.collect();
        let origin = paths.iter().filter_map(|path| path.file_name()).next().unwrap_or_default();
        let (index, replaced, lost) = self
            .replace_sources(sources, &origin.to_string_lossy(), &mut complaints)
            .map_err(EngineError::from)?;
        self.note_advisories("import", replaced.iter().map(|replaced| replaced.source.as_str()))?;
        let Complaints { count: skipped, named } = complaints;
        Ok(Imported { sources: replaced, formats, skipped, named, index, lost })
    }

    fn replace_sources(
        &self,
        sources: Sources,
        origin: &str,
        complaints: &mut Complaints,
    ) -> Result<(Index, Vec<Replaced>, Option<String>), ExamineError> {
        let library = self.library();
        let now = rfc3339(self.now());
        let built = sources.finish()?;
        let before = library.index(&Trust::Anybody).map(|index| index.shards).unwrap_or_default();
        let mut update = library.update(&Trust::Anybody)?;
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
        Ok((update.finish(&now, None)?, replaced, lost))
    }
}

fn size(counts: &advisories::database::Counts) -> u64 {
    u64::from(counts.advisories) + u64::from(counts.remarks)
}

fn name(format: Format) -> &'static str {
    format.name()
}

fn words(skipped: &Skipped) -> String {
    let Skipped { source, record, reason } = skipped;
    if record.is_empty() { format!("{source}: {reason}") } else { format!("{source}: {record}: {reason}") }
}
