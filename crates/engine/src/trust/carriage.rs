//! A publisher's files as an OCI artifact, and back: one layer for each file, named by its title.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use model::digest::{ClaimedDigest, Digest};
use model::oci::{Descriptor, Manifest, OCI_EMPTY, OCI_MANIFEST};
use serde::Deserialize;

use super::error::TrustError;
use super::files::{Files, MOST_FILES, MOST_TOTAL, check_name, check_size, root_version};

/// What the artifact is.
pub(super) const ARTIFACT: &str = "application/vnd.coffer.trust.v1";

/// What each of its layers is.
const FILE: &str = "application/vnd.coffer.trust.file.v1";

/// annotations.md: the name of a file that a layer is.
const TITLE: &str = "org.opencontainers.image.title";

/// manifest.md, "Guidance for an Empty Descriptor".
pub(super) const EMPTY: &[u8] = b"{}";

/// Which files there are, by a manifest's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listing(BTreeMap<String, Descriptor>);

/// The artifact's manifest; the same files have the same bytes.
pub(super) fn manifest(files: &Files) -> Result<Vec<u8>, TrustError> {
    let layers = files.iter().map(|(name, bytes)| Descriptor {
        annotations: Some([(TITLE.to_owned(), name.to_owned())].into()),
        ..described(FILE, bytes)
    });
    let manifest = Manifest {
        schema_version: 2,
        media_type: OCI_MANIFEST.to_owned(),
        artifact_type: Some(ARTIFACT.to_owned()),
        config: described(OCI_EMPTY, EMPTY),
        layers: layers.collect(),
        subject: None,
        annotations: None,
    };
    serde_json::to_vec(&manifest).map_err(|error| TrustError::Carriage(error.to_string()))
}

/// What bytes are.
pub(super) fn described(media_type: &str, bytes: &[u8]) -> Descriptor {
    Descriptor::new(media_type, Digest::of(bytes).into(), bytes.len() as u64)
}

impl Listing {
    /// What a manifest lists. Nothing that it claims is allocated.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, TrustError> {
        let unread = |why: String| TrustError::Carriage(why);
        let manifest: Manifest = serde_json::from_slice(bytes).map_err(|error| unread(error.to_string()))?;
        if manifest.artifact_type.as_deref() != Some(ARTIFACT) {
            return Err(unread(format!("it is no artifact of type `{ARTIFACT}`")));
        }
        if manifest.layers.len() > MOST_FILES {
            return Err(TrustError::Limit { what: "files", allowed: MOST_FILES as u64 });
        }
        let (mut listed, mut total) = (BTreeMap::new(), 0_u64);
        for layer in manifest.layers.into_iter().filter(|layer| layer.media_type == FILE) {
            let name = layer.annotation(TITLE).unwrap_or_default().to_owned();
            check_name(&name)?;
            check_size(&name, layer.size)?;
            total += layer.size;
            if listed.insert(name.clone(), layer).is_some() {
                return Err(unread(format!("it has `{name}` twice")));
            }
        }
        if total > MOST_TOTAL {
            return Err(TrustError::Limit { what: "bytes in all files", allowed: MOST_TOTAL });
        }
        Ok(Self(listed))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Descriptor> {
        self.0.get(name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Descriptor)> {
        self.0.iter().map(|(name, descriptor)| (name.as_str(), descriptor))
    }

    /// The root document that has a fingerprint.
    pub(super) fn root(&self, fingerprint: &ClaimedDigest) -> Option<&str> {
        let mut roots = self.iter().filter(|(name, _)| root_version(name).is_some());
        roots.find(|(_, root)| root.digest == *fingerprint).map(|(name, _)| name)
    }
}

impl Files {
    /// The listing that these files would have.
    pub(super) fn listing(&self) -> Listing {
        Listing(self.iter().map(|(name, bytes)| (name.to_owned(), described(FILE, bytes))).collect())
    }
}

/// How far a publisher's files are, by their own word: enough to see which of two are older, and never to trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    roots: BTreeMap<u64, ClaimedDigest>,
    timestamp: u64,
}

/// How two sets of files stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compared {
    /// The first have a later root, or with the same one a later timestamp.
    Newer,
    /// Neither is newer.
    Same,
    /// The second are newer.
    Older,
    /// They have no root in common.
    Foreign,
}

impl Standing {
    pub(super) fn of(listing: &Listing, timestamp: Option<&[u8]>) -> Self {
        let roots = listing.iter().filter_map(|(name, root)| Some((root_version(name)?, root.digest)));
        Self { roots: roots.collect(), timestamp: timestamp.and_then(version).unwrap_or(0) }
    }

    pub(super) fn compared(&self, other: &Self) -> Compared {
        if !self.roots.iter().any(|root| other.roots.get(root.0) == Some(root.1)) {
            return Compared::Foreign;
        }
        // After a new root a timestamp may begin again: its key may be another.
        let latest = |standing: &Self| standing.roots.last_key_value().map_or(0, |(version, _)| *version);
        match (latest(self), self.timestamp).cmp(&(latest(other), other.timestamp)) {
            Ordering::Less => Compared::Older,
            Ordering::Equal => Compared::Same,
            Ordering::Greater => Compared::Newer,
        }
    }

