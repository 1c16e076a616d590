//! Records as they are published, against packages as they are installed: what scanners are known to get wrong.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests too, which clippy does not see"
)]

use advisories::database::{Builder, Database, Shard};
use advisories::import::{Item, Limits, import_stream};
use advisories::matching::{Context, Matcher, Matches};
use model::finding::{Fix, Severity};
use model::inventory::{Distribution, Inventory, Package, PackageKind, SourcePackage, Symbols};

/// A database of documents, each with the name of its file.
fn database(documents: &[(&str, &str)]) -> Database {
    let mut builder = Builder::new();
    for (name, text) in documents {
        import_stream(name, &mut text.as_bytes(), &Limits::default(), &mut |item| match item {
            Item::Record(record) => builder.add(&record),
            Item::Skipped(skipped) => panic!("{skipped:?}"),
        })
        .unwrap();
    }
    let built = builder.finish().unwrap();
    assert_eq!(built.left_out, []);
    Database::of_shards(vec![Shard::of_bytes(built.bytes, "test").unwrap()])
}

fn package(kind: PackageKind, name: &str, version: &str) -> Package {
    Package {
        kind,
        name: name.to_owned(),
        version: version.to_owned(),
        source: None,
        architecture: String::new(),
        licences: Vec::new(),
        location: "where/it/is".to_owned(),
        layer: 0,
        owner: None,
        symbols: Symbols::Unknown,
    }
}

/// A package that was built from another.
fn built_from(package: Package, name: &str, version: &str) -> Package {
    Package { source: Some(SourcePackage { name: name.to_owned(), version: version.to_owned() }), ..package }
}

fn release(text: &str) -> Option<Distribution> {
    let (id, version) = text.split_once(' ').unwrap_or((text, ""));
    Some(Distribution { id: id.to_owned(), version: version.to_owned(), ..Distribution::default() })
}

fn matched(database: &Database, release_: &str, packages: Vec<Package>) -> Matches {
    let context = Context { today: "2026-11-26".to_owned() };
    let inventory = Inventory { distribution: release(release_), packages, ..Inventory::default() };
    Matcher::new(database, &context).unwrap().match_inventory(&inventory).unwrap()
}

/// Name and fix of each finding.
fn found(database: &Database, release: &str, package: Package) -> Vec<(String, String)> {
    let matches = matched(database, release, vec![package]);
    let fix = |fix: &Fix| match fix {
        Fix::In(version) => version.clone(),
        Fix::None => "none".to_owned(),
        Fix::Never => "never".to_owned(),
    };
    matches.vulnerabilities.iter().map(|found| (found.id.clone(), fix(&found.fix))).collect()
}

/// Each version of a package, and what is found in it: names and fixes.
#[track_caller]
fn check(database: &Database, release: &str, of: &Package, cases: &[(&str, &[(&str, &str)])]) {
    for (version, expected) in cases {
        let found = found(database, release, Package { version: (*version).to_owned(), ..of.clone() });
        let found: Vec<_> = found.iter().map(|(id, fix)| (id.as_str(), fix.as_str())).collect();
        assert_eq!(found, *expected, "{} {version}", of.name);
    }
}

/// A record of OSV about one package, with what is said of it.
fn osv(id: &str, ecosystem: &str, name: &str, said: &str) -> (String, String) {
    let package = format!(r#"{{"ecosystem": "{ecosystem}", "name": "{name}"}}"#);
    let text = format!(
        r#"{{"id": "{id}", "modified": "2024-01-01T00:00:00Z", "affected": [{{"package": {package}, {said}}}]}}"#
    );
    (format!("{id}.json"), text)
}

fn of(records: &[(String, String)]) -> Database {
    let records: Vec<_> = records.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    database(&records)
}

#[test]
fn the_fix_is_that_of_the_branch_that_is_installed() {
    let ranges = r#""ranges": [
        {"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.2.5"}]},
        {"type": "SEMVER", "events": [{"introduced": "2.0.0"}, {"fixed": "2.3.1"}, {"introduced": "3.0.0"}]}]"#;
    let database = of(&[osv("GHSA-1", "npm", "x", ranges)]);
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("1.1.0", &[("GHSA-1", "1.2.5")]),
        ("1.2.5", &[]),
        ("2.3.0", &[("GHSA-1", "2.3.1")]),
        ("2.3.1", &[]),
        ("3.0.0", &[("GHSA-1", "none")]),
        ("3.0.0-beta.1", &[]),
    ];
    check(&database, "", &package(PackageKind::Npm, "x", ""), cases);
}

