//! For the fuzz targets: parsers that nobody else sees.

use std::ops::Range;

use super::{query, range, route};

/// The repository that a path is about, and whether its query is one.
#[must_use]
pub fn request(path: &str, text: &str) -> Option<(String, bool)> {
    match route::parse(path) {
        Ok(Some(route::Route::In(name, _))) => Some((name.to_string(), query::Query::parse(text).is_ok())),
        _ => None,
    }
}

/// The part of `size` bytes that a header asks for.
#[must_use]
pub fn part(header: &str, size: u64) -> Option<Range<u64>> {
    match range::wanted(Some(header), size) {
        range::Wanted::Part(range) => Some(range),
        range::Wanted::All | range::Wanted::Nothing => None,
    }
}
