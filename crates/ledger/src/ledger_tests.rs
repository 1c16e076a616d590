#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use super::*;
use crate::tail::Tail;

/// A ledger as a handle sees it after the machine was restarted.
fn restarted(path: &Path) -> Ledger {
    Ledger { boot: Some([9; 16]), ..Ledger::open(path, "log").unwrap() }
}

/// Three flushed entries and two that were not.
fn sample(path: &Path) -> Ledger {
    let ledger = Ledger::open(path, "log").unwrap();
    for (entry, durability) in [
        (b"0", Durability::Flushed),
        (b"1", Durability::Buffered),
        (b"2", Durability::Flushed),
        (b"3", Durability::Buffered),
        (b"4", Durability::Buffered),
    ] {
        ledger.append(entry, durability).unwrap();
    }
    ledger
}

/// What an append finds.
fn damage(ledger: &Ledger) -> (u64, DamageKind) {
    match ledger.append(NEXT, Durability::Buffered) {
        Err(LedgerError::Damaged(damage)) => (damage.index, damage.kind),
        other => unreachable!("{other:?}"),
    }
}

/// A frame of one entry of one byte.
const FRAME: u64 = 6 + 32 + 3 + 64;

const NEXT: &[u8] = b"next";

fn bytes_of(path: &Path) -> Vec<u8> {
    std::fs::read(path.join(tail::FILE)).unwrap()
}

/// Puts a tail in place, in the same file.
fn put(path: &Path, bytes: &[u8]) {
    std::fs::write(path.join(tail::FILE), bytes).unwrap();
}

fn end_of(ledger: &Ledger) -> usize {
    ledger.read_head().unwrap().0.tail_len as usize
}

/// Cuts off the last bytes of the frames; zeros follow, or nothing.
fn shorten(ledger: &Ledger, path: &Path, by: u64, zeros: usize) {
    let mut bytes = bytes_of(path);
    bytes.truncate(end_of(ledger) - by as usize);
    bytes.extend(vec![0; zeros]);
    put(path, &bytes);
}

#[test]
fn after_a_power_failure_only_what_was_not_flushed_may_be_missing() {
    let cuts = [(0, 5), (10, 4), (FRAME, 4), (2 * FRAME, 3)];
    for ((by, left), zeros) in cuts.into_iter().flat_map(|cut| [0, 9, 5000].map(|zeros| (cut, zeros))) {
        let temporary = tempfile::TempDir::new().unwrap();
        let path = temporary.path().join("ledger");
        let ledger = sample(&path);
        shorten(&ledger, &path, by, zeros);
        let refused = ledger.verify(None).err().map(|error| error.code());
        assert_eq!(refused, (by > 0).then_some("E-ledger-damaged"), "the same boot loses nothing");
        let ledger = restarted(&path);
        assert_eq!(ledger.verify(None).unwrap().size, left, "{by} {zeros}");
        assert_eq!(ledger.append(NEXT, Durability::Buffered).unwrap().index, left);
        assert_eq!(ledger.verify(None).unwrap().size, left + 1);
    }
}

#[test]
fn after_a_power_failure_a_missing_flushed_entry_is_damage() {
    let temporary = tempfile::TempDir::new().unwrap();
    let path = temporary.path().join("ledger");
    let ledger = sample(&path);
    let whole = bytes_of(&path);
    for zeros in [0, 9, 5000] {
        put(&path, &whole);
        shorten(&ledger, &path, 2 * FRAME + 10, zeros);
        assert_eq!(damage(&restarted(&path)), (2, DamageKind::Truncated));
    }
}

#[test]
fn a_checkpoint_that_was_given_out_is_flushed_with_its_entries() {
    let temporary = tempfile::TempDir::new().unwrap();
    let path = temporary.path().join("ledger");
    let ledger = sample(&path);
    ledger.publish().unwrap();
    let (head, _) = ledger.read_head().unwrap();
    assert_eq!((head.size(), head.flushed), (5, 5));
}

/// 60 entries of 300 bytes, of which the first 10 were flushed.
fn pages(path: &Path) -> Ledger {
    let ledger = Ledger::open(path, "log").unwrap();
    for number in 1..=60 {
        let durability = if number == 10 { Durability::Flushed } else { Durability::Buffered };
        ledger.append(&[number; 300], durability).unwrap();
    }
    ledger
}

#[test]
fn a_frame_cut_anywhere_with_zeros_behind_is_torn() {
    let temporary = tempfile::TempDir::new().unwrap();
    let path = temporary.path().join("ledger");
    let ledger = sample(&path);
    let (before, head) = (bytes_of(&path), std::fs::read(path.join(head::FILE)).unwrap());
    let start = end_of(&ledger);
    ledger.append(b"5", Durability::Buffered).unwrap();
    let (after, end) = (bytes_of(&path), end_of(&ledger));
    for cut in start..end {
        for open in [|path: &Path| Ledger::open(path, "log").unwrap(), restarted] {
            let torn = [&after[..cut], &before[cut..]].concat();
            put(&path, &torn);
            std::fs::write(path.join(head::FILE), &head).unwrap();
            // A signature that ends in zeros is whole without them.
            let left = if torn == after { 6 } else { 5 };
            let ledger = open(&path);
            assert_eq!(ledger.verify(None).unwrap().size, left, "{cut}");
            assert_eq!(ledger.append(NEXT, Durability::Flushed).unwrap().index, left);
            assert_eq!(ledger.verify(None).unwrap().size, left + 1);
            assert!(tail::is_blank(&bytes_of(&path)[end_of(&ledger)..]), "{cut}");
        }
    }
}

