//! What the tests share: a ledger in a temporary directory.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "each test binary uses its part")]

use std::fs::{self, Permissions};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ledger::{Damage, Durability, Ledger, LedgerError};
use tempfile::TempDir;

pub(crate) const ORIGIN: &str = "example.com/host";

pub(crate) fn open(directory: &Path) -> Ledger {
    Ledger::open(directory, ORIGIN).unwrap()
}

pub(crate) fn entry(index: u64) -> Vec<u8> {
    format!("{{\"entry\":{index},\"text\":\"{}\"}}", "x".repeat((index % 50) as usize)).into_bytes()
}

/// What most tests begin with: two full bundles and a tail.
const USUAL: u64 = 600;

/// A ledger of `count` entries, appended one by one. The usual one is made once and copied, since
/// hundreds of signatures take a second without optimisation.
pub(crate) fn filled(count: u64) -> (TempDir, Ledger) {
    static FILES: OnceLock<Vec<Saved>> = OnceLock::new();
    let temporary = TempDir::new().unwrap();
    if count == USUAL {
        FILES.get_or_init(usual).iter().for_each(|file| file.restore(temporary.path()));
    }
    let ledger = open(&temporary.path().join("ledger"));
    extend(&ledger, count - ledger.len().unwrap());
    (temporary, ledger)
}

/// A file or directory, by its path below the one that was saved.
struct Saved {
    path: PathBuf,
    mode: Permissions,
    /// None for a directory.
    content: Option<Vec<u8>>,
}

impl Saved {
    fn restore(&self, top: &Path) {
        let path = top.join(&self.path);
        match &self.content {
            Some(content) => fs::write(&path, content).unwrap(),
            None => fs::create_dir(&path).unwrap(),
        }
        fs::set_permissions(&path, self.mode.clone()).unwrap();
    }
}

/// All files of the usual ledger, parents first.
fn usual() -> Vec<Saved> {
    let temporary = TempDir::new().unwrap();
    extend(&open(&temporary.path().join("ledger")), USUAL);
    let mut saved = Vec::new();
    let mut waiting = vec![PathBuf::from("ledger")];
    while let Some(path) = waiting.pop() {
        let here = temporary.path().join(&path);
        let meta = fs::metadata(&here).unwrap();
        if meta.is_dir() {
            waiting.extend(fs::read_dir(&here).unwrap().map(|entry| path.join(entry.unwrap().file_name())));
        }
        let content = meta.is_file().then(|| fs::read(&here).unwrap());
        saved.push(Saved { path, mode: meta.permissions(), content });
    }
    saved
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
