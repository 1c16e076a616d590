//! A scan to report on: an image with some of everything, and nothing well-behaved.

pub(crate) mod any;

use std::collections::{BTreeMap, BTreeSet};

use model::finding::{
    Cvss, Dismissal, Exploited, Fix, Malware, Misconfiguration, Place, Reach, Secret, Severity, Vulnerability,
};
use model::inventory::{Distribution, Gap, Inventory, Package, PackageKind, SourcePackage, Symbols};
use report::subject::{Database, DatabaseSource, Layer, Licence, Look, Scan, Target, TargetKind, Tool};

/// Text that would be markup, code, an address or the end of something.
pub(crate) const HOSTILE: &str =
    "</script><img src=x onerror=alert(1)>\"'`{{0}}[a](javascript:b)\u{202e}\0\n&amp;";

/// Everything that a scan borrows.
#[derive(Debug, Clone)]
pub(crate) struct Owned {
    pub(crate) target: Target,
    pub(crate) inventory: Inventory,
    pub(crate) vulnerabilities: Vec<Vulnerability>,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) misconfigurations: Vec<Misconfiguration>,
    pub(crate) malware: Vec<Malware>,
    pub(crate) looks: BTreeSet<Look>,
    pub(crate) licences: BTreeMap<String, Licence>,
    pub(crate) database: Database,
}

impl Owned {
    pub(crate) fn scan(&self) -> Scan<'_> {
        Scan {
            tool: Tool { name: "coffer", version: "0.1.0" },
            time: "2026-11-26T05:00:00Z",
            target: &self.target,
            looks: &self.looks,
            inventory: &self.inventory,
            vulnerabilities: &self.vulnerabilities,
            secrets: &self.secrets,
            misconfigurations: &self.misconfigurations,
            malware: &self.malware,
            licences: &self.licences,
            database: Some(&self.database),
        }
    }
}

pub(crate) fn package(kind: PackageKind, name: &str, version: &str) -> Package {
    Package {
        kind,
        name: name.to_owned(),
        version: version.to_owned(),
        source: None,
        architecture: String::new(),
        licences: Vec::new(),
        location: "usr/lib/x".to_owned(),
        layer: 0,
        owner: None,
        symbols: Symbols::Unknown,
    }
}

pub(crate) fn vulnerability(id: &str, package: u32, severity: Severity) -> Vulnerability {
    Vulnerability {
        id: id.to_owned(),
        aliases: Vec::new(),
        package,
        severity,
        severity_source: "debian".to_owned(),
        cvss: None,
        fix: Fix::None,
        summary: String::new(),
        published: String::new(),
        source: "Debian:12".to_owned(),
        range: String::new(),
        reach: Reach::Unknown,
        epss: None,
        exploited: None,
        priority: 10,
        dismissed: None,
    }
}

fn inventory() -> Inventory {
    let licences = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let status = "var/lib/dpkg/status".to_owned();
    let curl = Package {
        source: Some(SourcePackage { name: "curl".to_owned(), version: "7.88.1-10".to_owned() }),
        architecture: "amd64".to_owned(),
        licences: licences(&["curl", "GPLv2+ | other", "BSD words"]),
        location: status.clone(),
        ..package(PackageKind::Dpkg, "libcurl4", "7.88.1-10")
    };
    let python = Package { location: status, ..package(PackageKind::Dpkg, "python3-six", "1.16.0-4") };
    let six = Package {
        licences: licences(&["MIT"]),
        location: "usr/lib/python3/dist-packages/six-1.16.0.egg-info".to_owned(),
        owner: Some(1),
        ..package(PackageKind::PyPi, "six", "1.16.0")
    };
    let jar = Package {
        licences: licences(&["Apache 2"]),
        location: "app/app.jar!lib/log4j-core.jar".to_owned(),
        layer: 2,
        ..package(PackageKind::Maven, "org.apache.logging.log4j:log4j-core", "2.14.1")
    };
    let hostile = Package {
        licences: licences(&[HOSTILE, ""]),
        location: HOSTILE.to_owned(),
        layer: 7,
        ..package(PackageKind::Npm, HOSTILE, HOSTILE)
    };
    Inventory {
        distribution: Some(Distribution {
            id: "debian".to_owned(),
            like: vec!["linux".to_owned()],
            version: "12".to_owned(),
            codename: "bookworm".to_owned(),
            name: "Debian GNU/Linux 12 (bookworm)".to_owned(),
        }),
        packages: vec![curl, python, six, jar, hostile, package(PackageKind::Generic, "", "")],
        removed: vec![package(PackageKind::Dpkg, "wget", "1.0")],
        gaps: vec![Gap { location: HOSTILE.to_owned(), reason: HOSTILE.to_owned() }],
    }
}

