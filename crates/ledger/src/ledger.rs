//! Opening a ledger and appending to it.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustix::fs::{FlockOperation, OFlags};

use crate::bundle;
use crate::checkpoint::Checkpoint;
use crate::disk::{self, Directory};
use crate::error::{Damage, DamageKind, LedgerError};
use crate::hash::TreeHash;
use crate::head::{self, Head};
use crate::load::{State, take_back};
use crate::note::{Note, Signer, VerifierKey, is_name};
use crate::replay::signed;
use crate::tail;
use crate::tree::{Edge, Peaks, TILE_WIDTH};

const KEY: &str = "key";

/// The served tree.
pub(crate) const LOG: &str = "log";

/// What an append waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The entry survives a power failure.
    Flushed,
    /// The entry survives the death of every process, but perhaps not a power failure.
    Buffered,
}

/// Where entries went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The first of the new entries, counted from 0.
    pub index: u64,
    /// How many entries the ledger has now.
    pub size: u64,
    /// The root over them, which the ledger has signed.
    pub root: TreeHash,
}

/// A ledger on local disk. Any number of handles, threads and processes may use it at once.
pub struct Ledger {
    pub(crate) directory: Directory,
    signer: Signer,
    pub(crate) boot: Option<[u8; 16]>,
    /// The last head whose signature was checked.
    proven: Mutex<Option<Head>>,
}

impl Ledger {
    /// Opens the ledger in `directory`, whose parent must exist; makes it and its key at first use.
    /// Reads the key and nothing of the log, so that a damaged ledger can be opened and verified.
    ///
    /// # Errors
    /// [`LedgerError::Origin`], [`LedgerError::WrongKey`], [`LedgerError::Key`] and those of I/O.
    pub fn open(directory: &Path, origin: &str) -> Result<Self, LedgerError> {
        if !is_name(origin) {
            return Err(LedgerError::Origin(origin.chars().take(300).collect()));
        }
        let directory = Directory::open(directory)?;
        let signer = match read_key(&directory)? {
            Some(signer) => signer,
            None => make_key(&directory, origin)?,
        };
        if signer.verifier().name() != origin {
            let found = signer.verifier().name().to_owned();
            return Err(LedgerError::WrongKey { expected: origin.to_owned(), found });
        }
        let ledger = Self { directory, signer, boot: disk::boot_id(), proven: Mutex::new(None) };
        if !ledger.directory.exists(tail::FILE)? {
            ledger.create()?;
        }
        Ok(ledger)
    }

    /// The key that verifies this ledger's checkpoints.
    #[must_use]
    pub fn verifier_key(&self) -> &VerifierKey {
        self.signer.verifier()
    }

    /// Records one entry of at most 65535 bytes.
    ///
    /// # Errors
    /// As [`Self::append_all`].
    pub fn append(&self, entry: &[u8], durability: Durability) -> Result<Appended, LedgerError> {
        self.append_all(&[entry], durability)
    }

    /// Records entries in their order, with nobody else's between them. One who need not wait for the
    /// disk, and has filled a bundle, also moves it into the served tree; others leave that to the next.
    ///
    /// # Errors
    /// [`LedgerError::TooLong`] before anything is written; [`LedgerError::Locked`] after ten
    /// seconds; [`LedgerError::Damaged`] if history is not what was signed; [`LedgerError::NoSpace`]
    /// and I/O errors. After an error, entries up to the end of a bundle of 256 may have been
    /// recorded, in order; of a call that does not cross such an end, none.
    pub fn append_all(&self, entries: &[&[u8]], durability: Durability) -> Result<Appended, LedgerError> {
        if let Some(long) = entries.iter().find(|entry| entry.len() > bundle::ENTRY_LIMIT) {
            return Err(LedgerError::TooLong { length: long.len() });
        }
        let _lock = self.directory.lock(FlockOperation::NonBlockingLockExclusive)?;
        let mut state = self.load_to_append()?;
        let index = state.head.size();
        let (mut rest, mut kept) = (entries, state.head.tail_len);
        while !rest.is_empty() {
            if state.is_full() {
                self.roll(&mut state)?;
            }
            let room = TILE_WIDTH.saturating_sub(state.width());
            let (now, later) = rest.split_at(room.min(rest.len()));
            kept = state.head.tail_len;
            let flush = if later.is_empty() { durability } else { Durability::Buffered };
            self.write_frame(&mut state, now, flush)?;
            rest = later;
        }
        self.write_head(&mut state).inspect_err(|_| {
            // What the caller is told was not recorded must not be found by the next one.
            take_back(&state.tail, kept..state.head.tail_len);
        })?;
        let appended = Appended { index, size: state.head.size(), root: state.head.peaks.root() };
        if durability == Durability::Buffered && state.is_full() {
            // The entries are recorded. What fails here is tried again, and told, by the next append.
            let _next_time = self.roll(&mut state).and_then(|()| self.write_head(&mut state));
        }
        Ok(appended)
    }

    pub(crate) fn sign(&self, peaks: &Peaks) -> [u8; 64] {
        let origin = self.signer.verifier().name().to_owned();
        self.signer.sign(&Checkpoint { origin, size: peaks.size(), root: peaks.root() }.text())
    }

    /// The signed checkpoint of a head.
    pub(crate) fn note(&self, head: &Head) -> String {
        let key = self.signer.verifier();
        Note::assemble(&head.checkpoint(key.name()).text(), key, &head.signature)
    }

