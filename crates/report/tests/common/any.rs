//! Any scan at all, as far as types allow it.

use std::collections::BTreeMap;

use model::finding::{
    Cvss, Dismissal, Exploited, Fix, Malware, Misconfiguration, Place, Reach, Secret, Severity, Vulnerability,
};
use model::inventory::{Distribution, Gap, Inventory, Package, PackageKind, SourcePackage, Symbols};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use report::subject::{Database, DatabaseSource, Layer, Licence, Look, Target, TargetKind};

use super::{HOSTILE, Owned, vulnerability};

/// What formats have a meaning for, or a rule about.
const ODD: &[&str] = &[
    HOSTILE,
    "",
    " ",
    "sha256:",
    "sha256:zz",
    "CVE-2024-1",
    "2023-02-31",
    "2023-99-99",
    "2024-02-29",
    "LicenseRef-",
    "MIT",
    "GPL-2.0-only WITH x",
    "a AND (b",
    "../../etc/passwd",
    "http://example.org/x",
    "a!b!c",
    "%zz",
    "]]>",
    "<!--",
    "\u{feff}\u{fffe}\u{10ffff}",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        select(ODD).prop_map(str::to_owned),
        "[a-z0-9.:/@+-]{1,20}",
        "(?s).{0,20}",
        "[<>&\"' =/a-z!-]{0,30}",
        Just("long ".repeat(500)),
        Just("9".repeat(1500)),
    ]
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    vec(text(), 0..4)
}

fn severity() -> impl Strategy<Value = Severity> {
    use Severity::{Critical, High, Low, Medium, Negligible, Unknown};
    select(&[Unknown, Negligible, Low, Medium, High, Critical][..])
}

fn kind() -> impl Strategy<Value = PackageKind> {
    use PackageKind::{Apk, Cargo, Dpkg, Generic, Go, Maven, Npm, NuGet, Packagist, PyPi, Rpm, RubyGems};
    select(&[Dpkg, Apk, Rpm, PyPi, Npm, RubyGems, Maven, Go, Cargo, Packagist, NuGet, Generic][..])
}

prop_compose! {
    fn package()(
        kind in kind(), name in text(), version in text(), source in option::of((text(), text())),
        architecture in text(), licences in texts(), location in text(), layer in 0..5_u32,
        owner in option::of(0..9_u32),
    ) -> Package {
        let source = source.map(|(name, version)| SourcePackage { name, version });
        let symbols = Symbols::Unknown;
        Package { kind, name, version, source, architecture, licences, location, layer, owner, symbols }
    }
}

prop_compose! {
    fn found()(
        id in text(), aliases in texts(), package in 0..9_u32, severity in severity(),
        words in (text(), text(), text(), text(), text()),
        score in option::of((any::<f32>(), text())),
        fix in prop_oneof![text().prop_map(Fix::In), Just(Fix::None), Just(Fix::Never)],
        reach in select(&[Reach::Unknown, Reach::Present, Reach::Absent][..]),
        epss in option::of(any::<f32>()), exploited in option::of((text(), text(), any::<bool>())),
        priority in any::<u8>(), dismissed in option::of((text(), text(), option::of(text()))),
    ) -> Vulnerability {
        let (severity_source, summary, published, source, range) = words;
        Vulnerability {
            aliases,
            severity_source,
            cvss: score.map(|(score, vector)| Cvss { score, vector }),
            fix,
            summary,
            published,
            source,
            range,
            reach,
            epss,
            exploited: exploited.map(|(since, due, ransomware)| Exploited { since, due, ransomware }),
            priority,
            dismissed: dismissed.map(|(reason, source, until)| Dismissal { reason, source, until }),
            ..vulnerability(&id, package, severity)
        }
    }
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        (text(), any::<u32>(), any::<u32>(), any::<bool>())
            .prop_map(|(path, layer, line, removed)| Place::File { path, layer, line, removed }),
        text().prop_map(Place::Environment),
        text().prop_map(Place::Label),
        any::<u32>().prop_map(Place::History),
        Just(Place::Configuration),
    ]
}

prop_compose! {
    fn inventory()(
        distribution in option::of((text(), texts(), text(), text(), text())),
        packages in vec(package(), 0..6), removed in vec(package(), 0..2),
        gaps in vec((text(), text()), 0..3),
    ) -> Inventory {
        let distribution = distribution
            .map(|(id, like, version, codename, name)| Distribution { id, like, version, codename, name });
        let gaps = gaps.into_iter().map(|(location, reason)| Gap { location, reason }).collect();
        Inventory { distribution, packages, removed, gaps }
    }
}

prop_compose! {
    fn target()(
        name in text(), digest in text(), architecture in text(), layers in vec((text(), text()), 0..3),
        kind in select(&[TargetKind::Image, TargetKind::Directory, TargetKind::Sbom][..]),
    ) -> Target {
        let layers = layers.into_iter().map(|(digest, made_by)| Layer { digest, made_by }).collect();
        Target { name, kind, digest, architecture, layers }
    }
}

prop_compose! {
    fn database()(time in text(), age_days in any::<Option<u32>>(), of in vec((text(), any::<u64>(), text()), 0..3)) -> Database {
        let source = |(name, advisories, time)| DatabaseSource { name, advisories, time };
        Database { time, age_days, sources: of.into_iter().map(source).collect() }
    }
}

type Problem = (String, String, Severity, Place, String);

fn problem() -> impl Strategy<Value = Problem> {
    (text(), text(), severity(), place(), text())
}

fn secret((rule, title, severity, place, redacted): Problem) -> Secret {
    Secret { rule, title, severity, place, redacted }
}

fn mistake((rule, title, severity, place, advice): Problem) -> Misconfiguration {
    Misconfiguration { rule, title, severity, place, advice }
}

fn malware((rule, title, _, place, sha256): Problem) -> Malware {
    Malware { meta: BTreeMap::from([(rule.clone(), title.clone())]), rule, title, place, sha256 }
}

prop_compose! {
    /// Any scan; expressions of licences are ones, because that is for whoever understands licences to see to.
    pub(crate) fn any_scan()(
        target in target(), inventory in inventory(), vulnerabilities in vec(found(), 0..6),
        secrets in vec(problem(), 0..3), misconfigurations in vec(problem(), 0..3),
        malware_ in vec(problem(), 0..3), database in database(),
        licences in btree_map(text(), (select(&["MIT", "MIT OR LicenseRef-x", "LicenseRef-y"][..]), text()), 0..3),
    ) -> Owned {
        let licence = |(words, (expression, category)): (String, (&str, String))| {
            (words, Licence { expression: Some(expression.to_owned()), category })
        };
        Owned {
            target,
            inventory,
            vulnerabilities,
            secrets: secrets.into_iter().map(secret).collect(),
            misconfigurations: misconfigurations.into_iter().map(mistake).collect(),
            looks: Look::all(),
            malware: malware_.into_iter().map(malware).collect(),
            licences: licences.into_iter().map(licence).collect::<BTreeMap<_, _>>(),
            database,
        }
    }
}
