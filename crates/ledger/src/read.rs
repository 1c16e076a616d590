//! Reading: entries, the checkpoint and proofs, all of one moment.

use std::ops::Range;

use rustix::fs::FlockOperation;

use crate::bundle;
use crate::checkpoint::Checkpoint;
use crate::disk::Directory;
use crate::error::{Damage, DamageKind, LedgerError};
use crate::hash::TreeHash;
use crate::head::{Head, Slots};
use crate::ledger::{LOG, Ledger};
use crate::path::{self, Tile};
use crate::proof::{self, HashReader};
use crate::replay::{Depth, replay};
use crate::tail;
use crate::tree::{Edge, Peaks, TILE_WIDTH};
use crate::verify;

const W: u64 = TILE_WIDTH as u64;

/// The ledger at one moment. Full tiles never change; the tail was read whole.
pub(crate) struct Snapshot<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) head: Head,
    pub(crate) slots: Slots,
    pub(crate) first: u64,
    pub(crate) edge: Edge,
    pub(crate) leaves: Vec<TreeHash>,
    pub(crate) bundle: Vec<u8>,
}

impl Ledger {
    /// How many entries there are.
    ///
    /// # Errors
    /// Those of I/O and [`LedgerError::Damaged`].
    pub fn len(&self) -> Result<u64, LedgerError> {
        Ok(self.latest()?.size())
    }

    /// Whether nothing was ever recorded.
    ///
    /// # Errors
    /// As [`Self::len`].
    pub fn is_empty(&self) -> Result<bool, LedgerError> {
        Ok(self.len()? == 0)
    }

    /// The signed checkpoint over all entries, to keep elsewhere. See also [`Self::publish`].
    ///
    /// # Errors
    /// As [`Self::len`].
    pub fn checkpoint(&self) -> Result<String, LedgerError> {
        let _lock = self.directory.lock(FlockOperation::NonBlockingLockShared)?;
        let state = self.load()?;
        // Whoever keeps it must find its entries again, also after a power failure.
        self.flush(&state)?;
        Ok(self.note(&state.head))
    }

    /// The head of the tree: origin, size and root.
    ///
    /// # Errors
    /// As [`Self::len`].
    pub fn tree_head(&self) -> Result<Checkpoint, LedgerError> {
        Ok(self.latest()?.checkpoint(self.verifier_key().name()))
    }

    /// By reading alone: history can be looked at where nothing can be written.
    fn latest(&self) -> Result<Head, LedgerError> {
        Ok(self.snapshot(Depth::Root)?.head)
    }

    /// The entries of `range` with their indices; a range that ends beyond the last is cut there.
    /// Each bundle is compared with its hashes before anything of it is given out.
    ///
    /// # Errors
    /// As [`Self::len`]; the items carry [`LedgerError::Damaged`].
    pub fn entries(&self, range: Range<u64>) -> Result<Entries<'_>, LedgerError> {
        let snapshot = self.snapshot(Depth::Root)?;
        let end = range.end.min(snapshot.head.size());
        Ok(Entries { snapshot, next: range.start, end, entries: Vec::new().into_iter() })
    }

    /// Proof that entry `index` is in the tree of `size` entries, for [`proof::verify_inclusion`].
    ///
    /// # Errors
    /// [`LedgerError::Beyond`] and as [`Self::len`].
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Result<Vec<TreeHash>, LedgerError> {
        let snapshot = self.snapshot(Depth::Root)?;
        snapshot.has(size)?;
        if index >= size {
            return Err(LedgerError::Beyond { index, size });
        }
        proof::inclusion(&snapshot, index, size)
    }

    /// Proof that the tree of `new` entries extends that of `old`, for [`proof::verify_consistency`].
    ///
    /// # Errors
    /// [`LedgerError::Beyond`] and as [`Self::len`].
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<Vec<TreeHash>, LedgerError> {
        let snapshot = self.snapshot(Depth::Root)?;
        snapshot.has(new)?;
        if old > new {
            return Err(LedgerError::Beyond { index: old, size: new });
        }
        proof::consistency(&snapshot, old, new)
    }

    pub(crate) fn snapshot(&self, depth: Depth) -> Result<Snapshot<'_>, LedgerError> {
        let lock = self.directory.lock(FlockOperation::NonBlockingLockShared)?;
        let (head, slots) = self.read_head()?;
        let bytes = self.directory.read(tail::FILE, tail::TAIL_LIMIT)?;
        drop(lock);
        let bytes = bytes.ok_or(Damage::new(head.tail_first, DamageKind::Truncated, tail::FILE))?;
        let losses = head.losses(self.boot);
        let replayed = replay(&bytes, &head, losses, self.verifier_key(), depth)?;
        Ok(Snapshot {
            directory: &self.directory,
            first: replayed.tail.first,
            leaves: replayed.tail.leaves(),
            bundle: replayed.tail.bundle(),
            edge: replayed.tail.edge,
            head: Head { peaks: replayed.peaks, signature: replayed.signature, ..head },
            slots,
        })
    }
}

