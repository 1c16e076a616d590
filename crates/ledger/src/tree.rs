//! The tree as it grows: its peaks, and the right edge of its tiles.

use crate::hash::TreeHash;

/// How many hashes a full tile holds, and entries a full bundle (tlog-tiles, "Merkle Tree").
pub(crate) const TILE_WIDTH: usize = 256;

/// The roots of the complete subtrees that a tree of `size` leaves splits into, the largest first:
/// one for each bit of `size`. All that is needed to append and to know the root.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Peaks {
    size: u64,
    hashes: Vec<TreeHash>,
}

impl Peaks {
    /// Peaks from storage; `None` if there is not one hash for each bit of `size`.
    pub(crate) fn from_parts(size: u64, hashes: Vec<TreeHash>) -> Option<Self> {
        (hashes.len() == size.count_ones() as usize).then_some(Self { size, hashes })
    }

    pub(crate) fn of(leaves: &[TreeHash]) -> Self {
        let mut peaks = Self::default();
        leaves.iter().for_each(|leaf| peaks.push(*leaf));
        peaks
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn hashes(&self) -> &[TreeHash] {
        &self.hashes
    }

    /// Each trailing one of `size` is a subtree that the new leaf completes.
    pub(crate) fn push(&mut self, leaf: TreeHash) {
        let kept = self.hashes.len().saturating_sub(self.size.trailing_ones() as usize);
        let completed = self.hashes.split_off(kept);
        let hash = completed.into_iter().rev().fold(leaf, |right, left| TreeHash::of_node(left, right));
        self.hashes.push(hash);
        self.size += 1;
    }

    /// RFC 6962 section 2.1: the tree splits at the largest power of two, so peaks fold from the right.
    pub(crate) fn root(&self) -> TreeHash {
        let folded = self.hashes.iter().rev().copied().reduce(|right, left| TreeHash::of_node(left, right));
        folded.unwrap_or_else(TreeHash::of_nothing)
    }
}

/// The partial tiles of level 1 and above in a tree whose bundles are all full: `levels[0]` is level 1.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Edge {
    levels: Vec<Vec<TreeHash>>,
}

/// A tile that has become full: its level (1 and above), its index in the level and its 256 hashes.
pub(crate) struct FullTile {
    pub(crate) level: u8,
    pub(crate) index: u64,
    pub(crate) hashes: Vec<TreeHash>,
}

impl Edge {
    pub(crate) fn from_levels(levels: Vec<Vec<TreeHash>>) -> Self {
        Self { levels }
    }

    pub(crate) fn levels(&self) -> &[Vec<TreeHash>] {
        &self.levels
    }

    /// The partial tile of `level` (1 and above), empty if there is none.
    pub(crate) fn level(&self, level: u8) -> &[TreeHash] {
        usize::from(level).checked_sub(1).and_then(|at| self.levels.get(at)).map_or(&[], Vec::as_slice)
    }

    /// Adds the root of bundle number `bundle`; returns the tiles that this completes, lowest first.
    pub(crate) fn push(&mut self, bundle: u64, root: TreeHash) -> Vec<FullTile> {
        let mut full = Vec::new();
        let (mut hash, mut index) = (root, bundle);
        for level in 1u8.. {
            let at = usize::from(level) - 1;
            if self.levels.len() <= at {
                self.levels.push(Vec::new());
            }
            let Some(tile) = self.levels.get_mut(at) else { break };
            tile.push(hash);
            if tile.len() < TILE_WIDTH {
                break;
            }
            let hashes = std::mem::take(tile);
            hash = Peaks::of(&hashes).root();
            index /= TILE_WIDTH as u64;
            full.push(FullTile { level, index, hashes });
        }
        full
    }

    /// The peaks of the tree of `size` leaves; `None` if the tiles are not those of such a tree.
    pub(crate) fn peaks(&self, size: u64) -> Option<Peaks> {
        let mut hashes = Vec::new();
        for tile in self.levels.iter().rev() {
            hashes.extend_from_slice(Peaks::of(tile).hashes());
        }
        let mut rest = size / TILE_WIDTH as u64;
        for tile in &self.levels {
            if tile.len() as u64 != rest % TILE_WIDTH as u64 {
                return None;
            }
            rest /= TILE_WIDTH as u64;
        }
        if rest != 0 || !size.is_multiple_of(TILE_WIDTH as u64) {
            return None;
        }
        Peaks::from_parts(size, hashes)
    }
}
