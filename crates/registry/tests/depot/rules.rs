//! Rules that are kept, what expires by them, and what counting and verifying find.

use std::sync::Arc;

use coffer_registry::server::depot::rules::Rules;
use coffer_registry::server::depot::{Depot, DepotError, Finding, Kept, Removal, Repair, Verified};
use coffer_registry::server::names::Reference;
use coffer_registry::server::shelf::{ContentDigest, Key, When};

use crate::site::{Site, edge, name, sha256};

const DAY: u64 = 24 * 60 * 60;

fn rules(text: &str) -> Rules {
    Rules::parse(text).unwrap()
}

/// A site whose rules look at the same shelf.
fn site(text: &str) -> Site {
    let mut site = Site::new();
    let shelf = site.depot.shelf().clone();
    site.depot = Depot::new(shelf.clone(), Arc::new(Kept::new(rules(text), shelf)));
    site
}

async fn verify(site: &Site, rules: &Rules, repair: Repair) -> Verified {
    site.depot.verify(rules, repair, site.ticks.now(), &|_| {}).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_immutable_tag_stays_what_it_is() {
    let (site, app) = (site("[[immutable]]\nrepositories = '*'\ntags = ['v*']"), name("app"));
    let (one, two) = (site.upload(&app, b"1").await.unwrap(), site.upload(&app, b"2").await.unwrap());
    let first = site.push(&app, &one, &[], &["v1", "latest"]).await.unwrap();
    site.push(&app, &one, &[], &["v1"]).await.unwrap();
    let moved = site.push(&app, &two, &[], &["v1"]).await;
    assert!(matches!(moved, Err(DepotError::Refused(why)) if why.contains("`v1`")));
    let refused = sha256(&crate::site::manifest(&two, &[]));
    assert!(site.depot.manifest(&app, &Reference::Digest(refused)).await.is_err());
    site.push(&app, &two, &[], &["latest"]).await.unwrap();
    let tag = "v1".parse().unwrap();
    assert!(matches!(site.depot.delete_tag(&app, &tag, 0).await, Err(DepotError::Refused(_))));
    assert!(matches!(site.depot.delete_manifest(&app, &first, 0).await, Err(DepotError::Refused(_))));
    assert_eq!(site.depot.tag(&app, &tag).await.unwrap(), Some(first));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_refuses_what_is_too_much_and_has_room_again() {
    let (site, app) = (site("[[quota]]\nrepositories = 'team/*'\nbytes = 1000"), name("team/app"));
    let small = site.upload(&app, &[1; 300]).await.unwrap();
    let manifest = site.push(&app, &small, &[], &["v1"]).await.unwrap();
    let refused = site.upload(&app, &[2; 600]).await;
    assert!(matches!(refused, Err(DepotError::Quota { allowed: 1000, .. })), "{refused:?}");
    site.upload(&name("other"), &[2; 600]).await.unwrap();
    for _ in 0..10 {
        let nowhere = [sha256(b"nowhere")];
        assert!(matches!(site.push(&app, &small, &nowhere, &[]).await, Err(DepotError::Incomplete(_))));
    }
    site.upload(&app, &[5; 50]).await.unwrap();
    site.depot.delete_manifest(&app, &manifest, site.ticks.now()).await.unwrap();
    site.collect().await;
    site.upload(&app, &[3; 1000]).await.unwrap();
    assert!(site.upload(&name("team/b"), &[4; 1]).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_begins_with_what_there_is_and_is_counted_again() {
    let site = Site::new();
    let app = name("app");
    let blob = site.upload(&app, &[1; 300]).await.unwrap();
    site.push(&app, &blob, &[], &[]).await.unwrap();
    let shelf = site.depot.shelf().clone();
    let rules = rules("[[quota]]\nrepositories = '*'\nbytes = 1000");
    let mut under = site.clone();
    under.depot = Depot::new(shelf.clone(), Arc::new(Kept::new(rules.clone(), shelf.clone())));
    assert!(under.upload(&app, &[2; 700]).await.is_err());
    under.upload(&app, &[2; 10]).await.unwrap();
    assert_eq!(verify(&under, &rules, Repair::No).await.findings, []);
    let key = Key::new(&["upkeep/quota", sha256(b"*").hex()]).unwrap();
    shelf.put(&key, r#"{"bytes":7}"#.into(), When::Always).await.unwrap();
    let findings = verify(&under, &rules, Repair::Yes).await.findings;
    assert!(matches!(findings.as_slice(), [Finding::Counter { says: 7, .. }]), "{findings:?}");
    assert_eq!(verify(&under, &rules, Repair::No).await.findings, []);
}

async fn expire(site: &Site, text: &str) -> Vec<Removal> {
    let mut removals = Vec::new();
    let (rules, now) = (rules(text), site.ticks.now());
    site.depot.expire_each(&rules, now, &mut |removal| removals.push(removal)).await.unwrap();
    removals
}

fn removal((repository, tag, digest): (&str, Option<&str>, &ContentDigest)) -> Removal {
    let tag = tag.map(|tag| tag.parse().unwrap());
    Removal { repository: name(repository), tag, digest: digest.clone() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tags_and_what_they_leave_expire() {
    let text = "[[immutable]]\nrepositories = '*'\ntags = ['v1']\n[[retention]]\nrepositories = '*'\nkeep_last = 1\n\
                keep_pulled_days = 7\n[[untagged]]\nrepositories = '*'\nremove_after_days = 3";
    let (site, app) = (site(text), name("app"));
    let mut pushed = Vec::new();
    for tag in ["v1", "old", "pulled", "new"] {
        let blob = site.upload(&app, tag.as_bytes()).await.unwrap();
        pushed.push(site.push(&app, &blob, &[], &[tag]).await.unwrap());
    }
    site.ticks.pass(10 * DAY);
    site.depot.note_pull(&app, &"pulled".parse().unwrap(), site.ticks.now()).await.unwrap();
    let expired = expire(&site, text).await;
    assert_eq!(expired, [("app", Some("old"), &pushed[1]), ("app", None, &pushed[1])].map(removal));
    let tags = site.depot.tags(&app, None, 10).await.unwrap().items;
    assert_eq!(tags, ["new", "pulled", "v1"]);
    let gone = site.depot.manifest(&app, &Reference::Digest(pushed[1].clone())).await;
    assert!(matches!(gone, Err(DepotError::NoManifest(_))));
    assert_eq!(site.collect().await.blobs, 2);
    let nothing = site.depot.expire(&rules(text), site.ticks.now()).await.unwrap();
    assert_eq!((nothing.tags, nothing.manifests), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_counted() {
    let (site, one, other) = (Site::new(), name("one"), name("a/other"));
    let config = site.upload(&one, &[0; 100]).await.unwrap();
    let manifest = site.push(&one, &config, &[], &["a", "b"]).await.unwrap();
    site.depot.mount(&one, &other, &config, site.ticks.now()).await.unwrap();
    site.push(&other, &config, &[], &[]).await.unwrap();
    let size = site.depot.manifest_bytes(&manifest).await.unwrap().len() as u64;
    let stats = site.depot.stats().await.unwrap();
    assert_eq!((stats.repositories, stats.tags, stats.manifests, stats.blobs), (2, 2, 2, 2));
    assert_eq!((stats.logical_bytes, stats.physical_bytes), (200 + 2 * size, 100 + size));
    assert_eq!(stats.garbage_notes, 1);
    site.collect().await;
    assert_eq!(site.depot.stats().await.unwrap().garbage_notes, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_is_found_and_what_can_be_is_repaired() {
    let (site, app, none) = (Site::new(), name("app"), Rules::default());
    let (config, layer) =
        (site.upload(&app, b"{}").await.unwrap(), site.upload(&app, b"layer").await.unwrap());
    let manifest = site.push(&app, &config, std::slice::from_ref(&layer), &["v1"]).await.unwrap();
    site.collect().await;
    let sound = verify(&site, &none, Repair::No).await;
    assert_eq!((sound.manifests, sound.blobs, sound.findings), (1, 3, Vec::new()));

    let edge = edge(&layer, "app", &manifest);
    site.depot.shelf().delete(&edge).await.unwrap();
    let unprotected = Finding::Unprotected { repository: "app".to_owned(), manifest: manifest.clone() };
    assert_eq!(verify(&site, &none, Repair::Yes).await.findings, [unprotected]);
    assert_eq!(verify(&site, &none, Repair::No).await.findings, []);

    let file = site.path().join(format!("blobs/sha256/{}/{}", &layer.hex()[..2], layer.hex()));
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, b"lay0r").unwrap();
    let corrupt = Finding::Corrupt { blob: layer.clone(), hashed: sha256(b"lay0r") };
    assert_eq!(verify(&site, &none, Repair::Yes).await.findings, [corrupt]);
    std::fs::remove_file(&file).unwrap();
    let findings = verify(&site, &none, Repair::Yes).await.findings;
    assert!(matches!(findings.as_slice(), [Finding::Missing { blob, .. }] if *blob == layer), "{findings:?}");
}

/// A push that ended after its edges and before its manifest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_leaked_is_found_and_collected() {
    let (site, app, none) = (Site::new(), name("app"), Rules::default());
    let blob = site.upload(&app, b"blob").await.unwrap();
    let nowhere = sha256(b"nowhere");
    let edge = edge(&blob, "app", &nowhere);
    site.push(&app, &blob, &[], &[]).await.unwrap();
    site.collect().await;
    site.depot.shelf().put(&edge, "".into(), When::Always).await.unwrap();
    let leaked = Finding::Leaked { blob: blob.clone(), repository: "app".to_owned() };
    assert_eq!(verify(&site, &none, Repair::No).await.findings, std::slice::from_ref(&leaked));
    assert_eq!(verify(&site, &none, Repair::Yes).await.findings, [leaked]);
    site.collect().await;
    assert!(site.depot.shelf().get(&edge).await.unwrap().is_none());
    assert_eq!(verify(&site, &none, Repair::No).await.findings, []);
}
