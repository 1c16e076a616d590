//! Turning the tail into the immutable tiles and bundles that a file server serves.

use rustix::fs::FlockOperation;

use crate::checkpoint::CheckpointNote;
use crate::disk::{PRIVATE, SERVED};
use crate::error::{Damage, DamageKind, LedgerError};
use crate::hash::TreeHash;
use crate::ledger::{LOG, Ledger};
use crate::load::State;
use crate::path::{self, Tile};
use crate::replay::Replay;
use crate::tail;
use crate::tree::{Peaks, TILE_WIDTH};

impl Ledger {
    /// Replaces a full tail by its bundle and tiles and an empty tail. Each file is durable before
    /// the tail goes, and writing one again writes the same bytes, so a crash anywhere is harmless.
    pub(crate) fn roll(&self, state: &mut State) -> Result<(), LedgerError> {
        let bytes = self.directory.read(tail::FILE, tail::TAIL_LIMIT)?.unwrap_or_default();
        let Replay { tail, .. } = state.replay(self, &bytes)?;
        let (number, leaves) = (tail.first / TILE_WIDTH as u64, tail.leaves());
        self.serve(&path::full(Tile::Entries, number), &tail.bundle())?;
        self.serve(&path::full(Tile::Level(0), number), &TreeHash::join(&leaves))?;
        let mut edge = tail.edge;
        for full in edge.push(number, Peaks::of(&leaves).root()) {
            let name = path::full(Tile::Level(full.level), full.index);
            self.serve(&name, &TreeHash::join(&full.hashes))?;
        }
        let first = state.head.size();
        let header = tail::encode_header(first, &edge, &state.head.signature);
        self.directory.place(tail::FILE, &tail::preallocated(&header), PRIVATE)?;
        let opened = self.directory.open_file(tail::FILE, rustix::fs::OFlags::RDWR)?;
        state.tail = opened.ok_or(Damage::new(first, DamageKind::Truncated, tail::FILE))?;
        (state.head.tail_first, state.head.tail_len) = (first, header.len() as u64);
        state.head.flushed = first;
        Ok(())
    }

    fn serve(&self, name: &str, bytes: &[u8]) -> Result<(), LedgerError> {
        self.directory.place(&format!("{LOG}/{name}"), bytes, SERVED)
    }

    /// Writes the checkpoint and the partial tiles it needs into the served tree, `log/`, which is a
    /// valid tlog-tiles log from then on; returns the checkpoint. Everything is durable.
    ///
    /// # Errors
    /// As [`Ledger::append_all`].
    pub fn publish(&self) -> Result<String, LedgerError> {
        let _lock = self.directory.lock(FlockOperation::NonBlockingLockExclusive)?;
        let mut state = self.load_to_append()?;
        if state.is_full() {
            self.roll(&mut state)?;
        }
        self.flush(&state)?;
        state.head.flushed = state.head.size();
        let bytes = self.directory.read(tail::FILE, tail::TAIL_LIMIT)?.unwrap_or_default();
        let size = state.head.size();
        let Replay { tail, .. } = state.replay(self, &bytes)?;
        for (level, index, width) in path::partials(size) {
            if level == 0 {
                self.serve(&path::partial(Tile::Entries, index, width), &tail.bundle())?;
                self.serve(&path::partial(Tile::Level(0), index, width), &TreeHash::join(&tail.leaves()))?;
            } else {
                let hashes = TreeHash::join(tail.edge.level(level));
                self.serve(&path::partial(Tile::Level(level), index, width), &hashes)?;
            }
        }
        let before = self.published()?;
        let note = self.note(&state.head);
        self.serve(path::CHECKPOINT, note.as_bytes())?;
        self.write_head(&mut state)?;
        if let Some(before) = before {
            self.prune_partials(before.claimed().size)?;
        }
        Ok(note)
    }

    /// The checkpoint in the served tree, not verified.
    pub(crate) fn published(&self) -> Result<Option<CheckpointNote>, LedgerError> {
        let name = format!("{LOG}/{}", path::CHECKPOINT);
        let Some(bytes) = self.directory.read(&name, 128 * 1024)? else { return Ok(None) };
        let note = str::from_utf8(&bytes).ok().and_then(|text| CheckpointNote::parse(text).ok());
        let altered = || Damage::new(0, DamageKind::Checkpoint, name.clone());
        Ok(Some(note.ok_or_else(altered)?))
    }

    /// tlog-tiles: partial tiles may go once the full tile is there.
    fn prune_partials(&self, size: u64) -> Result<(), LedgerError> {
        for (level, index, width) in path::partials(size) {
            let tiles = [Tile::Level(level), Tile::Entries];
            for tile in tiles.into_iter().take(if level == 0 { 2 } else { 1 }) {
                if self.directory.exists(&format!("{LOG}/{}", path::full(tile, index)))? {
                    self.directory.prune(&format!("{LOG}/{}", path::partial(tile, index, width)));
                }
            }
        }
        Ok(())
    }
}
