//! Bills of material that `report` writes are read by `scan` as what they were made of.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too, which clippy does not see")]

use std::collections::BTreeMap;

use model::inventory::{Distribution, Gap, Inventory, Package, PackageKind, SourcePackage, Symbols};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use report::subject::{Layer, Look, Scan, Target, TargetKind, Tool};
use scan::Content;

/// Kinds of packages with the names and versions that each has.
const SHAPES: &[(PackageKind, &str, &str)] = &[
    (PackageKind::Dpkg, "[a-z0-9][a-z0-9+.-]{1,8}", "([0-9]:)?[0-9][0-9.+~a-z]{0,6}-[0-9]"),
    (PackageKind::Apk, "[a-z][a-z0-9+._-]{1,8}", "[0-9]\\.[0-9](_rc[0-9])?-r[0-9]"),
    (PackageKind::Rpm, "[a-zA-Z][A-Za-z0-9+_-]{1,8}", "([0-9]:)?[0-9.]{1,4}-[0-9]\\.el9"),
    (PackageKind::PyPi, "[a-z][a-z0-9]{0,4}(-[a-z0-9]{1,4})?", "[0-9]\\.[0-9](rc1|\\.post1|\\+local)?"),
    (PackageKind::Npm, "(@[a-z]{1,5}/)?[a-z][a-z0-9._-]{0,6}", "[0-9]\\.[0-9]\\.[0-9](-beta\\.1)?(\\+x)?"),
    (PackageKind::RubyGems, "[a-zA-Z][A-Za-z0-9_-]{1,8}", "[0-9]\\.[0-9](\\.pre1)?"),
    (
        PackageKind::Maven,
        "([a-z]{1,5}(\\.[a-z]{1,5})?:)?[a-z][a-zA-Z0-9.-]{0,8}",
        "[0-9]\\.[0-9](-SNAPSHOT|\\.Final)?",
    ),
    (
        PackageKind::Go,
        "(stdlib|example\\.com/[A-Za-z]{1,5}(/v2)?)",
        "v[0-9]\\.[0-9]\\.[0-9](-0\\.2023-abc)?(\\+incompatible)?",
    ),
    (PackageKind::Cargo, "[a-zA-Z][A-Za-z0-9_-]{1,8}", "[0-9]\\.[0-9]\\.[0-9](\\+x)?"),
    (PackageKind::Packagist, "[a-z]{1,5}/[a-z][a-z0-9_.-]{0,6}", "v?[0-9]\\.[0-9]\\.[0-9](-RC1)?"),
    (PackageKind::NuGet, "[A-Z][A-Za-z0-9.]{1,8}", "[0-9]\\.[0-9]\\.[0-9](-preview)?"),
    (PackageKind::Generic, "[a-z][a-z0-9-]{1,8}", "[0-9]\\.[0-9](\\.[0-9])?"),
];

/// Text as images have it, beside a name: spaces, brackets, other scripts.
const TEXT: &str = "[a-zA-Zé中0-9 ._,()<>&\"'%@#?=+-]{1,16}";

fn shaped() -> impl Strategy<Value = (PackageKind, String, String)> {
    select(SHAPES).prop_flat_map(|(kind, name, version)| {
        (Just(kind), name, option::of(version).prop_map(Option::unwrap_or_default))
    })
}

prop_compose! {
    fn package()(
        (kind, name, version) in shaped(), architecture in "(amd64|noarch|x86_64)?",
        source in option::of("[a-z][a-z0-9+.-]{1,8}"), of in option::of("[0-9]\\.[0-9]-[0-9]"),
        licences in vec(TEXT, 0..3), location in "([a-z]{1,4}/){0,2}[a-zA-Z0-9 é%!.-]{0,9}", layer in 0..3_u32,
        owner in option::of(0..8_usize),
    ) -> (Package, Option<usize>) {
        let system = matches!(kind, PackageKind::Dpkg | PackageKind::Apk | PackageKind::Rpm);
        let source = source.filter(|_| system && !version.is_empty());
        let source = source.map(|name| SourcePackage { name, version: of.unwrap_or_else(|| version.clone()) });
        let source = source.filter(|source| source.name != name || source.version != version);
        let package = Package {
            kind, name, version, source, architecture, licences, location, layer, owner: None,
            symbols: Symbols::Unknown,
        };
        (package, owner)
    }
}

prop_compose! {
    fn distribution()(
        id in "(debian|alpine|rhel|opensuse-leap)", like in vec("[a-z]{1,6}", 0..3), version in "[0-9]{1,2}(\\.[0-9])?",
        codename in "[a-z]{0,5}", name in TEXT,
    ) -> Distribution {
        Distribution { id, like, version, codename, name }
    }
}

prop_compose! {
    fn inventory()(
        distribution in distribution(), packages in vec(package(), 0..8),
        gaps in vec(("[a-z/]{0,8}", TEXT), 0..3),
    ) -> Inventory {
        let (mut packages, owners): (Vec<Package>, Vec<Option<usize>>) = packages.into_iter().unzip();
        packages.sort_by(|one, other| {
            let key = |of: &Package| (of.kind, of.name.clone(), of.version.clone(), of.location.clone());
            key(one).cmp(&key(other))
        });
        let count = packages.len();
        for (index, (package, owner)) in packages.iter_mut().zip(owners).enumerate() {
            let owner = owner.filter(|owner| *owner < count && *owner != index);
            package.owner = owner.map(|owner| u32::try_from(owner).unwrap());
        }
        let gaps = gaps.into_iter().map(|(location, reason)| Gap { location, reason }).collect();
        Inventory { distribution: Some(distribution), packages, removed: Vec::new(), gaps }
    }
}

fn target() -> Target {
    let layer =
        |digit: &str| Layer { digest: format!("sha256:{}", digit.repeat(64)), made_by: String::new() };
    Target {
        name: "registry.example/team/app:1".to_owned(),
        kind: TargetKind::Image,
        digest: format!("sha256:{}", "a".repeat(64)),
        architecture: "amd64".to_owned(),
        layers: ["1", "2", "3"].map(layer).into(),
    }
}

/// What is read of what is written, in both formats.
fn written_and_read(inventory: &Inventory) -> [scan::sbom::Sbom; 2] {
    let (target, looks, licences) = (target(), Look::all(), BTreeMap::new());
    let scan = Scan {
        tool: Tool { name: "coffer", version: "0.1.0" },
        time: "2026-11-26T05:00:00Z",
        target: &target,
        looks: &looks,
        inventory,
        vulnerabilities: &[],
        secrets: &[],
        misconfigurations: &[],
        malware: &[],
        licences: &licences,
        database: None,
    };
    let texts = [report::cyclonedx::cyclonedx(&scan), report::spdx::spdx(&scan)];
    texts.map(|text| scan::sbom::read(&Content::Bytes(text.as_bytes())).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_bill_of_ours_is_read_as_what_it_was_made_of(inventory in inventory()) {
        for sbom in written_and_read(&inventory) {
            prop_assert_eq!(&sbom.inventory, &inventory, "{}", sbom.format);
            prop_assert_eq!(&sbom.subject, &target().name);
            prop_assert_eq!(&sbom.digest, &target().digest);
        }
    }
}
