//! One at a time: what is garbage, and when.

use coffer_registry::server::depot::{DepotError, Mode};
use coffer_registry::server::names::Reference;
use coffer_registry::server::shelf::{Key, When};

use crate::site::{Site, edge, name};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_deleted_manifest_needed_goes_unless_another_needs_it() {
    let (site, app) = (Site::new(), name("team/app"));
    let (config, shared, own) = (
        site.upload(&app, b"{}").await.unwrap(),
        site.upload(&app, b"shared").await.unwrap(),
        site.upload(&app, b"own").await.unwrap(),
    );
    let first = site.push(&app, &config, &[shared.clone(), own.clone()], &["v1"]).await.unwrap();
    let second = site.push(&app, &config, std::slice::from_ref(&shared), &["v2"]).await.unwrap();
    let nothing = site.collect().await;
    assert_eq!((nothing.blobs, nothing.waiting), (0, 0));
    site.depot.delete_manifest(&app, &first, site.ticks.now()).await.unwrap();
    let rehearsed = site.rehearse().await;
    assert!(site.is_on_shelf(&own).await && site.is_on_shelf(&first).await);
    let collected = site.collect().await;
    assert_eq!(rehearsed, collected);
    assert_eq!(collected.blobs, 2);
    assert!(!site.is_on_shelf(&own).await && !site.is_on_shelf(&first).await);
    assert!(site.is_whole(&app, &second).await);
    assert!(site.depot.blob(&app, &own).await.is_err());
    assert_eq!(site.collect().await.blobs, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_uploaded_for_nothing_goes_after_the_grace() {
    let (site, app) = (Site::new(), name("app"));
    let blob = site.upload(&app, b"nobody needs me").await.unwrap();
    let ticks = site.ticks.clone();
    let early = site.depot.collect(Mode::Remove, 3600, &move || ticks.now()).await.unwrap();
    assert_eq!((early.blobs, early.waiting), (0, 1));
    assert!(site.depot.blob(&app, &blob).await.is_ok());
    let late = site.collect().await;
    assert_eq!((late.blobs, late.bytes), (1, 15));
    assert!(site.depot.blob(&app, &blob).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_for_a_blob_renews_its_stay() {
    let (site, app) = (Site::new(), name("app"));
    let blob = site.upload(&app, b"wanted").await.unwrap();
    site.ticks.pass(3600);
    site.depot.renew(&app, &blob, site.ticks.now()).await.unwrap();
    let ticks = site.ticks.clone();
    assert_eq!(site.depot.collect(Mode::Remove, 1200, &move || ticks.now()).await.unwrap().waiting, 1);
    assert!(site.depot.blob(&app, &blob).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_repository_keeps_what_one_lets_go() {
    let (site, one, other) = (Site::new(), name("one"), name("other"));
    let config = site.upload(&one, b"{}").await.unwrap();
    let manifest = site.push(&one, &config, &[], &["latest"]).await.unwrap();
    assert!(site.depot.mount(&one, &other, &config, site.ticks.now()).await.unwrap());
    assert_eq!(site.push(&other, &config, &[], &["latest"]).await.unwrap(), manifest);
    site.depot.delete_manifest(&one, &manifest, site.ticks.now()).await.unwrap();
    site.collect().await;
    assert!(site.is_whole(&other, &manifest).await);
    assert!(site.depot.blob(&one, &config).await.is_err());
    site.depot.delete_manifest(&other, &manifest, site.ticks.now()).await.unwrap();
    assert_eq!(site.collect().await.blobs, 2);
    assert!(!site.is_on_shelf(&config).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_pushed_again_before_it_is_collected_stays() {
    let (site, app) = (Site::new(), name("app"));
    let config = site.upload(&app, b"{}").await.unwrap();
    let manifest = site.push(&app, &config, &[], &["v1"]).await.unwrap();
    site.depot.delete_manifest(&app, &manifest, site.ticks.now()).await.unwrap();
    site.push(&app, &config, &[], &["v1"]).await.unwrap();
    assert_eq!(site.collect().await.blobs, 0);
    assert!(site.is_whole(&app, &manifest).await);
}

/// The blob was noted when it was uploaded, long ago; what matters is when its manifest went.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_manifest_needed_stays_as_long_as_the_manifest() {
    let (site, app) = (Site::new(), name("app"));
    let config = site.upload(&app, b"{}").await.unwrap();
    let manifest = site.push(&app, &config, &[], &[]).await.unwrap();
    site.ticks.pass(10_000);
    site.depot.delete_manifest(&app, &manifest, site.ticks.now()).await.unwrap();
    let ticks = site.ticks.clone();
    let early = site.depot.collect(Mode::Remove, 3600, &move || ticks.now()).await.unwrap();
    assert_eq!((early.blobs, early.waiting), (0, 1));
    assert!(site.is_on_shelf(&config).await && site.is_on_shelf(&manifest).await);
    site.ticks.pass(3600);
    let ticks = site.ticks.clone();
    assert_eq!(site.depot.collect(Mode::Remove, 3600, &move || ticks.now()).await.unwrap().blobs, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_collectors_exclude_each_other_and_a_dead_one_expires() {
    let site = Site::new();
    let at = Key::new(&["upkeep", "collector"]).unwrap();
    let until = site.ticks.now() + 600;
    let holder = format!(r#"{{"who":"somebody else","until":{until}}}"#);
    site.depot.shelf().put(&at, holder.into(), When::Always).await.unwrap();
    let ticks = site.ticks.clone();
    let refused = site.depot.collect(Mode::Remove, 1, &move || ticks.now()).await;
    assert!(matches!(refused, Err(DepotError::Collecting { until: said }) if said == until));
    site.ticks.pass(600);
    site.collect().await;
    site.collect().await;
}

/// A collector that was killed between removing an edge and looking for the manifest again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_collector_was_removing_is_put_back_first() {
    let (site, app) = (Site::new(), name("app"));
    let config = site.upload(&app, b"{}").await.unwrap();
    let manifest = site.push(&app, &config, &[], &["v1"]).await.unwrap();
    let shelf = site.depot.shelf();
    let edge = edge(&config, "app", &manifest);
    let text = String::from_utf8(shelf.get(&edge).await.unwrap().unwrap().bytes.to_vec()).unwrap();
    let record = format!(r#"{{"records":[{{"key":"{edge}","text":{text:?}}}]}}"#);
    shelf.put(&Key::new(&["upkeep", "removing"]).unwrap(), record.into(), When::Always).await.unwrap();
    shelf.delete(&edge).await.unwrap();
    let trashed = shelf.trash_blob(&config, site.ticks.now()).await.unwrap().unwrap();
    assert_eq!(trashed.size, 2);
    site.collect().await;
    assert!(site.is_whole(&app, &manifest).await);
    assert!(shelf.get(&edge).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_without_an_end_are_ended() {
    let site = Site::new();
    let id = site.depot.begin().await.unwrap();
    // The shelf's times are the clock's, whatever the ticks say.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let collected = site.depot.collect(Mode::Remove, 1, &move || now + 100).await.unwrap();
    assert_eq!(collected.uploads, 1);
    assert!(site.depot.upload_size(&id).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_that_moves_leaves_its_manifest() {
    let (site, app) = (Site::new(), name("app"));
    let (one, two) = (site.upload(&app, b"1").await.unwrap(), site.upload(&app, b"2").await.unwrap());
    let old = site.push(&app, &one, &[], &["latest"]).await.unwrap();
    let new = site.push(&app, &two, &[], &["latest"]).await.unwrap();
    site.collect().await;
    for digest in [&old, &new] {
        assert!(site.depot.manifest(&app, &Reference::Digest(digest.clone())).await.is_ok());
        assert!(site.is_whole(&app, digest).await);
    }
}
