//! Alpine's secdb: for each package of a repository, which version mends what.

use std::collections::{BTreeMap, BTreeSet};

use model::finding::Fix;
use serde::Deserialize;
use serde_json::Value;

use super::output::Output;
use super::words::{cves, or_default, set};
use crate::advisory::{Advisory, Affected, Status};
use crate::version::{Bound, Interval};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Document {
    #[serde(deserialize_with = "or_default")]
    distroversion: String,
    #[serde(deserialize_with = "or_default")]
    urlprefix: String,
    #[serde(deserialize_with = "or_default")]
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    pkg: Fixes,
}

#[derive(Debug, Deserialize)]
struct Fixes {
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    secfixes: Value,
}

/// What is said of one vulnerability: its other names, and packages by name.
#[derive(Debug, Default)]
struct Said {
    aliases: Vec<String>,
    packages: BTreeMap<String, Affected>,
}

pub(super) fn read(document: Document, output: &mut Output<'_>) {
    let Some(ecosystem) = ecosystem(&document) else {
        return output.skip("", "it does not say of which release it is");
    };
    let mut vulnerabilities: BTreeMap<String, Said> = BTreeMap::new();
    let mut others: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for Package { pkg } in document.packages {
        let fixes = match &pkg.secfixes {
            Value::Object(fixes) => fixes,
            Value::Null => continue,
            Value::Array(none) if none.is_empty() => continue,
            _ => {
                output.skip(&pkg.name, "its fixes are no list of versions");
                continue;
            }
        };
        for (version, mended) in fixes {
            for name in mended.as_array().into_iter().flatten() {
                let Some((ids, more)) = name.as_str().and_then(names) else {
                    output.skip(&pkg.name, format!("`{name}` is no name of a vulnerability"));
                    continue;
                };
                for other in more {
                    others.entry(other).or_default().extend(ids.iter().cloned());
                }
                for id in ids {
                    let said = vulnerabilities.entry(id).or_default();
                    let affected = said.packages.entry(pkg.name.clone());
                    add(affected.or_insert_with(|| Affected::new(&ecosystem, &pkg.name)), version);
                }
            }
        }
    }
    for (other, ids) in others {
        // `XSA-297` is four at once, and so another name of none of them.
        if let Some(said) = ids.first().filter(|_| ids.len() == 1).and_then(|id| vulnerabilities.get_mut(id))
        {
            said.aliases.push(other);
        }
    }
    for (id, said) in vulnerabilities {
        output.advisory(advisory(id, said));
    }
}

fn ecosystem(document: &Document) -> Option<String> {
    let known = |name: &str| document.urlprefix.contains(name);
    match document.distroversion.trim() {
        "" if known("wolfi") => Some("Wolfi".to_owned()),
        "" if known("chainguard") => Some("Chainguard".to_owned()),
        "" => None,
        version => Some(format!("Alpine:{version}")),
    }
}

/// The vulnerabilities that an entry names, and their other names: `CVE-2018-8897 XSA-260`, or `CVE-2017-16808 (AoE)`.
fn names(entry: &str) -> Option<(Vec<String>, Vec<String>)> {
    let mut others: Vec<String> = entry
        .split([' ', ',', '\t'])
        .filter(|word| !word.starts_with("CVE") && is_name(word))
        .map(str::to_owned)
        .collect();
    let mut ids = cves(entry);
    if ids.is_empty() && !others.is_empty() {
        ids.push(others.remove(0));
    }
    (!ids.is_empty()).then_some((ids, others))
}

/// `XSA-260`, `TALOS-2017-0499`, `GHSA-...`.
fn is_name(word: &str) -> bool {
    let Some((start, rest)) = word.split_once('-') else { return false };
    start.len() >= 2
        && start.bytes().all(|byte| byte.is_ascii_uppercase())
        && rest.bytes().any(|byte| byte.is_ascii_digit())
}

/// What an entry under `version` says; under `0`, that the package never had it.
fn add(affected: &mut Affected, version: &str) {
    if version == "0" {
        if affected.ranges.is_empty() {
            affected.status = Status::NotAffected;
            affected.ranges.push(Interval::ALL);
        }
        return;
    }
    if affected.status == Status::NotAffected {
        affected.status = Status::Affected;
        affected.ranges.clear();
    }
    affected.ranges.push(Interval { from: None, to: Some(Bound::Excluding(version.to_owned())) });
    affected.fix = Fix::In(version.to_owned());
}

fn advisory(id: String, said: Said) -> Advisory {
    Advisory {
        reference: format!("https://security.alpinelinux.org/vuln/{id}"),
        aliases: set(said.aliases),
        source: "alpine".to_owned(),
        affected: said.packages.into_values().collect(),
        id,
        ..Advisory::default()
    }
}
