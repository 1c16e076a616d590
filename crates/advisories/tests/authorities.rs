//! What those who made an order say of it, in their own vectors: see tests/vectors/README.md. Where those are not
//! ours to have, vectors of our own from their manuals.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests are tests too, which clippy does not see"
)]

use std::cmp::Ordering;
use std::path::Path;

use advisories::version::{Dialect, Order};

/// The three fields of each line of a file.
fn lines(file: &str) -> Vec<[String; 3]> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/authorities").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let fields = |line: &str| -> [String; 3] {
        line.split('\t').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap()
    };
    let lines: Vec<[String; 3]> = text.lines().map(fields).collect();
    assert!(lines.len() > 20, "{file}");
    lines
}

fn key(order: Order, version: &str) -> Vec<u8> {
    let mut key = Vec::new();
    order.key(version, &mut key).unwrap();
    key
}

fn check(order: Order, file: &str) {
    for [one, sign, other] in lines(file) {
        let expected = match sign.as_str() {
            "<" => Ordering::Less,
            "=" => Ordering::Equal,
            ">" => Ordering::Greater,
            _ => panic!("{sign}"),
        };
        assert_eq!(key(order, &one).cmp(&key(order, &other)), expected, "{order:?}: {one} {sign} {other}");
    }
}

fn ascending(order: Order, versions: &[&str]) {
    for pair in versions.windows(2) {
        assert_eq!(order.compare(pair[0], pair[1]), Ok(Ordering::Less), "{order:?}: {pair:?}");
    }
}

fn equal(order: Order, versions: &[&str]) {
    for pair in versions.windows(2) {
        assert_eq!(order.compare(pair[0], pair[1]), Ok(Ordering::Equal), "{order:?}: {pair:?}");
    }
}

#[test]
fn python_as_packaging_has_it() {
    check(Order::Pep440, "packaging.tsv");
}

#[test]
fn node_as_node_semver_has_it() {
    check(Order::Npm, "node-semver.tsv");
}

#[test]
fn go_as_its_module_library_has_it() {
    check(Order::Go, "golang-mod.tsv");
}

/// Keys are in the order of Maven 4; `compare` is that of Maven 3, which osv-scalibr's vectors are of.
#[test]
fn java_as_maven_4_has_it() {
    check(Order::Maven, "maven.tsv");
}

#[test]
fn ranges_as_node_semver_has_them() {
    ranges(Dialect::Npm, "node-semver-ranges.tsv");
}

/// composer/semver, VersionParser::normalize: what its manual and its regular expressions say.
#[test]
fn php_as_composer_has_it() {
    equal(Order::Packagist, &["7", "7.0", "v7.0.0", "7.0.0.0", "7.0.0-stable", "7.0.0+build.5", "V7.00"]);
    equal(Order::Packagist, &["1.0-beta1", "1.0.0-BETA1", "1.0.0.0b1", "1.0.0-beta.1"]);
    equal(Order::Packagist, &["1.x-dev", "1.9999999.9999999.9999999-dev", "1.*.x-dev"]);
    let ascending_ones =
        ["1-dev", "1.0-alpha", "1.0.0-beta", "1-RC1", "1.0", "1.0.0-p1", "1.0.0.1", "1.0.1", "1.x-dev", "2"];
    ascending(Order::Packagist, &ascending_ones);
    // A day is no number of a version, and gains none.
    ascending(Order::Packagist, &["20100102", "20100102.0", "20100102.1", "20100103"]);
}

#[test]
fn ranges_as_composer_has_them() {
    ranges(Dialect::Composer, "composer-ranges.tsv");
}

fn contains(dialect: Dialect, range: &str, version: &str) -> bool {
    let intervals = dialect.parse(range).unwrap_or_else(|error| panic!("{error}"));
    intervals.iter().any(|interval| interval.contains(dialect.order(), version).unwrap())
}