impl Snapshot<'_> {
    fn has(&self, size: u64) -> Result<(), LedgerError> {
        let actual = self.head.size();
        if size > actual { Err(LedgerError::Beyond { index: size, size: actual }) } else { Ok(()) }
    }

    /// A full tile of hashes from the served tree.
    pub(crate) fn tile(&self, level: u8, index: u64) -> Result<Vec<TreeHash>, LedgerError> {
        let name = format!("{LOG}/{}", path::full(Tile::Level(level), index));
        let bytes = self.directory.read(&name, 32 * W + 1)?;
        let hashes = bytes.and_then(|bytes| TreeHash::split(&bytes)).filter(|tile| tile.len() == TILE_WIDTH);
        let first = (index * W) << (8 * u32::from(level));
        Ok(hashes.ok_or(Damage::new(first, DamageKind::Tile, name))?)
    }

    /// A part of a tile, wherever that is kept; `None` if the tile is not as wide.
    pub(crate) fn hashes(
        &self,
        level: u8,
        index: u64,
        part: Range<usize>,
    ) -> Result<Option<Vec<TreeHash>>, LedgerError> {
        let full_tiles = (self.first / W) >> (8 * u32::from(level));
        let read;
        let tile = match level {
            _ if index < full_tiles => {
                read = self.tile(level, index)?;
                read.as_slice()
            }
            0 => self.leaves.as_slice(),
            _ => self.edge.level(level),
        };
        Ok(tile.get(part).map(<[TreeHash]>::to_vec))
    }

    /// A full bundle from the served tree.
    pub(crate) fn full_bundle(&self, number: u64) -> Result<Vec<u8>, LedgerError> {
        let name = format!("{LOG}/{}", path::full(Tile::Entries, number));
        let bytes = self.directory.read(&name, bundle::BUNDLE_LIMIT + 1)?;
        Ok(bytes.ok_or(Damage::new(number * W, DamageKind::Removed, name))?)
    }

    /// The entries of the bundle that holds `index`, from `index` on, as logged.
    fn entries_from(&self, index: u64) -> Result<Vec<Vec<u8>>, LedgerError> {
        let number = index / W;
        let read;
        let bytes = if index < self.first {
            read = self.full_bundle(number)?;
            verify::compare(&read, &self.tile(0, number)?, number, path::full(Tile::Entries, number))?;
            &read
        } else {
            &self.bundle
        };
        let skip = (index % W) as usize;
        Ok(bundle::Entries::of(bytes).skip(skip).map(<[u8]>::to_vec).collect())
    }
}

impl HashReader for Snapshot<'_> {
    type Error = LedgerError;

    /// From the tile level below or at `height`; what the tail has not yet put into a tile is
    /// hashed from its halves.
    fn subtree(&self, height: u32, index: u64) -> Result<TreeHash, LedgerError> {
        let start = index << (height % 8);
        let from = (start % W) as usize;
        match self.hashes((height / 8) as u8, start / W, from..from + (1 << (height % 8)))? {
            Some(part) => Ok(Peaks::of(&part).root()),
            None if height == 0 => Err(LedgerError::Beyond { index, size: self.head.size() }),
            None => Ok(TreeHash::of_node(
                self.subtree(height - 1, index * 2)?,
                self.subtree(height - 1, index * 2 + 1)?,
            )),
        }
    }
}

/// Entries with their indices, read a bundle at a time. Ends after an error.
pub struct Entries<'a> {
    snapshot: Snapshot<'a>,
    next: u64,
    end: u64,
    entries: std::vec::IntoIter<Vec<u8>>,
}

impl Iterator for Entries<'_> {
    type Item = Result<(u64, Vec<u8>), LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        if self.entries.len() == 0 {
            match self.snapshot.entries_from(self.next) {
                Ok(entries) => self.entries = entries.into_iter(),
                Err(error) => {
                    self.next = self.end;
                    return Some(Err(error));
                }
            }
        }
        let entry = self.entries.next()?;
        self.next += 1;
        Some(Ok((self.next - 1, entry)))
    }
}
