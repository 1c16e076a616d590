//! A ledger as its users see it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use common::{assert_whole, damage, edit, entry, extend, file, filled, open};
use ledger::proof::{verify_consistency, verify_inclusion};
use ledger::{Checkpoint, DamageKind, Durability, ENTRY_LIMIT, Ledger, LedgerError, TreeHash, VerifierKey};

#[test]
fn what_was_appended_is_read_back_across_bundles_and_handles() {
    for count in [0, 1, 255, 256, 257, 700] {
        let (temporary, ledger) = filled(count);
        assert_whole(&ledger, count);
        assert_whole(&open(&file(&temporary, "")), count);
        let middle: Vec<_> = ledger.entries(250..260).unwrap().map(|entry| entry.unwrap().0).collect();
        assert_eq!(middle, (250..260.min(count)).collect::<Vec<_>>());
    }
}

#[test]
fn a_batch_across_bundles_is_one_run_of_entries() {
    let (_temporary, ledger) = filled(100);
    let entries: Vec<_> = (100..1000).map(entry).collect();
    let slices: Vec<_> = entries.iter().map(Vec::as_slice).collect();
    let appended = ledger.append_all(&slices, Durability::Flushed).unwrap();
    assert_eq!((appended.index, appended.size), (100, 1000));
    assert_eq!(ledger.append_all(&[], Durability::Flushed).unwrap().size, 1000);
    assert_whole(&ledger, 1000);
}

#[test]
fn an_entry_may_be_empty_or_65535_bytes_and_no_longer() {
    let (_temporary, ledger) = filled(0);
    ledger.append(b"", Durability::Buffered).unwrap();
    ledger.append(&vec![7; ENTRY_LIMIT], Durability::Buffered).unwrap();
    let refused = ledger.append(&vec![7; ENTRY_LIMIT + 1], Durability::Buffered).unwrap_err();
    assert_eq!(refused.code(), "E-ledger-too-long");
    assert_eq!(ledger.verify(None).unwrap().size, 2);
}

#[test]
fn the_published_tree_is_a_tlog_tiles_log() {
    let (temporary, ledger) = filled(600);
    let note = ledger.publish().unwrap();
    let log = |name: &str| fs::read(file(&temporary, "log").join(name)).unwrap();
    assert_eq!(log("checkpoint"), note.as_bytes());
    let key = VerifierKey::parse(&ledger.verifier_key().to_string()).unwrap();
    let checkpoint = Checkpoint::parse(&note).unwrap().verify(&key).cloned().unwrap();
    assert_eq!(checkpoint.size, 600);
    let mut leaves = Vec::new();
    for (number, name, width) in [(0, "000", 256), (256, "001", 256), (512, "002.p/88", 88)] {
        let (bundle, tile) = (log(&format!("tile/entries/{name}")), log(&format!("tile/0/{name}")));
        let expected: Vec<u8> = (number..number + width)
            .flat_map(|index| {
                let entry = entry(index);
                [(entry.len() as u16).to_be_bytes().as_slice(), &entry].concat()
            })
            .collect();
        assert_eq!(bundle, expected);
        leaves.extend(tile);
    }
    let hashes: Vec<u8> = (0..600).flat_map(|index| *TreeHash::of_leaf(&entry(index)).as_bytes()).collect();
    assert_eq!(leaves, hashes);
    assert_eq!(log("tile/1/000.p/2").len(), 64);
    extend(&ledger, 200);
    ledger.publish().unwrap();
    assert!(!file(&temporary, "log/tile/0/002.p").exists(), "the full tile replaced it");
    assert_whole(&ledger, 800);
}

