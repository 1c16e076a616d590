//! NVD's JSON 2.0, for scores, weaknesses and what was withdrawn: what it says of products is not taken, because
//! names of products are not names of packages.

use std::collections::BTreeMap;

use model::finding::Cvss;
use serde::Deserialize;
use serde_json::Value;

use super::output::Output;
use super::score::{score, sorted};
use super::words::{day, line, or_default, set};
use crate::advisory::Advisory;

#[derive(Debug, Deserialize)]
struct Entry {
    cve: Cve,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cve {
    id: String,
    #[serde(default)]
    published: String,
    #[serde(default)]
    last_modified: String,
    #[serde(default)]
    vuln_status: String,
    #[serde(default, deserialize_with = "or_default")]
    descriptions: Vec<Text>,
    #[serde(default, deserialize_with = "or_default")]
    metrics: BTreeMap<String, Value>,
    #[serde(default, deserialize_with = "or_default")]
    weaknesses: Vec<Weakness>,
}

#[derive(Debug, Deserialize)]
struct Text {
    lang: String,
    value: String,
}

#[derive(Debug, Deserialize)]
struct Weakness {
    description: Vec<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
    #[serde(rename = "type", default)]
    kind: String,
    cvss_data: Data,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    vector_string: String,
}

pub(super) fn read(_: &str, entry: Value, output: &mut Output<'_>) {
    let cve = match serde_json::from_value(entry) {
        Ok(Entry { cve }) => cve,
        Err(error) => return output.skip("", error.to_string()),
    };
    let cvss = scores(&cve, output);
    let weaknesses = cve.weaknesses.into_iter().flat_map(|weakness| weakness.description);
    let english = cve.descriptions.iter().find(|text| text.lang == "en");
    output.advisory(Advisory {
        summary: line("", english.map_or("", |text| text.value.as_str())),
        reference: format!("https://nvd.nist.gov/vuln/detail/{}", cve.id),
        published: day(&cve.published),
        modified: day(&cve.last_modified),
        withdrawn: (cve.vuln_status == "Rejected").then(|| day(&cve.last_modified)),
        source: "nvd".to_owned(),
        cvss,
        cwes: set(weaknesses.map(|text| text.value).filter(|name| name.starts_with("CWE-")).collect()),
        id: cve.id,
        ..Advisory::default()
    });
}

/// NVD's own scores come before those of others.
fn scores(cve: &Cve, output: &mut Output<'_>) -> Vec<Cvss> {
    let lists = cve.metrics.iter().filter(|(name, _)| name.starts_with("cvssMetric"));
    let mut metrics = Vec::new();
    for metric in lists.flat_map(|(_, list)| list.as_array()).flatten() {
        match Metric::deserialize(metric) {
            Ok(metric) => metrics.push(metric),
            Err(error) => output.skip(&cve.id, error.to_string()),
        }
    }
    metrics.sort_by_key(|metric| metric.kind != "Primary");
    let mut scores = Vec::new();
    for metric in metrics {
        match score(&metric.cvss_data.vector_string) {
            Ok(score) => scores.push(score),
            Err(reason) => output.skip(&cve.id, reason),
        }
    }
    sorted(scores)
}
