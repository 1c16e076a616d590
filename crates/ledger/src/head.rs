//! The head: what a writer must know to append without reading the log. Two slots of one page each,
//! written in turn, so that a write which is cut short leaves the other.
//!
//! A slot is written after its entries are in the tail, and never flushed: after a power failure it
//! may be older than the tail, never newer than what was flushed (`flushed`).

use model::digest::Digest;

use crate::checkpoint::Checkpoint;
use crate::fields::Fields;
use crate::hash::TreeHash;
use crate::tail;
use crate::tree::Peaks;

pub(crate) const FILE: &str = "head";
pub(crate) const SLOT: usize = 4096;
const MAGIC: [u8; 8] = *b"cofhead1";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Counts writes; its lowest bit is the slot.
    pub(crate) generation: u64,
    /// Entries up to here survive a power failure.
    pub(crate) flushed: u64,
    /// The boot that wrote it, if known.
    pub(crate) boot: Option<[u8; 16]>,
    /// The first entry in the tail that this head goes with.
    pub(crate) tail_first: u64,
    /// The length of that tail in bytes.
    pub(crate) tail_len: u64,
    pub(crate) peaks: Peaks,
    /// Over the checkpoint of `peaks`.
    pub(crate) signature: [u8; 64],
}

impl Head {
    pub(crate) fn size(&self) -> u64 {
        self.peaks.size()
    }

    pub(crate) fn checkpoint(&self, origin: &str) -> Checkpoint {
        Checkpoint { origin: origin.to_owned(), size: self.size(), root: self.peaks.root() }
    }

    /// What may be missing. While the boot is the same, only of a frame that was never acknowledged;
    /// after another one, any sector of what was not flushed.
    pub(crate) fn losses(&self, boot: Option<[u8; 16]>) -> Losses {
        if boot.is_some() && boot == self.boot {
            Losses::behind(self.size())
        } else {
            Losses { from: self.flushed, unit: tail::SECTOR }
        }
    }

    pub(crate) fn slot_offset(&self) -> u64 {
        (self.generation & 1) * SLOT as u64
    }

    /// A whole slot, padded with zeroes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut slot = Vec::with_capacity(SLOT);
        slot.extend(MAGIC);
        for number in [self.generation, self.flushed, self.tail_first, self.tail_len, self.size()] {
            slot.extend(number.to_be_bytes());
        }
        slot.extend(self.boot.unwrap_or_default());
        slot.extend(self.signature);
        slot.extend(TreeHash::join(self.peaks.hashes()));
        slot.extend(Digest::of(&slot).as_bytes());
        slot.resize(SLOT, 0);
        slot
    }

    pub(crate) fn decode(slot: &[u8]) -> Option<Self> {
        let mut fields = Fields::new(slot);
        if fields.array()? != MAGIC {
            return None;
        }
        let (generation, flushed) = (fields.u64()?, fields.u64()?);
        let (tail_first, tail_len, size) = (fields.u64()?, fields.u64()?, fields.u64()?);
        let boot = Some(fields.array()?).filter(|id| *id != [0; 16]);
        let signature = fields.array()?;
        let hashes = TreeHash::split(fields.take(size.count_ones() as usize * crate::hash::WIDTH)?)?;
        let (covered, _) = slot.split_at_checked(slot.len() - fields.rest().len())?;
        if fields.array()? != *Digest::of(covered).as_bytes() || fields.rest().iter().any(|byte| *byte != 0) {
            return None;
        }
        let peaks = Peaks::from_parts(size, hashes)?;
        Some(Self { generation, flushed, boot, tail_first, tail_len, peaks, signature })
    }

    /// The newer of the valid slots, and whether both are valid.
    pub(crate) fn newest(file: &[u8]) -> (Option<Self>, Slots) {
        let (first, second) = file.split_at(file.len().min(SLOT));
        match (Self::decode(first), Self::decode(second)) {
            (Some(a), Some(b)) => (Some(if a.generation > b.generation { a } else { b }), Slots::Sound),
            (a, b) => (a.or(b), Slots::Damaged),
        }
    }
}

/// What may be missing from a tail without anybody having tampered with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Losses {
    /// Entries below this were acknowledged and must be there.
    pub(crate) from: u64,
    /// How many bytes of the file are lost together.
    pub(crate) unit: usize,
}

impl Losses {
    /// Nothing of the first `size` entries; behind them a writer may have been killed.
    pub(crate) fn behind(size: u64) -> Self {
        Self { from: size, unit: tail::WHOLE }
    }
}

/// Whether the head file is as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slots {
    Sound,
    Damaged,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head(size: u64) -> Head {
        let leaves: Vec<_> = (0..size).map(|i| TreeHash::of_leaf(&i.to_be_bytes())).collect();
        Head {
            generation: 7,
            flushed: size,
            boot: Some([3; 16]),
            tail_first: 0,
            tail_len: 99,
            peaks: Peaks::of(&leaves),
            signature: [9; 64],
        }
    }

    #[test]
    fn the_largest_head_fits_its_slot() {
        let peaks = Peaks::from_parts(u64::MAX, vec![TreeHash::of_nothing(); 64]).unwrap();
        let slot = Head { peaks, ..head(0) }.encode();
        assert_eq!(slot.len(), SLOT);
        assert!(Head::decode(&slot).is_some());
    }

    proptest! {
        #[test]
        fn a_slot_is_read_back_and_any_altered_bit_is_noticed(size in 0u64..300, at in 0usize..SLOT, bit in 0u8..8) {
            let head = head(size);
            let mut slot = head.encode();
            prop_assert_eq!(Head::decode(&slot), Some(head));
            slot[at] ^= 1 << bit;
            prop_assert_eq!(Head::decode(&slot), None);
        }

        #[test]
        fn any_bytes_are_a_head_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert_eq!(Head::newest(&bytes).0, None);
            let _either = Head::decode(&[MAGIC.as_slice(), &bytes].concat());
        }
    }
}
