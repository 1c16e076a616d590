//! Many at once: pushes, deletions and collections of the same few blobs, with next to no grace. In a bucket whose
//! requests overtake one another, every step of one meets every step of the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use coffer_registry::server::depot::{DepotError, Mode};
use coffer_registry::server::names::{Reference, RepositoryName};
use coffer_registry::server::shelf::ContentDigest;
use tokio::sync::RwLock;

use crate::site::{Site, is_incomplete, manifest, name, sha256};

const REPOSITORIES: usize = 2;
const IMAGES: usize = 2;
const PUSHERS: usize = 4;
const COLLECTORS: usize = 2;
const TIME: Duration = Duration::from_secs(5);

/// For every image of every repository: a push and a look hold it shared, so that they are at the same time as one
/// another and as every collection; a deletion holds it alone, because otherwise nobody could say whether a
/// missing manifest was lost or deleted.
type Turns = Vec<RwLock<()>>;

/// What happened.
#[derive(Debug, Default)]
struct Tally {
    acknowledged: AtomicUsize,
    refused: AtomicUsize,
    rounds: AtomicUsize,
    ended: AtomicBool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_acknowledged_manifest_is_ever_incomplete_in_a_directory() {
    stress(Site::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_acknowledged_manifest_is_ever_incomplete_in_a_bucket() {
    stress(Site::in_bucket(3).await).await;
}

async fn stress(site: Site) {
    let turns: Arc<Turns> = Arc::new((0..REPOSITORIES * IMAGES).map(|_| RwLock::new(())).collect());
    let tally = Arc::new(Tally::default());
    let collectors: Vec<_> =
        (0..COLLECTORS).map(|_| tokio::spawn(collect(site.clone(), Arc::clone(&tally)))).collect();
    let mut pushers = tokio::task::JoinSet::new();
    for pusher in 0..PUSHERS {
        pushers.spawn(push(site.clone(), Arc::clone(&turns), pusher, Arc::clone(&tally)));
    }
    pushers.join_all().await;
    tally.ended.store(true, Ordering::SeqCst);
    for collector in collectors {
        collector.await.unwrap();
    }
    // Otherwise they were not in each other's way, and nothing is proved.
    for count in [&tally.acknowledged, &tally.refused, &tally.rounds] {
        assert!(count.load(Ordering::SeqCst) > 1, "{tally:?}");
    }
}

async fn collect(site: Site, tally: Arc<Tally>) {
    while !tally.ended.load(Ordering::SeqCst) {
        let ticks = site.ticks.clone();
        match site.depot.collect(Mode::Remove, 1, &move || ticks.now()).await {
            Ok(_) => tally.rounds.fetch_add(1, Ordering::SeqCst),
            Err(DepotError::Collecting { .. }) => 0,
            Err(error) => panic!("{error}"),
        };
        tokio::task::yield_now().await;
    }
}

async fn push(site: Site, turns: Arc<Turns>, pusher: usize, tally: Arc<Tally>) {
    let begun = Instant::now();
    let mut round = 0_u64;
    while begun.elapsed() < TIME {
        round += 1;
        let image = (pusher * 7 + round as usize / 2 * 5) % turns.len();
        let repository = name(["one", "two"][image % REPOSITORIES]);
        // The two repositories have the same images: what one lets go the other may just be pushing.
        let number = image / REPOSITORIES;
        let (config, layer) = (format!("config {number}"), format!("layer {number}"));
        if round.is_multiple_of(2) {
            let alone = turns[image].write().await;
            delete(&site, &repository, config.as_bytes(), layer.as_bytes()).await;
            drop(alone);
            // Now and then long enough for a collector to begin.
            tokio::time::sleep(Duration::from_millis((round * 7 + pusher as u64 * 13) % 50)).await;
            continue;
        }
        let _shared = turns[image].read().await;
        let parts = (sha256(config.as_bytes()), [sha256(layer.as_bytes())]);
        let mut pushed = site.push(&repository, &parts.0, &parts.1, &[]).await;
        if is_incomplete(&pushed) {
            tally.refused.fetch_add(1, Ordering::SeqCst);
            site.upload(&repository, config.as_bytes()).await.unwrap();
            site.upload(&repository, layer.as_bytes()).await.unwrap();
            pushed = site.push(&repository, &parts.0, &parts.1, &[]).await;
        }
        if !is_incomplete(&pushed) {
            tally.acknowledged.fetch_add(1, Ordering::SeqCst);
            look(&site, &repository, &pushed.unwrap()).await;
        }
    }
}

async fn delete(site: &Site, repository: &RepositoryName, config: &[u8], layer: &[u8]) {
    let digest = sha256(&manifest(&sha256(config), &[sha256(layer)]));
    let deleted = site.depot.delete_manifest(repository, &digest, site.ticks.now()).await;
    assert!(matches!(deleted, Ok(()) | Err(DepotError::NoManifest(_))), "{deleted:?}");
}

/// For the moment between two looks of a collector a blob may be in the trash; it has to come back.
async fn look(site: &Site, repository: &RepositoryName, digest: &ContentDigest) {
    let reference = Reference::Digest(digest.clone());
    for _ in 0..4 {
        assert!(site.depot.manifest(repository, &reference).await.is_ok());
        let begun = Instant::now();
        while !site.is_whole(repository, digest).await {
            assert!(begun.elapsed() < Duration::from_secs(2), "{digest} lost a blob");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
