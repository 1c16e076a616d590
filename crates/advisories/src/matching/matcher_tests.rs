use model::finding::{Cvss, Exploited, Fix, Reach, Severity};
use model::inventory::{SourcePackage, Symbols};

use super::*;
use crate::advisory::{Advisory, Affected, Record, Remark, Status, Vulnerable};
use crate::database::{Builder, Shard};
use crate::version::{Bound, Interval};

fn before(version: &str) -> Vec<Interval> {
    vec![Interval { from: None, to: Some(Bound::Excluding(version.into())) }]
}

fn affected(ecosystem: &str, name: &str, ranges: Vec<Interval>) -> Affected {
    Affected { ranges, ..Affected::new(ecosystem, name) }
}

fn advisory(id: &str, aliases: &[&str], affected: Affected) -> Advisory {
    let aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
    let source = affected.ecosystem.to_lowercase();
    Advisory { id: id.into(), aliases, source, affected: vec![affected], ..Advisory::default() }
}

fn database(sources: &[&[Advisory]]) -> Database {
    let shard = |advisories: &&[Advisory]| {
        let mut builder = Builder::new();
        advisories.iter().for_each(|advisory| builder.add(&Record::Advisory(Box::new(advisory.clone()))));
        Shard::of_bytes(builder.finish().unwrap().bytes, "test").unwrap()
    };
    Database::of_shards(sources.iter().map(shard).collect())
}

fn package(kind: PackageKind, name: &str, version: &str) -> Package {
    Package {
        kind,
        name: name.into(),
        version: version.into(),
        source: None,
        architecture: "amd64".into(),
        licences: Vec::new(),
        location: "where/it/is".into(),
        layer: 0,
        owner: None,
        symbols: Symbols::Unknown,
    }
}

fn inventory(system: (&str, &str), packages: Vec<Package>) -> Inventory {
    let (id, version) = (system.0.into(), system.1.into());
    let distribution = Some(Distribution { id, version, ..Distribution::default() });
    Inventory { distribution, packages, ..Inventory::default() }
}

fn matched(database: &Database, inventory: &Inventory) -> Matches {
    let context = Context { today: "2026-11-26".into() };
    Matcher::new(database, &context).unwrap().match_inventory(inventory).unwrap()
}

fn ids(matches: &Matches) -> Vec<&str> {
    matches.vulnerabilities.iter().map(|found| found.id.as_str()).collect()
}

#[test]
fn a_package_of_a_distribution_is_judged_by_its_source_and_release() {
    let database = database(&[&[
        advisory("CVE-2023-1", &[], affected("Debian:12", "curl", before("7.88.1-10+deb12u4"))),
        advisory("CVE-2023-2", &[], affected("Debian:11", "curl", before("9"))),
        advisory("CVE-2023-3", &[], affected("Debian:12", "libcurl4", before("9"))),
    ]]);
    let mut libcurl = package(PackageKind::Dpkg, "libcurl4", "7.88.1-10+deb12u1");
    libcurl.source = Some(SourcePackage { name: "curl".into(), version: "7.88.1-10+deb12u1".into() });
    let found = matched(&database, &inventory(("debian", "12"), vec![libcurl.clone()]));
    assert_eq!((ids(&found), found.gaps.as_slice()), (vec!["CVE-2023-1"], [].as_slice()));
    let [first] = found.vulnerabilities.as_slice() else { panic!("one") };
    assert_eq!(first.fix, Fix::In("7.88.1-10+deb12u4".into()));
    assert_eq!((first.range.as_str(), first.source.as_str()), ("before 7.88.1-10+deb12u4", "Debian:12"));
    libcurl.source.as_mut().unwrap().version = "7.88.1-10+deb12u4".into();
    assert_eq!(ids(&matched(&database, &inventory(("debian", "12"), vec![libcurl]))), [] as [&str; 0]);
}

