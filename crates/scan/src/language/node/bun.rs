//! `bun.lock`: JSON whose lists may end with a comma.

use std::collections::BTreeMap;

use model::inventory::PackageKind;
use serde::Deserialize;
use serde_json::Value;

use super::super::{MOST_LOCK_BYTES, add, json, package};
use super::{is_published, locator};
use crate::catalog::Found;
use crate::content::{Content, Flaw};

#[derive(Deserialize)]
struct Lock {
    /// Each begins with its locator.
    #[serde(default)]
    packages: BTreeMap<String, Vec<Value>>,
}

/// Reads one.
pub(super) fn read(content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let lock: Lock = json::document(&strict(&content.whole(MOST_LOCK_BYTES)?), "bun.lock")?;
    let locators = lock.packages.values().filter_map(|package| package.first()?.as_str());
    for (name, version) in locators.filter_map(locator).filter(|(_, version)| is_published(version)) {
        add(found, package(PackageKind::Npm, name, version))?;
    }
    Ok(())
}

/// The same without commas at the end of lists.
fn strict(bytes: &[u8]) -> Vec<u8> {
    let mut strict: Vec<u8> = Vec::with_capacity(bytes.len());
    let (mut in_text, mut escaped, mut comma) = (false, false, None);
    for byte in bytes {
        match byte {
            _ if in_text => {
                in_text = escaped || *byte != b'"';
                escaped = !escaped && *byte == b'\\';
            }
            b'}' | b']' => {
                if let Some(last) = comma.take().and_then(|at: usize| strict.get_mut(at)) {
                    *last = b' ';
                }
            }
            b',' => comma = Some(strict.len()),
            byte if byte.is_ascii_whitespace() => {}
            _ => {
                in_text = *byte == b'"';
                comma = None;
            }
        }
        strict.push(*byte);
    }
    strict
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_may_end_with_a_comma() {
        let text = r#"{"lockfileVersion": 1, "packages": {
            "a": ["a@1.0.0", "", {"x": "},]"}, "sha512-x=="],
            "@b/c": ["@b/c@2.0.0", "", {}, "x\",}",],
            "app": ["app@workspace:."],
        },}"#;
        let mut found = Vec::new();
        read(&Content::Bytes(text.as_bytes()), &mut found).unwrap();
        let names: Vec<_> = found.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["@b/c", "a"]);
    }
}
