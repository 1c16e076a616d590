//! The orders of versions, one for each ecosystem.
//!
//! An order is a function from versions to bytes, their keys: of two versions the one with the lesser key comes
//! first, and those with equal keys are the same version spelled differently. So every order is total, whatever a
//! stranger wrote; a key takes time and space in proportion to its version; and who has many versions to compare
//! with one keeps their keys.

mod key;
mod dpkg;
mod apk;
mod rpm;
mod pep440;
mod legacy;
mod semver;
mod maven;
mod rubygems;
mod packagist;
mod dotted;
mod generic;
mod interval;
mod range;

use std::cmp::Ordering;

use model::inventory::PackageKind;

pub use interval::{Bound, Interval};
use key::Key;
pub use range::{BadRange, Dialect};
use semver::Flavour;

/// Longest version that is read, in bytes.
pub const MAX_LENGTH: usize = 1024;

/// Whose rules say which of two versions is the older.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// deb-version(7).
    Dpkg,
    /// apk-package(5).
    Apk,
    /// rpm-version(7), rpmvercmp.
    Rpm,
    /// Python, PEP 440; older spellings come before all others.
    Pep440,
    /// Node, semantic versioning as node-semver reads it.
    Npm,
    /// Java, ComparableVersion.
    Maven,
    /// Ruby, Gem::Version.
    RubyGems,
    /// Go modules, and the releases of Go itself: `go1.22rc1`.
    Go,
    /// PHP, as Composer compares.
    Packagist,
    /// .NET.
    NuGet,
    /// Semantic versioning 2.0: Rust crates, Hex, Swift, Julia.
    SemVer,
    /// Dart: semantic versioning in which builds are ordered too.
    Pub,
    /// Bitnami: semantic versioning with revisions after the release, `1.2.3-4`.
    Bitnami,
    /// R.
    Cran,
    /// Haskell.
    Hackage,
    /// Software that follows no rules but its own: numbers and letters, from left to right.
    Generic,
}

