//! Two images side by side.

use model::finding::{Fix, Reach, Severity, Vulnerability};
use model::inventory::{Inventory, Package};
use model::purl::Purl;

use super::*;
use crate::subject::{Look, Target, Tool};

fn packages(purls: &[&str]) -> Vec<Package> {
    purls.iter().map(|purl| purl.parse::<Purl>().unwrap().package().unwrap()).collect()
}

fn found(id: &str, package: u32, priority: u8) -> Vulnerability {
    Vulnerability {
        id: id.to_owned(),
        aliases: Vec::new(),
        package,
        severity: Severity::High,
        severity_source: String::new(),
        cvss: None,
        fix: Fix::None,
        summary: String::new(),
        published: String::new(),
        source: String::new(),
        range: String::new(),
        reach: Reach::Unknown,
        epss: None,
        exploited: None,
        priority,
        dismissed: None,
    }
}

/// The diff of two images, as JSON.
fn json(before: (&[&str], &[Vulnerability]), after: (&[&str], &[Vulnerability])) -> serde_json::Value {
    let inventories =
        [before.0, after.0].map(|purls| Inventory { packages: packages(purls), ..Inventory::default() });
    let (target, looks, licences) = (Target::default(), Look::all(), BTreeMap::new());
    let scan = |inventory, vulnerabilities| Scan {
        tool: Tool { name: "coffer", version: "0.1.0" },
        time: "",
        target: &target,
        looks: &looks,
        inventory,
        vulnerabilities,
        secrets: &[],
        misconfigurations: &[],
        malware: &[],
        licences: &licences,
        database: None,
    };
    let [one, other] = &inventories;
    serde_json::to_value(diff(&scan(one, before.1), &scan(other, after.1))).unwrap()
}

#[test]
fn versions_that_went_and_came_belong_together() {
    let before =
        ["pkg:npm/a@1", "pkg:npm/b@1", "pkg:npm/b@2", "pkg:npm/c@1", "pkg:npm/same@1", "pkg:npm/same@1"];
    let after =
        ["pkg:npm/a@2", "pkg:npm/b@2", "pkg:npm/b@3", "pkg:npm/b@4", "pkg:pypi/c@1", "pkg:npm/same@1"];
    let packages = json((&before, &[]), (&after, &[]))["packages"].clone();
    let expected = serde_json::json!({
        "added": [
            {"kind": "pypi", "name": "c", "version": "1"},
            {"kind": "npm", "name": "b", "version": "4"},
        ],
        "removed": [
            {"kind": "npm", "name": "c", "version": "1"},
            {"kind": "npm", "name": "same", "version": "1"},
        ],
        "changed": [
            {"kind": "npm", "name": "a", "before": "1", "after": "2"},
            {"kind": "npm", "name": "b", "before": "1", "after": "3"},
        ],
    });
    assert_eq!(packages, expected);
}

#[test]
fn a_vulnerability_is_fixed_new_or_the_same() {
    let before = [found("CVE-1", 0, 50), found("CVE-2", 0, 50), found("CVE-2", 1, 50)];
    let dismissed = model::finding::Dismissal { reason: String::new(), source: String::new(), until: None };
    let after = [
        found("CVE-3", 0, 10),
        found("CVE-2", 0, 50),
        found("CVE-4", 0, 90),
        Vulnerability { dismissed: Some(dismissed), ..found("CVE-1", 0, 50) },
    ];
    let diff = json((&["pkg:npm/a@1", "pkg:npm/b@1"], &before), (&["pkg:npm/a@2"], &after));
    let ids = |kind: &str| {
        let found = diff["vulnerabilities"][kind].as_array().unwrap();
        found
            .iter()
            .map(|one| format!("{} {}", one["id"].as_str().unwrap(), one["package"]["name"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(ids("fixed"), ["CVE-1 \"a\"", "CVE-2 \"b\""]);
    assert_eq!(ids("new"), ["CVE-4 \"a\"", "CVE-3 \"a\""]);
    assert_eq!(ids("same"), ["CVE-2 \"a\""]);
    assert_eq!(
        (&diff["before"]["vulnerabilities"]["high"], &diff["after"]["vulnerabilities"]["high"]),
        (&3.into(), &3.into())
    );
}
