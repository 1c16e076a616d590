//! Debian's security tracker: for each source package and vulnerability, how it stands in each release.

use std::collections::BTreeMap;

use model::finding::Fix;
use serde::Deserialize;
use serde_json::Value;

use super::debian::fixed;
use super::output::Output;
use super::words::{line, or_default, severity};
use crate::advisory::{Advisory, Affected, Status};
use crate::ecosystem::of_debian;
use crate::version::Interval;

#[derive(Debug, Deserialize)]
struct Vulnerability {
    #[serde(default, deserialize_with = "or_default")]
    description: String,
    releases: BTreeMap<String, Release>,
}

#[derive(Debug, Deserialize)]
struct Release {
    status: String,
    fixed_version: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    urgency: String,
    #[serde(default, deserialize_with = "or_default")]
    nodsa_reason: String,
}

/// Reads what is said of one package.
pub(super) fn read(package: &str, vulnerabilities: Value, output: &mut Output<'_>) {
    let Value::Object(vulnerabilities) = vulnerabilities else {
        return output.skip(package, "it has no vulnerabilities by name");
    };
    for (id, vulnerability) in vulnerabilities {
        match serde_json::from_value(vulnerability) {
            Ok(vulnerability) => one(package, id, vulnerability, output),
            Err(error) => output.skip(&format!("{package}, {id}"), error.to_string()),
        }
    }
}

fn one(package: &str, id: String, vulnerability: Vulnerability, output: &mut Output<'_>) {
    let mut affected = Vec::new();
    for (name, release) in &vulnerability.releases {
        match of_debian(name) {
            Some(ecosystem) => match in_release(&ecosystem, package, release) {
                Ok(one) => affected.push(one),
                Err(reason) => output.skip(&id, format!("{reason}, of `{package}` in `{name}`")),
            },
            None => output.skip(&id, format!("`{name}` is no release that is known")),
        }
    }
    output.advisory(Advisory {
        summary: line("", &vulnerability.description),
        reference: format!("https://security-tracker.debian.org/tracker/{id}"),
        source: "debian".to_owned(),
        affected,
        id,
        ..Advisory::default()
    });
}

fn in_release(ecosystem: &str, package: &str, release: &Release) -> Result<Affected, String> {
    let mut affected = Affected::new(ecosystem, package);
    affected.severity = severity(&release.urgency);
    match (release.status.as_str(), release.fixed_version.as_deref()) {
        ("resolved", Some(version)) => fixed(&mut affected, version),
        ("resolved", None) => return Err("it is resolved in no version".to_owned()),
        ("open", _) => {
            affected.ranges.push(Interval::ALL);
            let given_up = release.urgency == "end-of-life" || release.nodsa_reason == "ignored";
            affected.fix = if given_up { Fix::Never } else { Fix::None };
        }
        ("undetermined", _) => {
            affected.ranges.push(Interval::ALL);
            affected.status = Status::UnderInvestigation;
        }
        (status, _) => return Err(format!("`{status}` is no status that is known")),
    }
    Ok(affected)
}
