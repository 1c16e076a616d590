//! What catalogers are: each knows one kind of file, and what packages such a file stands for.

use model::inventory::{PackageKind, SourcePackage, Symbols};
use serde::{Deserialize, Serialize};

use crate::content::{Content, Flaw};
use crate::text::{LONGEST_WORD, is_word};

/// The most packages that one file may stand for.
pub(crate) const MOST_PACKAGES: usize = 100_000;

/// The most bytes that the paths which one file names have together.
const MOST_PATHS: usize = 128 << 20;

/// The longest licence, in bytes: an expression of a kernel's names every file's.
const LONGEST_LICENCE: usize = 4096;

/// A file that a cataloger may want to read.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Where it is, without a leading slash.
    pub path: &'a str,
    /// Its size, in bytes.
    pub size: u64,
    /// Whether anybody may execute it.
    pub executable: bool,
}

impl<'a> Candidate<'a> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }
}

/// A package that a file says is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Who vouches for it.
    pub kind: PackageKind,
    /// Its name, as its kind spells it.
    pub name: String,
    /// Its version, as its kind spells it; empty where nobody says.
    pub version: String,
    /// What it was built from, where that differs.
    pub source: Option<SourcePackage>,
    /// `amd64`, `noarch`; empty where it does not matter.
    pub architecture: String,
    /// As it declares them.
    pub licences: Vec<String>,
    /// Where within the file it is, for archives: `inner.jar`, `inner.jar!innermost.jar`; empty for the file itself.
    pub within: String,
    /// Which of its functions are there.
    pub symbols: Symbols,
    /// The files that belong to it, without a leading slash, where its manager says.
    pub files: Vec<String>,
}

impl Found {
    /// A package of which no more is known.
    #[must_use]
    pub fn new(kind: PackageKind, name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            version: version.into(),
            source: None,
            architecture: String::new(),
            licences: Vec::new(),
            within: String::new(),
            symbols: Symbols::Unknown,
            files: Vec::new(),
        }
    }

    /// Whether this is no package but a remark: files or licences of a package of the distribution that its
    /// database lists elsewhere. A package that is installed always has a version.
    pub(crate) fn is_remark(&self) -> bool {
        self.version.is_empty() && is_of_distribution(self.kind)
    }

    /// Whether everything that it is called by is a word; what it says of licences and functions is dropped where
    /// it is none.
    pub(crate) fn is_sound(&mut self) -> bool {
        self.licences.retain(|licence| is_word(licence, LONGEST_LICENCE));
        if let Symbols::Known(symbols) = &mut self.symbols {
            symbols.retain(|symbol| is_word(symbol, LONGEST_LICENCE));
        }
        let source = self.source.iter().flat_map(|source| [&source.name, &source.version]);
        let names = [&self.name, &self.version, &self.architecture];
        !self.name.is_empty() && names.into_iter().chain(source).all(|text| is_word(text, LONGEST_WORD))
    }

    /// About how many bytes it takes, without its files.
    pub(crate) fn weight(&self) -> usize {
        let source = self.source.as_ref().map_or(0, |source| source.name.len() + source.version.len());
        let list = |texts: &[String]| texts.iter().map(|text| text.len() + EACH).sum::<usize>();
        let symbols = if let Symbols::Known(symbols) = &self.symbols { list(symbols) } else { 0 };
        let names = [&self.name, &self.version, &self.architecture, &self.within];
        names.map(String::len).iter().sum::<usize>() + source + list(&self.licences) + symbols + EACH
    }
}

/// What a text in memory takes beside its own bytes.
const EACH: usize = 32;

/// The room that there is for the paths one file names: a few letters of a crafted one name a long path.
#[derive(Debug)]
pub(crate) struct Room {
    left: usize,
    is_full: bool,
}

impl Room {
    /// The longest path, in bytes: the kernel takes no longer one.
    const LONGEST: usize = 4096;

    /// Room for `left` bytes of paths.
    pub(crate) fn of(left: usize) -> Self {
        Self { left, is_full: false }
    }

    /// Whether a path of that many bytes may be taken up.
    pub(crate) fn has(&mut self, length: usize) -> bool {
        if length > Self::LONGEST {
            return false;
        }
        match self.left.checked_sub(length + EACH) {
            Some(left) => self.left = left,
            None => self.is_full = true,
        }
        !self.is_full
    }

    /// Whether all paths that are paths had room.
    ///
    /// # Errors
    /// [`Flaw::TooMany`].
    pub(crate) fn sufficed(&self) -> Result<(), Flaw> {
        let flaw = Flaw::TooMany { what: "bytes of paths", limit: MOST_PATHS };
        if self.is_full { Err(flaw) } else { Ok(()) }
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::of(MOST_PATHS)
    }
}

/// Whether a package of this kind is part of a distribution, and so may own what others are made of.
pub(crate) fn is_of_distribution(kind: PackageKind) -> bool {
    matches!(kind, PackageKind::Dpkg | PackageKind::Apk | PackageKind::Rpm)
}

/// Knows one kind of file. A list of them stands in one place; the walk asks each about each file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cataloger {
    /// `dpkg`, `python`.
    pub name: &'static str,
    /// Whether a file is of that kind, by path, size and mode alone.
    pub wants: fn(&Candidate<'_>) -> bool,
    /// The packages that it stands for. What is found before something is wrong with the file counts, so they
    /// are added one by one.
    pub read: fn(&Candidate<'_>, &Content<'_>, &mut Vec<Found>) -> Result<(), Flaw>,
}