/// Why something is no version, or none that is read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{version}` is not a version: {reason}")]
pub struct BadVersion {
    /// The version, or its beginning where it is long.
    pub version: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Dpkg,
        Self::Apk,
        Self::Rpm,
        Self::Pep440,
        Self::Npm,
        Self::Maven,
        Self::RubyGems,
        Self::Go,
        Self::Packagist,
        Self::NuGet,
        Self::SemVer,
        Self::Pub,
        Self::Bitnami,
        Self::Cran,
        Self::Hackage,
        Self::Generic,
    ];

    /// The order in which versions of a kind of package are.
    #[must_use]
    pub fn of(kind: PackageKind) -> Self {
        match kind {
            PackageKind::Dpkg => Self::Dpkg,
            PackageKind::Apk => Self::Apk,
            PackageKind::Rpm => Self::Rpm,
            PackageKind::PyPi => Self::Pep440,
            PackageKind::Npm => Self::Npm,
            PackageKind::RubyGems => Self::RubyGems,
            PackageKind::Maven => Self::Maven,
            PackageKind::Go => Self::Go,
            PackageKind::Cargo => Self::SemVer,
            PackageKind::Packagist => Self::Packagist,
            PackageKind::NuGet => Self::NuGet,
            PackageKind::Generic => Self::Generic,
        }
    }

    /// The order of an ecosystem by its name in OSV, with or without a release: `PyPI`, `Debian:12`.
    #[must_use]
    pub fn of_ecosystem(name: &str) -> Option<Self> {
        let family = name.split_once(':').map_or(name, |(family, _)| family);
        Some(match family {
            "Debian" | "Ubuntu" | "Echo" => Self::Dpkg,
            "Alpine" | "Alpaquita" | "BellSoft Hardened Containers" | "Chainguard" | "MinimOS" | "Wolfi" => {
                Self::Apk
            }
            "AlmaLinux" | "Azure Linux" | "Mageia" | "Photon OS" | "Red Hat" | "Rocky Linux" | "SUSE"
            | "openEuler" | "openSUSE" => Self::Rpm,
            "PyPI" => Self::Pep440,
            "npm" => Self::Npm,
            "Maven" => Self::Maven,
            "RubyGems" => Self::RubyGems,
            "Go" => Self::Go,
            "Packagist" => Self::Packagist,
            "NuGet" => Self::NuGet,
            "Bioconductor" | "ConanCenter" | "GHC" | "GitHub Actions" | "Hex" | "Julia" | "SwiftURL"
            | "crates.io" => Self::SemVer,
            "Pub" => Self::Pub,
            "Bitnami" => Self::Bitnami,
            "CRAN" => Self::Cran,
            "Hackage" => Self::Hackage,
            _ => return None,
        })
    }

    /// Which of two versions comes first, as the ecosystem itself says. That is the order of their keys, but for
    /// two ecosystems that have versions which come before themselves: Maven, and PHP where a version has a `#`.
    ///
    /// # Errors
    /// The first of the two that is no version of this order.
    pub fn compare(self, one: &str, other: &str) -> Result<Ordering, BadVersion> {
        let (one, other) = (checked(one)?, checked(other)?);
        let own = match self {
            Self::Maven => Some(maven::compare(one, other)),
            Self::Packagist => packagist::with_placeholder(one, other),
            _ => None,
        };
        if let Some(decided) = own {
            return Ok(decided);
        }
        let (mut first, mut second) = (Vec::with_capacity(64), Vec::with_capacity(64));
        self.key(one, &mut first)?;
        self.key(other, &mut second)?;
        Ok(first.cmp(&second))
    }

    /// Appends to `key` the bytes that stand for `version` among those of its order.
    ///
    /// # Errors
    /// Something that is no version of this order; what `key` has then gained means nothing.
    pub fn key(self, version: &str, key: &mut Vec<u8>) -> Result<(), BadVersion> {
        let version = checked(version)?;
        self.write(version, &mut Key(key)).map_err(|reason| bad(version, reason))
    }

    fn write(self, version: &str, key: &mut Key<'_>) -> Result<(), &'static str> {
        match self {
            Self::Dpkg => dpkg::write(version, key)?,
            Self::Apk => apk::write(version, key),
            Self::Rpm => rpm::write(version, key),
            Self::Pep440 => pep440::write(version, key),
            Self::Npm => semver::write(version, Flavour::Npm, key)?,
            Self::Maven => maven::write(version, key),
            Self::RubyGems => rubygems::write(version, key),
            Self::Go => semver::write_go(version, key)?,
            Self::Packagist => packagist::write(version, key),
            Self::NuGet => semver::write(version, Flavour::NuGet, key)?,
            Self::SemVer => semver::write(version, Flavour::Plain, key)?,
            Self::Pub => semver::write(version, Flavour::Pub, key)?,
            Self::Bitnami => semver::write(version, Flavour::Bitnami, key)?,
            Self::Cran => dotted::write(version, &['.', '-'], key)?,
            Self::Hackage => dotted::write(version, &['.'], key)?,
            Self::Generic => generic::write(version, key),
        }
        Ok(())
    }
}

/// A version of a length that is read.
fn checked(version: &str) -> Result<&str, BadVersion> {
    match version.trim_ascii() {
        "" => Err(bad("", "there is nothing")),
        long if long.len() > MAX_LENGTH => Err(bad(long, "it is longer than 1024 bytes")),
        version => Ok(version),
    }
}

fn bad(version: &str, reason: &'static str) -> BadVersion {
    BadVersion { version: version.chars().take(80).collect(), reason }
}

/// The leading ASCII digits of `text`, and what follows them.
fn split_digits(text: &str) -> (&str, &str) {
    split_while(text, |byte| byte.is_ascii_digit())
}

/// The leading ASCII characters of `text` that are `wanted`, and what follows them.
fn split_while(text: &str, wanted: impl Fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|byte| !byte.is_ascii() || !wanted(byte)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
