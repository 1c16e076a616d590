//! What an archive is called: by what Maven left in it, by its manifest, and at last by the name of its file.

use model::inventory::PackageKind;

use super::super::package;
use super::group;
use super::manifest::{Manifest, Plugin};
use super::pom::Pom;
use crate::catalog::Found;

/// Words that follow a number within one version: `31.1-jre`, `2.0-beta-2`, `1.0-20240101.101010-1`.
const QUALIFIERS: &[&str] = &[
    "alpha",
    "android",
    "atlassian",
    "beta",
    "build",
    "cr",
    "dev",
    "final",
    "fuse",
    "ga",
    "incubating",
    "jbossorg",
    "jdk",
    "jenkins",
    "jre",
    "m",
    "milestone",
    "p",
    "patch",
    "pre",
    "preview",
    "rc",
    "redhat",
    "release",
    "rev",
    "sec",
    "snapshot",
    "sp",
];

/// Words that say for what an archive was built, and belong to no version.
const CLASSIFIERS: &[&str] = &[
    "aarch_64",
    "all",
    "classes",
    "exec",
    "javadoc",
    "linux",
    "osx",
    "resources",
    "shaded",
    "sources",
    "tests",
    "windows",
    "x86_64",
];

/// Longest name of a file that is taken apart, in bytes.
const LONGEST_STEM: usize = 300;

/// The packages that an archive is: one for each project that Maven packed into it, and, where none of those is
/// the archive as a whole, that one.
pub(super) fn packages(file: &str, manifest: &Manifest, poms: Vec<Pom>) -> Vec<Found> {
    let stem = stem(file);
    let (artifact, version) = split(stem);
    let only = poms.len() == 1;
    let is_own = |pom: &Pom| {
        let is_named = [artifact, stem].iter().any(|name| is_same(name, &pom.artifact));
        // `wagon-http-shaded-3.5.3` is `wagon-http` and what it needs.
        let is_variant = version == Some(&pom.version) && artifact.starts_with(&pom.artifact);
        is_named || is_variant || (only && version.is_none_or(|version| pom.version == version))
    };
    let own = if poms.iter().any(is_own) { None } else { own(artifact, version, manifest) };
    let is_known = |own: &Found| {
        let artifact = own.name.rsplit(':').next().unwrap_or_default();
        poms.iter().any(|pom| pom.artifact == artifact && pom.version == own.version)
    };
    let own = own.filter(|own| !is_known(own));
    let of_poms = poms.iter().filter_map(|pom| {
        let name = format!("{}:{}", pom.group, pom.artifact);
        let from_manifest = pom.licences.is_empty() && is_own(pom);
        let licences = if from_manifest { &manifest.licences } else { &pom.licences };
        package(PackageKind::Maven, &name, &pom.version)
            .map(|found| Found { licences: licences.clone(), ..found })
    });
    of_poms.chain(own).collect()
}

fn own(artifact: &str, version: Option<&str>, manifest: &Manifest) -> Option<Found> {
    let (group, artifact, version) = if let Some(Plugin { group, name, version }) = &manifest.plugin {
        (Some(group.clone()).filter(|group| !group.is_empty()), name.clone(), version.as_str())
    } else {
        let (group, artifact) = group::coordinates(artifact, manifest);
        (group, artifact, version.unwrap_or(&manifest.version))
    };
    let name = group.map_or_else(|| artifact.clone(), |group| format!("{group}:{artifact}"));
    let is_version = version.starts_with(|letter: char| letter.is_ascii_alphanumeric());
    let found = package(PackageKind::Maven, &name, version).filter(|_| is_version)?;
    Some(Found { licences: manifest.licences.clone(), ..found })
}

/// Whether two names differ in nothing but what stands between their words.
fn is_same(one: &str, other: &str) -> bool {
    let plain = |letter: char| if matches!(letter, '_' | '.') { '-' } else { letter };
    one.chars().map(plain).eq(other.chars().map(plain))
}

