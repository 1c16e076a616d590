//! Killed writers, writers at once, and no space left.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{extend, file, filled, open};
use ledger::{Durability, Ledger};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

const DIRECTORY: &str = "LEDGER_FAULTS_DIRECTORY";

/// Runs the test `child_appends` of this binary as a process of its own.
fn writer(directory: &Path, name: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_appends", "--nocapture", "--test-threads=1"])
        .env(DIRECTORY, directory)
        .env("LEDGER_FAULTS_NAME", name)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// In a child: appends until killed, or 400 times, and says so after each. As a test of its own it
/// checks that without the parent's word nothing is appended anywhere.
#[test]
fn child_appends() {
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        assert!(std::env::var_os("LEDGER_FAULTS_NAME").is_none());
        return;
    };
    let name = std::env::var("LEDGER_FAULTS_NAME").unwrap();
    for turn in 0..400 {
        let entry = format!("{name} {turn}");
        let durability = if turn % 8 == 0 { Durability::Flushed } else { Durability::Buffered };
        let batch = [entry.as_bytes(), b"second"];
        let entries = if turn % 5 == 0 { &batch[..] } else { &batch[..1] };
        let appended = open(Path::new(&directory)).append_all(entries, durability).unwrap();
        println!("acknowledged {} {entry}", appended.index);
    }
}

/// What the child says was recorded, up to the last complete line.
fn acknowledged(child: &mut Child) -> Vec<(u64, String)> {
    let lines = BufReader::new(child.stdout.take().unwrap()).split(b'\n').map(Result::unwrap);
    let parse = |line: Vec<u8>| {
        let line = String::from_utf8(line).unwrap();
        let (index, entry) = line.split_once("acknowledged ")?.1.split_once(' ')?;
        Some((index.parse().unwrap(), entry.to_owned()))
    };
    lines.filter_map(parse).collect()
}

fn assert_recorded(ledger: &Ledger, acknowledged: &[(u64, String)]) {
    let size = ledger.verify(None).unwrap().size;
    let entries: Vec<_> = ledger.entries(0..size).unwrap().map(|entry| entry.unwrap().1).collect();
    for (index, entry) in acknowledged {
        assert_eq!(String::from_utf8_lossy(&entries[*index as usize]), *entry, "entry {index}");
    }
}

#[test]
fn a_writer_killed_at_any_moment_loses_nothing_that_it_was_told_is_recorded() {
    let (temporary, ledger) = filled(0);
    let mut all = Vec::new();
    // On a busy machine a writer needs longer until it is told anything.
    let mut patience = 1;
    for round in 0..24u64 {
        let mut child = writer(&file(&temporary, ""), &format!("round-{round}"));
        std::thread::sleep(Duration::from_micros(3000 + round * 1777 % 23_000) * patience);
        child.kill().unwrap();
        child.wait().unwrap();
        let mut told = acknowledged(&mut child);
        // The pipe may end within a line: the last is only believed if it is whole.
        told.pop();
        if told.is_empty() {
            patience = 16.min(patience * 2);
        }
        all.extend(told);
        assert_recorded(&ledger, &all);
    }
    assert!(all.len() > 20, "the children appended: {}", all.len());
    extend_any(&ledger);
    assert_recorded(&ledger, &all);
}

fn extend_any(ledger: &Ledger) {
    for _ in 0..300 {
        ledger.append(b"after", Durability::Buffered).unwrap();
    }
}

#[test]
fn several_processes_append_at_once_and_every_entry_has_its_place() {
    let (temporary, ledger) = filled(0);
    let mut children: Vec<_> =
        (0..3).map(|number| writer(&file(&temporary, ""), &format!("writer-{number}"))).collect();
    let told: Vec<_> = children.iter_mut().flat_map(acknowledged).collect();
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    assert_eq!(told.len(), 1200);
    assert_eq!(ledger.len().unwrap(), 1200 + 240);
    assert_recorded(&ledger, &told);
}

