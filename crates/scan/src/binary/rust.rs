//! Rust's crates: the list that cargo-auditable leaves in a section of its own, JSON under zlib.

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use model::inventory::PackageKind;
use serde::Deserialize;

use super::elf::{Elf, Part};
use crate::catalog::{Found, MOST_PACKAGES};
use crate::content::Flaw;

/// The most bytes of the list, before and after it is inflated; the largest known are a hundredth of it.
const MAX_PACKED: u64 = 4 << 20;
const MAX_LIST: u64 = 32 << 20;

#[derive(Deserialize)]
struct List {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    #[serde(default)]
    kind: Kind,
}

/// Crates that only helped to build are not in the file.
#[derive(Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Build,
    #[default]
    #[serde(other)]
    Runtime,
}

/// Adds the crates that `section` lists.
pub(super) fn read(elf: &Elf<'_>, section: &Part, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let packed = elf.bytes(section, MAX_PACKED)?;
    let mut json = Vec::new();
    ZlibDecoder::new(&*packed)
        .take(MAX_LIST + 1)
        .read_to_end(&mut json)
        .map_err(|error| malformed(error.to_string()))?;
    if json.len() as u64 > MAX_LIST {
        return Err(Flaw::TooLarge { size: json.len() as u64, limit: MAX_LIST });
    }
    let list: List = serde_json::from_slice(&json).map_err(|error| malformed(error.to_string()))?;
    if list.packages.len() > MOST_PACKAGES {
        return Err(Flaw::TooMany { what: "packages", limit: MOST_PACKAGES });
    }
    let there = list.packages.into_iter().filter(|package| package.kind == Kind::Runtime);
    found.extend(there.map(|package| Found::new(PackageKind::Cargo, package.name, package.version)));
    Ok(())
}

fn malformed(reason: String) -> Flaw {
    Flaw::Malformed { what: "list of crates", reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::super::elf::tests::written;
    use super::*;
    use crate::content::Content;

    fn packed(json: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(json).unwrap();
        encoder.finish().unwrap()
    }

    fn crates(section: &[u8]) -> Result<Vec<String>, Flaw> {
        let file = written(&[(".dep-v0", section)]);
        let content = Content::Bytes(&file);
        let elf = Elf::open(&content)?;
        let mut found = Vec::new();
        read(&elf, elf.section(".dep-v0").unwrap(), &mut found)?;
        Ok(found.into_iter().map(|found| format!("{} {}", found.name, found.version)).collect())
    }

    #[test]
    fn crates_that_run_count_and_those_that_built_do_not() {
        let json = br#"{"packages":[
            {"name":"adler","version":"0.2.3","source":"registry"},
            {"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"},
            {"name":"tool","version":"0.1.0","source":"local","kind":"runtime","dependencies":[0],"root":true}]}"#;
        assert_eq!(crates(&packed(json)).unwrap(), ["adler 0.2.3", "tool 0.1.0"]);
    }

    #[test]
    fn lists_that_are_none() {
        assert!(crates(b"no zlib").unwrap_err().to_string().starts_with("it is no list of crates"));
        assert!(crates(&packed(b"{}")).unwrap_err().to_string().contains("packages"));
        let bomb = packed(&vec![b' '; MAX_LIST as usize + 1]);
        assert!(matches!(crates(&bomb), Err(Flaw::TooLarge { limit: MAX_LIST, .. })));
    }
}
