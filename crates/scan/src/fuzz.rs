//! Entry points for fuzzers: hostile bytes in, nothing but an answer out.

use crate::catalog::Candidate;
use crate::content::Content;
use crate::language;
use crate::licence;

/// Files of languages, one for each cataloger.
pub const LANGUAGE_PATHS: &[&str] = &[
    "lib/a-1.0.dist-info/METADATA",
    "lib/a.egg",
    "node_modules/a/package.json",
    "specifications/a-1.0.gemspec",
    "app/app.war",
    "vendor/composer/installed.json",
    "app/app.deps.json",
    "requirements.txt",
    "Pipfile.lock",
    "poetry.lock",
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "Gemfile.lock",
    "gradle.lockfile",
    "composer.lock",
    "packages.lock.json",
    "packages.config",
    "Cargo.lock",
    "go.mod",
];

/// Reads `bytes` as the file at `path` by each cataloger of languages that wants it; returns how many packages
/// they found.
#[must_use]
pub fn language(path: &str, bytes: &[u8]) -> usize {
    let candidate = Candidate { path, size: bytes.len() as u64, executable: false };
    let content = Content::Bytes(bytes);
    let mut found = Vec::new();
    for cataloger in language::CATALOGERS.iter().chain(language::MANIFESTS) {
        if (cataloger.wants)(&candidate) {
            // A flaw is as good an answer as any.
            let _flaw = (cataloger.read)(&candidate, &content, &mut found);
        }
    }
    found.len()
}

/// Reads a licence, and its own expression again; returns whether both mean the same.
#[must_use]
pub fn licence(declared: &str) -> bool {
    let understood = licence::understood(declared);
    understood.expression.as_deref().is_none_or(|expression| licence::understood(expression) == understood)
}
