//! The state to work on: as the head says if the tail ends there, and otherwise as the tail says.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

use rustix::fs::OFlags;

use crate::error::{Damage, DamageKind, LedgerError};
use crate::head::{Head, Losses};
use crate::ledger::Ledger;
use crate::replay::{Depth, Replay, replay};
use crate::tail::{self, PREALLOCATED};
use crate::tree::TILE_WIDTH;

/// What a writer works on, under the lock.
pub(crate) struct State {
    pub(crate) head: Head,
    pub(crate) tail: File,
}

/// What lies in the tail behind its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behind {
    Zeros,
    Debris,
}

impl State {
    /// How many entries are in the tail.
    pub(crate) fn width(&self) -> usize {
        (self.head.size() - self.head.tail_first) as usize
    }

    /// Whether the tail is a full bundle.
    pub(crate) fn is_full(&self) -> bool {
        self.width() == TILE_WIDTH
    }

    /// The tail replayed after [`Ledger::load_to_append`], which left nothing that may be missing.
    pub(crate) fn replay<'a>(&self, ledger: &Ledger, bytes: &'a [u8]) -> Result<Replay<'a>, Damage> {
        let losses = Losses::behind(self.head.size());
        replay(bytes, &self.head, losses, ledger.verifier_key(), Depth::Root)
    }
}

impl Ledger {
    /// The state to read from.
    pub(crate) fn load(&self) -> Result<State, LedgerError> {
        self.find_end().map(|(state, _)| state)
    }

    /// The state to append to: behind its end are zeros.
    pub(crate) fn load_to_append(&self) -> Result<State, LedgerError> {
        let (state, behind) = self.find_end()?;
        if behind == Behind::Debris {
            let cleared = clear(&state.tail, state.head.tail_len);
            cleared.map_err(|error| self.error("write", tail::FILE, error))?;
        }
        Ok(state)
    }

    /// A tail that ends where the head says is not read, unless the machine was restarted: then any
    /// part of what was not flushed may be missing.
    fn find_end(&self) -> Result<(State, Behind), LedgerError> {
        let (head, _) = self.read_head()?;
        let tail = self.directory.open_file(tail::FILE, OFlags::RDWR)?;
        let tail = tail.ok_or(Damage::new(head.tail_first, DamageKind::Truncated, tail::FILE))?;
        let ends = ends_at(&tail, &head).map_err(|error| self.error("read", tail::FILE, error))?;
        let state = State { head, tail };
        let same_boot = self.boot.is_some() && self.boot == state.head.boot;
        if same_boot && ends { Ok((state, Behind::Zeros)) } else { self.heal(state) }
    }

    /// After a crash: takes over the signed frames that the head does not know, drops a torn one.
    fn heal(&self, mut state: State) -> Result<(State, Behind), LedgerError> {
        let bytes = self.directory.read(tail::FILE, tail::TAIL_LIMIT)?.unwrap_or_default();
        let losses = state.head.losses(self.boot);
        let replayed = replay(&bytes, &state.head, losses, self.verifier_key(), Depth::Root)?;
        let (tail_first, tail_len) = (replayed.tail.first, replayed.len);
        let (peaks, signature) = (replayed.peaks, replayed.signature);
        let whole = (bytes.len() as u64) < tail::TAIL_LIMIT;
        let blank = bytes.get(tail_len as usize..).is_none_or(tail::is_blank);
        state.head = Head { tail_first, tail_len, peaks, signature, ..state.head };
        Ok((state, if whole && blank { Behind::Zeros } else { Behind::Debris }))
    }
}

/// Whether the tail has the beginning and the last signature that the head knows, and no frame follows.
fn ends_at(tail: &File, head: &Head) -> io::Result<bool> {
    const SIGNATURE: usize = 64;
    let mut prefix = [0; 16];
    // A frame begins with its count and length; the file may also end here.
    let mut end = [0; SIGNATURE + 6];
    let begins = tail.read_at(&mut prefix, 0)? == prefix.len() && prefix == tail::prefix(head.tail_first);
    let Some(at) = head.tail_len.checked_sub(SIGNATURE as u64) else { return Ok(false) };
    let read = tail.read_at(&mut end, at)?;
    let (signature, behind) = end.split_at(SIGNATURE);
    Ok(begins && read >= SIGNATURE && signature == head.signature && tail::is_blank(behind))
}

/// Drops what lies behind `end`, for good: else what is dropped here could, after a power failure, lie
/// behind the next frame.
fn clear(tail: &File, end: u64) -> io::Result<()> {
    tail.set_len(end)?;
    let blank = vec![0; PREALLOCATED.saturating_sub(end as usize)];
    tail.write_all_at(&blank, end)?;
    tail.sync_data()
}

/// Undoes a write of which `span` may have become a part of the tail; for good, as above.
pub(crate) fn take_back(tail: &File, span: Range<u64>) {
    let room = PREALLOCATED as u64;
    let blank = vec![0; span.end.min(room).saturating_sub(span.start) as usize];
    let undo = || {
        tail.write_all_at(&blank, span.start)?;
        if span.end > room {
            tail.set_len(span.start.max(room))?;
        }
        tail.sync_data()
    };
    if undo().is_err() {
        let _torn_is_healed_later = tail.set_len(span.start);
    }
}