/// Ranges need be in no order, and no fix is one that is older than what is installed.
#[test]
fn nobody_is_told_to_install_something_older() {
    let ranges = r#""versions": ["2.1.0"], "ranges": [
        {"type": "ECOSYSTEM", "events": [{"introduced": "2.0.5"}, {"last_affected": "2.0.9"}]},
        {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.4"}]}]"#;
    let database = of(&[osv("PYSEC-1", "PyPI", "x", ranges)]);
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("1.3", &[("PYSEC-1", "1.4")]),
        ("2.0.9", &[("PYSEC-1", "none")]),
        ("2.0.10", &[]),
        ("2.1", &[("PYSEC-1", "none")]),
        ("2.1.0+local", &[]),
    ];
    check(&database, "", &package(PackageKind::PyPi, "x", ""), cases);
}

#[test]
fn without_an_end_every_version_is_meant_and_without_anything_none() {
    let endless =
        osv("GO-1", "Go", "m", r#""ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]"#);
    let listed = osv("GO-2", "Go", "m", r#""versions": ["1.0.0"]"#);
    let go = package(PackageKind::Go, "m", "");
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("v0.0.0-20200101000000-abcdefabcdef", &[("GO-1", "none")]),
        ("v1.0.0", &[("GO-1", "none"), ("GO-2", "none")]),
        ("v2.0.0+incompatible", &[("GO-1", "none")]),
    ];
    check(&of(&[endless, listed]), "", &go, cases);
}

/// Go's own releases are named in its way, and the database has previews of them as semantic versions.
#[test]
fn go_itself_has_versions_of_its_own() {
    let ranges = r#""ranges": [{"type": "SEMVER", "events": [
        {"introduced": "0"}, {"fixed": "1.20.12"}, {"introduced": "1.21.0-0"}, {"fixed": "1.21.5"}]}]"#;
    let database = of(&[osv("GO-2023-1", "Go", "stdlib", ranges)]);
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("v1.20.11", &[("GO-2023-1", "1.20.12")]),
        ("v1.20.12", &[]),
        ("v1.21rc2", &[("GO-2023-1", "1.21.5")]),
        ("v1.21.0", &[("GO-2023-1", "1.21.5")]),
        ("v1.21.5", &[]),
        ("v1.22rc1", &[]),
    ];
    check(&database, "", &package(PackageKind::Go, "stdlib", ""), cases);
}

#[test]
fn java_s_qualifiers_are_in_java_s_order() {
    let ranges =
        r#""ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "4.0"}, {"fixed": "4.1.42.Final"}]}]"#;
    let database = of(&[osv("GHSA-1", "Maven", "io.netty:netty", ranges)]);
    let hit: &[(&str, &str)] = &[("GHSA-1", "4.1.42.Final")];
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("4.0-SNAPSHOT", &[]),
        ("4.0.0.Final", hit),
        ("4.1.42.Beta1", hit),
        ("4.1.42", &[]),
        ("4.1.42.Final", &[]),
        ("4.1.42.Final-redhat-1", &[]),
        ("5.0.0.Alpha1", &[]),
    ];
    check(&database, "", &package(PackageKind::Maven, "io.netty:netty", ""), cases);
}

