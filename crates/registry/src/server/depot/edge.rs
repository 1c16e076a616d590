//! Edges: that a repository's manifest needs a blob, as seen from the blob. There are more of them than of anything
//! else, so that they say what they say in their names, and most are empty.

use bytes::Bytes;

use super::{DepotError, Document, Result, keys};
use crate::server::names::RepositoryName;
use crate::server::shelf::{Algorithm, ContentDigest, Key, Small};

/// What an edge says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edge {
    /// The repository.
    pub(super) repository: RepositoryName,
    /// The manifest.
    pub(super) manifest: ContentDigest,
}

impl Edge {
    /// From its name, and from what stands in it where a digest is longer than a name can be.
    pub(super) fn read(key: &Key, small: &Small) -> Result<Self> {
        let parsed = key.name().split_once('@').and_then(|(repository, hex)| {
            let repository = repository.replace('+', "/").parse().ok()?;
            let manifest = match small.bytes.is_empty() {
                true => ContentDigest::from_parts(Algorithm::Sha256.name(), hex).ok()?,
                false => std::str::from_utf8(&small.bytes).ok()?.parse().ok()?,
            };
            Some(Self { repository, manifest })
        });
        let damaged = || DepotError::Damaged { what: key.to_string(), why: "this is no edge".to_owned() };
        parsed.ok_or_else(damaged)
    }
}

/// An edge for everything that a manifest needs, and for itself.
pub(super) fn edges(
    name: &RepositoryName,
    digest: &ContentDigest,
    document: &Document,
) -> Result<Vec<(Key, Bytes)>> {
    let text = match digest.algorithm() {
        Algorithm::Sha256 => Bytes::new(),
        Algorithm::Sha512 => digest.to_string().into(),
    };
    let ends = document.parts().chain([digest]);
    ends.map(|part| Ok((keys::edge(part, name, digest)?, text.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::shelf::Shelf;

    #[tokio::test]
    async fn an_edge_says_what_it_was_written_for() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::disk(&dir.path().join("shelf")).unwrap();
        let name: RepositoryName = "team/app.b__c/d".parse().unwrap();
        let blob = ContentDigest::of(Algorithm::Sha512, b"blob");
        let text = format!(r#"{{"schemaVersion":2,"config":{{"digest":"{blob}","size":4}}}}"#);
        let document = Document::read(text.as_bytes(), None).unwrap();
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let manifest = ContentDigest::of(algorithm, text.as_bytes());
            let edges = edges(&name, &manifest, &document).unwrap();
            assert_eq!(edges.len(), 2);
            shelf.put_all(edges.clone()).await.unwrap();
            for (key, _) in edges {
                let edge = Edge::read(&key, &shelf.get(&key).await.unwrap().unwrap()).unwrap();
                assert_eq!(edge, Edge { repository: name.clone(), manifest: manifest.clone() });
            }
        }
        let key = keys::edges(&blob).unwrap().join("app@nothing").unwrap();
        shelf.put_all(vec![(key.clone(), Bytes::new())]).await.unwrap();
        assert!(Edge::read(&key, &shelf.get(&key).await.unwrap().unwrap()).is_err());
    }
}
