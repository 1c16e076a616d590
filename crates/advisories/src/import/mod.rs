//! Published formats, each read into [`Record`]s. What is not understood is named, never dropped.

mod limits;
mod open;
mod detect;
mod yaml;
mod words;
mod score;
mod constraint;
mod output;
mod read;
mod osv;
mod secdb;
mod debian;
mod tracker;
mod announcements;
mod csaf;
mod rubysec;
mod php;
mod kev;
mod epss;
mod nvd;
#[doc(hidden)]
pub mod fuzz;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::advisory::Record;

use detect::is_paper;
pub use detect::{Format, detect};
pub use limits::Limits;
use output::Output;

/// Why an import came to nothing. What it had yielded by then is part of a whole that nobody has.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file or directory could not be read, or an archive is damaged.
    #[error("cannot read `{path}`: {cause}")]
    Read {
        /// The file, and within archives the entry.
        path: String,
        /// What the kernel or the decompressor said.
        cause: io::Error,
    },
    /// There is more of something than is reasonable.
    #[error("`{path}` has more than {limit} {what}; import it in parts")]
    Limit {
        /// The file, and within archives the entry.
        path: String,
        /// `documents`, `bytes`.
        what: &'static str,
        /// How many there may be.
        limit: u64,
    },
}

/// Something that was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The file, and within archives the entry.
    pub source: String,
    /// Which of its records; empty where it is the file as a whole.
    pub record: String,
    /// What is wrong with it, for people.
    pub reason: String,
}

/// What an import yields.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// Something that was understood.
    Record(Record),
    /// Something that was not.
    Skipped(Skipped),
}

/// How much came of one format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Documents in it.
    pub documents: u64,
    /// Advisories and remarks that came of them.
    pub records: u64,
    /// What was not understood.
    pub skipped: u64,
}

/// What came of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// By format.
    pub formats: BTreeMap<Format, Count>,
    /// Files that are in none of the formats, without those that no repository is without.
    pub unknown: u64,
}

/// Reads everything in `paths`: files, archives and directories, whatever is in them. `each` gets what comes of it,
/// one after the other; an advisory may come several times, once for each release of a distribution.
///
/// # Errors
/// A path that cannot be read, a damaged archive, and more than `limits` allow.
pub fn import(
    paths: &[PathBuf],
    limits: &Limits,
    each: &mut dyn FnMut(Item),
) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    let mut documents = open::Documents::new(limits);
    for path in paths {
        documents.each(path, &mut |name, input| one(name, input, limits, &mut imported, each))?;
    }
    Ok(imported)
}

/// The same for what a stream holds, which is a document or an archive other than a zip; `name` is its file's.
///
/// # Errors
/// As [`import`].
pub fn import_stream(
    name: &str,
    stream: &mut dyn Read,
    limits: &Limits,
    each: &mut dyn FnMut(Item),
) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    open::Documents::new(limits)
        .stream(name, stream, 0, &mut |name, input| one(name, input, limits, &mut imported, each))?;
    Ok(imported)
}

/// Reads one document, whose beginning decides what it is.
fn one(
    name: &str,
    mut input: open::Input<'_>,
    limits: &Limits,
    imported: &mut Imported,
    each: &mut dyn FnMut(Item),
) -> Result<(), ImportError> {
    let Some(format) = detect(Path::new(name), input.head()) else {
        if is_paper(name) {
            return Ok(());
        }
        imported.unknown += 1;
        let reason = "it is in no format of advisories that is known".to_owned();
        each(Item::Skipped(Skipped { source: name.to_owned(), record: String::new(), reason }));
        return Ok(());
    };
    let count = imported.formats.entry(format).or_default();
    count.documents += 1;
    let mut output = Output::new(name, count, each);
    read::document(format, &mut input, limits, &mut output)
}