#[test]
fn what_was_taken_back_says_nothing() {
    let said = r#""ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]"#;
    let (name, text) = osv("GHSA-1", "npm", "x", said);
    let text = text.replacen('{', r#"{"withdrawn": "2024-02-01T00:00:00Z", "#, 1);
    assert_eq!(found(&of(&[(name, text)]), "", package(PackageKind::Npm, "x", "1.0.0")), []);
}

/// `related` names something similar, `aliases` the same, and `upstream` what a distribution's own name stands for.
#[test]
fn only_the_same_is_the_same() {
    let said = r#""ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]"#;
    let with = |id: &str, ecosystem: &str, names: &str| {
        let (name, text) = osv(id, ecosystem, "x", said);
        (name, text.replacen('{', &format!("{{{names}, "), 1))
    };
    let npm = [
        with("GHSA-1", "npm", r#""aliases": ["CVE-2024-1001"], "related": ["CVE-2024-1002"]"#),
        with("GHSA-2", "npm", r#""aliases": ["CVE-2024-1002"], "related": ["GHSA-1"]"#),
    ];
    let ids = |database: &Database, release, kind| {
        let matches = matched(database, release, vec![package(kind, "x", "1.0.0-r0")]);
        let line =
            |found: &model::finding::Vulnerability| format!("{} = {}", found.id, found.aliases.join(" "));
        matches.vulnerabilities.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(ids(&of(&npm), "", PackageKind::Npm), ["CVE-2024-1001 = GHSA-1", "CVE-2024-1002 = GHSA-2"]);
    let chainguard = [with("CGA-1", "Wolfi", r#""upstream": ["CVE-2024-1001", "GHSA-1"]"#)];
    assert_eq!(ids(&of(&chainguard), "wolfi 2023", PackageKind::Apk), ["CVE-2024-1001 = CGA-1 GHSA-1"]);
    let ubuntu = [with("UBUNTU-CVE-2024-1001", "Ubuntu:22.04:LTS", r#""upstream": ["CVE-2024-1001"]"#)];
    assert_eq!(
        ids(&of(&ubuntu), "ubuntu 22.04", PackageKind::Dpkg),
        ["CVE-2024-1001 = UBUNTU-CVE-2024-1001"]
    );
    let update = [with("USN-1-1", "Ubuntu:22.04:LTS", r#""upstream": ["CVE-2024-1001", "CVE-2024-1002"]"#)];
    assert_eq!(
        ids(&of(&update), "ubuntu 22.04", PackageKind::Dpkg),
        ["CVE-2024-1001 = USN-1-1", "CVE-2024-1002 = USN-1-1"]
    );
}

/// Two that were found apart are one as soon as a third says that they are.
#[test]
fn names_lead_from_one_to_the_next() {
    let said = r#""ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]"#;
    let with = |id: &str, aliases: &str| {
        let (name, text) = osv(id, "npm", "x", said);
        (name, text.replacen('{', &format!("{{\"aliases\": {aliases}, "), 1))
    };
    let records = [
        with("A-1", "[]"),
        with("B-1", "[\"CVE-2024-1001\"]"),
        with("C-1", "[\"A-1\", \"B-1\"]"),
        with("D-1", "[\"CVE-2024-1001\"]"),
    ];
    let matches = matched(&of(&records), "", vec![package(PackageKind::Npm, "x", "1.0.0")]);
    let [one] = matches.vulnerabilities.as_slice() else { panic!("{matches:?}") };
    assert_eq!((one.id.as_str(), one.aliases.join(" ").as_str()), ("CVE-2024-1001", "A-1 B-1 C-1 D-1"));
}

/// A range that cannot be read is no reason to forget those that can.
#[test]
fn what_can_be_read_of_an_advisory_counts() {
    let ranges = r#""ranges": [
        {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "not:a version"}]},
        {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2-3"}]}]"#;
    let (name, text) = osv("DEBIAN-CVE-2024-1001", "Debian:12", "x", ranges);
    let mut builder = Builder::new();
    import_stream(&name, &mut text.as_bytes(), &Limits::default(), &mut |item| {
        if let Item::Record(record) = item {
            builder.add(&record);
        }
    })
    .unwrap();
    let built = builder.finish().unwrap();
    assert_eq!(built.left_out.len(), 1);
    let database = Database::of_shards(vec![Shard::of_bytes(built.bytes, "test").unwrap()]);
    let cases: &[(&str, &[(&str, &str)])] = &[("1.2-2", &[("CVE-2024-1001", "1.2-3")]), ("1.2-3", &[])];
    check(&database, "debian 12", &package(PackageKind::Dpkg, "x", ""), cases);
}

/// Debian's tracker: by source, with backports, and with its own word where others would only compare versions.
const TRACKER: &str = r#"{"curl": {
    "CVE-2023-1001": {"description": "one", "releases": {
        "bookworm": {"status": "resolved", "fixed_version": "7.88.1-10+deb12u4", "urgency": "not yet assigned"},
        "bullseye": {"status": "resolved", "fixed_version": "0", "urgency": "not yet assigned"},
        "sid": {"status": "resolved", "fixed_version": "8.4.0-1", "urgency": "not yet assigned"}}},
    "CVE-2023-1002": {"releases": {"bookworm": {"status": "open", "urgency": "unimportant", "nodsa_reason": ""}}},
    "CVE-2023-1003": {"releases": {"bookworm": {"status": "open", "urgency": "low", "nodsa_reason": "ignored"}}},
    "CVE-2023-1004": {"releases": {"bookworm": {"status": "undetermined", "urgency": "not yet assigned"}}}}}"#;

#[test]
fn debian_is_judged_by_its_tracker() {
    let database = database(&[("debian.json", TRACKER)]);
    let libcurl = |version: &str, release: &str| {
        // A rebuild has a version of its own, and the version of its source is what counts.
        let rebuilt = package(PackageKind::Dpkg, "libcurl4", &format!("{version}+b1"));
        let ids = found(&database, release, built_from(rebuilt, "curl", version));
        ids.into_iter().map(|(id, fix)| format!("{id} {fix}")).collect::<Vec<_>>()
    };
    let open = ["CVE-2023-1002 none", "CVE-2023-1003 never", "CVE-2023-1004 none"];
    let mut vulnerable = vec!["CVE-2023-1001 7.88.1-10+deb12u4"];
    vulnerable.extend(open);
    assert_eq!(libcurl("7.88.1-10+deb12u3", "debian 12"), vulnerable);
    assert_eq!(libcurl("7.88.1-10+deb12u4", "debian 12.2"), open);
    assert_eq!(libcurl("7.74.0-1", "debian 11"), [""; 0]);
    let matches = matched(&database, "debian 12", vec![package(PackageKind::Dpkg, "curl", "9")]);
    assert_eq!(matches.vulnerabilities.first().unwrap().severity, Severity::Negligible);
    // A binary package of the same name as somebody else's source is not that.
    let other = built_from(package(PackageKind::Dpkg, "curl", "1"), "other", "1");
    assert_eq!(found(&database, "debian 12", other), []);
}

#[test]
fn debian_s_coming_release_is_known_by_its_name() {
    let database = database(&[("debian.json", TRACKER)]);
    let context = Context { today: "2026-11-26".to_owned() };
    let inventory = Inventory {
        distribution: Some(Distribution {
            id: "debian".to_owned(),
            codename: "sid".to_owned(),
            ..Distribution::default()
        }),
        packages: vec![package(PackageKind::Dpkg, "curl", "8.3.0-1")],
        ..Inventory::default()
    };
    let matches = Matcher::new(&database, &context).unwrap().match_inventory(&inventory).unwrap();
    assert_eq!((matches.vulnerabilities.len(), matches.gaps), (1, Vec::new()));
}

/// An announcement mends several vulnerabilities, of which the tracker knows that one was never in the release.
#[test]
fn the_tracker_knows_better_than_an_announcement() {
    let list = "[11 Oct 2023] DSA-5523-1 curl - security update\n\t{CVE-2023-1001 CVE-2023-1005}\n\
                \t[bookworm] - curl 7.88.1-10+deb12u4\n";
    let tracker = TRACKER.replace(
        "\"CVE-2023-1002\"",
        r#""CVE-2023-1005": {"releases": {"bookworm":
        {"status": "resolved", "fixed_version": "0", "urgency": "not yet assigned"}}}, "CVE-2023-1002""#,
    );
    let database = database(&[("DSA/list", list), ("debian.json", &tracker)]);
    let ids = found(&database, "debian 12", package(PackageKind::Dpkg, "curl", "7.88.1-10"));
    let ids: Vec<_> = ids.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["CVE-2023-1001", "CVE-2023-1002", "CVE-2023-1003", "CVE-2023-1004"]);
}

#[test]
fn what_canonical_mends_for_subscribers_only_is_still_vulnerable() {
    let said = |fixed: &str| {
        format!(
            r#""ranges": [{{"type": "ECOSYSTEM", "events": [{{"introduced": "0"}}, {{"fixed": "{fixed}"}}]}}]"#
        )
    };
    let pro = osv("UBUNTU-CVE-2024-1001", "Ubuntu:Pro:22.04:LTS", "x", &said("1.0-1ubuntu0.1~esm1"));
    let main = osv("UBUNTU-CVE-2024-1002", "Ubuntu:22.04:LTS", "x", &said("1.0-1ubuntu0.2"));
    let fips = osv("UBUNTU-CVE-2024-1003", "Ubuntu:Pro:FIPS:22.04:LTS", "x", &said("9"));
    let other = osv("UBUNTU-CVE-2024-1004", "Ubuntu:20.04:LTS", "x", &said("9"));
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("1.0-1", &[("CVE-2024-1001", "1.0-1ubuntu0.1~esm1"), ("CVE-2024-1002", "1.0-1ubuntu0.2")]),
        ("1.0-1ubuntu0.1~esm1", &[("CVE-2024-1002", "1.0-1ubuntu0.2")]),
        ("1.0-1ubuntu0.2", &[]),
    ];
    check(&of(&[pro, main, fips, other]), "ubuntu 22.04", &package(PackageKind::Dpkg, "x", ""), cases);
}

#[test]
fn alpine_says_with_a_zero_that_a_package_never_had_it() {
    let secdb = r#"{"distroversion": "v3.19", "reponame": "main", "packages": [{"pkg": {"name": "x", "secfixes": {
        "0": ["CVE-2024-1001"], "1.10-r0": ["CVE-2024-1002"], "1.9-r1": ["CVE-2024-1002", "CVE-2024-1003 GHSA-3"]}}}]}"#;
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("1.9-r0", &[("CVE-2024-1002", "1.10-r0"), ("CVE-2024-1003", "1.9-r1")]),
        ("1.9-r1", &[("CVE-2024-1002", "1.10-r0")]),
        ("1.10-r0", &[]),
        ("1.10_rc1-r0", &[("CVE-2024-1002", "1.10-r0")]),
    ];
    check(&database(&[("main.json", secdb)]), "alpine 3.19.1", &package(PackageKind::Apk, "x", ""), cases);
}

