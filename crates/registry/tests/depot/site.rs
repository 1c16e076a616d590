//! A depot that goes with the test, and what is pushed to it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use coffer_registry::server::depot::{
    Anything, Collected, Depot, DepotError, Document, Finished, Mode, Result,
};
use coffer_registry::server::names::{RepositoryName, Tag};
use coffer_registry::server::shelf::{
    Addressing, Algorithm, BucketSettings, ContentDigest, Key, Plain, Shelf,
};
use http_body_util::Full;

use crate::s3::{ACCESS_KEY, BUCKET, Conditions, S3, SECRET_KEY};

/// Every look at the clock is a second later, so that a grace of one second is the shortest there can be.
#[derive(Clone)]
pub(crate) struct Ticks(Arc<AtomicU64>);

impl Ticks {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1_000_000)))
    }

    pub(crate) fn now(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) depot: Depot,
    pub(crate) ticks: Ticks,
    place: Arc<Place>,
}

/// Where it is.
enum Place {
    Directory(tempfile::TempDir),
    Bucket(S3),
}

impl Site {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let depot = Depot::new(open(&directory.path().join("shelf")), Arc::new(Anything));
        Self { depot, ticks: Ticks::new(), place: Arc::new(Place::Directory(directory)) }
    }

    /// In a bucket of a store whose requests take between nothing and so many milliseconds.
    pub(crate) async fn in_bucket(milliseconds: u64) -> Self {
        let store = S3::start(Conditions::Kept);
        let settings = BucketSettings {
            endpoint: store.endpoint(),
            bucket: BUCKET.to_owned(),
            region: "us-east-1".to_owned(),
            access_key: ACCESS_KEY.to_owned(),
            secret_key: SECRET_KEY.to_owned(),
            token: None,
            prefix: String::new(),
            addressing: Addressing::Path,
            authorities: None,
            plain: Plain::Loopback,
        };
        let shelf = Shelf::bucket(&settings).await.unwrap();
        store.jitter(milliseconds);
        let depot = Depot::new(shelf, Arc::new(Anything));
        Self { depot, ticks: Ticks::new(), place: Arc::new(Place::Bucket(store)) }
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        match &*self.place {
            Place::Directory(directory) => directory.path().join("shelf"),
            Place::Bucket(store) => panic!("{} is no directory", store.endpoint()),
        }
    }

    /// The store that has the bucket.
    pub(crate) fn store(&self) -> &S3 {
        match &*self.place {
            Place::Bucket(store) => store,
            Place::Directory(directory) => panic!("{} is no bucket", directory.path().display()),
        }
    }

    pub(crate) async fn upload(&self, name: &RepositoryName, bytes: &[u8]) -> Result<ContentDigest> {
        let id = self.depot.begin().await?;
        let body = Full::new(Bytes::copy_from_slice(bytes));
        self.depot.append(&id, 0, body, 1 << 30).await?;
        let Finished { digest, .. } = self.depot.finish(name, &id, &sha256(bytes), self.ticks.now()).await?;
        Ok(digest)
    }

    pub(crate) async fn push(
        &self,
        name: &RepositoryName,
        config: &ContentDigest,
        layers: &[ContentDigest],
        tags: &[&str],
    ) -> Result<ContentDigest> {
        let bytes = manifest(config, layers);
        let digest = sha256(&bytes);
        let document = Document::read(&bytes, None).unwrap();
        let tags: Vec<Tag> = tags.iter().map(|tag| tag.parse().unwrap()).collect();
        self.depot.put_manifest(name, &digest, &document, bytes, &tags, self.ticks.now()).await?;
        Ok(digest)
    }

    pub(crate) async fn collect(&self) -> Collected {
        self.ticks.pass(10);
        let ticks = self.ticks.clone();
        self.depot.collect(Mode::Remove, 1, &move || ticks.now()).await.unwrap()
    }

    pub(crate) async fn rehearse(&self) -> Collected {
        self.ticks.pass(10);
        let ticks = self.ticks.clone();
        self.depot.collect(Mode::Rehearse, 1, &move || ticks.now()).await.unwrap()
    }

    pub(crate) async fn is_on_shelf(&self, digest: &ContentDigest) -> bool {
        self.depot.shelf().blob_size(digest).await.unwrap().is_some()
    }

    /// Whether a manifest that is there can be pulled with all that it needs.
    pub(crate) async fn is_whole(&self, name: &RepositoryName, digest: &ContentDigest) -> bool {
        let Ok(bytes) = self.depot.manifest_bytes(digest).await else { return false };
        let document = Document::read(&bytes, None).unwrap();
        for blob in document.parts() {
            if self.depot.blob(name, blob).await.is_err() {
                return false;
            }
        }
        self.is_on_shelf(digest).await
    }
}

pub(crate) fn open(path: &Path) -> Shelf {
    Shelf::disk(path).unwrap()
}

pub(crate) fn name(text: &str) -> RepositoryName {
    text.parse().unwrap()
}

pub(crate) fn sha256(bytes: &[u8]) -> ContentDigest {
    ContentDigest::of(Algorithm::Sha256, bytes)
}

pub(crate) fn manifest(config: &ContentDigest, layers: &[ContentDigest]) -> Bytes {
    let part = |digest: &ContentDigest| {
        format!(r#"{{"mediaType":"application/octet-stream","digest":"{digest}","size":1}}"#)
    };
    let layers: Vec<_> = layers.iter().map(part).collect();
    format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[{}]}}"#,
        part(config),
        layers.join(","),
    )
    .into()
}

/// Where it stands that a repository's manifest needs a blob.
pub(crate) fn edge(blob: &ContentDigest, repository: &str, manifest: &ContentDigest) -> Key {
    let name = format!("{repository}@{}", manifest.hex());
    Key::new(&["references", "sha256", &blob.hex()[..2], blob.hex(), &name]).unwrap()
}

/// Whether a push was refused because something it needs has been collected or deleted.
pub(crate) fn is_incomplete<T>(result: &Result<T>) -> bool {
    matches!(result, Err(DepotError::Incomplete(_) | DepotError::Contended(_)))
}
