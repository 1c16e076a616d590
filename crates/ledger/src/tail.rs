//! The tail: the entries since the last full bundle, each append one frame behind the last one.
//!
//! ```text
//! tail   = header *frame *zero
//! header = "coftail1" first:u64 levels:u8 *(width:u16 hashes:width*32) signature:64
//! frame  = count:u16 length:u32 leaf-hashes:count*32 entries:length signature:64
//! ```
//!
//! The header holds the partial tiles of level 1 and above. Every signature is over the checkpoint
//! at that point, so recovery after a crash believes nothing that this ledger did not sign.
//!
//! The zeros are written when the file is made, and frames over them. To flush a file that grows, or
//! blocks that were only reserved, a journaling file system commits its journal, and first writes what
//! others have waiting there; to flush blocks that were written before it writes just these.

use std::ops::Range;

use crate::bundle;
use crate::error::DamageKind;
use crate::fields::Fields;
use crate::hash::TreeHash;
use crate::tree::{Edge, TILE_WIDTH};

pub(crate) const FILE: &str = "tail";
const MAGIC: [u8; 8] = *b"coftail1";

/// How long a new tail is. A bundle of 256 entries of 600 bytes fits, more than the average start
/// of a container leaves behind; longer ones let the file grow.
pub(crate) const PREALLOCATED: usize = 192 * 1024;

/// Shorter than this no header can be.
pub(crate) const HEADER_MIN: usize = 8 + 8 + 1 + 64;

/// The part of a file that a disk writes as a whole, at least.
pub(crate) const SECTOR: usize = 512;

/// The file as one part: what a writer leaves behind that is killed while it writes.
pub(crate) const WHOLE: usize = usize::MAX;

/// Levels that 64-bit sizes can have above level 0.
const LEVELS: u8 = 7;

/// A frame of one entry each is the most that framing can cost.
pub(crate) const TAIL_LIMIT: u64 = bundle::BUNDLE_LIMIT + 102 * TILE_WIDTH as u64 + 64 * 1024;

/// The start of a tail that begins with entry `first`: enough to know which one it is.
pub(crate) fn prefix(first: u64) -> [u8; 16] {
    let mut prefix = [0; 16];
    let (magic, number) = prefix.split_at_mut(8);
    magic.copy_from_slice(&MAGIC);
    number.copy_from_slice(&first.to_be_bytes());
    prefix
}

pub(crate) fn encode_header(first: u64, edge: &Edge, signature: &[u8; 64]) -> Vec<u8> {
    let mut header = prefix(first).to_vec();
    header.push(edge.levels().len() as u8);
    for tile in edge.levels() {
        header.extend((tile.len() as u16).to_be_bytes());
        header.extend(TreeHash::join(tile));
    }
    header.extend(signature);
    header
}

/// A file that begins with this header, with room for frames.
pub(crate) fn preallocated(header: &[u8]) -> Vec<u8> {
    let mut file = header.to_vec();
    file.resize(header.len().max(PREALLOCATED), 0);
    file
}

/// Whether nothing was written here, or nothing of it has come down to us.
pub(crate) fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// Whether the end of a `part` is missing from the frame (or header) at `span`: there are zeros, or the
/// end of the file, from a place within the frame to the end of one of the `unit`s it lies in. Each unit
/// is as it was after some write, and writes proceed from the front.
pub(crate) fn is_torn(bytes: &[u8], span: &Range<usize>, unit: usize) -> bool {
    let mut start = span.start;
    while start < span.end {
        let end = (start / unit + 1).saturating_mul(unit);
        let last = span.end.min(end) - 1;
        if bytes.get(last..end.min(bytes.len())).is_none_or(is_blank) {
            return true;
        }
        start = end;
    }
    false
}

/// `body` is the entries in bundle form, at most 256 of them.
pub(crate) fn encode_frame(leaves: &[TreeHash], body: &[u8], signature: &[u8; 64]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(6 + leaves.len() * 32 + body.len() + 64);
    frame.extend((leaves.len() as u16).to_be_bytes());
    frame.extend((body.len() as u32).to_be_bytes());
    frame.extend(TreeHash::join(leaves));
    frame.extend(body);
    frame.extend(signature);
    frame
}

/// One append.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) leaves: Vec<TreeHash>,
    pub(crate) body: &'a [u8],
    pub(crate) signature: [u8; 64],
}

impl<'a> Frame<'a> {
    fn read(fields: &mut Fields<'a>) -> Option<Self> {
        let (count, length) = (usize::from(fields.u16()?), fields.u32()? as usize);
        if count == 0 || count > TILE_WIDTH {
            return None;
        }
        let leaves = TreeHash::split(fields.take(count * crate::hash::WIDTH)?)?;
        Some(Self { leaves, body: fields.take(length)?, signature: fields.array()? })
    }

