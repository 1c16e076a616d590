//! Whole imports: documents as they are published, in files, directories and archives, and what comes of them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests are tests too, which clippy does not see"
)]

use std::io::Write;
use std::path::Path;

use advisories::advisory::{Advisory, Record, Remark, Status, Topic};
use advisories::import::{Format, ImportError, Imported, Item, Limits, Skipped, import, import_stream};
use advisories::version::{Bound, Interval};
use model::finding::{Fix, Severity};

/// What came of one document.
#[derive(Debug, Default)]
struct Yield {
    advisories: Vec<Advisory>,
    remarks: Vec<(String, Remark)>,
    skipped: Vec<Skipped>,
}

impl Yield {
    fn take(&mut self, item: Item) {
        match item {
            Item::Record(Record::Advisory(advisory)) => self.advisories.push(*advisory),
            Item::Record(Record::Remark { cve, remark }) => self.remarks.push((cve, remark)),
            Item::Skipped(skipped) => self.skipped.push(skipped),
        }
    }
}

fn read(name: &str, text: &str) -> (Imported, Yield) {
    let mut found = Yield::default();
    let limits = Limits::default();
    let imported = import_stream(name, &mut text.as_bytes(), &limits, &mut |item| found.take(item)).unwrap();
    (imported, found)
}

/// The one advisory of a document that is understood whole.
fn only(name: &str, text: &str) -> Advisory {
    let (_, mut found) = read(name, text);
    assert_eq!(found.skipped, []);
    assert_eq!(found.advisories.len(), 1, "{found:?}");
    found.advisories.remove(0)
}

fn before(version: &str) -> Interval {
    Interval { from: None, to: Some(Bound::Excluding(version.to_owned())) }
}

fn between(from: &str, to: &str) -> Interval {
    Interval { from: Some(Bound::Including(from.to_owned())), to: Some(Bound::Excluding(to.to_owned())) }
}

#[test]
fn a_record_of_github_has_severity_weakness_and_versions() {
    let advisory = only(
        "GHSA-1.json",
        r#"{"id": "GHSA-aaaa-bbbb-cccc", "modified": "2024-02-01T00:00:00Z", "published": "2024-01-31T10:00:00Z",
            "aliases": ["CVE-2024-1"], "summary": "Bad things", "details": "Long.",
            "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
            "affected": [{"package": {"ecosystem": "Maven", "name": "org.example:core"},
                          "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "2.0"}, {"fixed": "2.1"}]},
                                     {"type": "GIT", "events": [{"introduced": "0"}, {"fixed": "abc"}]}],
                          "versions": ["1.9-special"]}],
            "references": [{"type": "WEB", "url": "https://example.org/web"},
                           {"type": "ADVISORY", "url": "https://example.org/advisory"}],
            "database_specific": {"cwe_ids": ["CWE-79"], "severity": "MODERATE"}}"#,
    );
    assert_eq!(advisory.severity, Some(Severity::Medium));
    assert_eq!((advisory.source.as_str(), advisory.published.as_str()), ("ghsa", "2024-01-31"));
    assert_eq!((advisory.aliases, advisory.cwes), (vec!["CVE-2024-1".into()], vec!["CWE-79".into()]));
    assert_eq!(advisory.cvss[0].score, 9.8);
    assert_eq!(advisory.reference, "https://example.org/advisory");
    let affected = &advisory.affected[0];
    assert_eq!((affected.ecosystem.as_str(), affected.name.as_str()), ("Maven", "org.example:core"));
    assert_eq!(affected.ranges, [between("2.0", "2.1")]);
    assert_eq!(affected.versions, ["1.9-special"]);
    assert_eq!(affected.fix, Fix::In("2.1".into()));
}

