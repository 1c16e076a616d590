//! rubysec: one file for each vulnerability of a gem, which says what is not vulnerable.

use model::finding::{Cvss, Fix};
use serde::Deserialize;

use super::constraint::{all_of, none_of};
use super::output::Output;
use super::score::sorted;
use super::words::{cves, day, line, or_default, set};
use crate::advisory::{Advisory, Affected};
use crate::version::{Bound, Interval, Order};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Document {
    gem: String,
    #[serde(deserialize_with = "or_default")]
    cve: String,
    #[serde(deserialize_with = "or_default")]
    ghsa: String,
    #[serde(deserialize_with = "or_default")]
    osvdb: String,
    #[serde(deserialize_with = "or_default")]
    url: String,
    #[serde(deserialize_with = "or_default")]
    title: String,
    #[serde(deserialize_with = "or_default")]
    date: String,
    #[serde(deserialize_with = "or_default")]
    description: String,
    #[serde(deserialize_with = "or_default")]
    cvss_v2: String,
    #[serde(deserialize_with = "or_default")]
    cvss_v3: String,
    #[serde(deserialize_with = "or_default")]
    cvss_v4: String,
    #[serde(deserialize_with = "or_default")]
    patched_versions: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    unaffected_versions: Vec<String>,
}

pub(super) fn read(document: Document, output: &mut Output<'_>) {
    let mut names = names(&document);
    if names.is_empty() {
        names.push(stem(output.source()));
    }
    let id = names.remove(0);
    let ranges = match vulnerable(&document) {
        Ok(ranges) => ranges,
        Err(reason) => return output.skip(&id, reason),
    };
    let mut affected = Affected::new("RubyGems", &document.gem);
    affected.fix = match ranges.last().and_then(|interval| interval.to.as_ref()) {
        Some(Bound::Excluding(version)) => Fix::In(version.clone()),
        _ => Fix::None,
    };
    affected.ranges = ranges;
    let cvss = scores(&id, &document, output);
    output.advisory(Advisory {
        id,
        aliases: set(names),
        summary: line(&document.title, &document.description),
        reference: document.url,
        published: day(&document.date),
        source: "rubysec".to_owned(),
        cvss,
        affected: vec![affected],
        ..Advisory::default()
    });
}

/// Its names, the best known first.
fn names(document: &Document) -> Vec<String> {
    let with = |prefix: &str, name: &str| {
        let name = name.trim().trim_start_matches(prefix);
        (!name.is_empty()).then(|| format!("{prefix}{name}"))
    };
    let cve = with("CVE-", &document.cve).map(|cve| cves(&cve)).unwrap_or_default();
    cve.into_iter().chain(with("GHSA-", &document.ghsa)).chain(with("OSVDB-", &document.osvdb)).collect()
}

/// The name of a file without what is around it.
pub(super) fn stem(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}

fn vulnerable(document: &Document) -> Result<Vec<Interval>, String> {
    let not = document.patched_versions.iter().chain(&document.unaffected_versions);
    let not: Vec<Interval> =
        not.map(|requirement| all_of([requirement.as_str()], Order::RubyGems)).collect::<Result<_, _>>()?;
    none_of(&not, Order::RubyGems)
}

/// Scores without the vectors behind them, which is what there is.
fn scores(id: &str, document: &Document, output: &mut Output<'_>) -> Vec<Cvss> {
    let given = [("CVSS:4", &document.cvss_v4), ("CVSS:3", &document.cvss_v3), ("CVSS:2", &document.cvss_v2)];
    let mut scores = Vec::new();
    for (version, score) in given.into_iter().filter(|(_, score)| !score.is_empty()) {
        match score.trim().parse::<f32>() {
            Ok(score) if (0.0..=10.0).contains(&score) => {
                scores.push(Cvss { score, vector: version.to_owned() });
            }
            _ => output.skip(id, format!("`{score}` is no score of CVSS")),
        }
    }
    sorted(scores)
}
