//! Scans and imports that are killed: nothing is wrong afterwards, and nothing is left.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod layers;
mod scanned;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use conversation::Session;
use serde_json::Value;

/// Layers of an image that takes a while.
const LAYERS: usize = 4;
/// Attempts at different instants.
const ATTEMPTS: u32 = 8;

fn count(path: &Path) -> usize {
    std::fs::read_dir(path).map_or(0, Iterator::count)
}

/// Starts it, and kills it after so long.
fn killed(session: &Session, line: &str, after: Duration) {
    let mut command = session.command(line.split(' '));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

fn vulnerabilities(session: &Session) -> usize {
    let output = session.coffer(["scan", "shop:1", "--scanners", "vuln", "--format", "json"]);
    let scan: Value = serde_json::from_slice(&output.stdout).unwrap();
    scan.get("vulnerabilities").unwrap().as_array().unwrap().len()
}

/// Processes that read a layer, by the name that they give themselves.
fn readers(session: &Session) -> usize {
    let root = session.root();
    let root = root.to_str().unwrap();
    let is_reader = |process: &Path| {
        let files = std::fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        let mut links = files.filter_map(|file| std::fs::read_link(file.path()).ok());
        let holds = links.any(|link| link.to_string_lossy().starts_with(root));
        let name = std::fs::read_to_string(process.join("comm")).unwrap_or_default();
        holds && name.trim() == "coffer-scan"
    };
    std::fs::read_dir("/proc").unwrap().flatten().filter(|process| is_reader(&process.path())).count()
}

#[test]
fn privileged_a_killed_scan_leaves_facts_that_are_whole_and_no_process() {
    let session = Session::new();
    scanned::advisories(&session.work().join("feeds"));
    let files: Vec<(String, Vec<u8>)> = (0..40)
        .map(|number| (format!("opt/{number}.py"), format!("key = '{number}'\n").repeat(2000).into_bytes()))
        .collect();
    let mut layers = vec![scanned::packages("3.1.4-r1")];
    for layer in 0..LAYERS {
        let named = files.iter().map(|(name, content)| (format!("{layer}/{name}"), content));
        let files: Vec<(String, &Vec<u8>)> = named.collect();
        let files: Vec<(&str, &[u8])> =
            files.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
        layers.push(layers::layer(&files));
    }
    scanned::layout(&session.work().join("big"), &layers);
    assert!(session.coffer(["image", "import", "oci:big", "shop:1"]).status.success());
    assert!(session.coffer(["advisories", "import", "feeds"]).status.success());
    let expected = vulnerabilities(&session);
    assert_eq!(expected, 5);
    let whole = Instant::now();
    std::fs::remove_dir_all(session.root().join("images/notes")).unwrap();
    assert_eq!(vulnerabilities(&session), expected);
    let whole = whole.elapsed();
    for attempt in 1..=ATTEMPTS {
        let _none_yet = std::fs::remove_dir_all(session.root().join("images/notes"));
        killed(&session, "scan shop:1", whole * attempt / ATTEMPTS);
        let begun = Instant::now();
        while readers(&session) > 0 {
            assert!(begun.elapsed() < Duration::from_secs(10), "a reader outlives its keeper");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(vulnerabilities(&session), expected, "{attempt}");
    }
    let notes = session.root().join("images/notes");
    assert_eq!((count(&notes.join("layers")), count(&notes.join("images"))), (LAYERS + 1, 1));
    assert!(session.coffer(["image", "prune", "--all"]).status.success());
    for left in ["images/notes/layers", "images/notes/images", "images/layers", "images/tmp"] {
        assert_eq!(count(&session.root().join(left)), 0, "{left}");
    }
}

#[test]
fn privileged_damaged_facts_are_learned_anew() {
    let session = Session::new();
    scanned::image(&session.work().join("old"), "3.1.4-r1");
    scanned::advisories(&session.work().join("feeds"));
    assert!(session.coffer(["image", "import", "oci:old", "shop:1"]).status.success());
    assert!(session.coffer(["advisories", "import", "feeds"]).status.success());
    let expected = vulnerabilities(&session);
    for kind in ["layers", "images"] {
        let notes = session.root().join("images/notes").join(kind);
        let files: Vec<_> = std::fs::read_dir(&notes).unwrap().map(|entry| entry.unwrap().path()).collect();
        let written: Vec<_> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
        for file in &files {
            let length = std::fs::read(file).unwrap().len();
            std::fs::write(file, vec![0; length]).unwrap();
        }
        if kind == "layers" {
            std::fs::remove_dir_all(session.root().join("images/notes/images")).unwrap();
        }
        assert_eq!(vulnerabilities(&session), expected, "{kind}");
        let again: Vec<_> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
        assert_eq!(written, again, "{kind}");
    }
}

#[test]
fn privileged_damaged_advisories_are_not_taken_for_silence() {
    let session = Session::new();
    scanned::advisories(&session.work().join("feeds"));
    assert!(session.coffer(["advisories", "import", "feeds"]).status.success());
    for entry in std::fs::read_dir(session.root().join("advisories/shards")).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        // What is found out when a name is looked up, and not before.
        bytes.iter_mut().skip(128).for_each(|byte| *byte = 0xff);
        std::fs::write(&path, bytes).unwrap();
    }
    let said = session.said(&session.coffer(["advisories", "affected", "CVE-2099-0001"]));
    assert!(said.contains("[E-advisories-damaged]") && said.ends_with("exit 1\n"), "{said}");
}

#[test]
fn privileged_a_killed_import_leaves_the_advisories_that_were() {
    let session = Session::new();
    scanned::image(&session.work().join("old"), "3.1.4-r1");
    scanned::advisories(&session.work().join("feeds"));
    scanned::many(&session.work().join("many"), 3000);
    assert!(session.coffer(["image", "import", "oci:old", "shop:1"]).status.success());
    assert!(session.coffer(["advisories", "import", "feeds"]).status.success());
    let expected = vulnerabilities(&session);
    let whole = Instant::now();
    assert!(session.coffer(["advisories", "import", "many"]).status.success());
    let whole = whole.elapsed();
    assert!(session.coffer(["advisories", "import", "feeds"]).status.success());
    for attempt in 1..=ATTEMPTS {
        killed(&session, "advisories import many", whole * attempt / (ATTEMPTS + 1));
        assert!(session.coffer(["advisories", "verify"]).status.success(), "{attempt}");
        assert_eq!(vulnerabilities(&session), expected, "{attempt}");
    }
    assert!(session.coffer(["advisories", "import", "many"]).status.success());
    assert!(!session.root().join("advisories/index.new").exists());
    let shards = count(&session.root().join("advisories/shards"));
    let output = session.coffer(["advisories", "status", "--format", "json"]);
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shards, status["sources"].as_array().unwrap().len());
}