#[test]
fn threads_share_one_handle_and_readers_are_not_disturbed() {
    let (_temporary, ledger) = filled(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                extend_any(&ledger);
                ledger.publish().unwrap();
            });
        }
        scope.spawn(|| {
            for _ in 0..20 {
                let size = ledger.verify(None).unwrap().size;
                assert!(ledger.entries(0..size).unwrap().all(|entry| entry.is_ok()));
            }
        });
    });
    assert_eq!(ledger.verify(None).unwrap().size, 900);
}

/// A file system of 1 MiB, gone with the value: a tail, the next one and some tiles.
struct Small(tempfile::TempDir);

impl Small {
    fn new() -> Self {
        let temporary = tempfile::TempDir::new().unwrap();
        mount("tmpfs", temporary.path(), "tmpfs", MountFlags::empty(), Some(c"size=1m")).unwrap();
        Self(temporary)
    }

    fn fill(&self) {
        let full = std::fs::write(self.0.path().join("ballast"), vec![0; 1024 * 1024]);
        assert_eq!(full.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    }

    fn free(&self) {
        std::fs::remove_file(self.0.path().join("ballast")).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        unmount(self.0.path(), UnmountFlags::DETACH).unwrap();
    }
}

#[test]
fn privileged_with_no_space_left_for_tiles_the_tail_stays_and_the_next_append_works() {
    let small = Small::new();
    let ledger = open(&small.0.path().join("ledger"));
    extend(&ledger, 255);
    // Whoever waits for the disk leaves the tiles to the next append.
    ledger.append(&common::entry(255), Durability::Flushed).unwrap();
    small.fill();
    for _ in 0..3 {
        let refused = ledger.append(b"entry 256", Durability::Flushed).unwrap_err();
        assert_eq!(refused.code(), "E-ledger-space");
        common::assert_whole(&ledger, 256);
    }
    small.free();
    extend(&ledger, 10);
    common::assert_whole(&ledger, 266);
}

#[test]
fn privileged_with_no_space_left_nothing_is_half_done_and_the_next_append_works() {
    let small = Small::new();
    let ledger = open(&small.0.path().join("ledger"));
    let mut recorded = 0;
    for round in 0..3 {
        extend(&ledger, 200);
        recorded += 200;
        small.fill();
        let refused = loop {
            match ledger.append(&common::entry(recorded), Durability::Flushed) {
                Ok(_) => recorded += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(refused.code(), "E-ledger-space", "round {round}: {refused}");
        common::assert_whole(&ledger, recorded);
        small.free();
    }
    extend(&ledger, 10);
    common::assert_whole(&ledger, recorded + 10);
}

#[test]
fn privileged_with_no_space_left_a_buffered_append_that_fills_the_tail_is_recorded() {
    let small = Small::new();
    let ledger = open(&small.0.path().join("ledger"));
    extend(&ledger, 255);
    small.fill();
    extend(&ledger, 1);
    common::assert_whole(&ledger, 256);
    assert_eq!(ledger.append(b"entry 256", Durability::Buffered).unwrap_err().code(), "E-ledger-space");
    small.free();
    extend(&ledger, 1);
    common::assert_whole(&ledger, 257);
}

#[test]
fn privileged_a_frame_that_runs_out_of_space_behind_the_preallocated_part_is_taken_back() {
    let small = Small::new();
    let ledger = open(&small.0.path().join("ledger"));
    let long = vec![b'x'; 60_000];
    small.fill();
    let mut recorded = 0;
    let refused = loop {
        match ledger.append(&long, Durability::Flushed) {
            Ok(_) => recorded += 1,
            Err(error) => break error,
        }
    };
    assert_eq!((refused.code(), recorded), ("E-ledger-space", 3));
    let tail = std::fs::metadata(small.0.path().join("ledger/tail")).unwrap();
    assert_eq!(tail.len(), 192 * 1024, "the length is as it was");
    ledger.append(b"short", Durability::Flushed).unwrap();
    small.free();
    ledger.append(&long, Durability::Flushed).unwrap();
    assert_eq!(ledger.verify(None).unwrap().size, 5);
}