fn vulnerabilities() -> Vec<Vulnerability> {
    let log4shell = Vulnerability {
        aliases: vec!["GHSA-jfh8-c2jp-5v3q".to_owned()],
        severity_source: "ghsa".to_owned(),
        cvss: Some(Cvss { score: 10.0, vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H".to_owned() }),
        fix: Fix::In("2.15.0".to_owned()),
        summary: "Remote code injection in Log4j".to_owned(),
        published: "2021-12-10".to_owned(),
        source: "Maven".to_owned(),
        range: "before 2.15.0".to_owned(),
        epss: Some(0.975),
        exploited: Some(Exploited {
            since: "2021-12-10".to_owned(),
            due: "2021-12-24".to_owned(),
            ransomware: true,
        }),
        priority: 100,
        ..vulnerability("CVE-2021-44228", 3, Severity::Critical)
    };
    let accepted = Dismissal {
        reason: "only reachable from inside".to_owned(),
        source: "ignore.toml".to_owned(),
        until: Some("2027-01-31".to_owned()),
    };
    let vex = Dismissal {
        reason: "vulnerable_code_not_in_execute_path: nothing calls it".to_owned(),
        source: "vex.json".to_owned(),
        until: None,
    };
    vec![
        log4shell,
        Vulnerability {
            fix: Fix::In(HOSTILE.to_owned()),
            summary: HOSTILE.to_owned(),
            aliases: vec![HOSTILE.to_owned()],
            published: HOSTILE.to_owned(),
            cvss: Some(Cvss { score: 4.3, vector: "AV:N/AC:M/Au:N/C:N/I:P/A:N".to_owned() }),
            ..vulnerability(HOSTILE, 4, Severity::High)
        },
        vulnerability("CVE-2023-1", 0, Severity::Medium),
        vulnerability("CVE-2023-1", 1, Severity::Medium),
        Vulnerability { fix: Fix::Never, ..vulnerability("CVE-2023-2", 1, Severity::Negligible) },
        Vulnerability { dismissed: Some(accepted), ..vulnerability("CVE-2023-3", 0, Severity::Low) },
        Vulnerability { dismissed: Some(vex), ..vulnerability("CVE-2023-4", 0, Severity::Unknown) },
        vulnerability("CVE-2023-5", 99, Severity::High),
    ]
}

fn file(path: &str) -> Place {
    Place::File { path: path.to_owned(), layer: 1, line: 3, removed: true }
}

fn secrets() -> Vec<Secret> {
    let secret = |place| Secret {
        rule: "aws-access-key".to_owned(),
        title: "AWS access key".to_owned(),
        severity: Severity::Critical,
        place,
        redacted: "AKIA****".to_owned(),
    };
    vec![secret(file(HOSTILE)), secret(Place::Environment(HOSTILE.to_owned())), secret(Place::History(3))]
}

/// An image with some of everything.
pub(crate) fn sample() -> Owned {
    let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
    let licence = |expression: Option<&str>, category: &str| Licence {
        expression: expression.map(str::to_owned),
        category: category.to_owned(),
    };
    let misconfiguration = |place| Misconfiguration {
        rule: "root-user".to_owned(),
        title: format!("It runs as root {HOSTILE}"),
        severity: Severity::Medium,
        place,
        advice: format!("Name a user. {HOSTILE}"),
    };
    Owned {
        target: Target {
            name: "registry.example/team/app:1".to_owned(),
            kind: TargetKind::Image,
            digest: digest("a"),
            architecture: "amd64".to_owned(),
            layers: vec![
                Layer { digest: digest("1"), made_by: "ADD rootfs".to_owned() },
                Layer { digest: digest("2"), made_by: HOSTILE.to_owned() },
                Layer { digest: digest("3"), made_by: String::new() },
            ],
        },
        inventory: inventory(),
        vulnerabilities: vulnerabilities(),
        secrets: secrets(),
        misconfigurations: vec![
            misconfiguration(Place::Configuration),
            misconfiguration(Place::Label(HOSTILE.to_owned())),
        ],
        looks: Look::all(),
        malware: vec![Malware {
            rule: "test-list".to_owned(),
            title: "EICAR".to_owned(),
            place: file("tmp/eicar"),
            sha256: "c".repeat(64),
            meta: BTreeMap::from([("reference".to_owned(), HOSTILE.to_owned())]),
        }],
        licences: BTreeMap::from([
            ("MIT".to_owned(), licence(Some("MIT"), "permissive")),
            ("Apache 2".to_owned(), licence(Some("Apache-2.0"), "permissive")),
            ("curl".to_owned(), licence(Some("curl"), "permissive")),
            ("GPLv2+ | other".to_owned(), licence(Some("GPL-2.0-or-later OR LicenseRef-other"), "unknown")),
        ]),
        database: Database {
            time: "2026-11-25T00:00:00Z".to_owned(),
            age_days: Some(1),
            sources: vec![DatabaseSource {
                name: "Debian".to_owned(),
                advisories: 40_000,
                time: "2026-11-25T00:00:00Z".to_owned(),
            }],
        },
    }
}

/// Nothing in anything.
pub(crate) fn empty() -> Owned {
    Owned {
        target: Target::default(),
        inventory: Inventory::default(),
        vulnerabilities: Vec::new(),
        secrets: Vec::new(),
        misconfigurations: Vec::new(),
        looks: Look::all(),
        malware: Vec::new(),
        licences: BTreeMap::new(),
        database: Database::default(),
    }
}
