use super::*;

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

/// A frame of one entry of one byte.
const FRAME: u64 = 6 + 32 + 3 + 64;

fn shorten(path: &Path, by: u64, zeroes: u64) {
    let tail = File::options().write(true).open(path.join(tail::FILE)).unwrap();
    let length = tail.metadata().unwrap().len();
    tail.set_len(length - by).unwrap();
    tail.set_len(length - by + zeroes).unwrap();
}

#[test]
fn after_a_power_failure_only_what_was_not_flushed_may_be_missing() {
    for (by, zeroes, left) in [(0, 0, 5), (1, 0, 4), (FRAME, FRAME, 4), (2 * FRAME, 0, 3), (2 * FRAME, 9, 3)]
    {
        let temporary = tempfile::TempDir::new().unwrap();
        let path = temporary.path().join("ledger");
        let ledger = sample(&path);
        shorten(&path, by, zeroes);
        let refused = ledger.verify(None).err().map(|error| error.code());
        assert_eq!(refused, (by > 0).then_some("E-ledger-damaged"), "the same boot loses nothing");
        let ledger = restarted(&path);
        assert_eq!(ledger.verify(None).unwrap().size, left);
        assert_eq!(ledger.append(b"next", Durability::Buffered).unwrap().index, left);
        assert_eq!(ledger.verify(None).unwrap().size, left + 1);
    }
}

#[test]
fn after_a_power_failure_a_missing_flushed_entry_is_damage() {
    let temporary = tempfile::TempDir::new().unwrap();
    let path = temporary.path().join("ledger");
    drop(sample(&path));
    shorten(&path, 2 * FRAME + 1, 0);
    let refused = restarted(&path).append(b"next", Durability::Buffered).unwrap_err();
    let LedgerError::Damaged(damage) = refused else { unreachable!("{refused}") };
    assert_eq!((damage.index, damage.kind), (2, DamageKind::Truncated));
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