    pub(crate) fn error(&self, action: &'static str, name: &str, source: std::io::Error) -> LedgerError {
        LedgerError::io(action, self.directory.path_of(name), source)
    }

    /// The newest head that is sound, with its signature checked.
    pub(crate) fn read_head(&self) -> Result<(Head, head::Slots), LedgerError> {
        let lost = |index| Damage::new(index, DamageKind::Checkpoint, head::FILE);
        let bytes = self.directory.read(head::FILE, 2 * head::SLOT as u64)?.ok_or(lost(0))?;
        let (newest, slots) = Head::newest(&bytes);
        let head = newest.ok_or(lost(0))?;
        let mut proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        if proven.as_ref() != Some(&head) {
            if !signed(self.verifier_key(), &head.peaks, &head.signature) {
                return Err(lost(head.size()).into());
            }
            *proven = Some(head.clone());
        }
        Ok((head, slots))
    }

    fn write_frame(
        &self,
        state: &mut State,
        entries: &[&[u8]],
        flush: Durability,
    ) -> Result<(), LedgerError> {
        let head = &mut state.head;
        let (mut peaks, mut body, mut leaves) = (head.peaks.clone(), Vec::new(), Vec::new());
        for entry in entries {
            bundle::push(&mut body, entry).ok_or(LedgerError::TooLong { length: entry.len() })?;
            let leaf = TreeHash::of_leaf(entry);
            leaves.push(leaf);
            peaks.push(leaf);
        }
        let signature = self.sign(&peaks);
        let frame = tail::encode_frame(&leaves, &body, &signature);
        self.write_tail(&state.tail, head.tail_len, &frame, flush)?;
        head.tail_len += frame.len() as u64;
        (head.peaks, head.signature) = (peaks, signature);
        if flush == Durability::Flushed {
            head.flushed = head.size();
        }
        Ok(())
    }

    /// Writes at `end`, over zeros or at the end of the file; on failure the tail is as it was.
    fn write_tail(&self, tail: &File, end: u64, frame: &[u8], flush: Durability) -> Result<(), LedgerError> {
        let write = || {
            tail.write_all_at(frame, end)?;
            if flush == Durability::Flushed { tail.sync_data() } else { Ok(()) }
        };
        write().map_err(|error| {
            take_back(tail, end..end + frame.len() as u64);
            self.error("write", tail::FILE, error)
        })
    }

    pub(crate) fn flush(&self, state: &State) -> Result<(), LedgerError> {
        state.tail.sync_data().map_err(|error| self.error("write", tail::FILE, error))
    }

    /// Not flushed: after a power failure the tail speaks for itself.
    pub(crate) fn write_head(&self, state: &mut State) -> Result<(), LedgerError> {
        let head = &mut state.head;
        head.boot = self.boot;
        head.generation += 1;
        let file = self.directory.open_file(head::FILE, OFlags::WRONLY)?;
        let file = file.ok_or(Damage::new(head.size(), DamageKind::Checkpoint, head::FILE))?;
        let written = file.write_all_at(&head.encode(), head.slot_offset());
        written.map_err(|error| self.error("write", head::FILE, error))?;
        *self.proven.lock().unwrap_or_else(PoisonError::into_inner) = Some(head.clone());
        Ok(())
    }

    /// Makes the empty log. Never where anything of a history is left.
    fn create(&self) -> Result<(), LedgerError> {
        let _lock = self.directory.lock(FlockOperation::NonBlockingLockExclusive)?;
        if self.directory.exists(tail::FILE)? || self.directory.exists(LOG)? {
            return Ok(());
        }
        if self.directory.exists(head::FILE)? && self.read_head()?.0.size() > 0 {
            return Ok(());
        }
        let peaks = Peaks::default();
        let signature = self.sign(&peaks);
        let header = tail::encode_header(0, &Edge::default(), &signature);
        let tail_len = header.len() as u64;
        let head =
            Head { generation: 0, flushed: 0, boot: self.boot, tail_first: 0, tail_len, peaks, signature };
        let slots = [head.encode(), Head { generation: 1, ..head }.encode()].concat();
        self.directory.place(head::FILE, &slots, disk::PRIVATE)?;
        self.directory.place(tail::FILE, &tail::preallocated(&header), disk::PRIVATE)
    }
}

fn read_key(directory: &Directory) -> Result<Option<Signer>, LedgerError> {
    let Some(bytes) = directory.read(KEY, 1024)? else { return Ok(None) };
    let signer = str::from_utf8(&bytes).ok().and_then(Signer::parse);
    let damaged = || LedgerError::Key { path: directory.path_of(KEY), state: "damaged" };
    signer.map(Some).ok_or_else(damaged)
}

fn make_key(directory: &Directory, origin: &str) -> Result<Signer, LedgerError> {
    let _lock = directory.lock(FlockOperation::NonBlockingLockExclusive)?;
    if let Some(signer) = read_key(directory)? {
        return Ok(signer);
    }
    for history in [tail::FILE, head::FILE, LOG] {
        if directory.exists(history)? {
            return Err(LedgerError::Key { path: directory.path_of(KEY), state: "missing" });
        }
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)
        .map_err(|error| LedgerError::io("make", directory.path_of(KEY), std::io::Error::other(error)))?;
    let signer = Signer::from_seed(origin, &seed);
    directory.place(KEY, signer.encode().as_bytes(), disk::PRIVATE)?;
    Ok(signer)
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
