//! Entry points for fuzzers: what a hostile registry writes in, nothing but an answer out.

use model::oci::Index;

use super::address::Address;
use super::challenge::Challenge;
use super::document::{media_type, object};
use super::link::next;
use super::ranges::{ContentRange, uploaded};
use crate::config::Scheme;

pub use super::complaint::said;

/// Reads a header's text as each header that has a grammar of its own; how many it could be.
#[must_use]
pub fn headers(text: &str) -> usize {
    let understood = [
        Challenge::best([text].into_iter()).is_some(),
        next([text].into_iter()).is_some(),
        ContentRange::parse(text).is_some(),
        uploaded(text).is_some(),
    ];
    understood.into_iter().filter(|it| *it).count()
}

/// The address that a `Location` of a registry leads to.
#[must_use]
pub fn location(text: &str) -> Option<String> {
    let base = Address::new(Scheme::Https, "registry.example", "/v2/a/blobs/uploads/?n=1");
    base.join(text).map(|to| to.url())
}

/// The media type of a document that is called so, and whether it is a list of referrers.
#[must_use]
pub fn document(bytes: &[u8], called: &str) -> (Option<String>, bool) {
    (media_type("it", bytes, Some(called)).ok(), object::<Index>("it", bytes).is_ok())
}
