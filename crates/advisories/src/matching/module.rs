//! Modules of RPM: streams of one package side by side in one release, each mended by updates of its own.

use model::inventory::{Package, PackageKind};

/// Sources whose versions begin with the name of their stream, and how many parts that has. Of others nothing tells
/// the stream.
const STREAMS: &[(&str, usize)] = &[
    ("mariadb", 2),
    ("mysql", 2),
    ("nginx", 2),
    ("nodejs", 1),
    ("perl", 2),
    ("php", 2),
    ("postgresql", 1),
    ("redis", 1),
    ("ruby", 2),
];

/// Whether a package is of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    This,
    Other,
    Unknown,
}

/// Whether a package at `version` is of a module's stream: `nodejs:18`.
pub(super) fn stream(package: &Package, version: &str, module: &str) -> Stream {
    if package.kind == PackageKind::Rpm && !is_modular(version) {
        return Stream::Other;
    }
    let wanted = module.split_once(':').filter(|(name, _)| *name == source(package));
    match (wanted, own(package, version)) {
        (Some((_, wanted)), Some(own)) if wanted == own => Stream::This,
        (Some(_), Some(_)) => Stream::Other,
        _ => Stream::Unknown,
    }
}

/// Whether what is mended at `fix` can be the same stream as a package at `version`: both outside of modules, or both
/// within, and as far as versions say in the same.
pub(super) fn may_mend(package: &Package, version: &str, fix: &str) -> bool {
    is_modular(version) == is_modular(fix)
        && match (own(package, version), own(package, fix)) {
            (Some(one), Some(other)) if is_modular(version) => one == other,
            _ => true,
        }
}

/// A module's packages have it in their release.
fn is_modular(version: &str) -> bool {
    version.contains(".module")
}

fn source(package: &Package) -> &str {
    package.source.as_ref().map_or(&package.name, |source| &source.name)
}

/// The stream that a version begins with, where it is the source's own.
fn own<'v>(package: &Package, version: &'v str) -> Option<&'v str> {
    let (_, parts) = STREAMS.iter().find(|(name, _)| *name == source(package))?;
    let shipped = package.source.as_ref().map_or(&package.version, |source| &source.version);
    let is_source_s = upstream(&package.version) == upstream(shipped);
    let upstream = upstream(version);
    let end = upstream.match_indices('.').nth(parts - 1).map_or(upstream.len(), |(at, _)| at);
    upstream.get(..end).filter(|_| is_source_s)
}

/// `18.20.6` of `1:18.20.6-1.module_el9`.
fn upstream(version: &str) -> &str {
    let version = version.split_once(':').map_or(version, |(_, version)| version);
    version.rsplit_once('-').map_or(version, |(upstream, _)| upstream)
}

#[cfg(test)]
mod tests {
    use model::inventory::{SourcePackage, Symbols};

    use super::*;

    fn package(name: &str, version: &str, source: Option<(&str, &str)>) -> Package {
        let source =
            source.map(|(name, version)| SourcePackage { name: name.into(), version: version.into() });
        Package {
            kind: PackageKind::Rpm,
            name: name.into(),
            version: version.into(),
            source,
            architecture: String::new(),
            licences: Vec::new(),
            location: String::new(),
            layer: 0,
            owner: None,
            symbols: Symbols::Unknown,
        }
    }

    #[test]
    fn a_version_tells_its_stream_where_it_begins_with_it() {
        for (package, module, expected) in [
            (package("nodejs", "1:18.1.0-1.module_el9", None), "nodejs:18", Stream::This),
            (package("nodejs", "1:18.1.0-1.module_el9", None), "nodejs:1", Stream::Other),
            (package("nodejs", "1:18.1.0-1.el9", None), "nodejs:18", Stream::Other),
            (
                package("php-cli", "8.2.25-1.module_el8", Some(("php", "8.2.25-1.module_el8"))),
                "php:8.2",
                Stream::This,
            ),
            (
                package("php-cli", "8.2.25-1.module_el8", Some(("php", "8.2.25-1.module_el8"))),
                "php:8.0",
                Stream::Other,
            ),
            (
                package("npm", "1:9.5.0-1.18.14.2.3.module_el9", Some(("nodejs", "18.14.2-3.module_el9"))),
                "nodejs:18",
                Stream::Unknown,
            ),
            (package("jq", "1.6-1.module_el9", None), "tools:rhel8", Stream::Unknown),
        ] {
            assert_eq!(stream(&package, &package.version, module), expected, "{} {module}", package.name);
        }
    }

    #[test]
    fn a_fix_is_of_the_same_stream_or_of_one_that_nobody_can_tell() {
        let ruby = package("ruby", "2.7.4-137.module_el8", None);
        for (version, fix, may) in [
            ("2.7.4-137.module_el8", "2.7.8-1.module_el8", true),
            ("2.7.4-137.module_el8", "3.0.7-143.module_el8", false),
            ("2.7.4-137.module_el8", "3.0.7-143.el8", false),
            ("2.7.4-137.el8", "2.7.8-1.module_el8", false),
            ("2.7.4-137.el8", "3.0.4-1.el8", true),
        ] {
            assert_eq!(may_mend(&ruby, version, fix), may, "{version} {fix}");
        }
    }
}