/// Xen's own names are of what was mended at once, which may be several vulnerabilities.
#[test]
fn a_name_of_several_makes_them_no_one() {
    let secdb = r#"{"distroversion": "v3.19", "packages": [{"pkg": {"name": "xen", "secfixes": {"4.10.1-r0": [
        "CVE-2024-1001 CVE-2024-1002 XSA-1", "CVE-2024-1003 XSA-2", "CVE-2024-1004 XSA-2", "CVE-2024-1005 XSA-3"]}}}]}"#;
    let matches = matched(
        &database(&[("main.json", secdb)]),
        "alpine 3.19.1",
        vec![package(PackageKind::Apk, "xen", "4.10.0-r0")],
    );
    let found: Vec<_> = matches
        .vulnerabilities
        .iter()
        .map(|found| format!("{} {}", found.id, found.aliases.join(" ")))
        .collect();
    let expected =
        ["CVE-2024-1001 ", "CVE-2024-1002 ", "CVE-2024-1003 ", "CVE-2024-1004 ", "CVE-2024-1005 XSA-3"];
    assert_eq!(found, expected);
}

/// Streams of a module are side by side in one release, and a package outside of modules is in none of them.
#[test]
fn a_stream_is_mended_by_its_own_updates() {
    let said = |fixed: &str| {
        format!(
            r#""ranges": [{{"type": "ECOSYSTEM", "events": [{{"introduced": "0"}}, {{"fixed": "{fixed}"}}]}}]"#
        )
    };
    let update = |id: &str, name: &str, fixed: &str| {
        let (file, text) = osv(id, "AlmaLinux:9", name, &said(fixed));
        (file, text.replacen('{', r#"{"related": ["CVE-2024-1001"], "#, 1))
    };
    let (eighteen, twenty) =
        ("1:18.20.6-1.module_el9.5.0+136+92f38f3c", "1:20.19.2-1.module_el9.6.0+169+c9cb05c2");
    let database = of(&[
        update("ALSA-2024:1", "nodejs", eighteen),
        update("ALSA-2024:2", "nodejs", twenty),
        update("ALSA-2024:3", "nodejs", "1:16.20.2-8.el9_4"),
    ]);
    let nodejs = package(PackageKind::Rpm, "nodejs", "");
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("1:18.12.1-1.module_el9.1.0+16+91bc168f", &[("CVE-2024-1001", eighteen)]),
        (eighteen, &[]),
        ("1:20.10.0-1.module_el9.1.0+16+91bc168f", &[("CVE-2024-1001", twenty)]),
        ("1:16.20.2-7.el9_4", &[("CVE-2024-1001", "1:16.20.2-8.el9_4")]),
        ("1:16.20.2-8.el9_4", &[]),
    ];
    check(&database, "almalinux 9.5", &nodejs, cases);
    // Of what has versions of its own within a module nothing tells its stream, so it counts.
    let addon = of(&[update("ALSA-2024:4", "nodejs-nodemon", "3.0.1-1.module_el9.3.0+59+28b95644")]);
    let nodemon = package(PackageKind::Rpm, "nodejs-nodemon", "2.0.20-1.module_el9.1.0+16+91bc168f");
    assert_eq!(found(&addon, "almalinux 9.5", nodemon).len(), 1);
}

/// A package's own version says the epoch; the name of its source's file does not.
#[test]
fn an_epoch_that_nobody_says_is_no_older_version() {
    let said = r#""ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "4:5.32.1-481.el9"}]}]"#;
    let (file, text) = osv("ALSA-2024:1", "AlmaLinux:9", "perl", said);
    let database = of(&[(file, text.replacen('{', r#"{"related": ["CVE-2024-1001"], "#, 1))]);
    let io = |release: &str| {
        let own = package(PackageKind::Rpm, "perl-IO", &format!("0:1.43-{release}"));
        found(&database, "almalinux 9.5", built_from(own, "perl", &format!("5.32.1-{release}"))).len()
    };
    assert_eq!((io("480.el9"), io("481.el9"), io("482.el9")), (1, 0, 0));
}

#[test]
fn headers_of_the_kernel_are_not_the_kernel() {
    let tracker =
        r#"{"linux": {"CVE-2024-1001": {"releases": {"bookworm": {"status": "open", "urgency": "low"}}}}}"#;
    let database = database(&[("debian.json", tracker)]);
    let of = |name: &str| {
        let binary = package(PackageKind::Dpkg, name, "6.1.90-1");
        found(&database, "debian 12", built_from(binary, "linux", "6.1.90-1")).len()
    };
    assert_eq!((of("linux-libc-dev"), of("linux-image-6.1.0-21-amd64")), (0, 1));
}

/// A package that some vendor offers beside the distribution is not the distribution's to mend.
#[test]
fn what_the_distribution_knows_nothing_of_is_judged_by_its_ecosystem() {
    let said = r#""ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.2.0"}]}]"#;
    let (go, text) = osv("GO-1", "Go", "example.com/m", said);
    let database = database(&[(&go, &text), ("debian.json", TRACKER)]);
    let count = |name: &str, release: &str| {
        let owner = package(PackageKind::Dpkg, name, "9");
        let module = Package { owner: Some(0), ..package(PackageKind::Go, "example.com/m", "v1.1.0") };
        let matches = matched(&database, release, vec![owner, module]);
        matches.vulnerabilities.iter().filter(|found| found.id == "GO-1").count()
    };
    assert_eq!(count("curl", "debian 12"), 0);
    assert_eq!(count("docker-ce-cli", "debian 12"), 1);
    assert_eq!(count("curl", "plan9 4"), 1);
}

/// Red Hat publishes for each product of a release; what it says of one stream is not said of another.
#[test]
fn a_denial_for_one_stream_denies_nothing_of_others() {
    let vex = r#"{"document": {"category": "csaf_vex", "csaf_version": "2.0", "title": "t",
        "publisher": {"category": "vendor", "name": "Red Hat Product Security", "namespace": "https://www.redhat.com"},
        "tracking": {"id": "CVE-2024-1001", "initial_release_date": "2024-01-01T00:00:00Z"}},
      "product_tree": {"branches": [{"category": "vendor", "name": "Red Hat", "branches": [
        {"category": "product_version", "name": "p8", "product": {"name": "Red Hat Enterprise Linux 8",
         "product_id": "rhel8", "product_identification_helper": {"cpe": "cpe:/o:redhat:enterprise_linux:8"}}},
        {"category": "product_version", "name": "a", "product": {"name": "nodejs:16/nodejs",
         "product_id": "nodejs:16/nodejs", "product_identification_helper": {"purl": "pkg:rpm/redhat/nodejs?rpmmod=nodejs:16"}}},
        {"category": "product_version", "name": "b", "product": {"name": "nodejs:18/nodejs",
         "product_id": "nodejs:18/nodejs", "product_identification_helper": {"purl": "pkg:rpm/redhat/nodejs?rpmmod=nodejs:18"}}}]}],
       "relationships": [
        {"category": "default_component_of", "product_reference": "nodejs:16/nodejs", "relates_to_product_reference": "rhel8",
         "full_product_name": {"name": "x", "product_id": "rhel8:16"}},
        {"category": "default_component_of", "product_reference": "nodejs:18/nodejs", "relates_to_product_reference": "rhel8",
         "full_product_name": {"name": "y", "product_id": "rhel8:18"}}]},
      "vulnerabilities": [{"cve": "CVE-2024-1001", "product_status": {
        "known_affected": ["rhel8:18"], "known_not_affected": ["rhel8:16"]}}]}"#;
    let nodejs = package(PackageKind::Rpm, "nodejs", "");
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("1:18.12.1-2.module+el8.7.0+17306+fc023f99", &[("CVE-2024-1001", "none")]),
        ("1:16.19.1-1.module+el8.7.0+18373+704f5cef", &[]),
        ("1:10.0.0-1.el8", &[]),
    ];
    check(&database(&[("cve-2024-1.json", vex)]), "rhel 8.9", &nodejs, cases);
}