    pub(super) fn timestamp(&self) -> u64 {
        self.timestamp
    }
}

/// The version that a document claims.
fn version(bytes: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Document {
        signed: Signed,
    }
    #[derive(Deserialize)]
    struct Signed {
        version: u64,
    }
    serde_json::from_slice::<Document>(bytes).ok().map(|document| document.signed.version)
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;

    fn files(contents: BTreeMap<String, Vec<u8>>) -> Files {
        let mut files = Files::default();
        contents.into_iter().for_each(|(name, bytes)| files.add(&name, bytes).unwrap());
        files
    }

    fn generated() -> impl Strategy<Value = Files> {
        btree_map("[0-9]{1,3}\\.[a-z]{1,9}\\.json", vec(any::<u8>(), 0..64), 0..20).prop_map(files)
    }

    proptest! {
        #[test]
        fn files_come_back_from_their_manifest(files in generated()) {
            let listing = Listing::parse(&manifest(&files).unwrap()).unwrap();
            let names = |listing: &Listing| {
                listing.iter().map(|(name, file)| (name.to_owned(), file.digest, file.size)).collect::<Vec<_>>()
            };
            prop_assert_eq!(names(&listing), names(&files.listing()));
            for (name, bytes) in files.iter() {
                prop_assert_eq!(listing.get(name).unwrap().digest, Digest::of(bytes).into());
            }
        }

        #[test]
        fn no_manifest_is_too_odd(bytes in vec(any::<u8>(), 0..200)) {
            let _either = Listing::parse(&bytes);
        }

        #[test]
        fn of_two_only_one_is_newer(a in 0..3_u64, b in 0..3_u64, c in 1..3_u64, d in 1..3_u64) {
            let standing = |roots: u64, timestamp| Standing {
                roots: (1..=roots).map(|version| (version, Digest::of(&version.to_le_bytes()).into())).collect(),
                timestamp,
            };
            let (one, other) = (standing(c, a), standing(d, b));
            let both = (one.compared(&other), other.compared(&one));
            prop_assert!(both.0 != Compared::Newer || both.1 == Compared::Older, "{both:?}");
            prop_assert_eq!(both.0 == Compared::Same, (a, c) == (b, d));
        }
    }

    /// A manifest with one thing changed.
    fn changed(change: impl Fn(&mut serde_json::Value)) -> Result<Listing, TrustError> {
        let files = files([("1.root.json".to_owned(), b"{}".to_vec())].into());
        let mut document = serde_json::from_slice(&manifest(&files).unwrap()).unwrap();
        change(&mut document);
        Listing::parse(document.to_string().as_bytes())
    }

    #[test]
    fn what_a_manifest_claims_is_bounded() {
        assert!(changed(|_| {}).is_ok());
        assert!(matches!(changed(|it| it["artifactType"] = "x".into()), Err(TrustError::Carriage(_))));
        let layer = |it: &mut serde_json::Value| it["layers"][0].clone();
        let many = |it: &mut serde_json::Value| it["layers"] = vec![layer(it); MOST_FILES + 1].into();
        assert!(matches!(changed(many), Err(TrustError::Limit { .. })));
        let twice = |it: &mut serde_json::Value| it["layers"] = vec![layer(it); 2].into();
        assert!(matches!(changed(twice), Err(TrustError::Carriage(_))));
        let large = |it: &mut serde_json::Value| it["layers"][0]["size"] = u64::MAX.into();
        assert!(matches!(changed(large), Err(TrustError::TooLong { .. })));
        let titled = |it: &mut serde_json::Value| it["layers"][0]["annotations"][TITLE] = "../a.json".into();
        assert!(matches!(changed(titled), Err(TrustError::FileName(_))));
    }

    #[test]
    fn other_layers_are_passed_over() {
        let other = |it: &mut serde_json::Value| it["layers"][0]["mediaType"] = "text/plain".into();
        assert_eq!(changed(other).unwrap().iter().count(), 0);
    }

    #[test]
    fn files_of_another_publisher_are_foreign() {
        let one = files([("1.root.json".to_owned(), b"one".to_vec())].into());
        let other = files([("1.root.json".to_owned(), b"other".to_vec())].into());
        let standing = |files: &Files| Standing::of(&files.listing(), None);
        assert_eq!(standing(&one).compared(&standing(&other)), Compared::Foreign);
        assert_eq!(standing(&one).compared(&standing(&one)), Compared::Same);
        let timestamp = br#"{"signed":{"version":7},"signatures":[]}"#;
        let later = Standing::of(&one.listing(), Some(timestamp));
        assert_eq!((later.timestamp(), later.compared(&standing(&one))), (7, Compared::Newer));
        let digest = Digest::of(b"one").into();
        assert_eq!(one.listing().root(&digest), Some("1.root.json"));
    }
}