#[test]
fn a_record_of_go_has_symbols() {
    let advisory = only(
        "GO-1.json",
        r#"{"id": "GO-2024-1", "modified": "0001-01-01T00:00:00Z", "withdrawn": "2024-03-01T00:00:00Z",
            "affected": [{"package": {"ecosystem": "Go", "name": "stdlib"},
              "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.21.8"},
                                                       {"introduced": "1.22.0-0"}, {"fixed": "1.22.1"}]}],
              "ecosystem_specific": {"imports": [
                {"path": "net/http", "symbols": ["Server.Serve", "Get"], "goos": ["windows"]}]}}],
            "database_specific": {"url": "https://pkg.go.dev/vuln/GO-2024-1"}}"#,
    );
    assert_eq!((advisory.modified.as_str(), advisory.withdrawn.as_deref()), ("", Some("2024-03-01")));
    assert_eq!(advisory.reference, "https://pkg.go.dev/vuln/GO-2024-1");
    let affected = &advisory.affected[0];
    assert_eq!(affected.ranges, [before("1.21.8"), between("1.22.0-0", "1.22.1")]);
    assert_eq!(affected.symbols[0].path, "net/http");
    assert_eq!(affected.symbols[0].symbols, ["Get", "Server.Serve"]);
    assert_eq!(affected.symbols[0].systems, ["windows"]);
}

