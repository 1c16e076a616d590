//! A push and a collection that meet in the worst moment, one test for each: a request of one is held while the
//! other goes on.

use coffer_registry::server::depot::{Collected, DepotError, Result};
use coffer_registry::server::names::RepositoryName;
use coffer_registry::server::shelf::ContentDigest;
use hyper::Method;
use tokio::task::JoinHandle;

use crate::site::{Site, name};

/// An image that was pushed and deleted, so that the next collection takes it away.
struct Garbage {
    site: Site,
    app: RepositoryName,
    config: ContentDigest,
    manifest: ContentDigest,
}

impl Garbage {
    async fn new() -> Self {
        let (site, app) = (Site::in_bucket(0).await, name("app"));
        let config = site.upload(&app, b"{}").await.unwrap();
        let manifest = site.push(&app, &config, &[], &[]).await.unwrap();
        site.depot.delete_manifest(&app, &manifest, site.ticks.now()).await.unwrap();
        Self { site, app, config, manifest }
    }

    fn collect(&self) -> JoinHandle<Collected> {
        let site = self.site.clone();
        tokio::spawn(async move { site.collect().await })
    }

    fn push(&self) -> JoinHandle<Result<ContentDigest>> {
        let (site, app, config) = (self.site.clone(), self.app.clone(), self.config.clone());
        tokio::spawn(async move { site.push(&app, &config, &[], &[]).await })
    }

    async fn is_whole(&self) -> bool {
        self.site.is_whole(&self.app, &self.manifest).await
    }
}

/// Between the first look at a blob's edges and taking it off the shelf.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_pushed_while_it_is_taken_off_the_shelf_comes_back() {
    let garbage = Garbage::new().await;
    let pointer = format!("blobs/sha256/{}", garbage.config.hex());
    let mut taking_off = garbage.site.store().hold(Method::PUT, &pointer);
    let collection = garbage.collect();
    taking_off.arrived().await;
    garbage.site.upload(&garbage.app, b"{}").await.unwrap();
    garbage.push().await.unwrap().unwrap();
    taking_off.release();
    collection.await.unwrap();
    assert!(garbage.is_whole().await);
    garbage.site.collect().await;
    assert!(garbage.is_whole().await);
}

/// Between seeing that there is no manifest and removing its edges.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_pushed_while_its_edges_are_removed_has_them_again() {
    let garbage = Garbage::new().await;
    let mut removing = garbage.site.store().hold(Method::POST, "delete");
    let collection = garbage.collect();
    removing.arrived().await;
    garbage.push().await.unwrap().unwrap();
    removing.release();
    assert_eq!(collection.await.unwrap().blobs, 0);
    assert!(garbage.is_whole().await);
    garbage.site.collect().await;
    assert!(garbage.is_whole().await);
}

/// Between writing the edges and writing the manifest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_collected_while_it_is_pushed_is_not_acknowledged() {
    let garbage = Garbage::new().await;
    let mut writing = garbage.site.store().hold(Method::PUT, "repositories/app/_manifests/");
    let push = garbage.push();
    writing.arrived().await;
    assert_eq!(garbage.collect().await.unwrap().blobs, 2);
    writing.release();
    let pushed = push.await.unwrap();
    assert!(matches!(pushed, Err(DepotError::Incomplete(_))), "{pushed:?}");
    garbage.site.upload(&garbage.app, b"{}").await.unwrap();
    garbage.push().await.unwrap().unwrap();
    garbage.site.collect().await;
    assert!(garbage.is_whole().await);
}

/// Between the note of a deletion, or an upload, and the next collection's second look: whoever asks for a blob has
/// it for the time of grace.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_uploaded_while_it_is_taken_off_the_shelf_comes_back() {
    let garbage = Garbage::new().await;
    let pointer = format!("blobs/sha256/{}", garbage.config.hex());
    let mut taking_off = garbage.site.store().hold(Method::PUT, &pointer);
    let collection = garbage.collect();
    taking_off.arrived().await;
    garbage.site.upload(&garbage.app, b"{}").await.unwrap();
    taking_off.release();
    collection.await.unwrap();
    assert!(garbage.site.depot.blob(&garbage.app, &garbage.config).await.is_ok());
    garbage.push().await.unwrap().unwrap();
    assert!(garbage.is_whole().await);
}

/// The same, of something that another repository has: nothing is taken away, but for what keeps it for this one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lost_its_edges_while_it_was_pushed_writes_them_again() {
    let (garbage, other) = (Garbage::new().await, name("other"));
    garbage.site.upload(&other, b"{}").await.unwrap();
    garbage.site.push(&other, &garbage.config, &[], &[]).await.unwrap();
    let mut writing = garbage.site.store().hold(Method::PUT, "repositories/app/_manifests/");
    let push = garbage.push();
    writing.arrived().await;
    assert_eq!(garbage.collect().await.unwrap().blobs, 0);
    // The repository held the blob when the push began, and the push may go on.
    garbage.site.upload(&garbage.app, b"{}").await.unwrap();
    writing.release();
    push.await.unwrap().unwrap();
    let now = garbage.site.ticks.now();
    garbage.site.depot.delete_manifest(&other, &garbage.manifest, now).await.unwrap();
    garbage.site.collect().await;
    assert!(garbage.is_whole().await);
}