#[test]
fn a_release_without_advisories_or_past_its_life_is_a_gap_and_not_silence() {
    let database = database(&[&[advisory("CVE-2024-1", &[], affected("Debian:12", "x", before("9")))]]);
    let packages = || vec![package(PackageKind::Dpkg, "x", "1")];
    let gaps = |system| {
        let found = matched(&database, &inventory(system, packages()));
        found.gaps.into_iter().map(|gap| gap.reason).collect::<Vec<_>>()
    };
    let unknown =
        |title: &str| format!("there are no advisories about {title}, so its packages were not judged");
    let over = "end of life since 2024-06-30: nobody looks for what is wrong with debian 10 any more";
    assert_eq!(gaps(("debian", "10")), [unknown("debian 10"), over.to_owned()]);
    assert_eq!(gaps(("plan9", "4")), [unknown("plan9 4")]);
    assert_eq!(gaps(("debian", "12")), [] as [&str; 0]);
    let nothing_says = Inventory { distribution: None, ..inventory(("", ""), packages()) };
    assert_eq!(matched(&database, &nothing_says).gaps.len(), 1);
    let python = inventory(("debian", "12"), vec![package(PackageKind::PyPi, "x", "1")]);
    assert_eq!(matched(&database, &python).gaps[0].reason, unknown("PyPI"));
}

#[test]
fn what_nobody_mends_any_more_will_never_be() {
    let database =
        database(&[&[advisory("CVE-2024-1", &[], affected("Alpine:v3.10", "x", vec![Interval::ALL]))]]);
    let found =
        matched(&database, &inventory(("alpine", "3.10.9"), vec![package(PackageKind::Apk, "x", "1-r0")]));
    assert_eq!(found.vulnerabilities[0].fix, Fix::Never);
}

#[test]
fn what_belongs_to_a_package_of_the_distribution_is_judged_with_it() {
    let database = database(&[&[
        advisory("CVE-2024-1", &[], affected("PyPI", "requests", before("9"))),
        advisory("CVE-2020-1", &[], affected("Debian:12", "python3-requests", before("1"))),
    ]]);
    let mut requests = package(PackageKind::PyPi, "Requests", "2.0");
    let count = |requests: &Package| {
        let packages = vec![package(PackageKind::Dpkg, "python3-requests", "2.0-1"), requests.clone()];
        matched(&database, &inventory(("debian", "12"), packages)).vulnerabilities.len()
    };
    assert_eq!(count(&requests), 1);
    requests.owner = Some(0);
    assert_eq!(count(&requests), 0);
}

#[test]
fn a_version_that_is_none_is_a_gap_unless_every_version_is_meant() {
    let database = database(&[&[
        advisory("CVE-2024-1", &[], affected("Go", "m", before("1.0.0"))),
        advisory("CVE-2024-2", &[], affected("Go", "m", vec![Interval::ALL])),
    ]]);
    let found = matched(&database, &inventory(("", ""), vec![package(PackageKind::Go, "m", "(devel)")]));
    assert_eq!(ids(&found), ["CVE-2024-2"]);
    assert!(
        found.gaps[0].reason.starts_with("2 advisories about `m` could not be judged: `(devel)`"),
        "{found:?}"
    );
    assert_eq!(found.gaps[0].location, "where/it/is");
    let other = matched(&database, &inventory(("", ""), vec![package(PackageKind::Go, "other", "(devel)")]));
    assert_eq!(other, Matches::default());
}

#[test]
fn several_advisories_about_one_vulnerability_are_one_finding() {
    let own = Advisory {
        severity: Some(Severity::Low),
        summary: "own words".into(),
        ..advisory("PYSEC-1", &["CVE-2024-1"], affected("PyPI", "x", before("2.0")))
    };
    let github = Advisory {
        severity: Some(Severity::High),
        cvss: vec![Cvss { score: 7.5, vector: "CVSS:3.1/x".into() }],
        ..advisory("GHSA-1", &["CVE-2024-1"], affected("PyPI", "x", before("3.0")))
    };
    let by_github = advisory("GHSA-2", &["PYSEC-2"], affected("PyPI", "x", before("3.0")));
    let same = advisory("PYSEC-2", &["GHSA-2"], affected("PyPI", "x", before("3.0")));
    let found = matched(
        &database(&[&[github, by_github], &[own, same]]),
        &inventory(("", ""), vec![package(PackageKind::PyPi, "x", "1.0")]),
    );
    assert_eq!(ids(&found), ["CVE-2024-1", "GHSA-2"]);
    let first = &found.vulnerabilities[0];
    assert_eq!(first.aliases, ["GHSA-1", "PYSEC-1"]);
    assert_eq!((first.severity, first.severity_source.as_str()), (Severity::Low, "pypi"));
    assert_eq!((&first.fix, first.summary.as_str()), (&Fix::In("2.0".into()), "own words"));
    assert_eq!(first.cvss.as_ref().unwrap().score, 7.5);
}