#[test]
fn proofs_of_a_ledger_hold_at_every_kind_of_size() {
    let (_temporary, ledger) = filled(515);
    let root_at = |size: u64| {
        let (_other, shorter) = filled(size);
        shorter.tree_head().unwrap().root
    };
    let new = ledger.tree_head().unwrap().root;
    for old in [0, 1, 255, 256, 257, 512, 514, 515] {
        let path = ledger.consistency_proof(old, 515).unwrap();
        assert!(verify_consistency(old, root_at(old), 515, new, &path), "{old}");
    }
    for index in [0, 255, 256, 511, 512, 514] {
        let path = ledger.inclusion_proof(index, 515).unwrap();
        assert!(verify_inclusion(TreeHash::of_leaf(&entry(index)), index, 515, &path, new), "{index}");
    }
    assert_eq!(ledger.inclusion_proof(515, 515).unwrap_err().code(), "E-ledger-beyond");
    assert_eq!(ledger.consistency_proof(0, 516).unwrap_err().code(), "E-ledger-beyond");
}

#[test]
fn an_older_checkpoint_is_a_part_of_the_longer_log_only() {
    let (_temporary, ledger) = filled(300);
    let saved = Checkpoint::parse(&ledger.checkpoint().unwrap()).unwrap();
    extend(&ledger, 300);
    assert_eq!(ledger.verify(Some(&saved)).unwrap().size, 600);
    let (_other, replaced) = filled(600);
    let refused = replaced.verify(Some(&saved)).unwrap_err();
    assert_eq!(refused.code(), "E-ledger-unsigned", "another key");
}

#[test]
fn a_ledger_put_back_to_an_older_state_is_short_of_the_saved_checkpoint() {
    let (temporary, ledger) = filled(10);
    let (tail, head) =
        (fs::read(file(&temporary, "tail")).unwrap(), fs::read(file(&temporary, "head")).unwrap());
    extend(&ledger, 3);
    let saved = Checkpoint::parse(&ledger.checkpoint().unwrap()).unwrap();
    fs::write(file(&temporary, "tail"), tail).unwrap();
    fs::write(file(&temporary, "head"), head).unwrap();
    let found = ledger.verify(Some(&saved)).unwrap_err();
    assert!(matches!(found, LedgerError::Shortened { expected: 13, actual: 10 }));
    ledger.append_all(&[b"a", b"b", b"c"], Durability::Buffered).unwrap();
    let found = ledger.verify(Some(&saved)).unwrap_err();
    assert!(matches!(found, LedgerError::Rewritten { size: 13, .. }));
}

#[test]
fn the_key_is_private_and_belongs_to_one_origin() {
    let (temporary, _ledger) = filled(1);
    let mode = fs::metadata(file(&temporary, "key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let refuse = |origin| Ledger::open(&file(&temporary, ""), origin).err().unwrap().code();
    assert_eq!(refuse("example.com/other"), "E-ledger-wrong-key");
    assert_eq!(refuse("two words"), "E-ledger-origin");
    edit(&file(&temporary, "key"), |key| key[20] ^= 1);
    assert_eq!(refuse(common::ORIGIN), "E-ledger-key");
    fs::remove_file(file(&temporary, "key")).unwrap();
    assert_eq!(refuse(common::ORIGIN), "E-ledger-key");
}

#[test]
fn a_ledger_whose_making_was_cut_short_is_made_again() {
    let (temporary, ledger) = filled(0);
    fs::remove_file(file(&temporary, "tail")).unwrap();
    assert_whole(&open(&file(&temporary, "")), 0);
    fs::remove_file(file(&temporary, "tail")).unwrap();
    fs::remove_file(file(&temporary, "head")).unwrap();
    assert_whole(&open(&file(&temporary, "")), 0);
    extend(&ledger, 1);
    fs::remove_file(file(&temporary, "tail")).unwrap();
    let kind = damage(&open(&file(&temporary, ""))).kind;
    assert_eq!(kind, DamageKind::Truncated, "one with history is not");
}

#[test]
fn a_directory_without_a_parent_is_an_error_with_its_name() {
    let temporary = tempfile::TempDir::new().unwrap();
    let refused = Ledger::open(&temporary.path().join("no/ledger"), common::ORIGIN).err().unwrap();
    assert_eq!(refused.code(), "E-ledger-io");
    assert!(refused.to_string().contains("no/ledger"));
}
