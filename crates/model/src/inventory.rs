//! What is inside an image: its distribution, its packages, and where each of them is.

use serde::{Deserialize, Serialize};

/// Who vouches for a package's name and version, and so how both are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackageKind {
    /// Debian and its family; versions `[epoch:]upstream[-revision]`.
    Dpkg,
    /// Alpine, Wolfi; versions `1.2.3_rc1-r0`.
    Apk,
    /// Red Hat and its family, SUSE, Amazon; versions `[epoch:]version-release`.
    Rpm,
    /// Python; names normalised (PEP 503), versions PEP 440.
    #[serde(rename = "pypi")]
    PyPi,
    /// Node; names `name` or `@scope/name`.
    Npm,
    /// Ruby.
    #[serde(rename = "rubygems")]
    RubyGems,
    /// Java; names `group:artifact`, or `artifact` where the group is unknown.
    Maven,
    /// Go modules; names are module paths, versions begin with `v`; the standard library is `stdlib`.
    Go,
    /// Rust crates.
    Cargo,
    /// PHP; names `vendor/name`.
    Packagist,
    /// .NET.
    #[serde(rename = "nuget")]
    NuGet,
    /// Software that no package manager knows of: `nginx`, `redis`, `openssl`, known by what its files say.
    Generic,
}

/// What an image's `os-release` says (os-release(5)).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Distribution {
    /// `debian`, `alpine`, `almalinux`.
    pub id: String,
    /// What it is like, closest first.
    pub like: Vec<String>,
    /// `12`, `3.19.1`, `22.04`; empty where it rolls.
    pub version: String,
    /// `bookworm`.
    pub codename: String,
    /// For people.
    pub name: String,
}

/// The source package that a binary package was built from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourcePackage {
    /// Its name.
    pub name: String,
    /// Its version, with epoch and revision.
    pub version: String,
}

/// How a Go binary's vulnerable functions can be told from those that are not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Symbols {
    /// The file keeps no symbols, or is no Go binary.
    #[default]
    Unknown,
    /// Those of this module that the file has: `package/path.Type.Method` or `package/path.Function`, sorted.
    Known(Vec<String>),
}

/// One package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Who vouches for it.
    pub kind: PackageKind,
    /// Its name, as its kind spells it.
    pub name: String,
    /// Its version, as its kind spells it; empty where nobody says.
    pub version: String,
    /// What it was built from, where that differs.
    pub source: Option<SourcePackage>,
    /// `amd64`, `noarch`; empty where it does not matter.
    pub architecture: String,
    /// As it declares them: SPDX expressions, or any other words.
    pub licences: Vec<String>,
    /// The file that says so, without a leading slash; `outer.jar!inner.jar` within archives.
    pub location: String,
    /// The layer that brought it, counted from the bottom.
    pub layer: u32,
    /// The package of the distribution that this one's files belong to, by its index in the inventory.
    pub owner: Option<u32>,
    /// Which of its functions are there.
    pub symbols: Symbols,
}

/// Everything known to be in an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// Absent where nothing says (`scratch` images).
    pub distribution: Option<Distribution>,
    /// Sorted by kind, name, version and location.
    pub packages: Vec<Package>,
    /// Those of lower layers that a later layer removed or replaced.
    pub removed: Vec<Package>,
    /// What could not be read, and why: an inventory with gaps says so.
    pub gaps: Vec<Gap>,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The file, without a leading slash.
    pub location: String,
    /// What is wrong with it, for people.
    pub reason: String,
}