#[test]
fn an_update_is_a_finding_for_each_vulnerability_that_it_mends() {
    let update = Advisory {
        mends: vec!["CVE-2024-1".into(), "CVE-2024-2".into()],
        summary: "Important: x security update".into(),
        severity: Some(Severity::High),
        ..advisory("ALSA-2024:1", &[], affected("AlmaLinux:9", "x", before("2-1.el9")))
    };
    let nvd = Advisory {
        id: "CVE-2024-2".into(),
        summary: "what it is".into(),
        source: "nvd".into(),
        cvss: vec![Cvss { score: 5.0, vector: String::new() }],
        ..Advisory::default()
    };
    let found = matched(
        &database(&[&[update], &[nvd]]),
        &inventory(("almalinux", "9.3"), vec![package(PackageKind::Rpm, "x", "1-1.el9")]),
    );
    assert_eq!(ids(&found), ["CVE-2024-1", "CVE-2024-2"]);
    assert!(found.vulnerabilities.iter().all(|found| found.aliases == ["ALSA-2024:1"]));
    assert!(found.vulnerabilities.iter().all(|found| found.severity == Severity::High));
    // The update's own line says nothing of the one.
    assert_eq!(found.vulnerabilities[1].cvss.as_ref().unwrap().score, 5.0);
}

#[test]
fn those_who_maintain_a_package_may_say_that_it_is_not_affected() {
    let status = |status| Affected { status, ..affected("Debian:12", "x", vec![Interval::ALL]) };
    let denied = advisory("CVE-2024-1", &[], status(Status::NotAffected));
    let also = advisory("DSA-1", &["CVE-2024-1"], affected("Debian:12", "x", before("9")));
    let open = advisory("CVE-2024-2", &[], status(Status::UnderInvestigation));
    let found = matched(
        &database(&[&[denied, also, open]]),
        &inventory(("debian", "12"), vec![package(PackageKind::Dpkg, "x", "1")]),
    );
    assert_eq!(ids(&found), ["CVE-2024-2"]);
    assert_eq!(found.vulnerabilities[0].range, "not known yet");
}

#[test]
fn severity_is_by_cvss_where_nobody_else_says() {
    let cvss = |score| vec![Cvss { score, vector: String::new() }];
    let mut advisory = advisory("CVE-2024-1", &[], affected("npm", "x", before("2.0.0")));
    for (score, severity) in [
        (0.0, Severity::Negligible),
        (3.9, Severity::Low),
        (4.0, Severity::Medium),
        (8.9, Severity::High),
        (9.0, Severity::Critical),
    ] {
        advisory.cvss = cvss(score);
        let packages = vec![package(PackageKind::Npm, "x", "1.0.0")];
        let found = matched(&database(&[&[advisory.clone()]]), &inventory(("", ""), packages));
        let first = &found.vulnerabilities[0];
        assert_eq!((first.severity, first.severity_source.as_str()), (severity, "cvss"), "{score}");
    }
}

#[test]
fn functions_that_are_not_in_a_binary_make_it_less_urgent() {
    let listed = Affected {
        symbols: vec![Vulnerable { path: "m/p".into(), symbols: vec!["F".into()], ..Vulnerable::default() }],
        ..affected("Go", "m", before("1.0.0"))
    };
    let database = database(&[&[advisory("GO-1", &["CVE-2024-1"], listed)]]);
    let found = |symbols: &[&str]| {
        let mut module = package(PackageKind::Go, "m", "v0.1.0");
        module.symbols = Symbols::Known(symbols.iter().map(|symbol| (*symbol).to_owned()).collect());
        matched(&database, &inventory(("", ""), vec![module])).vulnerabilities.remove(0)
    };
    let (present, absent) = (found(&["m/p.F"]), found(&["m/p.G"]));
    assert_eq!((present.reach, absent.reach), (Reach::Present, Reach::Absent));
    assert!(present.priority > absent.priority);
}