#[test]
fn updates_of_distributions_mend_what_they_relate_to() {
    let update = |id: &str, related: &str| {
        only(
            "x.json",
            &format!(
                r#"{{"id": "{id}", "summary": "Important: curl security update", "related": {related},
                    "affected": [{{"package": {{"ecosystem": "AlmaLinux:9", "name": "curl"}},
                        "ranges": [{{"type": "ECOSYSTEM", "events": [{{"introduced": "0"}}, {{"fixed": "7.76-1"}}]}}]}}]}}"#
            ),
        )
    };
    let security = update("ALSA-2023:1", r#"["CVE-2023-2", "CVE-2023-1"]"#);
    assert_eq!((security.mends.len(), security.aliases.len()), (2, 0));
    assert_eq!((security.topic, security.severity), (Topic::Vulnerability, Some(Severity::High)));
    assert_eq!(update("ALBA-2023:1", "[]").topic, Topic::Maintenance);
    // Of ecosystems, what is related is something else.
    assert_eq!(update("GO-2023-1", r#"["CVE-2023-2"]"#).mends, [""; 0]);
}

#[test]
fn ubuntu_has_words_of_its_own_and_names_within_names() {
    let advisory = only(
        "UBUNTU-CVE-2024-1.json",
        r#"{"id": "UBUNTU-CVE-2024-1", "upstream": ["CVE-2024-1"], "modified": "2024-01-01T00:00:00Z",
            "severity": [{"type": "Ubuntu", "score": "low"}],
            "affected": [
              {"package": {"ecosystem": "Ubuntu:22.04:LTS", "name": "curl", "purl": "pkg:deb/ubuntu/curl@7?arch=source"},
               "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "7.81.0-1ubuntu1.15"}]}],
               "ecosystem_specific": {"ubuntu_priority": "medium"}},
              {"package": {"ecosystem": "Ubuntu:Pro:16.04:LTS", "name": "curl"},
               "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}], "versions": ["7.47.0-1ubuntu2"]}]}"#,
    );
    assert_eq!(advisory.severity, Some(Severity::Low));
    assert_eq!(advisory.aliases, ["CVE-2024-1"]);
    assert_eq!(advisory.affected[0].severity, Some(Severity::Medium));
    assert_eq!(advisory.affected[0].qualifiers, []);
    assert_eq!(advisory.affected[1].ecosystem, "Ubuntu:Pro:16.04:LTS");
    assert_eq!((&advisory.affected[1].ranges[0], &advisory.affected[1].fix), (&Interval::ALL, &Fix::None));
}

#[test]
fn debian_says_unimportant_and_past_its_life() {
    let advisory = only(
        "DEBIAN-CVE-2024-1.json",
        r#"{"id": "DEBIAN-CVE-2024-1", "upstream": ["CVE-2024-1"], "modified": "2024-01-01T00:00:00Z",
            "affected": [
              {"package": {"ecosystem": "Debian:11", "name": "curl"}, "ecosystem_specific": {"urgency": "unimportant"},
               "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]},
              {"package": {"ecosystem": "Debian:10", "name": "curl"}, "ecosystem_specific": {"urgency": "end-of-life"},
               "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}]}"#,
    );
    assert_eq!(advisory.affected[0].severity, Some(Severity::Negligible));
    assert_eq!(advisory.affected[1].fix, Fix::Never);
}

#[test]
fn lists_of_records_are_read_one_by_one() {
    let (imported, found) = read(
        "all.json",
        r#"[{"id": "MAL-2024-1", "modified": "2024-01-01T00:00:00Z",
             "affected": [{"package": {"ecosystem": "npm", "name": "evil"}, "versions": ["1.0.0"]}]},
            {"id": 7}, {"modified": "2024"}]"#,
    );
    assert_eq!(found.advisories[0].topic, Topic::Malice);
    assert_eq!(found.skipped.len(), 2, "{:?}", found.skipped);
    let count = imported.formats[&Format::OsvList];
    assert_eq!((count.documents, count.records, count.skipped), (1, 1, 2));
}

#[test]
fn secdb_is_read_in_both_spellings() {
    let yaml = "---\ndistroversion: v3.10\nreponame: main\narchs:\n  - x86_64\napkurl: \"x\"\npackages:\n\
        \x20 - pkg:\n      name: xen\n      secfixes:\n        4.10-r0:\n          - CVE-2018-8897 XSA-260\n\
        \x20         - CVE-????-?????  XSA-295\n          - CVE-2018-14882 (RPL)\n        \"0\":\n\
        \x20         - CVE_2019-2426\n";
    let json = r#"{"apkurl": "x", "distroversion": "v3.10", "packages": [{"pkg": {"name": "xen", "secfixes":
        {"4.10-r0": ["CVE-2018-8897 XSA-260", "CVE-????-?????  XSA-295", "CVE-2018-14882 (RPL)"],
         "0": ["CVE_2019-2426"]}}}]}"#;
    let (_, found) = read("main.yaml", yaml);
    assert_eq!(found.skipped, []);
    assert_eq!(found.advisories, read("main.json", json).1.advisories);
    let names: Vec<_> = found.advisories.iter().map(|advisory| advisory.id.as_str()).collect();
    assert_eq!(names, ["CVE-2018-14882", "CVE-2018-8897", "CVE-2019-2426", "XSA-295"]);
    assert_eq!(found.advisories[1].aliases, ["XSA-260"]);
    let affected = &found.advisories[1].affected[0];
    assert_eq!((affected.ecosystem.as_str(), affected.name.as_str()), ("Alpine:v3.10", "xen"));
    assert_eq!(affected.ranges, [before("4.10-r0")]);
    let never = &found.advisories[2].affected[0];
    assert_eq!((never.status, &never.ranges[..]), (Status::NotAffected, &[Interval::ALL][..]));
}

#[test]
fn the_tracker_tells_how_each_release_stands() {
    let (_, found) = read(
        "json",
        r#"{"curl": {"CVE-2023-1": {"description": "Bad", "scope": "remote", "releases": {
              "bookworm": {"status": "resolved", "repositories": {}, "fixed_version": "7.88.1-10", "urgency": "low"},
              "bullseye": {"status": "open", "urgency": "not yet assigned", "nodsa": "Minor", "nodsa_reason": "ignored"},
              "buster": {"status": "open", "urgency": "end-of-life"},
              "trixie": {"status": "resolved", "fixed_version": "0", "urgency": "unimportant"},
              "sid": {"status": "undetermined", "urgency": "not yet assigned"},
              "nowhere": {"status": "open"}}}}, "nothing": []}"#,
    );
    let advisory = &found.advisories[0];
    let of = |release: &str| advisory.affected.iter().find(|affected| affected.ecosystem == release).unwrap();
    assert_eq!(of("Debian:12").ranges, [before("7.88.1-10")]);
    assert_eq!(of("Debian:12").severity, Some(Severity::Low));
    assert_eq!((of("Debian:11").fix.clone(), of("Debian:11").severity), (Fix::Never, None));
    assert_eq!(of("Debian:10").fix, Fix::Never);
    assert_eq!(
        (of("Debian:13").status, of("Debian:13").severity),
        (Status::NotAffected, Some(Severity::Negligible))
    );
    assert_eq!(of("Debian:sid").status, Status::UnderInvestigation);
    assert_eq!(found.skipped.len(), 2, "{:?}", found.skipped);
}

