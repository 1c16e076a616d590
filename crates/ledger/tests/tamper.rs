//! Every way to falsify history is found, and the entry named.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::path::Path;

use common::{Behind, damage, edit, edit_tail, entry, extend, file, filled, find};
use ledger::{DamageKind, Durability};

/// Changes the entries of a full bundle.
fn edit_entries(bundle: &Path, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let bytes = fs::read(bundle).unwrap();
    let (mut entries, mut rest) = (Vec::new(), bytes.as_slice());
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (entry, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
        entries.push(entry.to_vec());
        rest = after;
    }
    change(&mut entries);
    let prefixed =
        entries.iter().flat_map(|entry| [&(entry.len() as u16).to_be_bytes(), entry.as_slice()].concat());
    fs::write(bundle, prefixed.collect::<Vec<u8>>()).unwrap();
}

/// What verify says of 600 entries after the second bundle was changed.
fn bundle_after(change: impl FnOnce(&mut Vec<Vec<u8>>)) -> (u64, DamageKind) {
    let (temporary, ledger) = filled(600);
    edit_entries(&file(&temporary, "log/tile/entries/001"), change);
    let damage = damage(&ledger);
    assert_eq!(damage.place, "log/tile/entries/001");
    let read = ledger.entries(0..600).unwrap().find_map(Result::err).unwrap();
    assert_eq!(read.code(), "E-ledger-damaged", "reading notices it too");
    (damage.index, damage.kind)
}

#[test]
fn full_bundles() {
    assert_eq!(bundle_after(|e| e[44][5] ^= 1), (300, DamageKind::Changed));
    assert_eq!(bundle_after(|e| drop(e.remove(44))), (300, DamageKind::Removed));
    assert_eq!(bundle_after(|e| e.swap(44, 45)), (300, DamageKind::Swapped { with: 301 }));
    assert_eq!(bundle_after(|e| e.insert(44, b"new".to_vec())), (300, DamageKind::Inserted));
    assert_eq!(bundle_after(|e| e.truncate(44)), (300, DamageKind::Truncated));
}

#[test]
fn a_missing_bundle() {
    let (temporary, ledger) = filled(600);
    fs::remove_file(file(&temporary, "log/tile/entries/001")).unwrap();
    assert_eq!((damage(&ledger).index, damage(&ledger).kind), (256, DamageKind::Removed));
}

#[test]
fn tiles() {
    let (temporary, ledger) = filled(600);
    edit(&file(&temporary, "log/tile/0/001"), |tile| tile[44 * 32 + 9] ^= 1);
    assert_eq!((damage(&ledger).index, damage(&ledger).kind), (300, DamageKind::Tile));
    fs::remove_file(file(&temporary, "log/tile/0/001")).unwrap();
    assert_eq!((damage(&ledger).index, damage(&ledger).kind), (256, DamageKind::Tile));
}

#[test]
fn an_entry_rewritten_together_with_its_hash_is_found_in_its_bundle() {
    let (temporary, ledger) = filled(600);
    let forged = b"forged".to_vec();
    let hash = *ledger::TreeHash::of_leaf(&forged).as_bytes();
    edit_entries(&file(&temporary, "log/tile/entries/001"), |entries| entries[44] = forged);
    edit(&file(&temporary, "log/tile/0/001"), |tile| tile[44 * 32..45 * 32].copy_from_slice(&hash));
    assert_eq!((damage(&ledger).index, damage(&ledger).kind), (256, DamageKind::Rewritten));
}

#[test]
fn a_tile_of_level_1() {
    let (temporary, ledger) = filled(0);
    let entries: Vec<_> = (0..66_000).map(entry).collect();
    let slices: Vec<_> = entries.iter().map(Vec::as_slice).collect();
    ledger.append_all(&slices, Durability::Buffered).unwrap();
    assert_eq!(ledger.verify(None).unwrap().size, 66_000);
    let tile = file(&temporary, "log/tile/1/000");
    edit(&tile, |tile| tile[100 * 32] ^= 1);
    assert_eq!((damage(&ledger).index, damage(&ledger).kind), (25_600, DamageKind::Tile));
}

/// What verify says of 600 entries after the tail was changed, whatever is behind. Entry 512 is its first.
fn tail_after(change: impl Fn(&mut Vec<u8>)) -> (u64, DamageKind) {
    let [zeros, nothing] = [Behind::Zeros, Behind::Nothing].map(|behind| {
        let (temporary, ledger) = filled(600);
        edit_tail(&file(&temporary, "tail"), behind, &change);
        let found = damage(&ledger);
        assert_eq!(found.place, "tail");
        (found.index, found.kind)
    });
    assert_eq!(zeros, nothing);
    zeros
}

/// Where the frame of an entry lies: count, length, one hash, prefix and entry, signature.
fn frame(tail: &[u8], index: u64) -> std::ops::Range<usize> {
    let at = find(tail, &entry(index)) - 2 - 32 - 6;
    at..at + 6 + 32 + 2 + entry(index).len() + 64
}

