//! Ecosystems by their names in OSV, and how each spells the names of its packages.

use std::borrow::Cow;

use model::inventory::PackageKind;

/// The ecosystem of packages that belong to no distribution.
#[must_use]
pub fn of_kind(kind: PackageKind) -> Option<&'static str> {
    Some(match kind {
        PackageKind::PyPi => "PyPI",
        PackageKind::Npm => "npm",
        PackageKind::RubyGems => "RubyGems",
        PackageKind::Maven => "Maven",
        PackageKind::Go => "Go",
        PackageKind::Cargo => "crates.io",
        PackageKind::Packagist => "Packagist",
        PackageKind::NuGet => "NuGet",
        PackageKind::Generic => "Bitnami",
        PackageKind::Dpkg | PackageKind::Apk | PackageKind::Rpm => return None,
    })
}

/// A name in the one spelling of those that mean the same package.
#[must_use]
pub fn normal_name<'a>(ecosystem: &str, name: &'a str) -> Cow<'a, str> {
    match ecosystem {
        "PyPI" => python(name),
        "NuGet" | "Packagist" | "Bitnami" => lower(name),
        _ => Cow::Borrowed(name),
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// PEP 503: lower case, and a single `-` for each run of `-`, `_` and `.`.
fn python(name: &str) -> Cow<'_, str> {
    let odd = |byte: u8| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'.');
    if !name.bytes().any(odd) && !name.contains("--") {
        return Cow::Borrowed(name);
    }
    let mut normal = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            c => normal.push(c.to_ascii_lowercase()),
        }
    }
    Cow::Owned(normal)
}

/// Debian's releases by codename.
const DEBIAN: &[(&str, &str)] = &[
    ("hamm", "2.0"),
    ("slink", "2.1"),
    ("potato", "2.2"),
    ("woody", "3.0"),
    ("sarge", "3.1"),
    ("etch", "4"),
    ("lenny", "5"),
    ("squeeze", "6"),
    ("wheezy", "7"),
    ("jessie", "8"),
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("duke", "15"),
    ("sid", "sid"),
];

/// `Debian:12` for `bookworm`; what has a suite behind the name is not the release itself.
#[must_use]
pub fn of_debian(codename: &str) -> Option<String> {
    let known = DEBIAN.iter().find(|(name, _)| *name == codename);
    known.map(|(_, version)| format!("Debian:{version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mean_one_package_are_one() {
        for name in ["Foo.Bar_baz", "foo--bar-baz", "FOO_._bar-BAZ", "foo-bar-baz"] {
            assert_eq!(normal_name("PyPI", name), "foo-bar-baz");
        }
        assert_eq!(normal_name("NuGet", "Newtonsoft.Json"), "newtonsoft.json");
        assert_eq!(normal_name("Go", "github.com/BurntSushi/toml"), "github.com/BurntSushi/toml");
    }
}
