//! CISA's catalogue of vulnerabilities that are known to be exploited.

use model::finding::Exploited;
use serde::Deserialize;
use serde_json::Value;

use super::output::Output;
use super::words::{cves, day};
use crate::advisory::Remark;

#[derive(Debug, Deserialize)]
pub(super) struct Document {
    vulnerabilities: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(rename = "cveID")]
    cve: String,
    date_added: String,
    #[serde(default)]
    due_date: String,
    #[serde(default)]
    known_ransomware_campaign_use: String,
}

pub(super) fn read(document: Document, output: &mut Output<'_>) {
    for entry in document.vulnerabilities {
        match serde_json::from_value(entry) {
            Ok(entry) => one(&entry, output),
            Err(error) => output.skip("", error.to_string()),
        }
    }
}

fn one(entry: &Entry, output: &mut Output<'_>) {
    let Some(cve) = cves(&entry.cve).pop() else {
        return output.skip(&entry.cve, "it is no CVE");
    };
    let exploited = Exploited {
        since: day(&entry.date_added),
        due: day(&entry.due_date),
        ransomware: entry.known_ransomware_campaign_use == "Known",
    };
    output.remark(cve, Remark::Exploited(exploited));
}
