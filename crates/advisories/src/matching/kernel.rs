//! Packages of the kernel's interface: built from its source, and without any of its code.

use model::inventory::{Package, PackageKind};

/// Names, or their beginnings where they end in a hyphen.
const HEADERS: &[(PackageKind, &str)] = &[
    (PackageKind::Apk, "linux-headers"),
    (PackageKind::Dpkg, "linux-headers-"),
    (PackageKind::Dpkg, "linux-libc-dev"),
    (PackageKind::Rpm, "kernel-devel"),
    (PackageKind::Rpm, "kernel-headers"),
];

/// Whether a package has nothing of the kernel but what programs are compiled with, so that nothing that is wrong with
/// the kernel can be wrong with it.
pub(super) fn is_interface(package: &Package) -> bool {
    let is = |name: &str| match name.strip_suffix('-') {
        Some(_) => package.name.starts_with(name),
        None => package.name == name,
    };
    HEADERS.iter().any(|(kind, name)| *kind == package.kind && is(name))
}