fn ranges(dialect: Dialect, file: &str) {
    let mut wrong = Vec::new();
    for [sign, range, other] in lines(file) {
        let right = match sign.as_str() {
            "+" => contains(dialect, &range, &other),
            "-" => !contains(dialect, &range, &other),
            _ if other == "!" => dialect.parse(&range).is_err(),
            _ => probes()
                .iter()
                .all(|version| contains(dialect, &range, version) == contains(dialect, &other, version)),
        };
        if !right {
            wrong.push(format!("{sign} {range} {other}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Versions around the ends that ranges have.
fn probes() -> Vec<String> {
    let mut probes = Vec::new();
    for major in 0..5 {
        for minor in 0..6 {
            for patch in 0..6 {
                probes.push(format!("{major}.{minor}.{patch}"));
                if major + minor + patch > 0 {
                    probes.push(format!("{major}.{minor}.{patch}-beta.4"));
                }
            }
        }
    }
    probes
}

/// deb-version(7): a tilde is before everything, letters before all else, numbers by value, and a revision that is
/// absent is zero.
#[test]
fn debian_as_its_manual_has_it() {
    ascending(
        Order::Dpkg,
        &["1.0~~", "1.0~~a", "1.0~", "1.0", "1.0a", "1.0b", "1.0+a", "1.0.0", "1.1", "1:0"],
    );
    ascending(Order::Dpkg, &["1.0-1", "1.0-1+b1", "1.0-1.1", "1.0-2~bpo1", "1.0-2", "1.0-10", "1.0.1-1"]);
    ascending(Order::Dpkg, &["7.88.1-10+deb12u4", "7.88.1-10+deb12u5", "7.88.1-10+deb12u12", "8.0.0-1"]);
    equal(Order::Dpkg, &["1.0", "0:1.0", "1.0-0", "01.00-00"]);
    for wrong in ["a:1", ":1", "-1", "1:"] {
        assert!(Order::Dpkg.compare(wrong, "1").is_err(), "{wrong}");
    }
}

/// rpm-version(7): tilde before the end and caret after it, numbers after letters, separators alike.
#[test]
fn rpm_as_its_manual_has_it() {
    ascending(
        Order::Rpm,
        &[
            "1.0~beta",
            "1.0~beta2",
            "1.0~rc1",
            "1.0",
            "1.0^20240101",
            "1.0^20240102",
            "1.0a",
            "1.0.1",
            "1.1",
            "2:0",
        ],
    );
    ascending(
        Order::Rpm,
        &[
            "3.0.7-24.el9",
            "3.0.7-25.el9_3",
            "3.0.7-27.el9",
            "3.0.10-1.el9",
            "1:1.1.1k-6.el8",
            "1:1.1.1k-12.el8_9",
        ],
    );
    equal(Order::Rpm, &["1.0-1", "0:1.0-1", "1_0-1", "1..0-01"]);
}

/// apk-package(5): suffixes before a release and after it, one letter, a revision.
#[test]
fn alpine_as_its_manual_has_it() {
    ascending(
        Order::Apk,
        &[
            "1.2_alpha",
            "1.2_alpha1",
            "1.2_beta",
            "1.2_pre",
            "1.2_rc1",
            "1.2",
            "1.2-r0",
            "1.2-r1",
            "1.2_cvs",
            "1.2_svn",
            "1.2_git20240101",
            "1.2_hg",
            "1.2_p1",
            "1.2_p1-r1",
            "1.2a",
            "1.2.0",
            "1.2.01",
            "1.2.1",
            "1.2.10",
            "1.10",
        ],
    );
    equal(Order::Apk, &["1.2~0a1b2c-r1", "1.2-r1"]);
}

/// Gem::Version: letters make a prerelease, zeros at the end count for nothing.
#[test]
fn ruby_as_its_documentation_has_it() {
    ascending(
        Order::RubyGems,
        &["1.0.a", "1.0.a.2", "1.0.b1", "1.0.b10", "1.0", "1.0.1.rc1", "1.0.1", "1.9", "1.10"],
    );
    equal(Order::RubyGems, &["1", "1.0", "1.0.0"]);
    equal(Order::RubyGems, &["1.0.b1", "1.b.1"]);
    ascending(Order::RubyGems, &["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0"]);
}
