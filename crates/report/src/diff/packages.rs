//! Packages that came, went, or have another version.

use std::collections::BTreeMap;

use model::inventory::{Package, PackageKind};
use serde::Serialize;

/// What changed about the packages.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Packages<'a> {
    /// Those that came.
    pub added: Vec<Line<'a>>,
    /// Those that went.
    pub removed: Vec<Line<'a>>,
    /// Those that have another version.
    pub changed: Vec<Changed<'a>>,
}

/// A package in one of the images.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Line<'a> {
    /// `dpkg`, `npm`.
    pub kind: PackageKind,
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
}

/// A package in both images.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Changed<'a> {
    /// `dpkg`, `npm`.
    pub kind: PackageKind,
    /// Its name.
    pub name: &'a str,
    /// The version that it had.
    pub before: &'a str,
    /// The version that it has.
    pub after: &'a str,
}

/// By kind and name: which versions there are, and how often each.
type Versions<'a> = BTreeMap<(PackageKind, &'a str), BTreeMap<&'a str, Sides>>;

/// How often a version is in each image.
#[derive(Default)]
struct Sides {
    before: usize,
    after: usize,
}

pub(super) fn compare<'a>(before: &'a [Package], after: &'a [Package]) -> Packages<'a> {
    let mut versions = Versions::new();
    let mut sides = |package: &'a Package, count: fn(&mut Sides) -> &mut usize| {
        let of = versions.entry((package.kind, &package.name)).or_default();
        *count(of.entry(&package.version).or_default()) += 1;
    };
    before.iter().for_each(|package| sides(package, |sides| &mut sides.before));
    after.iter().for_each(|package| sides(package, |sides| &mut sides.after));
    let mut packages = Packages::default();
    for ((kind, name), of) in versions {
        add(&mut packages, kind, name, &of);
    }
    packages
}

/// What is in both is no change. Of what is left, the versions that went and those that came belong together, as
/// far as there are as many.
fn add<'a>(packages: &mut Packages<'a>, kind: PackageKind, name: &'a str, of: &BTreeMap<&'a str, Sides>) {
    let times = |one: usize, other: usize| one.saturating_sub(other);
    let mut gone = of
        .iter()
        .flat_map(|(version, sides)| std::iter::repeat_n(*version, times(sides.before, sides.after)));
    let mut came = of
        .iter()
        .flat_map(|(version, sides)| std::iter::repeat_n(*version, times(sides.after, sides.before)));
    loop {
        match (gone.next(), came.next()) {
            (Some(before), Some(after)) => packages.changed.push(Changed { kind, name, before, after }),
            (Some(version), None) => packages.removed.push(Line { kind, name, version }),
            (None, Some(version)) => packages.added.push(Line { kind, name, version }),
            (None, None) => return,
        }
    }
}
