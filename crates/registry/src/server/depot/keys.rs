//! Where a depot's records are on the shelf: every key is made here.

use crate::server::names::{RepositoryName, Tag};
use crate::server::shelf::{Algorithm, ContentDigest, Key, KeyError};

const REPOSITORIES: &str = "repositories";

/// As much of a digest as an edge's name has room for.
const EDGE_HEX: usize = 64;

/// Beneath which repositories are, each under its name.
pub(crate) fn repositories(beneath: &str) -> Result<Key, KeyError> {
    match beneath {
        "" => Key::new(&[REPOSITORIES]),
        beneath => Key::new(&[REPOSITORIES, beneath]),
    }
}

/// That a repository has a blob.
pub(crate) fn blob(name: &RepositoryName, digest: &ContentDigest) -> Result<Key, KeyError> {
    Key::new(&[REPOSITORIES, name.as_str(), "_blobs", digest.algorithm().name(), digest.hex()])
}

/// That a repository has a manifest.
pub(crate) fn manifest(name: &RepositoryName, digest: &ContentDigest) -> Result<Key, KeyError> {
    Key::new(&[REPOSITORIES, name.as_str(), "_manifests", digest.algorithm().name(), digest.hex()])
}

/// Beneath which a repository's manifests are, each algorithm's by itself.
pub(crate) fn manifests(name: &str) -> Result<Key, KeyError> {
    Key::new(&[REPOSITORIES, name, "_manifests"])
}

/// Beneath which a repository's blobs are, each algorithm's by itself.
pub(crate) fn blobs(name: &str) -> Result<Key, KeyError> {
    Key::new(&[REPOSITORIES, name, "_blobs"])
}

/// Which manifest a tag means.
pub(crate) fn tag(name: &RepositoryName, tag: &Tag) -> Result<Key, KeyError> {
    Key::new(&[REPOSITORIES, name.as_str(), "_tags", tag.as_str()])
}

/// Beneath which a repository's tags are.
pub(crate) fn tags(name: &RepositoryName) -> Result<Key, KeyError> {
    Key::new(&[REPOSITORIES, name.as_str(), "_tags"])
}

/// That a tag meant a manifest once, and may still: so that a manifest's tags are found without all others.
pub(crate) fn tagged(name: &RepositoryName, digest: &ContentDigest, tag: &Tag) -> Result<Key, KeyError> {
    tagged_all(name, digest)?.join(tag.as_str())
}

/// Beneath which the tags are that may mean a manifest.
pub(crate) fn tagged_all(name: &RepositoryName, digest: &ContentDigest) -> Result<Key, KeyError> {
    Key::new(&[REPOSITORIES, name.as_str(), "_tagged", digest.algorithm().name(), digest.hex()])
}

/// The descriptor of a manifest that is about another one.
pub(crate) fn referrer(
    name: &RepositoryName,
    subject: &ContentDigest,
    digest: &ContentDigest,
) -> Result<Key, KeyError> {
    referrers(name, subject)?.join(digest.hex())
}

/// Beneath which the descriptors are of the manifests that are about one.
pub(crate) fn referrers(name: &RepositoryName, subject: &ContentDigest) -> Result<Key, KeyError> {
    Key::new(&[REPOSITORIES, name.as_str(), "_referrers", subject.algorithm().name(), subject.hex()])
}

/// That a repository's manifest needs a blob, which may be the manifest's own.
pub(crate) fn edge(
    blob: &ContentDigest,
    name: &RepositoryName,
    manifest: &ContentDigest,
) -> Result<Key, KeyError> {
    let mark = match manifest.algorithm() {
        Algorithm::Sha256 => "",
        Algorithm::Sha512 => "+",
    };
    let hex = manifest.hex().get(..EDGE_HEX).unwrap_or_default();
    edges(blob)?.join(&format!("{}{mark}{hex}", edge_prefix(name)))
}

/// Whether an edge of a manifest's bytes is its own: that of the repository that has it.
pub(crate) fn is_own(digest: &ContentDigest, edge: &str) -> bool {
    let hex = digest.hex().get(..EDGE_HEX).unwrap_or_default();
    edge.split_once('@').is_some_and(|(_, manifest)| manifest.trim_start_matches('+') == hex)
}

/// How the names of a repository's edges begin, and those of no other.
pub(crate) fn edge_prefix(name: &RepositoryName) -> String {
    format!("{}@", name.as_str().replace('/', "+"))
}

/// Beneath which the edges are that keep a blob.
pub(crate) fn edges(blob: &ContentDigest) -> Result<Key, KeyError> {
    // By their first digits, because a file system removes names from one directory one after the other.
    let fan = blob.hex().get(..2).unwrap_or_default();
    Key::new(&["references", blob.algorithm().name(), fan, blob.hex()])
}

/// Beneath which everything is that has edges, by its first digits.
pub(crate) fn referred(algorithm: Algorithm) -> Result<Key, KeyError> {
    Key::new(&["references", algorithm.name()])
}

/// That something may have freed a blob.
pub(crate) fn garbage(digest: &ContentDigest) -> Result<Key, KeyError> {
    Key::new(&["garbage", digest.algorithm().name(), digest.hex()])
}

/// Beneath which the notes are of what may be garbage.
pub(crate) fn all_garbage(algorithm: Algorithm) -> Result<Key, KeyError> {
    Key::new(&["garbage", algorithm.name()])
}

/// Who collects garbage, and until when.
pub(crate) fn collector() -> Result<Key, KeyError> {
    Key::new(&["upkeep", "collector"])
}

/// The records that a collector is removing, so that another one can put them back.
pub(crate) fn removing() -> Result<Key, KeyError> {
    Key::new(&["upkeep", "removing"])
}

/// How many bytes count for a quota.
pub(crate) fn quota(repositories: &str) -> Result<Key, KeyError> {
    let hash = ContentDigest::of(Algorithm::Sha256, repositories.as_bytes());
    Key::new(&["upkeep", "quota", hash.hex()])
}

/// When somebody last pulled by a tag.
pub(crate) fn pull(name: &RepositoryName, tag: &Tag) -> Result<Key, KeyError> {
    Key::new(&[REPOSITORIES, name.as_str(), "_pulls", tag.as_str()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_names_make_keys() {
        let name: RepositoryName = "a".repeat(180).parse().unwrap();
        let digest = ContentDigest::of(Algorithm::Sha512, b"");
        let tag_text: Tag = "t".repeat(128).parse().unwrap();
        assert!(edge(&digest, &name, &digest).is_ok());
        assert!(tagged(&name, &digest, &tag_text).is_ok());
        assert!(referrer(&name, &digest, &digest).is_ok());
    }

    #[test]
    fn an_edge_begins_with_its_repository_and_no_other() {
        let digest = ContentDigest::of(Algorithm::Sha256, b"");
        let (short, long): (RepositoryName, RepositoryName) =
            ("a/b".parse().unwrap(), "a/b/c".parse().unwrap());
        let edge = edge(&digest, &long, &digest).unwrap();
        assert!(edge.name().starts_with("a+b+c@"));
        assert!(!edge.name().starts_with(&edge_prefix(&short)));
    }
}
