use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use model::digest::Digest;

use super::*;

const DIRECTORY: &str = "SHELF_FAULTS_DIRECTORY";

fn shelf(root: &Path) -> Shelf {
    Shelf::of(root, &Digest::of(b"publisher").into())
}

fn files(version: u64) -> Files {
    let mut files = Files::default();
    for name in ["root.json", "snapshot.json", "targets.json", "timestamp.json"] {
        files.add(name, format!("{name} {version}").repeat(400).into_bytes()).unwrap();
    }
    files
}

/// The version that a file is of, if it is whole.
fn version(name: &str, bytes: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(bytes).ok()?;
    let one = text.get(..text.len() / 400)?;
    let version = one.strip_prefix(name)?.strip_prefix(' ')?.parse().ok()?;
    (one.repeat(400) == text).then_some(version)
}

#[test]
fn what_is_kept_is_found_again() {
    let root = tempfile::tempdir().unwrap();
    let shelf = shelf(root.path());
    assert_eq!((shelf.catalogue().unwrap(), shelf.asked()), (None, None));
    let own = shelf.own().unwrap();
    assert_eq!((own.files().unwrap(), own.floors().unwrap()), (Files::default(), None));
    own.keep(&files(1), b"floors").unwrap();
    own.keep_catalogue(b"catalogue", Flush::Now).unwrap();
    own.ask(12).unwrap();
    drop(own);
    let own = shelf.own().unwrap();
    assert_eq!((own.files().unwrap(), own.floors().unwrap()), (files(1), Some(b"floors".to_vec())));
    assert_eq!((shelf.catalogue().unwrap(), shelf.asked()), (Some(b"catalogue".to_vec()), Some(12)));
    own.keep(&files(2), b"floors").unwrap();
    assert_eq!(own.files().unwrap(), files(2));
}

#[test]
fn two_do_not_change_it_at_once() {
    let root = tempfile::tempdir().unwrap();
    let own = shelf(root.path()).own().unwrap();
    let (said, heard) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            drop(shelf(root.path()).own().unwrap());
            said.send(()).unwrap();
        });
        assert!(heard.recv_timeout(Duration::from_millis(50)).is_err());
        drop(own);
        heard.recv().unwrap();
    });
}

/// In a child: keeps one version after the other until killed, and says so after each. As a test of its own it checks
/// that without the parent's word nothing is kept anywhere.
#[test]
fn child_keeps() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let shelf = shelf(Path::new(&directory));
    let last = shelf.own().unwrap().floors().unwrap();
    let first = last.map_or(0, |floors| String::from_utf8(floors).unwrap().parse().unwrap());
    for version in first + 1..first + 10_000 {
        let own = shelf.own().unwrap();
        own.keep(&files(version), version.to_string().as_bytes()).unwrap();
        own.keep_catalogue(version.to_string().as_bytes(), Flush::Later).unwrap();
        println!("kept {version}");
    }
}

fn keeper(directory: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "trust::shelf::tests::child_keeps", "--nocapture", "--test-threads=1"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

#[test]
fn whoever_is_killed_at_any_moment_has_forgotten_nothing_that_was_seen() {
    let root = tempfile::tempdir().unwrap();
    let (mut told, mut patience) = (0, 1);
    for round in 0..24_u64 {
        let mut child = keeper(root.path());
        std::thread::sleep(Duration::from_micros(20_000 + round * 1777 % 23_000) * patience);
        child.kill().unwrap();
        child.wait().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(std::result::Result::ok);
        let kept: Vec<u64> =
            lines.filter_map(|line| line.split_once("kept ")?.1.trim().parse().ok()).collect();
        if kept.is_empty() {
            patience = 16.min(patience * 2);
        }
        told = kept.last().copied().unwrap_or(told).max(told);
        let own = shelf(root.path()).own().unwrap();
        let floors: u64 = String::from_utf8(own.floors().unwrap().unwrap_or_else(|| b"0".to_vec()))
            .unwrap()
            .parse()
            .unwrap();
        assert!(floors >= told, "floors of {floors} after {told}");
        for (name, bytes) in own.files().unwrap().iter() {
            let version = version(name, bytes).unwrap_or_else(|| panic!("`{name}` is torn"));
            assert!((told..=floors).contains(&version), "{name} {version}, told {told}, floors {floors}");
        }
    }
    assert!(told > 24, "the children kept only {told}");
}
