//! What fuzz targets call: the parsers of what somebody else may have written to the disk.

use crate::bundle::Entries;
use crate::head::Head;
use crate::tail::Tail;

/// Reads `bytes` as a head, as a tail and as a bundle; returns how much was understood.
#[must_use]
pub fn read_files(bytes: &[u8]) -> usize {
    let heads = usize::from(Head::newest(bytes).0.is_some());
    let frames =
        Tail::parse(bytes).map_or(0, |tail| tail.frames.iter().filter(|frame| frame.check().is_ok()).count());
    heads + frames + Entries::of(bytes).count()
}

#[cfg(test)]
mod tests {
    #[test]
    fn two_entries_of_a_bundle_are_understood() {
        assert_eq!(super::read_files(b"\0\x01a\0\0"), 2);
    }
}
