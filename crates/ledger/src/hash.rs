//! Merkle tree hashes of RFC 6962 section 2.1 (the same as RFC 9162 section 2.1.1).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::digest::{Digest, Hasher};

/// How many bytes a hash takes on disk.
pub(crate) const WIDTH: usize = 32;

/// A node of the tree: a leaf, an inner node or a root. SHA-256, 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TreeHash([u8; WIDTH]);

impl TreeHash {
    /// A hash that was stored or sent by somebody: a claim until it is compared.
    #[must_use]
    pub fn from_bytes(bytes: [u8; WIDTH]) -> Self {
        Self(bytes)
    }

    /// The raw 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; WIDTH] {
        &self.0
    }

    /// `MTH({}) = SHA-256()`, the root of a tree without leaves.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self(*Digest::of(b"").as_bytes())
    }

    /// `MTH({d}) = SHA-256(0x00 || d)`.
    #[must_use]
    pub fn of_leaf(entry: &[u8]) -> Self {
        Self::tagged(0, entry, &[])
    }

    /// `SHA-256(0x01 || left || right)`.
    #[must_use]
    pub fn of_node(left: Self, right: Self) -> Self {
        Self::tagged(1, &left.0, &right.0)
    }

    fn tagged(tag: u8, left: &[u8], right: &[u8]) -> Self {
        let mut hasher = Hasher::new();
        hasher.update(&[tag]);
        hasher.update(left);
        hasher.update(right);
        Self(*hasher.finish().as_bytes())
    }

    /// The hashes of a tile, or `None` if its length is no multiple of 32.
    pub(crate) fn split(tile: &[u8]) -> Option<Vec<Self>> {
        let (hashes, []) = tile.as_chunks::<WIDTH>() else { return None };
        Some(hashes.iter().copied().map(Self).collect())
    }

    /// The bytes of a tile.
    pub(crate) fn join(hashes: &[Self]) -> Vec<u8> {
        hashes.iter().flat_map(|hash| hash.0).collect()
    }
}

/// Base64 as in a checkpoint.
impl fmt::Display for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
