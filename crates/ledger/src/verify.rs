//! Proving the whole log, and naming the first entry that is not as it was logged.
//!
//! Trust flows down: the key vouches for the head and the tail's header, the header for the tiles of
//! the highest levels, each tile for those below it, the hashes of level 1 for the bundles.

use std::num::NonZero;
use std::thread;

use crate::bundle;
use crate::checkpoint::{Checkpoint, CheckpointNote};
use crate::error::{Damage, DamageKind, LedgerError};
use crate::hash::TreeHash;
use crate::head::{self, Slots};
use crate::ledger::{LOG, Ledger};
use crate::path::{self, Tile};
use crate::proof;
use crate::read::Snapshot;
use crate::replay::Depth;
use crate::tree::{Peaks, TILE_WIDTH};

const W: u64 = TILE_WIDTH as u64;

/// The log is whole: every entry hashes to the signed root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many entries were proven.
    pub size: u64,
    /// The root over them.
    pub root: TreeHash,
}

impl Ledger {
    /// Recomputes every hash from the entries and compares it with the tiles, the signed head, the
    /// published checkpoint and, if given, a checkpoint that was saved elsewhere.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] with the entry; [`LedgerError::Shortened`],
    /// [`LedgerError::Rewritten`] or [`LedgerError::Note`] if `expected` is not a part of this log.
    pub fn verify(&self, expected: Option<&CheckpointNote>) -> Result<Verified, LedgerError> {
        // Read first: one that is published meanwhile may cover more than the snapshot.
        let published = self.published();
        let snapshot = self.snapshot(Depth::Signatures)?;
        if snapshot.slots == Slots::Damaged {
            return Err(Damage::new(snapshot.head.size(), DamageKind::Checkpoint, head::FILE).into());
        }
        check_bundles(&snapshot, &level_one(&snapshot)?)?;
        if let Some(note) = published? {
            let name = format!("{LOG}/{}", path::CHECKPOINT);
            let forged = |_| Damage::new(note.claimed().size, DamageKind::Checkpoint, name);
            let published = note.verify(self.verifier_key()).map_err(forged)?;
            extends(&snapshot, published)?;
            check_partials(&snapshot, published.size)?;
        }
        if let Some(note) = expected {
            extends(&snapshot, note.verify(self.verifier_key())?)?;
        }
        Ok(Verified { size: snapshot.head.size(), root: snapshot.head.peaks.root() })
    }
}

/// Whether the log extends what an older checkpoint covers: the same root at its size.
fn extends(snapshot: &Snapshot<'_>, older: &Checkpoint) -> Result<(), LedgerError> {
    let (size, expected) = (older.size, older.root);
    let actual = snapshot.head.size();
    if size > actual {
        return Err(LedgerError::Shortened { expected: size, actual });
    }
    let found = proof::root(snapshot, size)?;
    if found == expected { Ok(()) } else { Err(LedgerError::Rewritten { size, expected, found }) }
}

/// The hashes of level 1, one for each bundle, proven from the signed edge down.
fn level_one(snapshot: &Snapshot<'_>) -> Result<Vec<TreeHash>, LedgerError> {
    let mut above: Vec<TreeHash> = Vec::new();
    for level in (1..=snapshot.edge.levels().len() as u8).rev() {
        let mut hashes = Vec::with_capacity((above.len() + 1) * TILE_WIDTH);
        for (index, vouched) in (0..).zip(&above) {
            let tile = snapshot.tile(level, index)?;
            if Peaks::of(&tile).root() != *vouched {
                return Err(blame_tile(snapshot, level, index, &tile)?.into());
            }
            hashes.extend(tile);
        }
        hashes.extend_from_slice(snapshot.edge.level(level));
        above = hashes;
    }
    Ok(above)
}

/// Finds the altered hash of a tile by those below it.
fn blame_tile(
    snapshot: &Snapshot<'_>,
    level: u8,
    index: u64,
    tile: &[TreeHash],
) -> Result<Damage, LedgerError> {
    let entry = |hash: u64| hash << (8 * u32::from(level));
    let place = format!("{LOG}/{}", path::full(Tile::Level(level), index));
    for (hash, claimed) in (index * W..).zip(tile) {
        if Peaks::of(&snapshot.tile(level - 1, hash)?).root() != *claimed {
            return Ok(Damage::new(entry(hash), DamageKind::Tile, place));
        }
    }
    Ok(Damage::new(entry(index * W), DamageKind::Rewritten, place))
}

