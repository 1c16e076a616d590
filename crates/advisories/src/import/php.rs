//! FriendsOfPHP: one file for each vulnerability of a Composer package, with the vulnerable versions of each branch.

use std::collections::BTreeMap;

use model::finding::Fix;
use serde::Deserialize;

use super::constraint::all_of;
use super::output::Output;
use super::rubysec::stem;
use super::words::{cves, day, line, or_default};
use crate::advisory::{Advisory, Affected};
use crate::version::{Bound, Order};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Document {
    #[serde(deserialize_with = "or_default")]
    title: String,
    #[serde(deserialize_with = "or_default")]
    link: String,
    #[serde(deserialize_with = "or_default")]
    cve: String,
    #[serde(deserialize_with = "or_default")]
    reference: String,
    #[serde(deserialize_with = "or_default")]
    branches: BTreeMap<String, Branch>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Branch {
    #[serde(deserialize_with = "or_default")]
    time: String,
    #[serde(deserialize_with = "or_default")]
    versions: Vec<String>,
}

pub(super) fn read(document: Document, output: &mut Output<'_>) {
    let mut names = cves(&document.cve);
    let Some(package) = document.reference.trim().strip_prefix("composer://") else {
        return output.skip(&document.title, format!("`{}` is no package of Composer", document.reference));
    };
    if names.is_empty() {
        names.push(format!("{package}/{}", stem(output.source())));
    }
    let id = names.remove(0);
    let mut affected = Affected::new("Packagist", &package.to_ascii_lowercase());
    for (name, branch) in document.branches.iter().filter(|(_, branch)| !branch.versions.is_empty()) {
        match all_of(branch.versions.iter().map(String::as_str), Order::Packagist) {
            Ok(interval) => affected.ranges.push(interval),
            Err(reason) => output.skip(&id, format!("{reason}, in branch `{name}`")),
        }
    }
    if affected.ranges.is_empty() {
        return output.skip(&id, "it names no versions");
    }
    affected.fix = match affected.ranges.last().and_then(|interval| interval.to.as_ref()) {
        Some(Bound::Excluding(version)) => Fix::In(version.clone()),
        _ => Fix::None,
    };
    let days = document.branches.values().map(|branch| day(&branch.time));
    output.advisory(Advisory {
        id,
        aliases: names,
        summary: line(&document.title, ""),
        reference: document.link,
        published: days.filter(|day| !day.is_empty()).min().unwrap_or_default(),
        source: "friendsofphp".to_owned(),
        affected: vec![affected],
        ..Advisory::default()
    });
}
