//! The lock files of a source tree.

use std::collections::BTreeMap;

use model::inventory::PackageKind;
use serde::Deserialize;

use super::super::{MOST_LOCK_BYTES, add, json, malformed, package, text};
use super::normal;
use crate::catalog::Found;
use crate::content::{Content, Flaw};

/// Reads `requirements.txt`: only what is pinned to one version has one.
pub(super) fn requirements(content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let text = text::whole(content, MOST_LOCK_BYTES)?;
    for (name, version) in text.lines().filter_map(pinned) {
        add(found, package(PackageKind::PyPi, &normal(name), version))?;
    }
    Ok(())
}

/// `flask[async]==2.0.1 ; python_version > "3.6" --hash=sha256:...`
fn pinned(line: &str) -> Option<(&str, &str)> {
    let line = line.split(['#', ';']).next()?;
    let (name, version) = line.split_once("==")?;
    let name = name.split('[').next()?.trim();
    let version = version.trim_start_matches('=').split_whitespace().next()?.trim_end_matches('\\');
    let is_name =
        name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.'));
    (is_name && !version.contains(['*', ','])).then_some((name, version))
}

#[derive(Deserialize)]
struct Pipfile {
    /// What only development needs is another member.
    #[serde(default)]
    default: BTreeMap<String, Pinned>,
}

#[derive(Deserialize)]
struct Pinned {
    #[serde(default)]
    version: json::Lenient,
}

/// Reads `Pipfile.lock`.
pub(super) fn pipfile(content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let lock: Pipfile = json::document(&content.whole(MOST_LOCK_BYTES)?, "Pipfile.lock")?;
    for (name, pinned) in &lock.default {
        let version = pinned.version.0.trim_start_matches('=');
        add(found, package(PackageKind::PyPi, &normal(name), version))?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default, alias = "packages")]
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    #[serde(default)]
    version: String,
    /// Poetry says `dev` of what only development needs, if it is an old one.
    #[serde(default)]
    category: String,
    #[serde(default)]
    source: Source,
}

/// Where uv has a package from; poetry's own words for it do not matter here.
#[derive(Default, Deserialize)]
struct Source {
    editable: Option<String>,
    r#virtual: Option<String>,
}

/// Reads `poetry.lock`, `uv.lock`, `pdm.lock` or `pylock.toml`.
pub(super) fn toml(content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let text = text::whole(content, MOST_LOCK_BYTES)?;
    let flaw = |error: toml::de::Error| malformed("lock file of Python", error.message().to_owned());
    let lock: Lock = toml::from_str(&text).map_err(flaw)?;
    for Locked { name, version, category, source } in lock.package {
        let is_own = source.editable.is_some() || source.r#virtual.is_some();
        if !is_own && category != "dev" {
            add(found, package(PackageKind::PyPi, &normal(&name), &version))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Reading = fn(&Content<'_>, &mut Vec<Found>) -> Result<(), Flaw>;

    fn of(read: Reading, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        read(&Content::Bytes(text.as_bytes()), &mut found).unwrap();
        found.into_iter().map(|package| format!("{}=={}", package.name, package.version)).collect()
    }

    #[test]
    fn only_pinned_requirements_have_a_version() {
        let text = "# a==1\nFlask[async] == 2.0.1 ; python_version > '3'\nb>=1\nc==1.*\n-r other.txt\n\
                    d==1.0 \\\n    --hash=sha256:x\nhttps://example.org/?e==1\n";
        assert_eq!(of(requirements, text), ["flask==2.0.1", "d==1.0"]);
    }

    #[test]
    fn lock_files_name_versions() {
        let text = r#"{"default": {"A_b": {"version": "==1.0"}, "c": {"ref": "x"}}, "develop": {"d": {"version": "==1"}}}"#;
        assert_eq!(of(pipfile, text), ["a-b==1.0"]);
        let text = "version = 1\n[[package]]\nname = \"a\"\nversion = \"1.0\"\nsource = { registry = \"x\" }\n\n\
                    [[package]]\nname = \"app\"\nversion = \"0.1\"\nsource = { editable = \".\" }\n\n\
                    [[package]]\nname = \"b\"\nversion = \"1\"\ncategory = \"dev\"\n";
        assert_eq!(of(toml, text), ["a==1.0"]);
        assert_eq!(of(toml, "[[packages]]\nname = \"a\"\nversion = \"1\"\n"), ["a==1"]);
    }
}
