//! What is said of a vulnerability, by all who know of it, in one finding.

use model::finding::{Cvss, Fix, Reach, Severity, Vulnerability};
use model::inventory::Package;

use super::hits::Hit;
use super::merge::Group;
use super::reach::reach;
use crate::advisory::{Status, Topic};
use crate::database::{Damage, Database, Mend};
use crate::priority::priority;

/// Whether anybody still mends what a package is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Going,
    Over,
}

/// The finding of a group. What those in the group do not say is asked of everybody else who knows the name.
pub(super) fn finding(
    group: &Group<'_, '_>,
    package: &Package,
    index: u32,
    life: Life,
    database: &Database,
) -> Result<Option<Vulnerability>, Damage> {
    let Some(first) = group.affirming().next() else { return Ok(None) };
    let names: Vec<_> = group.names.iter().filter(|name| **name != group.id).collect();
    let mut found = Vulnerability {
        id: group.id.to_owned(),
        aliases: names.into_iter().map(|name| (*name).to_owned()).collect(),
        package: index,
        severity: Severity::Unknown,
        severity_source: String::new(),
        cvss: None,
        fix: fix(group, life),
        summary: String::new(),
        published: String::new(),
        source: first.ecosystem.to_owned(),
        range: range(first),
        reach: reaches(group, package),
        epss: None,
        exploited: None,
        priority: 0,
        dismissed: None,
    };
    describe(&mut found, group);
    consult(&mut found, database)?;
    judge(&mut found, group);
    remark(&mut found, database)?;
    found.priority = priority(&found);
    Ok(Some(found))
}

fn range(hit: &Hit<'_>) -> String {
    match (hit.status(), &hit.ends) {
        (Status::UnderInvestigation, _) => "not known yet".to_owned(),
        (_, Some(ends)) => ends.words(),
        (_, None) => "named one by one".to_owned(),
    }
}

/// Of those who are equally close, whoever knows a fix is right about there being one.
fn fix(group: &Group<'_, '_>, life: Life) -> Fix {
    let closest = group.affirming().map(|hit| hit.distance / 2).min();
    let mut fixes: Vec<_> = group
        .affirming()
        .filter(|hit| Some(hit.distance / 2) == closest)
        .map(|hit| match (hit.details.fix, hit.ends.as_ref().and_then(|ends| ends.fix())) {
            (Mend::In(version), _) | (_, Some(version)) => Fix::In(version.to_owned()),
            (Mend::Never, _) => Fix::Never,
            (Mend::None, _) if life == Life::Over => Fix::Never,
            (Mend::None, _) => Fix::None,
        })
        .collect();
    let known = fixes.iter().position(|fix| matches!(fix, Fix::In(_))).unwrap_or(0);
    if known < fixes.len() { fixes.swap_remove(known) } else { Fix::None }
}

/// Absent only where everybody who lists functions lists none that is there.
fn reaches(group: &Group<'_, '_>, package: &Package) -> Reach {
    let all: Vec<_> = group.affirming().map(|hit| reach(&hit.details.symbols, package)).collect();
    let has = |wanted| all.contains(&wanted);
    match (has(Reach::Present), has(Reach::Absent)) {
        (true, _) => Reach::Present,
        (false, true) => Reach::Absent,
        (false, false) => Reach::Unknown,
    }
}

/// An update's own words are about all that it mends, and come last.
fn describe(found: &mut Vulnerability, group: &Group<'_, '_>) {
    let (updates, own): (Vec<_>, Vec<_>) = group.affirming().partition(|hit| !hit.head.mends.is_empty());
    for hit in own {
        fill(&mut found.summary, hit.head.summary);
        fill(&mut found.published, hit.head.published);
        found.cvss = found.cvss.take().or_else(|| cvss(hit.details.cvss.or(hit.head.cvss)));
    }
    if let Some(update) = updates.first().filter(|_| found.summary.is_empty()) {
        fill(&mut found.summary, update.head.summary);
        fill(&mut found.published, update.head.published);
    }
}

fn fill(text: &mut String, from: &str) {
    if text.is_empty() {
        text.push_str(from);
    }
}

fn cvss(score: Option<(f32, &str)>) -> Option<Cvss> {
    score.map(|(score, vector)| Cvss { score, vector: vector.to_owned() })
}

/// Asks those who know the vulnerability for what is still missing.
fn consult(found: &mut Vulnerability, database: &Database) -> Result<(), Damage> {
    if found.cvss.is_some() && !found.summary.is_empty() {
        return Ok(());
    }
    let others = database.find(&found.id)?;
    for head in others.iter().filter(|head| head.mends.is_empty()) {
        fill(&mut found.summary, head.summary);
        fill(&mut found.published, head.published);
        found.cvss = found.cvss.take().or_else(|| cvss(head.cvss));
        if found.severity == Severity::Unknown
            && let Some(severity) = head.severity
        {
            (found.severity, found.severity_source) = (severity, head.source.to_owned());
        }
    }
    Ok(())
}

/// The maintainers of the package first, then whoever publishes, then CVSS.
fn judge(found: &mut Vulnerability, group: &Group<'_, '_>) {
    let known = |severity: Option<Severity>| severity.filter(|severity| *severity != Severity::Unknown);
    let said = group
        .affirming()
        .find_map(|hit| Some((known(hit.details.severity.or(hit.head.severity))?, hit.head.source)));
    if let Some((severity, source)) = said {
        (found.severity, found.severity_source) = (severity, source.to_owned());
    } else if found.severity == Severity::Unknown
        && let Some(cvss) = &found.cvss
    {
        (found.severity, found.severity_source) = (cvss.severity(), "cvss".to_owned());
    }
    let malice = group.affirming().find(|hit| hit.head.topic == Topic::Malice);
    if let Some(hit) = malice.filter(|_| found.severity == Severity::Unknown) {
        (found.severity, found.severity_source) = (Severity::Critical, hit.head.source.to_owned());
    }
}

/// The worst of what is known of its names.
fn remark(found: &mut Vulnerability, database: &Database) -> Result<(), Damage> {
    let names = std::iter::once(&found.id).chain(&found.aliases).filter(|name| name.starts_with("CVE-"));
    let mut known = crate::database::Remarks::default();
    for name in names {
        known.worsen(database.remarks(name)?);
    }
    found.exploited = known.exploited;
    found.epss = known.likelihood.map(|(probability, _)| probability);
    Ok(())
}