#[test]
fn announcements_of_debian_are_one_update_each() {
    let text = "[05 Apr 2023] DLA-3383-1 grunt - security update\n\t{CVE-2022-1537 CVE-2022-1538}\n\
        \t[buster] - grunt 1.0.1-8+deb10u2\n\tNOTE: fixed\n[18 Apr 2018] DSA-4205-1 jessie end-of-life\n\
        [01 Jan 2005] DSA-1-1 x - y\n\t[woody] - x <not-affected> (not in it)\n\t[sarge] - x <end-of-life>\n\
        \t[sarge] - y 1.6.8p7-1 (medium)\n\t[nowhere] - x 1\n";
    let (_, found) = read("list", text);
    let [update, news, old] = found.advisories.as_slice() else { panic!("{found:?}") };
    assert_eq!((update.id.as_str(), update.published.as_str()), ("DLA-3383-1", "2023-04-05"));
    assert_eq!(update.mends, ["CVE-2022-1537", "CVE-2022-1538"]);
    assert_eq!(update.affected[0].ecosystem, "Debian:10");
    assert_eq!(update.affected[0].fix, Fix::In("1.0.1-8+deb10u2".into()));
    assert_eq!((news.topic, news.affected.len()), (Topic::Notice, 0));
    assert_eq!(old.affected[0].status, Status::NotAffected);
    assert_eq!(old.affected[1].fix, Fix::Never);
    assert_eq!(old.affected[2].severity, Some(Severity::Medium));
    assert_eq!(found.skipped.len(), 1);
}

