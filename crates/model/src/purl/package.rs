//! Packages of an inventory as package URLs, and back.

use std::collections::BTreeMap;

use super::{Parts, Purl};
use crate::inventory::{Distribution, Package, PackageKind, SourcePackage, Symbols};

/// The Go distribution's own packages; versions there begin with `v`, and other tools leave it out.
const STANDARD: &str = "stdlib";

impl Purl {
    /// The package URL of a package; `None` where it has no name that one could give.
    #[must_use]
    pub fn of(package: &Package, distribution: Option<&Distribution>) -> Option<Self> {
        let kind = type_of(package.kind);
        let (namespace, name) = split(package, distribution);
        let (epoch, version) = versioned(package);
        let mut qualifiers = BTreeMap::new();
        let mut qualify = |name: &str, value: String| qualifiers.insert(name.to_owned(), value);
        qualify("arch", package.architecture.clone());
        qualify("epoch", epoch.to_owned());
        qualify(
            "upstream",
            package.source.as_ref().map(|source| upstream(source, package)).unwrap_or_default(),
        );
        if is_of_distribution(package.kind) {
            qualify("distro", distribution.map(distro).unwrap_or_default());
        }
        let (kind, namespace, name) = (kind.to_owned(), namespace.to_owned(), name.to_owned());
        Self::try_from(Parts { kind, namespace, name, version, qualifiers, subpath: String::new() }).ok()
    }

    /// The package that it stands for, as far as it says; `None` for a type that inventories do not have.
    #[must_use]
    pub fn package(&self) -> Option<Package> {
        let parts = self.parts();
        let kind = kind_of(&parts.kind)?;
        let version = match (self.qualifier("epoch"), kind) {
            (Some(epoch), PackageKind::Rpm) => format!("{epoch}:{}", parts.version),
            _ if kind == PackageKind::Go && parts.name == STANDARD && !parts.version.is_empty() => {
                format!("v{}", parts.version.trim_start_matches('v'))
            }
            _ => parts.version.clone(),
        };
        let source = self.qualifier("upstream").and_then(|text| source(text, &version, kind));
        let name = joined(kind, &parts.namespace, &parts.name);
        Some(Package {
            kind,
            source: source.filter(|source| source.name != name || source.version != version),
            name,
            version,
            architecture: self.qualifier("arch").unwrap_or_default().to_owned(),
            licences: Vec::new(),
            location: String::new(),
            layer: 0,
            owner: None,
            symbols: Symbols::Unknown,
        })
    }

    /// The distribution that a package of it is for, as far as it says.
    #[must_use]
    pub fn distribution(&self) -> Option<Distribution> {
        let parts = self.parts();
        kind_of(&parts.kind).filter(|kind| is_of_distribution(*kind))?;
        let text = self.qualifier("distro").unwrap_or(&parts.namespace);
        let is_version = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
        let (id, version) = match text.rsplit_once('-') {
            // Trivy leaves out the name where the namespace has it.
            None if is_version(text) => (parts.namespace.as_str(), text),
            Some((id, version)) if is_version(version) => (id, version),
            _ => (text, ""),
        };
        let (id, version) = (known_as(id), version.to_owned());
        (!id.is_empty()).then(|| Distribution { id: id.to_owned(), version, ..Distribution::default() })
    }
}

/// `debian-12`; the name alone where the distribution rolls.
fn distro(distribution: &Distribution) -> String {
    match distribution.version.as_str() {
        "" => distribution.id.clone(),
        version => format!("{}-{version}", distribution.id),
    }
}

/// Whether a distribution's package manager vouches for it.
fn is_of_distribution(kind: PackageKind) -> bool {
    matches!(kind, PackageKind::Dpkg | PackageKind::Apk | PackageKind::Rpm)
}

const TYPES: [(PackageKind, &str); 12] = [
    (PackageKind::Dpkg, "deb"),
    (PackageKind::Apk, "apk"),
    (PackageKind::Rpm, "rpm"),
    (PackageKind::PyPi, "pypi"),
    (PackageKind::Npm, "npm"),
    (PackageKind::RubyGems, "gem"),
    (PackageKind::Maven, "maven"),
    (PackageKind::Go, "golang"),
    (PackageKind::Cargo, "cargo"),
    (PackageKind::Packagist, "composer"),
    (PackageKind::NuGet, "nuget"),
    (PackageKind::Generic, "generic"),
];

fn type_of(kind: PackageKind) -> &'static str {
    TYPES.iter().find(|(of, _)| *of == kind).map_or("generic", |(_, text)| text)
}

fn kind_of(text: &str) -> Option<PackageKind> {
    TYPES.iter().find(|(_, of)| *of == text).map(|(kind, _)| *kind)
}

/// Namespace and name.
fn split<'a>(package: &'a Package, distribution: Option<&'a Distribution>) -> (&'a str, &'a str) {
    let name = package.name.as_str();
    let of = |fallback| distribution.map_or(fallback, |distribution| namespace(&distribution.id));
    match package.kind {
        PackageKind::Dpkg => (of("debian"), name),
        PackageKind::Apk => (of("alpine"), name),
        PackageKind::Rpm => (of(""), name),
        PackageKind::Maven => name.split_once(':').unwrap_or(("", name)),
        PackageKind::Npm | PackageKind::Go | PackageKind::Packagist => {
            name.rsplit_once('/').unwrap_or(("", name))
        }
        _ => ("", name),
    }
}

fn joined(kind: PackageKind, namespace: &str, name: &str) -> String {
    match kind {
        _ if namespace.is_empty() || is_of_distribution(kind) => name.to_owned(),
        PackageKind::Maven => format!("{namespace}:{name}"),
        _ => format!("{namespace}/{name}"),
    }
}

/// What package URLs call a distribution; os-release(5) and they differ in one.
fn namespace(id: &str) -> &str {
    if id == "rhel" { "redhat" } else { id }
}

fn known_as(namespace: &str) -> &str {
    if namespace == "redhat" { "rhel" } else { namespace }
}

/// Epoch and version, which package URLs keep apart for RPM.
fn versioned(package: &Package) -> (&str, String) {
    let version = package.version.as_str();
    match package.kind {
        PackageKind::Rpm => {
            let (epoch, version) = version.split_once(':').unwrap_or(("", version));
            (epoch, version.to_owned())
        }
        PackageKind::Go if package.name == STANDARD => ("", version.trim_start_matches('v').to_owned()),
        _ => ("", version.to_owned()),
    }
}

/// `curl`, or `curl@7.88.1-10` where the source's version is another.
fn upstream(source: &SourcePackage, package: &Package) -> String {
    if source.version == package.version || source.version.is_empty() {
        source.name.clone()
    } else {
        format!("{}@{}", source.name, source.version)
    }
}

/// Syft gives RPM's by its file: `curl-7.76.1-26.el9.src.rpm`, without the epoch.
fn source(text: &str, version: &str, kind: PackageKind) -> Option<SourcePackage> {
    if let Some(file) = text.strip_suffix(".src.rpm").filter(|_| kind == PackageKind::Rpm) {
        let (rest, release) = file.rsplit_once('-')?;
        let (name, upstream) = rest.rsplit_once('-')?;
        let epoch = version.split_once(':').map(|(epoch, _)| format!("{epoch}:")).unwrap_or_default();
        return Some(SourcePackage {
            name: name.to_owned(),
            version: format!("{epoch}{upstream}-{release}"),
        });
    }
    let (name, version) = text.split_once('@').unwrap_or((text, version));
    Some(SourcePackage { name: name.to_owned(), version: version.to_owned() })
}
