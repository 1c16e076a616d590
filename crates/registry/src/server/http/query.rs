//! What stands behind the question mark.

use super::failure::Failure;
use super::percent::decoded;

/// The largest page of a list.
const PAGE: usize = 10_000;

/// As many names as a page has if nobody says how many.
const USUAL: usize = 1000;

/// The values of a query, by name.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads it. What has no `=` has an empty value.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(value)?))
        });
        let malformed = || Failure::bad("UNSUPPORTED", "the query is not percent-encoded UTF-8");
        pairs.collect::<Option<Vec<_>>>().map(Self).ok_or_else(malformed)
    }

    /// The first value of that name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// All values of that name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// How many names a page may have.
    pub(super) fn page(&self) -> Result<usize, Failure> {
        match self.get("n") {
            None => Ok(USUAL),
            Some(text) => match text.parse::<usize>() {
                Ok(n) => Ok(n.min(PAGE)),
                Err(_) => Err(Failure::bad("PAGINATION_NUMBER_INVALID", "`n` is not a number")),
            },
        }
    }
}
