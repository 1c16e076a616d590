//! `package-lock.json`: <https://docs.npmjs.com/cli/v10/configuring-npm/package-lock-json>.

use std::collections::BTreeMap;
use std::fmt;

use model::inventory::PackageKind;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::super::{MOST_LOCK_BYTES, add, json, package};
use super::is_published;
use crate::catalog::Found;
use crate::content::{Content, Flaw};

/// Version 1 has `dependencies` alone, which nest; version 3 has `packages` alone; version 2 has both.
#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    packages: BTreeMap<String, Locked>,
    #[serde(default)]
    dependencies: BTreeMap<String, Dependency>,
}

#[derive(Deserialize)]
struct Locked {
    /// Where it differs from the directory's: an alias.
    #[serde(default)]
    name: json::Lenient,
    #[serde(default)]
    version: json::Lenient,
    #[serde(default)]
    license: json::Lenient,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    dependencies: BTreeMap<String, Dependency>,
}

/// In version 1 a package, in version 3 a mere range.
enum Dependency {
    Package(Locked),
    Range,
}

impl<'de> Deserialize<'de> for Dependency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either)
    }
}

struct Either;

impl<'de> Visitor<'de> for Either {
    type Value = Dependency;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a package or a range of versions")
    }

    fn visit_str<E>(self, _range: &str) -> Result<Dependency, E> {
        Ok(Dependency::Range)
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Dependency, A::Error> {
        Locked::deserialize(MapAccessDeserializer::new(access)).map(Dependency::Package)
    }
}

/// Reads one; what only development needs does not count.
pub(super) fn read(content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let lock: Lock = json::document(&content.whole(MOST_LOCK_BYTES)?, "package-lock.json")?;
    if lock.packages.is_empty() {
        return nested(&lock.dependencies, found);
    }
    for (path, locked) in &lock.packages {
        if let Some((_, name)) = path.rsplit_once("node_modules/") {
            take(name, locked, found)?;
        }
    }
    Ok(())
}

/// As deep as the document is, which the reader of JSON limits.
fn nested(dependencies: &BTreeMap<String, Dependency>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    for (name, dependency) in dependencies {
        if let Dependency::Package(locked) = dependency {
            take(name, locked, found)?;
            nested(&locked.dependencies, found)?;
        }
    }
    Ok(())
}

fn take(name: &str, locked: &Locked, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let version = &locked.version.0;
    let (name, version) = match version.strip_prefix("npm:").and_then(super::locator) {
        Some(alias) => alias,
        None if locked.name.0.is_empty() => (name, version.as_str()),
        None => (locked.name.0.as_str(), version.as_str()),
    };
    if locked.dev || !is_published(version) {
        return Ok(());
    }
    let licences = super::super::licence(&locked.license.0).into_iter().collect();
    add(found, package(PackageKind::Npm, name, version).map(|package| Found { licences, ..package }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        read(&Content::Bytes(text.as_bytes()), &mut found).unwrap();
        found.into_iter().map(|package| format!("{}@{}", package.name, package.version)).collect()
    }

    #[test]
    fn version_one_nests() {
        let text = r#"{"lockfileVersion": 1, "dependencies": {
            "a": {"version": "1.0.0", "requires": {"b": "^2"}, "dependencies": {"b": {"version": "2.0.0"}}},
            "c": {"version": "npm:@d/e@3.0.0"}, "f": {"version": "git+ssh://x"}, "g": {"version": "1.0.0", "dev": true}
        }}"#;
        assert_eq!(of(text), ["a@1.0.0", "b@2.0.0", "@d/e@3.0.0"]);
    }

    #[test]
    fn version_three_is_flat() {
        let text = r#"{"lockfileVersion": 3, "packages": {
            "": {"name": "app", "version": "1.0.0", "dependencies": {"a": "^1"}},
            "node_modules/a": {"version": "1.0.0", "license": "MIT", "dependencies": {"@s/b": "^2"}},
            "node_modules/a/node_modules/@s/b": {"version": "2.0.0"},
            "node_modules/alias": {"name": "real", "version": "3.0.0"},
            "node_modules/link": {"resolved": "packages/link", "link": true}, "packages/link": {"version": "1.0.0"}
        }}"#;
        assert_eq!(of(text), ["a@1.0.0", "@s/b@2.0.0", "real@3.0.0"]);
    }
}