/// A VEX document of Red Hat: a mended package, one of a module, one that nobody will mend, one that is not affected.
const VEX: &str = r#"{"document": {"category": "csaf_vex", "csaf_version": "2.0", "title": "openssl: bad",
    "aggregate_severity": {"text": "Important"}, "publisher": {"name": "Red Hat Product Security"},
    "references": [{"category": "self", "url": "https://example.org/vex.json"},
                   {"category": "self", "url": "https://access.redhat.com/security/cve/CVE-2024-1"}],
    "tracking": {"id": "CVE-2024-1", "initial_release_date": "2024-01-02T00:00:00Z"}},
  "product_tree": {"branches": [{"branches": [
      {"product": {"name": "RHEL 9 BaseOS", "product_id": "BaseOS-9",
        "product_identification_helper": {"cpe": "cpe:/o:redhat:enterprise_linux:9::baseos"}}},
      {"product": {"name": "RHEL 8", "product_id": "rhel_8",
        "product_identification_helper": {"cpe": "cpe:/o:redhat:enterprise_linux:8"}}},
      {"product": {"name": "openssl", "product_id": "openssl-1:3.0.7-16.el9_2.src",
        "product_identification_helper": {"purl": "pkg:rpm/redhat/openssl@3.0.7-16.el9_2?arch=src&epoch=1"}}},
      {"product": {"name": "openssl", "product_id": "openssl-1:3.0.7-16.el9_2.x86_64",
        "product_identification_helper": {"purl": "pkg:rpm/redhat/openssl@3.0.7-16.el9_2?arch=x86_64&epoch=1"}}},
      {"product": {"name": "nodejs:18", "product_id": "nodejs:18:9020:abc",
        "product_identification_helper": {"purl": "pkg:rpmmod/redhat/nodejs@18:9020:abc"}}},
      {"product": {"name": "nodejs", "product_id": "nodejs-1:18.20.2-2.module+el9.x86_64"}},
      {"product": {"name": "openssl", "product_id": "openssl"}},
      {"product": {"name": "image", "product_id": "image",
        "product_identification_helper": {"purl": "pkg:oci/image@sha256"}}}]}],
    "relationships": [
      {"product_reference": "openssl-1:3.0.7-16.el9_2.src", "relates_to_product_reference": "BaseOS-9",
       "full_product_name": {"product_id": "BaseOS-9:openssl.src"}},
      {"product_reference": "openssl-1:3.0.7-16.el9_2.x86_64", "relates_to_product_reference": "BaseOS-9",
       "full_product_name": {"product_id": "BaseOS-9:openssl.x86_64"}},
      {"product_reference": "nodejs:18:9020:abc", "relates_to_product_reference": "BaseOS-9",
       "full_product_name": {"product_id": "BaseOS-9:nodejs:18"}},
      {"product_reference": "nodejs-1:18.20.2-2.module+el9.x86_64", "relates_to_product_reference": "BaseOS-9:nodejs:18",
       "full_product_name": {"product_id": "BaseOS-9:nodejs:18:nodejs"}},
      {"product_reference": "openssl", "relates_to_product_reference": "rhel_8",
       "full_product_name": {"product_id": "rhel_8:openssl"}},
      {"product_reference": "image", "relates_to_product_reference": "rhel_8",
       "full_product_name": {"product_id": "rhel_8:image"}}]},
  "vulnerabilities": [{"cve": "CVE-2024-1", "cwe": {"id": "CWE-787", "name": "x"},
    "product_status": {"fixed": ["BaseOS-9:openssl.src", "BaseOS-9:openssl.x86_64", "BaseOS-9:nodejs:18:nodejs"],
                       "known_affected": ["rhel_8:openssl", "rhel_8:image"]},
    "remediations": [{"category": "no_fix_planned", "details": "Will not fix", "product_ids": ["rhel_8:openssl"]}],
    "threats": [{"category": "impact", "details": "Low", "product_ids": ["rhel_8:openssl"]}],
    "scores": [{"cvss_v3": {"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}, "products": []}]}]}"#;

#[test]
fn csaf_tells_of_packages_by_their_products() {
    let (_, found) = read("cve-2024-1.json", VEX);
    let advisory = &found.advisories[0];
    assert_eq!((advisory.source.as_str(), advisory.severity), ("redhat", Some(Severity::High)));
    assert_eq!(advisory.reference, "https://access.redhat.com/security/cve/CVE-2024-1");
    assert_eq!((advisory.published.as_str(), advisory.cwes[0].as_str()), ("2024-01-02", "CWE-787"));
    let [old, node, new] = advisory.affected.as_slice() else { panic!("{:?}", advisory.affected) };
    assert_eq!(
        (new.ecosystem.as_str(), new.name.as_str()),
        ("Red Hat:enterprise_linux:9::baseos", "openssl")
    );
    assert_eq!(new.ranges, [before("1:3.0.7-16.el9_2")]);
    assert_eq!(node.ranges, [before("1:18.20.2-2.module+el9")]);
    assert_eq!(node.qualifiers, [("rpmmod".into(), "nodejs:18".into())]);
    assert_eq!(
        (old.ecosystem.as_str(), &old.ranges[..]),
        ("Red Hat:enterprise_linux:8", &[Interval::ALL][..])
    );
    assert_eq!((old.fix.clone(), old.severity), (Fix::Never, Some(Severity::Low)));
    assert!(found.skipped[0].reason.starts_with("1 of its products"), "{:?}", found.skipped);
}

#[test]
fn csaf_tells_what_is_not_affected() {
    let text = VEX.replace("known_affected", "known_not_affected");
    let advisory = &read("x.json", &text).1.advisories[0];
    let statuses: Vec<_> = advisory.affected.iter().map(|affected| affected.status).collect();
    assert_eq!(statuses, [Status::NotAffected, Status::Affected, Status::Affected]);
}

#[test]
fn rubysec_tells_what_is_mended() {
    let advisory = only(
        "gems/rack/CVE-2024-1.yml",
        "---\ngem: rack\ncve: 2024-1234\nghsa: aaaa-bbbb-cccc\nurl: https://example.org\ntitle: Bad\n\
         date: 2024-01-02\ncvss_v3: 7.5\nunaffected_versions:\n  - \"< 1.0\"\npatched_versions:\n  - \"~> 2.2.8\"\n\
         \x20 - \">= 3.0\"\n",
    );
    assert_eq!(
        (advisory.id.as_str(), &advisory.aliases[..]),
        ("CVE-2024-1234", &["GHSA-aaaa-bbbb-cccc".into()][..])
    );
    assert_eq!(advisory.cvss[0].score, 7.5);
    assert_eq!(advisory.affected[0].ranges, [between("1.0", "2.2.8"), between("2.3.a", "3.0")]);
}

#[test]
fn php_tells_of_branches() {
    let advisory = only(
        "php/cakephp/cakephp/2015-05-07.yaml",
        "title: Bad\nlink: https://example.org\ncve: ~\nbranches:\n    3.0.x:\n        time: 2015-05-07 11:30:00\n\
         \x20       versions: ['>=3.0.0', '<3.0.4']\n    old:\n        time: ~\n        versions: [<2.10]\n\
         reference: composer://cakephp/cakephp\n",
    );
    assert_eq!(
        (advisory.id.as_str(), advisory.published.as_str()),
        ("cakephp/cakephp/2015-05-07", "2015-05-07")
    );
    assert_eq!(advisory.affected[0].ranges, [between("3.0.0", "3.0.4"), before("2.10")]);
}

#[test]
fn remarks_and_scores_are_of_cves() {
    let (_, kev) = read(
        "kev.json",
        r#"{"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2024-1234", "dateAdded": "2024-01-02",
            "dueDate": "2024-01-23", "knownRansomwareCampaignUse": "Known"}, {"cveID": "x"}]}"#,
    );
    let Remark::Exploited(exploited) = &kev.remarks[0].1 else { panic!("{kev:?}") };
    assert_eq!((exploited.since.as_str(), exploited.ransomware), ("2024-01-02", true));
    assert_eq!(kev.skipped.len(), 1);
    let (_, epss) = read(
        "epss.csv",
        "#model_version:v1,score_date:x\ncve,epss,percentile\nCVE-2024-1234,0.5,0.9\nCVE-2024-1235,7,0\n",
    );
    assert_eq!(epss.remarks[0].1, Remark::Likelihood { probability: 0.5, percentile: 0.9 });
    assert_eq!((epss.remarks.len(), epss.skipped.len()), (1, 1));
    let nvd = only(
        "nvd.json",
        r#"{"resultsPerPage": 1, "format": "NVD_CVE", "vulnerabilities": [{"cve": {"id": "CVE-2024-1234",
            "vulnStatus": "Rejected", "lastModified": "2024-02-01T00:00:00.000", "published": "2024-01-01T00:00:00",
            "descriptions": [{"lang": "es", "value": "Malo"}, {"lang": "en", "value": "Bad"}],
            "metrics": {"cvssMetricV31": [
              {"type": "Secondary", "cvssData": {"vectorString": "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N"}},
              {"type": "Primary", "cvssData": {"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}],
              "cvssMetricV2": [{"type": "Primary", "cvssData": {"vectorString": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}}]},
            "weaknesses": [{"description": [{"lang": "en", "value": "CWE-79"}]}]}}]}"#,
    );
    let scores: Vec<_> = nvd.cvss.iter().map(|cvss| cvss.score).collect();
    assert_eq!(scores, [9.8, 5.9, 7.5]);
    assert_eq!((nvd.withdrawn.as_deref(), nvd.summary.as_str()), (Some("2024-02-01"), "Bad"));
}

const OSV: &str = r#"{"id": "PYSEC-1", "modified": "2024", "affected": [{"package": {"ecosystem": "PyPI",
    "name": "Some_Thing"}, "versions": ["2.10"]}]}"#;

