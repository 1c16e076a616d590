//! What is learned of one layer, from its directory alone: kept by the layer's digest, and merged per image.

use std::cmp::Ordering;

use model::inventory::{Distribution, Gap};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::catalog::Found;
use crate::mark::Marks;
use crate::misconfiguration::Oddity;
use crate::scope::Scope;
use crate::secrets::SecretFound;

/// The layout of these facts, and what the catalogers know. Facts of another number are learned anew.
pub const FORMAT: u32 = 3;

/// The most bytes that the facts of one layer may have.
pub const MOST_BYTES: usize = 256 << 20;

/// The most oddities of one layer.
pub(crate) const MOST_ODDITIES: usize = 10_000;

/// The most secrets of one layer.
pub(crate) const MOST_SECRETS: usize = 10_000;

/// The most packages of one layer whose documents are those of another.
pub(crate) const MOST_DOCUMENTS: usize = 100_000;

/// The most gaps that are told one by one.
pub(crate) const MOST_GAPS: usize = 1000;

/// Everything that is learned of one layer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerFacts {
    /// How much was looked for: what is not among them may be there all the same.
    pub scope: Scope,
    /// The files that stand for packages, by path.
    pub sources: Vec<Source>,
    /// The files that name a distribution, or where its packages come from, by path.
    pub releases: Vec<Release>,
    /// Packages whose documents are those of another, by path.
    pub documents: Vec<Documents>,
    /// Everything but directories: what hides the same path of lower layers, and everything beneath it.
    pub leaves: Marks,
    /// Directories, which hide whatever else has their path.
    pub directories: Marks,
    /// Directories that hide what lower layers have in them.
    pub opaque: Marks,
    /// What looks like a secret, by path.
    pub secrets: Vec<SecretFound>,
    /// What is odd about files, by path.
    pub oddities: Vec<Oddity>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

/// A file, and the packages that it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Without a leading slash.
    pub path: String,
    /// In the file's order.
    pub packages: Vec<Filed>,
}

/// A package, and which files belong to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filed {
    /// The package, without the names of its files.
    pub found: Found,
    /// Its files, where it is a package of the distribution.
    pub files: Marks,
}

/// A file, and the distribution that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Without a leading slash.
    pub path: String,
    /// What it says.
    pub distribution: Distribution,
}

/// A link to the documents of another package, which are those of this one, too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Documents {
    /// The link, without a leading slash.
    pub path: String,
    /// Whose documents it stands for.
    pub package: String,
    /// Whose they are.
    pub of: String,
}

/// Why bytes are not the facts of a layer.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Undecodable {
    /// Another version of this program wrote them.
    #[error("they have format {0}, and {FORMAT} is needed")]
    Format(u32),
    /// There are more than anybody has written.
    #[error("they have {0} bytes, and {MOST_BYTES} are the most")]
    TooLarge(usize),
    /// They are damaged.
    #[error("they are damaged")]
    Damaged,
}

impl LayerFacts {
    /// As bytes, for the disk or a pipe.
    ///
    /// # Errors
    /// [`Undecodable::TooLarge`]: nobody would read them.
    pub fn encode(&self) -> Result<Vec<u8>, Undecodable> {
        let start = postcard::to_stdvec(&FORMAT).map_err(|_| Undecodable::Damaged)?;
        let bytes = postcard::to_extend(self, start).map_err(|_| Undecodable::Damaged)?;
        if bytes.len() > MOST_BYTES { Err(Undecodable::TooLarge(bytes.len())) } else { Ok(bytes) }
    }

    /// From bytes that anybody may have written.
    ///
    /// # Errors
    /// [`Undecodable`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Undecodable> {
        if bytes.len() > MOST_BYTES {
            return Err(Undecodable::TooLarge(bytes.len()));
        }
        let (format, rest) = postcard::take_from_bytes(bytes).map_err(|_| Undecodable::Damaged)?;
        if format != FORMAT {
            return Err(Undecodable::Format(format));
        }
        match postcard::take_from_bytes(rest) {
            Ok((facts, [])) => Ok(facts),
            _ => Err(Undecodable::Damaged),
        }
    }

    /// Puts everything into the one order that does not depend on who learned what first.
    pub(crate) fn settle(&mut self) {
        self.sources.sort_by(|a, b| a.path.cmp(&b.path));
        self.releases.sort_by(|a, b| a.path.cmp(&b.path));
        self.documents.sort();
        self.gaps.sort_by(by_place);
        self.secrets.sort_by(by_line);
        self.oddities.sort_by(by_path);
        self.shorten();
    }

    /// What there is too much of becomes a gap.
    fn shorten(&mut self) {
        let more = [
            shorten(&mut self.gaps, MOST_GAPS, "gaps"),
            shorten(&mut self.secrets, MOST_SECRETS, "secrets"),
            shorten(&mut self.oddities, MOST_ODDITIES, "odd files"),
            shorten(&mut self.documents, MOST_DOCUMENTS, "links between documents"),
        ];
        let gap = |reason| Gap { location: String::new(), reason };
        self.gaps.extend(more.into_iter().flatten().map(gap));
    }
}

/// Leaves the first of a list, and says so.
fn shorten<T>(list: &mut Vec<T>, most: usize, what: &str) -> Option<String> {
    let is_longer = list.len() > most;
    list.truncate(most);
    is_longer.then(|| format!("it has more than {most} {what}, and the others are not told"))
}

/// The order of gaps.
pub(crate) fn by_place(one: &Gap, other: &Gap) -> Ordering {
    (&one.location, &one.reason).cmp(&(&other.location, &other.reason))
}

/// The order of secrets.
pub(crate) fn by_line(one: &SecretFound, other: &SecretFound) -> Ordering {
    let ends = one.rule.cmp(&other.rule).then_with(|| one.redacted.cmp(&other.redacted));
    one.path.cmp(&other.path).then(one.line.cmp(&other.line)).then(ends)
}

/// The order of oddities.
pub(crate) fn by_path(one: &Oddity, other: &Oddity) -> Ordering {
    one.path.cmp(&other.path).then(one.line.cmp(&other.line)).then_with(|| one.cmp(other))
}

#[cfg(test)]
mod tests;
