//! Entry points for fuzzers: hostile bytes in, nothing but an answer out.

use crate::catalog::{Candidate, Cataloger};
use crate::content::Content;
use crate::facts::LayerFacts;
use crate::malware::HashList;
use crate::{binary, language, licence, merge, rpm, sbom, system};

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

/// Reads `bytes` as what dpkg, apk and a release write; returns how many packages they could be.
#[must_use]
pub fn system(bytes: &[u8]) -> usize {
    let dpkg = ["status", "status.d/x", "status.d/x.md5sums", "info/x:amd64.list"];
    let dpkg = dpkg.map(|name| format!("var/lib/dpkg/{name}"));
    let others = ["usr/share/doc/x/copyright", "lib/apk/db/installed"].map(str::to_owned);
    for path in system::RELEASES {
        let file = Candidate { path, size: bytes.len() as u64, executable: false };
        // A flaw is an answer, too.
        let _read = system::read_release(&file, &Content::Bytes(bytes));
    }
    dpkg.iter().chain(&others).map(|path| packages(system::CATALOGERS, path, bytes)).sum()
}

/// Reads `bytes` as the facts of a layer, and puts them above and below themselves; returns how many packages there
/// are.
#[must_use]
pub fn facts(bytes: &[u8]) -> usize {
    let Ok(facts) = LayerFacts::decode(bytes) else { return 0 };
    merge(&[facts.clone(), facts]).packages.len()
}

/// Reads `bytes` as every kind of rpm's databases; returns how many packages they could be.
#[must_use]
pub fn rpm(bytes: &[u8]) -> usize {
    let names = ["rpmdb.sqlite", "Packages.db", "Packages"].map(|name| format!("var/lib/rpm/{name}"));
    let manifest = "var/lib/rpmmanifest/container-manifest-2".to_owned();
    names.iter().chain([&manifest]).map(|path| packages(rpm::CATALOGERS, path, bytes)).sum()
}

/// Reads `bytes` as a program, and as files that rules know by name; returns how many packages they could be.
#[must_use]
pub fn binary(bytes: &[u8]) -> usize {
    let names = ["usr/bin/tool", "usr/bin/python3.11", "usr/sbin/haproxy", "usr/bin/envoy"];
    names.into_iter().map(|path| packages(binary::CATALOGERS, path, bytes)).sum()
}

/// Reads `bytes` as the file at `path` of a language's package manager; returns how many packages it names.
#[must_use]
pub fn language(path: &str, bytes: &[u8]) -> usize {
    packages(language::CATALOGERS, path, bytes) + packages(language::MANIFESTS, path, bytes)
}

/// Reads `bytes` as a bill of material; returns how many packages it has.
#[must_use]
pub fn sbom(bytes: &[u8]) -> usize {
    sbom::read(&Content::Bytes(bytes)).map_or(0, |sbom| sbom.inventory.packages.len())
}

/// Reads a licence, and its own expression again; returns whether both mean the same.
#[must_use]
pub fn licence(declared: &str) -> bool {
    let understood = licence::understood(declared);
    understood.expression.as_deref().is_none_or(|expression| licence::understood(expression) == understood)
}

/// Reads `bytes` as a list of hashes; returns how many files it knows.
#[must_use]
pub fn hashes(bytes: &[u8]) -> usize {
    HashList::parse("fuzz", bytes).map_or(0, |list| list.len())
}

fn packages(catalogers: &[Cataloger], path: &str, bytes: &[u8]) -> usize {
    let file = Candidate { path, size: bytes.len() as u64, executable: true };
    let mut found = Vec::new();
    for cataloger in catalogers.iter().filter(|cataloger| (cataloger.wants)(&file)) {
        // A flaw is an answer, too.
        let _read = (cataloger.read)(&file, &Content::Bytes(bytes), &mut found);
    }
    found.len()
}
