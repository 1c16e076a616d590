//! Entry points for fuzzers and property tests: hostile bytes in, nothing but an answer out.

use crate::catalog::{Candidate, Found};
use crate::content::Content;
use crate::language;

/// Reads `bytes` as the file at `path` by each cataloger of languages that wants it; gives what they found.
#[must_use]
pub fn language(path: &str, bytes: &[u8]) -> Vec<Found> {
    let candidate = Candidate { path, size: bytes.len() as u64, executable: false };
    let content = Content::Bytes(bytes);
    let mut found = Vec::new();
    for cataloger in language::CATALOGERS.iter().chain(language::MANIFESTS) {
        if (cataloger.wants)(&candidate) {
            // A flaw is as good an answer as any.
            let _flaw = (cataloger.read)(&candidate, &content, &mut found);
        }
    }
    found
}
