//! Rust: the lock file of a source tree. What a binary says of itself is read elsewhere.

use model::inventory::PackageKind;
use serde::Deserialize;

use super::{MOST_LOCK_BYTES, add, malformed, package, text};
use crate::catalog::{Cataloger, Found};
use crate::content::{Content, Flaw};

/// `Cargo.lock`.
pub(super) const CARGO_LOCK: Cataloger = Cataloger {
    name: "cargo-lock",
    wants: |file| file.name() == "Cargo.lock",
    read: |_, content, found| read(content, found),
};

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    /// Absent for crates of the tree itself.
    source: Option<String>,
}

fn read(content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let text = text::whole(content, MOST_LOCK_BYTES)?;
    let lock: Lock =
        toml::from_str(&text).map_err(|error| malformed("Cargo.lock", error.message().to_owned()))?;
    for Locked { name, version, .. } in lock.package.into_iter().filter(|locked| locked.source.is_some()) {
        add(found, package(PackageKind::Cargo, &name, &version))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_of_a_registry_count() {
        let text = "version = 4\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\"serde\"]\n\n\
                    [[package]]\nname = \"serde\"\nversion = \"1.0.1\"\nsource = \"registry+https://example.org\"\n";
        let mut found = Vec::new();
        read(&Content::Bytes(text.as_bytes()), &mut found).unwrap();
        assert_eq!(found, [Found::new(PackageKind::Cargo, "serde", "1.0.1")]);
        assert!(read(&Content::Bytes(b"[[package]]\nname = 7\n"), &mut found).is_err());
    }
}