#[test]
fn a_power_failure_may_keep_later_sectors_and_pages_and_lose_earlier_ones() {
    let temporary = tempfile::TempDir::new().unwrap();
    let path = temporary.path().join("ledger");
    let ledger = pages(&path);
    let (whole, head) = (bytes_of(&path), std::fs::read(path.join(head::FILE)).unwrap());
    let tail = Tail::parse(&whole).unwrap();
    let (flushed, end) = (tail.ends[9], end_of(&ledger));
    for unit in [512, 4096] {
        for start in (flushed.next_multiple_of(unit)..end).step_by(unit) {
            let mut lost = whole.clone();
            lost[start..start + unit].fill(0);
            put(&path, &lost);
            std::fs::write(path.join(head::FILE), &head).unwrap();
            let left = tail.ends.iter().filter(|end| **end <= start).count() as u64;
            assert!(ledger.verify(None).is_err(), "the same boot loses nothing");
            let restarted = restarted(&path);
            assert_eq!(restarted.verify(None).unwrap().size, left, "{start}");
            assert_eq!(restarted.append(NEXT, Durability::Buffered).unwrap().index, left);
            assert_eq!(restarted.verify(None).unwrap().size, left + 1);
            assert!(tail::is_blank(&bytes_of(&path)[end_of(&restarted)..]), "nothing later is left");
        }
    }
}

#[test]
fn a_power_failure_excuses_no_lost_sector_of_what_was_flushed() {
    let temporary = tempfile::TempDir::new().unwrap();
    let path = temporary.path().join("ledger");
    pages(&path);
    let mut bytes = bytes_of(&path);
    bytes[1024..1536].fill(0);
    put(&path, &bytes);
    assert_eq!(damage(&restarted(&path)).0, 2);
}

#[test]
fn garbage_beyond_the_end_is_cleared_by_the_first_append_after_a_restart() {
    for (distance, length) in [(0, 3), (1, 600), (5000, 600), (150_000, 70_000), (20_000_000, 1)] {
        let temporary = tempfile::TempDir::new().unwrap();
        let path = temporary.path().join("ledger");
        let ledger = sample(&path);
        let mut bytes = bytes_of(&path);
        let start = end_of(&ledger) + distance;
        bytes.resize(bytes.len().max(start + length), 0);
        bytes[start..start + length].fill(0xa5);
        put(&path, &bytes);
        let ledger = restarted(&path);
        assert_eq!(ledger.verify(None).unwrap().size, 5);
        ledger.publish().unwrap();
        let cleared = bytes_of(&path);
        assert_eq!(cleared.len(), tail::PREALLOCATED);
        assert!(tail::is_blank(&cleared[end_of(&ledger)..]), "{distance}");
        assert_eq!(ledger.append(NEXT, Durability::Flushed).unwrap().index, 5);
        assert_eq!(ledger.verify(None).unwrap().size, 6);
    }
}

#[test]
fn a_complete_frame_with_a_wrong_signature_is_damage_even_if_it_was_not_flushed() {
    let temporary = tempfile::TempDir::new().unwrap();
    let path = temporary.path().join("ledger");
    sample(&path);
    let mut bytes = bytes_of(&path);
    let end = Tail::parse(&bytes).unwrap().ends[3];
    bytes[end - 30] ^= 1;
    put(&path, &bytes);
    assert_eq!(damage(&restarted(&path)).0, 3);
}

#[test]
fn an_entry_that_was_not_flushed_cannot_be_rewritten_by_hiding_those_behind_it() {
    let temporary = tempfile::TempDir::new().unwrap();
    let path = temporary.path().join("ledger");
    sample(&path);
    for (entry, kept) in [(3, 4), (2, 3)] {
        let mut bytes = bytes_of(&path);
        let ends = Tail::parse(&bytes).unwrap().ends;
        let body = ends[entry] - 64 - 3;
        let mut prefixed = Vec::new();
        bundle::push(&mut prefixed, b"F").unwrap();
        bytes[body..body + 3].copy_from_slice(&prefixed);
        bytes[body - 32..body].copy_from_slice(TreeHash::of_leaf(b"F").as_bytes());
        bytes[ends[kept - 1]..].fill(0);
        // A signature that happens to end in a zero would look cut.
        bytes[ends[kept - 1] - 1] |= 1;
        put(&path, &bytes);
        assert_eq!(damage(&restarted(&path)).0, entry as u64);
    }
}

#[test]
fn a_flushed_append_writes_over_zeros_and_leaves_a_full_tail_to_the_next() {
    let temporary = tempfile::TempDir::new().unwrap();
    let path = temporary.path().join("ledger");
    let ledger = Ledger::open(&path, "log").unwrap();
    let append = |count: u64, durability| {
        for _ in 0..count {
            ledger.append(&[b'e'; 600], durability).unwrap();
        }
        assert_eq!(bytes_of(&path).len(), tail::PREALLOCATED, "it never grows");
        ledger.read_head().unwrap().0.tail_first
    };
    assert_eq!(append(255, Durability::Buffered), 0);
    assert_eq!(append(1, Durability::Flushed), 0);
    assert_eq!(append(1, Durability::Buffered), 256);
    assert_eq!(append(254, Durability::Flushed), 256);
    assert_eq!(append(1, Durability::Buffered), 512, "what fills the tail and is not waited for moves it");
    assert_eq!(append(256, Durability::Flushed), 512);
    assert_eq!(append(1, Durability::Flushed), 768);
    assert_eq!(ledger.verify(None).unwrap().size, 769);
}
