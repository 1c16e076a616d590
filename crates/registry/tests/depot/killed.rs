//! A collector that is killed at any moment: nothing is lost, and the next one finishes.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use coffer_registry::server::depot::rules::Rules;
use coffer_registry::server::depot::{Anything, Depot, Mode, Repair};

use crate::site::{Site, name, open};

/// Tells the child that it is one, and where its shelf is.
const SHELF: &str = "COFFER_TEST_SHELF";
const NOW: &str = "COFFER_TEST_NOW";

/// The child: collects until it is killed, or until it is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn collector_of_its_own() {
    let (Ok(shelf), Ok(now)) = (std::env::var(SHELF), std::env::var(NOW)) else { return };
    let now: u64 = now.parse().unwrap();
    let depot = Depot::new(open(Path::new(&shelf)), Arc::new(Anything));
    depot.collect(Mode::Remove, 1, &move || now).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_collector_loses_nothing_and_the_next_one_finishes() {
    let (site, app) = (Site::new(), name("app"));
    let shared = site.upload(&app, b"shared").await.unwrap();
    let (mut kept, mut deleted) = (Vec::new(), Vec::new());
    for number in 0..60 {
        let own = site.upload(&app, format!("own {number}").as_bytes()).await.unwrap();
        let digest = site.push(&app, &own, std::slice::from_ref(&shared), &[]).await.unwrap();
        if number % 3 == 0 { kept.push(digest) } else { deleted.push((digest, own)) }
    }
    for (digest, _) in &deleted {
        site.depot.delete_manifest(&app, digest, site.ticks.now()).await.unwrap();
    }
    let mut killed = 0;
    for milliseconds in [5, 15, 25, 35, 50, 70, 90, 120] {
        // Longer than a lease: the one that was killed has expired.
        site.ticks.pass(1000);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::collector_of_its_own"])
            .env(SHELF, site.path())
            .env(NOW, site.ticks.now().to_string())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        child.kill().unwrap();
        killed += usize::from(child.wait().unwrap().signal().is_some());
    }
    assert!(killed > 0, "every collector was faster than its end");
    site.ticks.pass(1000);
    site.collect().await;
    for digest in &kept {
        assert!(site.is_whole(&app, digest).await, "{digest}");
    }
    for (digest, own) in &deleted {
        assert!(!site.is_on_shelf(digest).await && !site.is_on_shelf(own).await);
    }
    let verified = site.depot.verify(&Rules::default(), Repair::No, 0, &|_| {}).await.unwrap();
    assert_eq!((verified.manifests, verified.findings), (20, Vec::new()));
}
