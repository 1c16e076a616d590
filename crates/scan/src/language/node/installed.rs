//! `package.json`, as it lies in `node_modules` and elsewhere.

use model::inventory::PackageKind;
use serde_json::Value;

use super::super::{add, json, package};
use super::is_published;
use crate::catalog::Found;
use crate::content::{Content, Flaw};

/// Longest `package.json`, in bytes: some registries wrote a package's whole readme into it.
const MOST_BYTES: u64 = 8 << 20;
const WHAT: &str = "package.json";
const WANTED: &[&str] = &["name", "version", "private", "license", "licenses"];

/// Where Debian installs packages. It takes them from their sources, where some that are published say that they
/// are private.
const DEBIAN: &str = "usr/share/nodejs/";

/// Whether a `package.json` can be a package's own: packages carry others, of their tests and of the formats that
/// they are built in, which name no package of their own.
pub(super) fn is_root(path: &str) -> bool {
    path.rsplit_once("node_modules/").is_none_or(|(_, inside)| is_top(inside))
}

/// Whether it is a package's own `package.json`, below where packages are installed: `name/` or `@scope/name/`.
fn is_top(inside: &str) -> bool {
    let depth = if inside.starts_with('@') { 2 } else { 1 };
    inside.matches('/').count() == depth
}

fn is_installed(path: &str) -> bool {
    path.contains("node_modules/") || path.strip_prefix(DEBIAN).is_some_and(is_top)
}

/// Reads one. Where packages are not installed, it is a package only where somebody could have published it.
pub(super) fn read(path: &str, content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let members = json::members(&content.whole(MOST_BYTES)?, WANTED, WHAT)?;
    let is_private = members.get("private").is_some_and(|value| *value == Value::Bool(true));
    if is_private && !is_installed(path) {
        return Ok(());
    }
    let version = json::text(&members, "version").trim().trim_start_matches(['v', '=']);
    if !is_published(version) {
        return Ok(());
    }
    let package = package(PackageKind::Npm, json::text(&members, "name"), version);
    let licences = json::texts(members.get("license").or_else(|| members.get("licenses")));
    add(found, package.map(|package| Found { licences, ..package }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, text: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        read(path, &Content::Bytes(text.as_bytes()), &mut found).unwrap();
        found.into_iter().map(|package| (package.name, package.version)).collect()
    }

    #[test]
    fn packages_are_known_by_their_place() {
        assert!(is_root("usr/lib/node_modules/npm/package.json"));
        assert!(is_root("usr/lib/node_modules/npm/node_modules/@npmcli/arborist/package.json"));
        assert!(is_root("opt/yarn-v1.22.22/package.json"));
        assert!(!is_root("app/node_modules/resolve/test/resolver/baz/package.json"));
        assert!(!is_root("app/node_modules/tslib/modules/package.json"));
        assert!(!is_root("app/node_modules/@a/package.json"));
    }

    #[test]
    fn an_application_is_no_package() {
        let text = r#"{"name": "app", "version": "1.0.0", "private": true}"#;
        assert!(of("app/package.json", text).is_empty());
        assert_eq!(of("app/node_modules/app/package.json", text).len(), 1);
        assert_eq!(of("usr/share/nodejs/app/package.json", text).len(), 1);
        assert_eq!(of("usr/share/nodejs/@a/app/package.json", text).len(), 1);
        assert!(of("usr/share/nodejs/terser/bin/package.json", text).is_empty());
        assert!(of("a/package.json", r#"{"type": "module"}"#).is_empty());
        assert!(of("a/package.json", r#"{"name": "a", "version": "workspace:*"}"#).is_empty());
    }

    #[test]
    fn what_is_no_text_is_no_name() {
        assert!(of("a/package.json", r#"{"name": ["a"], "version": "1.0.0"}"#).is_empty());
        assert_eq!(
            of("a/package.json", r#"{"name": "a", "version": "v1.0.0", "license": 7}"#),
            [("a".to_owned(), "1.0.0".to_owned())]
        );
    }
}
