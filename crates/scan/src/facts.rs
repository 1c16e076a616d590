//! What is learned of one layer, from its directory alone: kept by the layer's digest, and merged per image.

use model::inventory::{Distribution, Gap};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::catalog::Found;
use crate::mark::Marks;
use crate::misconfiguration::Oddity;
use crate::secrets::SecretFound;

/// The layout of these facts, and what the catalogers know. Facts of another number are learned anew.
pub const FORMAT: u32 = 1;

/// The most bytes that the facts of one layer may have.
pub const MOST_BYTES: usize = 256 << 20;

/// The most oddities of one layer.
const MOST_ODDITIES: usize = 100_000;

/// The most secrets of one layer.
const MOST_SECRETS: usize = 100_000;

/// The most gaps that are told one by one.
pub(crate) const MOST_GAPS: usize = 1000;

/// Everything that is learned of one layer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerFacts {
    /// The files that stand for packages, by path.
    pub sources: Vec<Source>,
    /// The files that name a distribution, by path.
    pub releases: Vec<Release>,
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
        self.gaps.sort_by(|a, b| (&a.location, &a.reason).cmp(&(&b.location, &b.reason)));
        self.secrets.sort_by(|a, b| (&a.path, a.line, &a.rule).cmp(&(&b.path, b.line, &b.rule)));
        self.oddities.sort_by(|a, b| (&a.path, a.line, &a.rule).cmp(&(&b.path, b.line, &b.rule)));
        self.shorten();
    }

    /// What there is too much of becomes a gap.
    fn shorten(&mut self) {
        let mut more = |count: usize, most: usize, what: &str| {
            let reason = format!("it has {count} {what}, and {most} are the most that are told");
            if count > most {
                self.gaps.push(Gap { location: String::new(), reason });
            }
        };
        more(self.secrets.len(), MOST_SECRETS, "secrets");
        more(self.oddities.len(), MOST_ODDITIES, "odd files");
        self.secrets.truncate(MOST_SECRETS);
        self.oddities.truncate(MOST_ODDITIES);
        let more = self.gaps.len().saturating_sub(MOST_GAPS);
        if more > 0 {
            self.gaps.truncate(MOST_GAPS);
            let reason = format!("{more} more files cannot be read");
            self.gaps.push(Gap { location: String::new(), reason });
        }
    }
}

#[cfg(test)]
mod tests;