/// Bundles are proven on all processors; the lowest damage is reported.
fn check_bundles(snapshot: &Snapshot<'_>, roots: &[TreeHash]) -> Result<(), LedgerError> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(16);
    let share = roots.len().div_ceil(workers).max(1);
    thread::scope(|scope| {
        let check = |(worker, roots): (usize, &[TreeHash])| {
            let numbers = (worker * share) as u64..;
            numbers.zip(roots).try_for_each(|(number, root)| check_bundle(snapshot, number, *root))
        };
        let started: Vec<_> =
            roots.chunks(share).enumerate().map(|part| scope.spawn(move || check(part))).collect();
        started.into_iter().try_for_each(|worker| match worker.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

/// `root` is proven; the entries and the tile of leaf hashes each have to lead to it.
fn check_bundle(snapshot: &Snapshot<'_>, number: u64, root: TreeHash) -> Result<(), LedgerError> {
    let bundle = snapshot.full_bundle(number)?;
    let tile = snapshot.tile(0, number);
    let found = bundle::hashes_of(&bundle, TILE_WIDTH);
    if let Some(found) = found.filter(|found| Peaks::of(found).root() == root) {
        return same_hashes(&tile?, &found, (0, number), path::full(Tile::Level(0), number));
    }
    compare(&bundle, &tile?, number, path::full(Tile::Entries, number))?;
    let place = format!("{LOG}/{}", path::full(Tile::Entries, number));
    Err(Damage::new(number * W, DamageKind::Rewritten, place).into())
}

/// Compares a served bundle with its logged hashes.
pub(crate) fn compare(
    bundle: &[u8],
    logged: &[TreeHash],
    number: u64,
    name: String,
) -> Result<(), LedgerError> {
    let first = number * W;
    let damage = |(at, kind): (usize, DamageKind)| {
        Damage::new(first + at as u64, kind.shifted(first), format!("{LOG}/{name}"))
    };
    Ok(bundle::compare(bundle, logged).map_err(damage)?)
}

/// `tile` is the claim and `found` is proven; both begin at tile `index` of `level`.
fn same_hashes(
    tile: &[TreeHash],
    found: &[TreeHash],
    (level, index): (u8, u64),
    name: String,
) -> Result<(), LedgerError> {
    if tile == found {
        return Ok(());
    }
    let at = tile.iter().zip(found).take_while(|(tile, found)| tile == found).count() as u64;
    let entry = (index * W + at) << (8 * u32::from(level));
    Err(Damage::new(entry, DamageKind::Tile, format!("{LOG}/{name}")).into())
}

/// The partial tiles of the published checkpoint, unless the full ones have replaced them.
fn check_partials(snapshot: &Snapshot<'_>, size: u64) -> Result<(), LedgerError> {
    for (level, index, width) in path::partials(size) {
        let hashes = snapshot.hashes(level, index, 0..width)?;
        let hashes = hashes.ok_or(LedgerError::Beyond { index: size, size: snapshot.head.size() })?;
        let first = (index * W) << (8 * u32::from(level));
        if let Some((bytes, name)) = partial(snapshot, Tile::Level(level), index, width, first)? {
            let tile = TreeHash::split(&bytes).unwrap_or_default();
            same_hashes(&tile, &hashes, (level, index), name)?;
        }
        if level > 0 {
            continue;
        }
        if let Some((bytes, name)) = partial(snapshot, Tile::Entries, index, width, first)? {
            compare(&bytes, &hashes, index, name)?;
        }
    }
    Ok(())
}

/// A partial tile and its name; `None` if it was pruned in favour of the full one.
fn partial(
    snapshot: &Snapshot<'_>,
    tile: Tile,
    index: u64,
    width: usize,
    first: u64,
) -> Result<Option<(Vec<u8>, String)>, LedgerError> {
    let name = path::partial(tile, index, width);
    match snapshot.directory.read(&format!("{LOG}/{name}"), bundle::BUNDLE_LIMIT)? {
        Some(bytes) => Ok(Some((bytes, name))),
        None if snapshot.directory.exists(&format!("{LOG}/{}", path::full(tile, index)))? => Ok(None),
        None => Err(Damage::new(first, DamageKind::Tile, format!("{LOG}/{name}")).into()),
    }
}