fn tarball() -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let long = format!("{}/x.json", "d".repeat(120));
    for name in ["a.json", long.as_str(), "LICENSE", "words.txt"] {
        let mut header = tar::Header::new_gnu();
        let text = if name.ends_with("json") { OSV } else { "words" };
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zipped() -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file("deep/a.json", zip::write::SimpleFileOptions::default()).unwrap();
    writer.write_all(OSV.as_bytes()).unwrap();
    writer.finish().unwrap().into_inner()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn imported(path: &Path, limits: &Limits) -> Result<(Imported, Yield), ImportError> {
    let mut found = Yield::default();
    let imported = import(&[path.to_owned()], limits, &mut |item| found.take(item))?;
    Ok((imported, found))
}

#[test]
fn directories_and_archives_are_opened() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    std::fs::create_dir(at("sub")).unwrap();
    std::fs::write(at("sub/a.json"), OSV).unwrap();
    std::fs::write(at("b.tar"), tarball()).unwrap();
    std::fs::write(at("c.tar.gz"), gzipped(&tarball())).unwrap();
    std::fs::write(at("d.tar.zst"), zstd::encode_all(tarball().as_slice(), 1).unwrap()).unwrap();
    std::fs::write(at("e.zip"), zipped()).unwrap();
    std::fs::write(at("f.json.gz"), gzipped(OSV.as_bytes())).unwrap();
    std::os::unix::fs::symlink(directory.path(), at("loop")).unwrap();
    let (imported, found) = imported(directory.path(), &Limits::default()).unwrap();
    assert_eq!(imported.formats[&Format::Osv].documents, 9);
    assert_eq!((found.advisories.len(), imported.unknown), (9, 3));
    assert!(found.advisories.iter().all(|advisory| advisory.affected[0].name == "some-thing"));
    assert!(found.skipped.iter().all(|skipped| skipped.source.ends_with("words.txt")), "{:?}", found.skipped);
}

