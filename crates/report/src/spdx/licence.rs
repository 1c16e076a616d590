//! Licences as SPDX wants them: expressions of its own names, and a name of ours for every word that is none.

use std::collections::BTreeMap;

use model::digest::Digest;
use model::inventory::Package;
use serde_json::{Value, json};

use crate::name::identifier;
use crate::subject::Scan;

/// What SPDX calls a name that is not on its list.
const OWN: &str = "LicenseRef-";
/// What it says where nobody says anything.
pub(super) const NOTHING: &str = "NOASSERTION";

/// The licences of a document, and the words that its own names stand for.
pub(super) struct Licences<'a> {
    scan: Scan<'a>,
    own: BTreeMap<String, String>,
}

impl<'a> Licences<'a> {
    pub(super) fn of(scan: &Scan<'a>) -> Self {
        Self { scan: *scan, own: BTreeMap::new() }
    }

    /// What a package declares, as one expression.
    pub(super) fn declared(&mut self, package: &Package) -> String {
        let declared = package.licences.iter().filter(|declared| !declared.trim().is_empty());
        let all: Vec<String> = declared.map(|declared| self.expression(declared)).collect();
        match all.as_slice() {
            [] => NOTHING.to_owned(),
            [one] => one.clone(),
            several => several.iter().map(|one| enclosed(one)).collect::<Vec<_>>().join(" AND "),
        }
    }

    fn expression(&mut self, declared: &str) -> String {
        if let Some(expression) = self.scan.expression(declared) {
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '+');
            for name in expression.split(|letter| !is_name(letter)).filter(|name| name.starts_with(OWN)) {
                self.own.entry(name.to_owned()).or_insert_with(|| declared.to_owned());
            }
            return expression.to_owned();
        }
        let mut digits = Digest::of(declared.as_bytes()).hex();
        digits.truncate(8);
        let name = format!("{OWN}{}-{digits}", identifier(declared));
        self.own.insert(name.clone(), declared.to_owned());
        name
    }

    /// What the document's own names stand for.
    pub(super) fn extracted(self) -> impl Iterator<Item = Value> {
        let own = self.own.into_iter();
        own.map(|(name, words)| json!({"licenseId": name, "name": words, "extractedText": words}))
    }
}

/// In parentheses where something would bind otherwise.
fn enclosed(expression: &str) -> String {
    if expression.contains(' ') { format!("({expression})") } else { expression.to_owned() }
}