#[test]
fn the_tail() {
    assert_eq!(
        tail_after(|t| {
            let at = find(t, &entry(555));
            t[at + 3] ^= 1
        }),
        (555, DamageKind::Changed)
    );
    assert_eq!(
        tail_after(|t| {
            let at = frame(t, 555).start;
            t[at + 10] ^= 1
        }),
        (555, DamageKind::Changed)
    );
    assert_eq!(
        tail_after(|t| {
            let at = frame(t, 555).start;
            t[at] ^= 0x80
        }),
        (555, DamageKind::Changed)
    );
    assert_eq!(
        tail_after(|t| {
            let at = frame(t, 555).end;
            t[at - 1] ^= 1
        }),
        (555, DamageKind::Checkpoint)
    );
    assert_eq!(tail_after(|t| drop(t.drain(frame(t, 555)))), (555, DamageKind::Removed));
    assert_eq!(
        tail_after(|t| {
            let end = frame(t, 590).start;
            t.truncate(end)
        }),
        (590, DamageKind::Truncated)
    );
    assert_eq!(
        tail_after(|t| {
            let end = frame(t, 590).end;
            t.truncate(end - 40)
        }),
        (590, DamageKind::Truncated)
    );
    assert_eq!(tail_after(|t| t.truncate(9)), (512, DamageKind::Truncated));
    assert_eq!(
        tail_after(|t| {
            let (a, b) = (frame(t, 555), frame(t, 556));
            let (first, second) = (t[a.clone()].to_vec(), t[b.clone()].to_vec());
            t.splice(a.start..b.end, [second, first].concat());
        }),
        (555, DamageKind::Swapped { with: 556 })
    );
}

#[test]
fn a_tail_entry_rewritten_together_with_its_hash() {
    let found = tail_after(|t| {
        let at = find(t, &entry(555));
        t[at + 3] ^= 1;
        let hash = *ledger::TreeHash::of_leaf(&t[at..at + entry(555).len()]).as_bytes();
        t[at - 2 - 32..at - 2].copy_from_slice(&hash);
    });
    assert_eq!(found, (555, DamageKind::Rewritten));
}

#[test]
fn a_forged_frame_at_the_end_is_not_taken_for_torn() {
    let (temporary, ledger) = filled(20);
    edit_tail(&file(&temporary, "tail"), Behind::Zeros, |t| {
        let mut copy = t[frame(t, 19)].to_vec();
        // The copy of a signature that happens to end in a zero would look cut.
        *copy.last_mut().unwrap() |= 1;
        t.extend(copy);
    });
    assert_eq!((damage(&ledger).index, damage(&ledger).kind), (20, DamageKind::Inserted));
    let refused = ledger.append(b"next", Durability::Buffered).unwrap_err();
    assert_eq!(refused.code(), "E-ledger-damaged");
}

#[test]
fn the_last_acknowledged_entry_is_not_torn_when_it_is_cut() {
    for (behind, cut) in [(Behind::Zeros, 10), (Behind::Nothing, 1), (Behind::Nothing, 90)] {
        let (temporary, ledger) = filled(20);
        edit_tail(&file(&temporary, "tail"), behind, |t| t.truncate(t.len() - cut));
        let refused = ledger.append(b"next", Durability::Buffered).unwrap_err().to_string();
        assert_eq!(refused, "entry 19 of the ledger and everything after it was cut off (in `tail`)");
    }
}

#[test]
fn a_torn_frame_beyond_the_last_entry_is_dropped() {
    let (temporary, ledger) = filled(20);
    let whole = fs::read(file(&temporary, "tail")).unwrap();
    let torn = &whole[frame(&whole, 19)];
    for behind in [Behind::Zeros, Behind::Nothing] {
        for length in [1, 7, 50, torn.len() - 1] {
            edit_tail(&file(&temporary, "tail"), behind, |t| t.extend(&torn[..length]));
            assert_eq!(ledger.verify(None).unwrap().size, ledger.len().unwrap());
            extend(&ledger, 1);
        }
    }
    edit_tail(&file(&temporary, "tail"), Behind::Nothing, |t| t.extend([0; 5000]));
    extend(&ledger, 300);
    common::assert_whole(&ledger, 328);
}

#[test]
fn the_head() {
    let (temporary, ledger) = filled(20);
    for at in [0, 30, 100, 4096, 4096 + 80] {
        edit(&file(&temporary, "head"), |head| head[at] ^= 1);
        assert_eq!((damage(&ledger).index, damage(&ledger).kind), (20, DamageKind::Checkpoint), "{at}");
        edit(&file(&temporary, "head"), |head| head[at] ^= 1);
    }
    fs::remove_file(file(&temporary, "head")).unwrap();
    assert_eq!(damage(&ledger).kind, DamageKind::Checkpoint);
}

#[test]
fn an_entry_whose_head_was_not_written_is_found_by_its_own_signature() {
    let (temporary, ledger) = filled(254);
    let head = fs::read(file(&temporary, "head")).unwrap();
    extend(&ledger, 4);
    fs::write(file(&temporary, "head"), head).unwrap();
    common::assert_whole(&ledger, 258);
    extend(&ledger, 1);
    common::assert_whole(&ledger, 259);
}

#[test]
fn the_published_checkpoint_and_its_partial_tiles() {
    let (temporary, ledger) = filled(600);
    ledger.publish().unwrap();
    extend(&ledger, 1);
    let altered = |name: &str, at: usize| {
        edit(&file(&temporary, name), |bytes| bytes[at] ^= 1);
        let found = damage(&ledger);
        edit(&file(&temporary, name), |bytes| bytes[at] ^= 1);
        assert_eq!(found.place, name);
        (found.index, found.kind)
    };
    assert_eq!(altered("log/checkpoint", 19), (601, DamageKind::Checkpoint));
    assert_eq!(altered("log/tile/0/002.p/88", 33), (513, DamageKind::Tile));
    assert_eq!(altered("log/tile/1/000.p/2", 33), (256, DamageKind::Tile));
    assert_eq!(altered("log/tile/entries/002.p/88", 3), (512, DamageKind::Changed));
    common::assert_whole(&ledger, 601);
}
