//! Names for packages within a document: the same for the same package of the same image, and no two alike.

use std::collections::HashMap;

use model::digest::Digest;
use model::inventory::{Inventory, Package};
use model::purl::{Parts, Purl};
use model::reference::ImageName;

use crate::subject::{Target, TargetKind};

/// Most of a package's own name that becomes part of it, in bytes.
const READABLE: usize = 60;
/// Hex digits that tell apart what is called the same.
const DIGITS: usize = 16;

/// The names of an inventory's packages, in its order.
pub(crate) struct Names(Vec<String>);

impl Names {
    pub(crate) fn of(inventory: &Inventory) -> Self {
        let mut uses: HashMap<String, u32> = HashMap::new();
        let names = inventory.packages.iter().map(|package| {
            let name = name(package);
            let count = uses.entry(name.clone()).and_modify(|count| *count += 1).or_insert(1);
            if *count == 1 { name } else { format!("{name}-{count}") }
        });
        Self(names.collect())
    }

    /// The name of a package by its index; empty for one that there is none of.
    pub(crate) fn get(&self, index: usize) -> &str {
        self.0.get(index).map_or("", String::as_str)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The package of the distribution that a package's files belong to.
    pub(crate) fn owner(&self, package: &Package) -> Option<&str> {
        let index = package.owner.and_then(|owner| usize::try_from(owner).ok())?;
        self.0.get(index).map(String::as_str)
    }
}

fn name(package: &Package) -> String {
    let layer = package.layer.to_string();
    let parts = [&format!("{:?}", package.kind), &package.name, &package.version, &package.location, &layer];
    let parts: Vec<&str> = parts.into_iter().map(String::as_str).collect();
    let mut digits = Digest::of(parts.join("\0").as_bytes()).hex();
    digits.truncate(DIGITS);
    format!("{}-{digits}", identifier(&package.name))
}

/// As SPDX wants names: letters, digits, `.` and `-`.
pub(crate) fn identifier(text: &str) -> String {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
    text.chars().take(READABLE).map(|letter| if allowed(letter) { letter } else { '-' }).collect()
}

/// A UUID of version 8 (RFC 9562), as an address: the first bits of a digest.
pub(crate) fn uuid(digest: Digest) -> String {
    let hex = digest.hex();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("urn:uuid:{}-{}-8{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

/// The package URL of a scanned image; `None` for what is no image of a registry.
pub(crate) fn purl_of(target: &Target) -> Option<Purl> {
    if target.kind != TargetKind::Image || target.digest.is_empty() {
        return None;
    }
    let image: ImageName = target.name.parse().ok()?;
    let repository = image.located();
    let name = repository.path.rsplit('/').next().unwrap_or_default().to_owned();
    let qualifiers = [
        ("arch", target.architecture.clone()),
        ("repository_url", repository.to_string()),
        ("tag", image.tag.clone().unwrap_or_default()),
    ];
    let qualifiers = qualifiers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let (kind, version) = ("oci".to_owned(), target.digest.clone());
    Purl::try_from(Parts { kind, name, version, qualifiers, ..Parts::default() }).ok()
}

#[cfg(test)]
mod tests {
    use model::inventory::PackageKind;

    use super::*;

    fn package(purl: &str, location: &str) -> Package {
        let package = purl.parse::<Purl>().unwrap().package().unwrap();
        Package { location: location.to_owned(), ..package }
    }

    fn names(packages: Vec<Package>) -> Vec<String> {
        Names::of(&Inventory { packages, ..Inventory::default() }).0
    }

    #[test]
    fn no_two_are_alike() {
        let one = package("pkg:npm/a@1", "x");
        let other_kind = Package { kind: PackageKind::PyPi, ..one.clone() };
        let names = names(vec![one.clone(), one.clone(), package("pkg:npm/a@1", "y"), other_kind, one]);
        let distinct: std::collections::BTreeSet<&String> = names.iter().collect();
        assert_eq!(distinct.len(), 5, "{names:?}");
    }

    #[test]
    fn what_else_is_in_an_image_changes_no_name() {
        let curl = package("pkg:deb/debian/curl@7", "var/lib/dpkg/status");
        let alone = names(vec![curl.clone()]);
        assert_eq!(
            names(vec![package("pkg:deb/debian/bash@5", "var/lib/dpkg/status"), curl]).get(1),
            alone.first()
        );
    }

    #[test]
    fn anything_may_be_called_anything() {
        let hostile = Package { name: "a/b\"<\n\u{202e}é".repeat(100), ..package("pkg:npm/a@1", "") };
        let name = names(vec![hostile]).remove(0);
        assert!(
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')),
            "{name}"
        );
        assert_eq!(name.len(), READABLE + 1 + DIGITS);
    }
}
