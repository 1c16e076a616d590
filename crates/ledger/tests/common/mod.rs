//! What the tests share: a ledger in a temporary directory.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "each test binary uses its part")]

use std::path::{Path, PathBuf};

use ledger::{Damage, Durability, Ledger, LedgerError};
use tempfile::TempDir;

pub(crate) const ORIGIN: &str = "example.com/host";

pub(crate) fn open(directory: &Path) -> Ledger {
    Ledger::open(directory, ORIGIN).unwrap()
}

pub(crate) fn entry(index: u64) -> Vec<u8> {
    format!("{{\"entry\":{index},\"text\":\"{}\"}}", "x".repeat((index % 50) as usize)).into_bytes()
}

/// A ledger of `count` entries, appended one by one.
pub(crate) fn filled(count: u64) -> (TempDir, Ledger) {
    let temporary = TempDir::new().unwrap();
    let ledger = open(&temporary.path().join("ledger"));
    extend(&ledger, count);
    (temporary, ledger)
}

pub(crate) fn extend(ledger: &Ledger, count: u64) {
    for _ in 0..count {
        let index = ledger.len().unwrap();
        assert_eq!(ledger.append(&entry(index), Durability::Buffered).unwrap().index, index);
    }
}

pub(crate) fn file(temporary: &TempDir, name: &str) -> PathBuf {
    temporary.path().join("ledger").join(name)
}

pub(crate) fn edit(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

/// Where the last frame of a tail ends and the zeros begin: behind the header (first entry, levels of
/// hashes, signature) and all frames (count, length, hashes, entries, signature).
pub(crate) fn end_of_tail(bytes: &[u8]) -> usize {
    let number = |at: usize, width: usize| {
        let field = bytes.get(at..at + width).unwrap_or_default();
        field.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    let hashes = |at, _| at + 2 + number(at, 2) * 32;
    let mut end = (0..number(16, 1)).fold(17, hashes) + 64;
    while number(end, 2) > 0 {
        end += 6 + number(end, 2) * 32 + number(end + 2, 4) + 64;
    }
    end
}

/// What is behind the end of a tail that was edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behind {
    /// As many zeros as make up the length that it had.
    Zeros,
    /// Nothing: the file is as short as a ledger without preallocation would have it.
    Nothing,
}

/// Changes the part of a tail that is not zeros.
pub(crate) fn edit_tail(path: &Path, behind: Behind, change: impl FnOnce(&mut Vec<u8>)) {
    edit(path, |bytes| {
        let length = bytes.len();
        bytes.truncate(end_of_tail(bytes));
        change(bytes);
        if behind == Behind::Zeros {
            bytes.resize(length.max(bytes.len()), 0);
        }
    });
}

/// The one place where `needle` is.
pub(crate) fn find(bytes: &[u8], needle: &[u8]) -> usize {
    let mut found = bytes.windows(needle.len()).enumerate().filter(|(_, window)| *window == needle);
    let (at, _) = found.next().unwrap();
    assert!(found.next().is_none());
    at
}

pub(crate) fn damage(ledger: &Ledger) -> Damage {
    match ledger.verify(None) {
        Err(LedgerError::Damaged(damage)) => damage,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn assert_whole(ledger: &Ledger, count: u64) {
    assert_eq!(ledger.verify(None).unwrap().size, count);
    let entries: Vec<_> = ledger.entries(0..u64::MAX).unwrap().map(Result::unwrap).collect();
    assert_eq!(entries, (0..count).map(|index| (index, entry(index))).collect::<Vec<_>>());
}