    /// Whether the entries hash to the leaves; otherwise the position in the frame and the kind.
    pub(crate) fn check(&self) -> Result<(), (usize, DamageKind)> {
        bundle::compare(self.body, &self.leaves)
    }
}

/// A tail taken apart; nothing in it is checked yet.
#[derive(Debug)]
pub(crate) struct Tail<'a> {
    pub(crate) first: u64,
    pub(crate) edge: Edge,
    /// Over the checkpoint at `first`.
    pub(crate) signature: [u8; 64],
    pub(crate) header_len: usize,
    pub(crate) frames: Vec<Frame<'a>>,
    /// Where each frame ends.
    pub(crate) ends: Vec<usize>,
}

impl<'a> Tail<'a> {
    /// Reads the header and all frames up to the first that is incomplete. `None` if there is no
    /// header, which is written in one piece before the tail gets its name.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::new(bytes);
        if fields.array()? != MAGIC {
            return None;
        }
        let first = fields.u64()?;
        let levels = Some(fields.u8()?).filter(|levels| *levels <= LEVELS)?;
        let edge = (0..levels).map(|_| edge_tile(&mut fields)).collect::<Option<Vec<_>>>()?;
        let signature = fields.array()?;
        let header_len = bytes.len() - fields.rest().len();
        let (mut frames, mut ends, mut count) = (Vec::new(), Vec::new(), 0);
        while let Some(frame) = Frame::read(&mut fields) {
            count += frame.leaves.len();
            if count > TILE_WIDTH {
                break;
            }
            frames.push(frame);
            ends.push(bytes.len() - fields.rest().len());
        }
        Some(Self { first, edge: Edge::from_levels(edge), signature, header_len, frames, ends })
    }

    /// Where frame number `at` lies.
    pub(crate) fn span(&self, at: usize) -> Range<usize> {
        let end = |number: usize| self.ends.get(number).copied();
        let start = at.checked_sub(1).and_then(end).unwrap_or(self.header_len);
        start..end(at).unwrap_or(start)
    }

    pub(crate) fn leaves(&self) -> Vec<TreeHash> {
        self.frames.iter().flat_map(|frame| frame.leaves.iter().copied()).collect()
    }

    /// All entries in bundle form.
    pub(crate) fn bundle(&self) -> Vec<u8> {
        self.frames.iter().flat_map(|frame| frame.body).copied().collect()
    }
}

fn edge_tile(fields: &mut Fields<'_>) -> Option<Vec<TreeHash>> {
    let width = usize::from(fields.u16()?);
    if width >= TILE_WIDTH {
        return None;
    }
    TreeHash::split(fields.take(width * crate::hash::WIDTH)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Vec<u8> {
        let mut edge = Edge::default();
        (0..300).for_each(|bundle| drop(edge.push(bundle, TreeHash::of_leaf(b"bundle"))));
        let mut bytes = encode_header(300 * 256, &edge, &[1; 64]);
        for entry in [b"one".as_slice(), b"", b"three"] {
            let mut body = Vec::new();
            bundle::push(&mut body, entry).unwrap();
            bytes.extend(encode_frame(&[TreeHash::of_leaf(entry)], &body, &[2; 64]));
        }
        bytes
    }

    #[test]
    fn a_tail_is_read_back() {
        let bytes = sample();
        let tail = Tail::parse(&bytes).unwrap();
        assert_eq!((tail.first, tail.frames.len(), tail.ends.last()), (76_800, 3, Some(&bytes.len())));
        assert_eq!(tail.edge.peaks(76_800).unwrap().size(), 76_800);
        assert!(tail.frames.iter().all(|frame| frame.check().is_ok()));
        assert!(bytes.starts_with(&prefix(76_800)));
    }

    proptest! {
        #[test]
        fn a_tail_cut_anywhere_keeps_its_complete_frames(cut in any::<usize>()) {
            let bytes = sample();
            let whole = Tail::parse(&bytes).unwrap();
            let cut = cut % bytes.len();
            let found = Tail::parse(&bytes[..cut]).map(|tail| tail.frames.len());
            let complete = whole.ends.iter().filter(|end| **end <= cut).count();
            prop_assert_eq!(found, (cut >= whole.header_len).then_some(complete));
        }

        #[test]
        fn any_bytes_are_a_tail_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _either = Tail::parse(&[MAGIC.as_slice(), &[0; 8], &bytes].concat());
        }
    }
}