#[test]
fn limits_hold_and_damage_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x");
    let refused = |bytes: &[u8], limits: &Limits| {
        std::fs::write(&path, bytes).unwrap();
        imported(&path, limits).unwrap_err().to_string()
    };
    let limits = Limits { documents: 2, bytes: 4096, document: 64, record: 64, depth: 2 };
    assert!(refused(&tarball(), &Limits { bytes: 1 << 20, ..limits }).contains("more than 2 documents"));
    let bomb = gzipped(&vec![b'x'; 1 << 20]);
    assert!(refused(&bomb, &limits).contains("more than 4096 bytes"));
    let nested = (0..4).fold(OSV.as_bytes().to_vec(), |inner, _| gzipped(&inner));
    assert!(refused(&nested, &limits).contains("archives in each other"));
    let whole = gzipped(&tarball());
    assert!(refused(&whole[..whole.len() / 2], &Limits::default()).contains("cannot read"));
    std::fs::write(&path, OSV).unwrap();
    let (_, found) = imported(&path, &limits).unwrap();
    assert_eq!(found.skipped[0].reason, "it is longer than 64 bytes");
}

#[test]
fn releases_that_are_no_versions_of_a_go_module_are_taken_where_its_versions_have_no_end() {
    let record = |events: &str| {
        format!(
            r#"{{"id": "GO-2025-1", "affected": [{{"package": {{"ecosystem": "Go", "name": "example.org/m"}},
                "ranges": [{{"type": "SEMVER", "events": [{events}]}}],
                "ecosystem_specific": {{"custom_ranges": [
                    {{"type": "ECOSYSTEM", "events": [{{"introduced": "0"}}, {{"fixed": "3.1.1"}}]}}]}}}}]}}"#
        )
    };
    let ranges = |events: &str| only("GO-2025-1.json", &record(events)).affected.remove(0).ranges;
    assert_eq!(ranges(r#"{"introduced": "0"}"#), [before("3.1.1")]);
    assert_eq!(ranges(r#"{"introduced": "0"}, {"fixed": "1.2.0"}"#), [before("1.2.0")]);
}

#[test]
fn what_rustsec_only_tells_of_is_a_vulnerability_where_others_name_it_so() {
    let record = |aliases: &str| {
        format!(
            r#"{{"id": "RUSTSEC-2018-0018", "aliases": [{aliases}], "affected": [{{
                "package": {{"ecosystem": "crates.io", "name": "smallvec"}},
                "ranges": [{{"type": "SEMVER", "events": [{{"introduced": "0.0.0-0"}}, {{"fixed": "0.6.13"}}]}}],
                "database_specific": {{"informational": "unsound"}}}}]}}"#
        )
    };
    let topic = |aliases: &str| only("RUSTSEC-2018-0018.json", &record(aliases)).topic;
    assert_eq!(topic(""), Topic::Notice);
    assert_eq!(topic(r#""CVE-2018-25023""#), Topic::Vulnerability);
}
