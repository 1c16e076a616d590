//! OSV, the format that most ecosystems publish in: <https://ossf.github.io/osv-schema/>.

mod wire;
mod events;
mod specific;

use model::finding::{Fix, Severity};
use serde_json::Value;

use super::output::Output;
use super::score::{score, sorted};
use super::words::{self, day, line, set, severity, topic};
use crate::advisory::{Advisory, Affected, Topic};
use crate::version::{Bound, Interval, Order};
pub(super) use wire::Osv;
use wire::{Package, Score};

/// Reads one record.
pub(super) fn read(osv: Osv, output: &mut Output<'_>) {
    let id = osv.id.trim().to_owned();
    if id.is_empty() {
        return output.skip("", "it has no id");
    }
    let (severity_here, cvss) = severities(&id, &osv.severity, output);
    let affected: Vec<Affected> =
        osv.affected.iter().filter_map(|package| package_of(&id, package, output)).collect();
    let mends = mends(&id, &osv);
    // What others have a name for, they take for a vulnerability.
    let is_notice = osv.aliases.is_empty() && osv.affected.iter().any(specific::is_notice);
    let mut aliases = osv.aliases;
    aliases.extend(osv.upstream.into_iter().filter(|name| !mends.contains(name)));
    aliases.extend(words::cves(&id));
    aliases.retain(|alias| *alias != id);
    let advisory = Advisory {
        topic: if is_notice { Topic::Notice } else { topic(&id, &mends) },
        summary: line(&osv.summary, &osv.details),
        reference: specific::reference(&osv.references, &osv.database_specific),
        published: day(&osv.published),
        modified: day(&osv.modified),
        withdrawn: osv.withdrawn.filter(|time| !time.is_empty()).map(|time| day(&time)),
        severity: severity_here
            .or_else(|| word(&osv.database_specific, "severity"))
            .or_else(|| specific::heading_severity(&id, &osv.summary)),
        source: specific::publisher(&id),
        cvss,
        cwes: specific::cwes(&osv.database_specific),
        aliases: set(aliases),
        mends,
        affected,
        id,
    };
    output.advisory(advisory);
}

/// What an update mends: each of them is a vulnerability of its own, and the update no other name of it.
fn mends(id: &str, osv: &Osv) -> Vec<String> {
    let is_update = specific::is_update(id);
    let cves = osv.upstream.iter().filter(|name| name.starts_with("CVE-")).count();
    // Who is no update and names one vulnerability elsewhere is that one, by all the names that it has there.
    let several = is_update || cves > 1;
    let upstream = osv.upstream.iter().filter(|name| several && !id.ends_with(*name));
    let mut mends: Vec<String> = upstream.cloned().collect();
    if is_update {
        mends.extend_from_slice(&osv.related);
        // Some name them in the text alone.
        if mends.is_empty() && osv.aliases.is_empty() {
            mends.extend(words::cves(&osv.details));
            mends.extend(osv.references.iter().flat_map(|reference| words::cves(&reference.url)));
        }
    }
    set(mends)
}

fn severities(
    id: &str,
    scores: &[Score],
    output: &mut Output<'_>,
) -> (Option<Severity>, Vec<model::finding::Cvss>) {
    let mut worded = None;
    let mut cvss = Vec::new();
    for Score { kind, score: value } in scores {
        if kind.starts_with("CVSS") {
            match score(value) {
                Ok(scored) => cvss.push(scored),
                Err(reason) => output.skip(id, reason),
            }
        } else {
            match severity(value) {
                Some(severity) => worded = Some(severity),
                None => output.skip(id, format!("`{value}` is no severity that is known")),
            }
        }
    }
    (worded, sorted(cvss))
}

fn package_of(id: &str, package: &Package, output: &mut Output<'_>) -> Option<Affected> {
    let (ecosystem, name) = (package.package.ecosystem.as_str(), package.package.name.as_str());
    if ecosystem.is_empty() || name.is_empty() {
        // Of commits, or of products, that no package is made of: scanners of sources know what to do.
        if !package.ranges.is_empty() || !package.versions.is_empty() {
            output.skip(id, "it is about commits or versions of no package");
        }
        return None;
    }
    let mut affected = Affected::new(ecosystem, &specific::name(ecosystem, name));
    let order = Order::of_ecosystem(ecosystem);
    let releases = specific::releases(&package.ecosystem_specific);
    let ranges =
        if events::is_endless(&package.ranges) && !releases.is_empty() { &releases } else { &package.ranges };
    for range in ranges.iter().filter(|range| range.kind != "GIT") {
        match events::intervals(&range.events, order) {
            Ok(intervals) => affected.ranges.extend(intervals),
            Err(reason) => output.skip(id, format!("{reason}, of `{name}`")),
        }
    }
    affected.versions.clone_from(&package.versions);
    if affected.ranges.is_empty() && affected.versions.is_empty() {
        output.skip(id, format!("it names no version of `{name}`"));
    }
    let (worded, cvss) = severities(id, &package.severity, output);
    let ecosystem_specific = &package.ecosystem_specific;
    affected.severity = worded
        .or_else(|| word(ecosystem_specific, "urgency"))
        .or_else(|| word(ecosystem_specific, "ubuntu_priority"))
        .or_else(|| word(ecosystem_specific, "severity"))
        .or_else(|| word(&package.database_specific, "severity"));
    affected.cvss = cvss;
    affected.fix = fix(&affected.ranges, ecosystem_specific);
    affected.qualifiers = specific::qualifiers(&package.package.purl);
    affected.symbols = specific::symbols(name, ecosystem_specific);
    Some(affected)
}

/// What to install where the matching interval has no end of its own: the last mended version.
fn fix(ranges: &[Interval], ecosystem_specific: &Value) -> Fix {
    if ecosystem_specific.get("urgency").and_then(Value::as_str) == Some("end-of-life") {
        return Fix::Never;
    }
    match ranges.last().and_then(|interval| interval.to.as_ref()) {
        Some(Bound::Excluding(version)) => Fix::In(version.clone()),
        _ => Fix::None,
    }
}

/// A severity that a field of a publisher's own gives.
fn word(specific: &Value, field: &str) -> Option<Severity> {
    specific.get(field).and_then(Value::as_str).and_then(severity)
}
