//! What the schema leaves to each publisher.

use model::finding::Severity;
use serde::Deserialize as _;
use serde_json::Value;

use super::wire::{Package, Range, Reference};
use crate::advisory::Vulnerable;
use crate::import::words::{errata, set, severity};

/// Beginnings of the names of updates, each of which mends several vulnerabilities.
const UPDATES: &[&str] =
    &["DSA-", "DLA-", "DTSA-", "USN-", "LSN-", "SUSE-", "openSUSE-", "MGASA-", "OESA-", "PHSA-", "ASA-"];

/// Who publishes advisories whose names begin so, where that is not the beginning itself.
const PUBLISHERS: &[(&str, &str)] = &[
    ("alsa", "almalinux"),
    ("alba", "almalinux"),
    ("alea", "almalinux"),
    ("rlsa", "rocky"),
    ("rlba", "rocky"),
    ("rlea", "rocky"),
    ("rxsa", "rocky"),
    ("rhsa", "redhat"),
    ("rhba", "redhat"),
    ("rhea", "redhat"),
    ("dsa", "debian"),
    ("dla", "debian"),
    ("dtsa", "debian"),
    ("usn", "ubuntu"),
    ("lsn", "ubuntu"),
    ("bit", "bitnami"),
    ("mgasa", "mageia"),
    ("mal", "openssf"),
];

/// Whether an advisory is an update of a distribution.
pub(super) fn is_update(id: &str) -> bool {
    errata(id).is_some() || UPDATES.iter().any(|start| id.starts_with(start))
}

/// The severity at the beginning of an update's summary: `Important: curl security update`.
pub(super) fn heading_severity(id: &str, summary: &str) -> Option<Severity> {
    let (word, _) = summary.split_once(": ").filter(|_| is_update(id))?;
    severity(word).filter(|severity| *severity > Severity::Negligible)
}

/// Who publishes an advisory, by its name.
pub(super) fn publisher(id: &str) -> String {
    let start = id.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let known = PUBLISHERS.iter().find(|(prefix, _)| *prefix == start);
    known.map_or(start, |(_, publisher)| (*publisher).to_owned())
}

/// A package's name as inventories spell it.
pub(super) fn name(ecosystem: &str, name: &str) -> String {
    if ecosystem == "PyPI" { python(name) } else { name.to_owned() }
}

/// PEP 503: small letters, and one hyphen for each run of hyphens, dots and underscores.
fn python(name: &str) -> String {
    let small = name.to_ascii_lowercase();
    small.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// The page that says most: the advisory's own, or else the first.
pub(super) fn reference(references: &[Reference], database_specific: &Value) -> String {
    let own = database_specific.get("url").and_then(Value::as_str);
    let listed = || references.iter().find(|reference| reference.kind == "ADVISORY").or(references.first());
    own.or_else(|| listed().map(|reference| reference.url.as_str())).unwrap_or_default().to_owned()
}

/// Weaknesses, which GitHub lists as `cwe_ids` and others as objects with an id.
pub(super) fn cwes(database_specific: &Value) -> Vec<String> {
    let lists = ["cwe_ids", "cwes"].into_iter().filter_map(|field| database_specific.get(field)?.as_array());
    let name = |value: &Value| {
        let object = value.get("cweId").or_else(|| value.get("id"));
        value.as_str().or_else(|| object?.as_str()).map(str::to_owned)
    };
    set(lists.flatten().filter_map(name).filter(|name| name.starts_with("CWE-")).collect())
}

/// Ranges of releases that are no versions of a Go module. Go gives them beside a range without an end, which is all
/// that it can say of the module's versions.
pub(super) fn releases(ecosystem_specific: &Value) -> Vec<Range> {
    let ranges = ecosystem_specific.get("custom_ranges").and_then(Value::as_array);
    let range = |value: &Value| Range::deserialize(value).ok();
    ranges.into_iter().flatten().filter_map(range).collect()
}

/// Whether RustSec tells of something that it does not count as a vulnerability.
pub(super) fn is_notice(package: &Package) -> bool {
    package.database_specific.get("informational").is_some_and(Value::is_string)
}

/// What a package URL asks beside the name; that it is a source package asks nothing.
pub(super) fn qualifiers(purl: &str) -> Vec<(String, String)> {
    let list = purl.split_once('?').map_or("", |(_, list)| list.split('#').next().unwrap_or_default());
    let pairs = list.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(key, value)| match *key {
            "arch" => !matches!(*value, "source" | "src" | "noarch" | "all"),
            key => key == "rpmmod",
        })
        .map(|(key, value)| (key.to_owned(), value.replace("%3A", ":")))
        .collect()
}

/// The vulnerable functions: Go lists them by package, RustSec by crate.
pub(super) fn symbols(crate_name: &str, ecosystem_specific: &Value) -> Vec<Vulnerable> {
    let imports = ecosystem_specific.get("imports").and_then(Value::as_array);
    let mut found: Vec<Vulnerable> = imports
        .into_iter()
        .flatten()
        .map(|import| Vulnerable {
            path: import.get("path").and_then(Value::as_str).unwrap_or(crate_name).to_owned(),
            symbols: set(names(import, "symbols")),
            systems: set(names(import, "goos")),
            architectures: set(names(import, "goarch")),
        })
        .collect();
    if let Some(affects) = ecosystem_specific.get("affects") {
        let vulnerable = Vulnerable {
            path: crate_name.to_owned(),
            symbols: set(names(affects, "functions")),
            systems: set(names(affects, "os")),
            architectures: set(names(affects, "arch")),
        };
        found.extend(Some(vulnerable).filter(|it| *it != of_all(crate_name)));
    }
    found
}

/// All of a crate, which says nothing.
fn of_all(crate_name: &str) -> Vulnerable {
    Vulnerable { path: crate_name.to_owned(), ..Vulnerable::default() }
}

fn names(object: &Value, field: &str) -> Vec<String> {
    let list = object.get(field).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishers_and_updates_are_known_by_names() {
        for (id, who, update) in [
            ("ALSA-2025:11884", "almalinux", true),
            ("RHSA-2024:1", "redhat", true),
            ("DSA-5587-1", "debian", true),
            ("GHSA-xxxx", "ghsa", false),
            ("UBUNTU-CVE-2023-1", "ubuntu", false),
            ("GO-2024-1", "go", false),
            ("BIT-redis-2026-1", "bitnami", false),
        ] {
            assert_eq!((publisher(id).as_str(), is_update(id)), (who, update), "{id}");
        }
    }

    #[test]
    fn qualifiers_that_ask_nothing_are_left_out() {
        assert_eq!(qualifiers("pkg:deb/debian/curl?arch=source"), []);
        let module = qualifiers("pkg:rpm/redhat/nodejs?arch=x86_64&epoch=1&rpmmod=nodejs%3A18");
        assert_eq!(module, [("arch".into(), "x86_64".into()), ("rpmmod".into(), "nodejs:18".into())]);
    }

    #[test]
    fn python_names_are_normal() {
        assert_eq!(name("PyPI", "Zope..Interface_x"), "zope-interface-x");
        assert_eq!(name("npm", "A.b_c"), "A.b_c");
    }
}