#[test]
fn what_is_known_of_a_vulnerability_is_in_its_finding() {
    let exploited = Exploited { since: "2024-01-01".into(), due: "2024-02-01".into(), ransomware: false };
    let remark = |remark| Record::Remark { cve: "CVE-2024-1".into(), remark };
    let shards = [
        vec![remark(Remark::Exploited(exploited.clone()))],
        vec![remark(Remark::Likelihood { probability: 0.25, percentile: 0.9 })],
        vec![Record::Advisory(Box::new(advisory(
            "GHSA-1",
            &["CVE-2024-1"],
            affected("npm", "x", before("2.0.0")),
        )))],
    ];
    let shards = shards.map(|records| {
        let mut builder = Builder::new();
        records.iter().for_each(|record| builder.add(record));
        Shard::of_bytes(builder.finish().unwrap().bytes, "test").unwrap()
    });
    let found = matched(
        &Database::of_shards(shards.into()),
        &inventory(("", ""), vec![package(PackageKind::Npm, "x", "1.0.0")]),
    );
    let first = &found.vulnerabilities[0];
    assert_eq!((first.exploited.as_ref(), first.epss), (Some(&exploited), Some(0.25)));
    assert_eq!(first.priority, crate::priority::priority(first));
}

#[test]
fn qualifiers_have_to_hold() {
    let with = |name: &str, value: &str| Affected {
        qualifiers: vec![(name.into(), value.into())],
        ..affected("AlmaLinux:8", "x", before("2-1"))
    };
    for (name, value, version, count) in [
        ("arch", "amd64", "1-1", 1),
        ("arch", "s390x", "1-1", 0),
        ("rpmmod", "nodejs:18", "1-1.module_el8+1", 1),
        ("rpmmod", "nodejs:18", "1-1.el8", 0),
    ] {
        let database = database(&[&[advisory("CVE-2024-1", &[], with(name, value))]]);
        let packages = vec![package(PackageKind::Rpm, "x", version)];
        let found = matched(&database, &inventory(("almalinux", "8"), packages));
        assert_eq!(found.vulnerabilities.len(), count, "{name}={value} {version}");
    }
}

#[test]
fn software_outside_any_manager_is_known_by_its_name_elsewhere() {
    let database = database(&[&[advisory(
        "BIT-redis-1",
        &["CVE-2024-1"],
        affected("Bitnami", "redis", before("7.2.4")),
    )]]);
    for name in ["redis", "redis-server"] {
        let packages = vec![package(PackageKind::Generic, name, "7.0.0")];
        assert_eq!(ids(&matched(&database, &inventory(("", ""), packages))), ["CVE-2024-1"]);
    }
}

#[test]
fn one_vulnerability_can_be_looked_for_by_any_of_its_names() {
    let database = database(&[&[
        advisory("GHSA-1", &["CVE-2024-1"], affected("npm", "x", before("2.0.0"))),
        advisory("GHSA-2", &["CVE-2024-2"], affected("npm", "x", before("2.0.0"))),
    ]]);
    let context = Context { today: "2026-11-26".into() };
    let matcher = Matcher::new(&database, &context).unwrap();
    let inventory = inventory(("", ""), vec![package(PackageKind::Npm, "x", "1.0.0")]);
    for (name, expected) in
        [("GHSA-1", vec!["CVE-2024-1"]), ("CVE-2024-2", vec!["CVE-2024-2"]), ("CVE-2024-3", vec![])]
    {
        let found = matcher.match_only(&inventory, &matcher.about(name).unwrap()).unwrap();
        assert_eq!(ids(&found), expected, "{name}");
    }
}
