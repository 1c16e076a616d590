//! Where the data of a sparse file lies (GNU tar manual, "Storing Sparse Files").

use super::header::number;

/// A run of data; everything between runs is a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

/// Runs that one file may have: more than any file system makes, few enough to hold.
pub(crate) const MAX_SEGMENTS: usize = 65_536;

/// Old GNU: 24-byte (offset, length) pairs, ended by an empty one.
pub(super) fn old_gnu(fields: &[u8], segments: &mut Vec<Segment>) -> Option<()> {
    for pair in fields.chunks_exact(24) {
        let (offset, length) = pair.split_at_checked(12)?;
        if offset.first() == Some(&0) {
            break;
        }
        segments.push(Segment { offset: number(offset)?, length: number(length)? });
    }
    (segments.len() <= MAX_SEGMENTS).then_some(())
}

/// Whether the runs are in order, do not overlap, lie within `size` and sum up to `stored`.
pub(super) fn is_sound(segments: &[Segment], size: u64, stored: u64) -> bool {
    let mut end = 0_u64;
    let mut sum = 0_u64;
    for segment in segments {
        let Some(segment_end) = segment.offset.checked_add(segment.length) else { return false };
        if segment.offset < end || segment_end > size {
            return false;
        }
        end = segment_end;
        sum += segment.length;
    }
    sum == stored && segments.len() <= MAX_SEGMENTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_ordered_and_accounts_for_every_stored_byte() {
        let at = |offset, length| Segment { offset, length };
        assert!(is_sound(&[at(0, 4), at(8, 4)], 12, 8));
        assert!(!is_sound(&[at(8, 4), at(0, 4)], 12, 8), "order");
        assert!(!is_sound(&[at(0, 4), at(2, 4)], 12, 8), "overlap");
        assert!(!is_sound(&[at(0, 4), at(8, 5)], 12, 9), "past the end");
        assert!(!is_sound(&[at(0, 4)], 12, 8), "bytes left over");
        assert!(!is_sound(&[at(u64::MAX, 4)], u64::MAX, 4), "overflow");
    }
}
