//! Every vector of google/osv-scalibr's semantic test data, in both directions: see tests/vectors/README.md.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests too, which clippy does not see"
)]

use std::cmp::Ordering;
use std::path::Path;

use advisories::version::Order;

/// A line is two versions and what is between them: `1.0 < 1.1`.
fn check(order: Order, file: &str) {
    let (checked, wrong) = differing(order, file);
    assert!(checked > 5, "{file} has {checked} vectors");
    assert!(wrong.is_empty(), "{order:?}: {} of {checked} vectors of {file}: {wrong:#?}", wrong.len());
}

/// How many lines there are, and those in which the order says otherwise.
fn differing(order: Order, file: &str) -> (usize, Vec<String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/osv-scalibr").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let (mut checked, mut wrong) = (0, Vec::new());
    for line in
        text.lines().filter(|line| !line.is_empty() && !line.starts_with("# ") && !line.starts_with("// "))
    {
        let mut words = line.split(' ');
        let (one, sign, other) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let expected = match sign {
            "<" => Ordering::Less,
            "=" => Ordering::Equal,
            ">" => Ordering::Greater,
            _ => panic!("{line}"),
        };
        checked += 1;
        if order.compare(one, other) != Ok(expected) || order.compare(other, one) != Ok(expected.reverse()) {
            wrong.push(line.to_owned());
        }
    }
    (checked, wrong)
}

#[test]
fn alpine() {
    check(Order::Apk, "alpine-versions.txt");
    check(Order::Apk, "alpine-versions-generated.txt");
}

#[test]
fn cran() {
    check(Order::Cran, "cran-versions.txt");
    check(Order::Cran, "cran-versions-generated.txt");
}

#[test]
fn debian() {
    check(Order::Dpkg, "debian-versions.txt");
    check(Order::Dpkg, "debian-versions-generated.txt");
}

#[test]
fn hackage() {
    check(Order::Hackage, "hackage-versions.txt");
}

#[test]
fn maven() {
    check(Order::Maven, "maven-versions.txt");
    check(Order::Maven, "maven-versions-generated.txt");
}

#[test]
fn nuget() {
    check(Order::NuGet, "nuget-versions.txt");
}

#[test]
fn packagist() {
    let (few, wrong) = differing(Order::Packagist, "packagist-versions.txt");
    assert_eq!(wrong, ["1.0.0 > 1.0"]);
    let (many, wrong) = differing(Order::Packagist, "packagist-versions-generated.txt");
    assert_eq!(wrong, OTHER_FOR_COMPOSER);
    assert!(few > 50 && many > 1000, "{few} {many}");
}

/// These vectors ask PHP's version_compare about versions as they are written. Composer gives them four numbers before
/// it asks, takes words in any case, and leaves `stable` out.
const OTHER_FOR_COMPOSER: [&str; 10] = [
    "v3.0 < v3.0.0-beta",
    "v3.4 < v3.4.0-alpha",
    "v4-beta4 < v4.0-alpha",
    "v1.9.0-ALPHA.1 = v1.9.0-BETA.1",
    "v1.9.0-BETA.1 < v1.9.0-ALPHA.2",
    "v1.9.0-ALPHA.2 = v1.9.0-BETA.2",
    "5.1.0-stable < 5.1.0-beta2",
    "v4.4 < v4.4.0-beta",
    "v6.5 < v6.5.0-beta-0",
    "v6.6 < v6.6.0-beta",
];

#[test]
fn pub_dev() {
    check(Order::Pub, "pub-versions.txt");
}

#[test]
fn pypi() {
    check(Order::Pep440, "pypi-versions.txt");
    check(Order::Pep440, "pypi-versions-generated.txt");
}

#[test]
fn red_hat() {
    check(Order::Rpm, "redhat-versions.txt");
}

#[test]
fn rubygems() {
    check(Order::RubyGems, "rubygems-versions.txt");
    check(Order::RubyGems, "rubygems-versions-generated.txt");
}

#[test]
fn semver() {
    for order in [Order::Npm, Order::SemVer, Order::Go] {
        check(order, "semver-versions.txt");
    }
}