/// A file's name without its extension.
fn stem(file: &str) -> &str {
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

/// Artifact and version of `log4j-1.2-api-2.17.1`: the version begins at the last number that no other word
/// follows before a further number.
fn split(stem: &str) -> (&str, Option<&str>) {
    if stem.len() > LONGEST_STEM {
        return (stem, None);
    }
    let mut start = None;
    let mut at = 0;
    for part in stem.split('-') {
        if part.starts_with(|letter: char| letter.is_ascii_digit()) {
            start = start.or(Some(at));
        } else if start.is_some() && !is_word_of_version(part) && numbers_follow(stem, at + part.len()) {
            start = None;
        }
        at += part.len() + 1;
    }
    let parts = start.and_then(|start| Some((stem.get(..start)?.strip_suffix('-')?, stem.get(start..)?)));
    match parts {
        Some((artifact, version)) if !artifact.is_empty() => (artifact, Some(without_classifier(version))),
        _ => (stem, None),
    }
}

/// Whether another number with a dot begins a word after an offset.
fn numbers_follow(stem: &str, at: usize) -> bool {
    let mut parts = stem.get(at..).unwrap_or_default().split('-');
    parts.any(|part| part.starts_with(|letter: char| letter.is_ascii_digit()) && part.contains('.'))
}

/// A qualifier, perhaps with a number: `rc1`.
fn is_word_of_version(part: &str) -> bool {
    let word =
        part.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.').to_ascii_lowercase();
    QUALIFIERS.binary_search(&word.as_str()).is_ok()
}

fn without_classifier(mut version: &str) -> &str {
    while let Some((rest, word)) = version.rsplit_once('-')
        && CLASSIFIERS.binary_search(&word).is_ok()
    {
        version = rest;
    }
    version
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(file: &str, manifest: &str, poms: &[(&str, &str, &str)]) -> Vec<String> {
        let pom = |(group, artifact, version): &(&str, &str, &str)| {
            Pom::properties(format!("groupId={group}\nartifactId={artifact}\nversion={version}").as_bytes())
        };
        let poms = poms.iter().map(pom).collect();
        let packages = packages(file, &Manifest::read(manifest.as_bytes()), poms);
        packages.into_iter().map(|found| format!("{} {}", found.name, found.version)).collect()
    }

    #[test]
    fn lists_of_words_are_sorted() {
        assert!(QUALIFIERS.is_sorted());
        assert!(CLASSIFIERS.is_sorted());
    }

    #[test]
    fn file_names_end_with_a_version() {
        for (stem, artifact, version) in [
            ("commons-io-2.11.0", "commons-io", Some("2.11.0")),
            ("log4j-1.2-api-2.17.1", "log4j-1.2-api", Some("2.17.1")),
            ("guava-31.1-jre", "guava", Some("31.1-jre")),
            ("kafka_2.13-3.4.0", "kafka_2.13", Some("3.4.0")),
            (
                "netty-transport-native-epoll-4.1.94.Final-linux-x86_64",
                "netty-transport-native-epoll",
                Some("4.1.94.Final"),
            ),
            ("jetty-6.1.0-beta-2", "jetty", Some("6.1.0-beta-2")),
            ("a-1.0-20240101.101010-1", "a", Some("1.0-20240101.101010-1")),
            ("geronimo-jta_1.1_spec-1.1.1", "geronimo-jta_1.1_spec", Some("1.1.1")),
            ("bcprov-jdk15on-1.68", "bcprov-jdk15on", Some("1.68")),
            ("h2-2.1.214", "h2", Some("2.1.214")),
            ("catalina", "catalina", None),
            ("1.0", "1.0", None),
            ("", "", None),
        ] {
            assert_eq!(split(stem), (artifact, version), "{stem}");
        }
    }

    #[test]
    fn every_project_counts_and_the_archive_once() {
        let poms = [("org.a", "a", "1.0"), ("org.b", "b", "2.0")];
        assert_eq!(names("a-1.0.jar", "", &poms), ["org.a:a 1.0", "org.b:b 2.0"]);
        assert_eq!(names("c-3.0.jar", "", &poms), ["org.a:a 1.0", "org.b:b 2.0", "c 3.0"]);
        assert_eq!(names("a-shaded-1.0.jar", "", &poms), ["org.a:a 1.0", "org.b:b 2.0"]);
        assert_eq!(names("renamed.jar", "", &[("org.a", "a", "1.0")]), ["org.a:a 1.0"]);
        assert_eq!(names("a-1.3-spec.jar", "", &[("org.a", "a_1.3_spec", "1.0")]), ["org.a:a_1.3_spec 1.0"]);
    }

    #[test]
    fn a_manifest_is_asked_where_maven_left_nothing() {
        assert_eq!(names("x.jar", "Implementation-Version: 1.2 (b)\n", &[]), ["x 1.2"]);
        assert!(names("x.jar", "Manifest-Version: 1.0\n", &[]).is_empty());
        let plugin = "Group-Id: org.jenkins-ci.plugins\nShort-Name: git\nPlugin-Version: 5.2.0\n";
        assert_eq!(names("git.jpi", plugin, &[]), ["org.jenkins-ci.plugins:git 5.2.0"]);
    }
}
