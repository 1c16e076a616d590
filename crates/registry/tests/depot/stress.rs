//! Many at once: pushes, deletions and collections of the same few blobs, with next to no grace.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use coffer_registry::server::depot::{DepotError, Mode};
use coffer_registry::server::names::Reference;
use tokio::sync::RwLock;

use crate::site::{Site, is_incomplete, name, sha256};

const REPOSITORIES: usize = 2;
const IMAGES: usize = 3;
const ROUNDS: usize = 60;

/// Every image of every repository, and whether it is there. A push and a check hold the lock shared, so
/// that they are at the same time as one another and as every collection; a deletion holds it alone, because
/// otherwise nobody could say whether a missing manifest was lost or deleted.
type Turns = Arc<Vec<RwLock<()>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_acknowledged_manifest_is_ever_incomplete() {
    let site = Site::new();
    let turns: Turns = Arc::new((0..REPOSITORIES * IMAGES).map(|_| RwLock::new(())).collect());
    let (acknowledged, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let collectors: Vec<_> =
        (0..2).map(|_| tokio::spawn(collect(site.clone(), Arc::clone(&ended)))).collect();
    let mut pushers = tokio::task::JoinSet::new();
    for pusher in 0..6 {
        pushers.spawn(push(site.clone(), Arc::clone(&turns), pusher, Arc::clone(&acknowledged)));
    }
    pushers.join_all().await;
    ended.store(true, Ordering::SeqCst);
    for collector in collectors {
        assert!(collector.await.unwrap() > 0, "no collection came to its end");
    }
    assert!(acknowledged.load(Ordering::SeqCst) > ROUNDS, "{acknowledged:?}");
}

async fn collect(site: Site, ended: Arc<AtomicBool>) -> usize {
    let mut done = 0;
    while !ended.load(Ordering::SeqCst) || done == 0 {
        let ticks = site.ticks.clone();
        match site.depot.collect(Mode::Remove, 1, &move || ticks.now()).await {
            Ok(_) => done += 1,
            Err(DepotError::Collecting { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
    done
}

async fn push(site: Site, turns: Turns, pusher: usize, acknowledged: Arc<AtomicUsize>) {
    for round in 0..ROUNDS {
        let image = (pusher * 7 + round * 5) % turns.len();
        let repository = name(["one", "two"][image % REPOSITORIES]);
        // Two images share each layer, within and across repositories.
        let config = format!("config {}", image / REPOSITORIES);
        let layer = format!("layer {}", image / 2 % 2);
        if round % 4 == 3 {
            let _alone = turns[image].write().await;
            let bytes = crate::site::manifest(&sha256(config.as_bytes()), &[sha256(layer.as_bytes())]);
            let deleted = site.depot.delete_manifest(&repository, &sha256(&bytes), site.ticks.now()).await;
            assert!(matches!(deleted, Ok(()) | Err(DepotError::NoManifest(_))), "{deleted:?}");
            continue;
        }
        let _shared = turns[image].read().await;
        let config = site.upload(&repository, config.as_bytes()).await.unwrap();
        let layer = site.upload(&repository, layer.as_bytes()).await.unwrap();
        let pushed = site.push(&repository, &config, &[layer], &[]).await;
        if is_incomplete(&pushed) {
            continue;
        }
        let digest = pushed.unwrap();
        acknowledged.fetch_add(1, Ordering::SeqCst);
        for _ in 0..3 {
            tokio::task::yield_now().await;
            let reference = Reference::Digest(digest.clone());
            assert!(site.depot.manifest(&repository, &reference).await.is_ok());
            assert!(eventually_whole(&site, &repository, &digest).await, "{digest} lost a blob");
        }
    }
}

/// For the moment between two looks of a collector a blob may be in the trash; it has to come back.
async fn eventually_whole(
    site: &Site,
    repository: &coffer_registry::server::names::RepositoryName,
    digest: &coffer_registry::server::shelf::ContentDigest,
) -> bool {
    for _ in 0..200 {
        if site.is_whole(repository, digest).await {
            return true;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    false
}
