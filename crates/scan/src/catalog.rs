//! What catalogers are: each knows one kind of file, and what packages such a file stands for.

use model::inventory::{PackageKind, SourcePackage, Symbols};
use serde::{Deserialize, Serialize};

use crate::content::{Content, Flaw};

/// The most packages that one file may stand for.
pub(crate) const MOST_PACKAGES: usize = 100_000;

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
