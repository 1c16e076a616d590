//! Numbers and spans within bytes that somebody hostile may have written: every one of them may not be there.

/// Which end of a number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

impl Order {
    /// Two bytes as a number.
    pub(crate) fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let chunk = *bytes.get(at..)?.first_chunk()?;
        Some(if self == Self::Little { u16::from_le_bytes(chunk) } else { u16::from_be_bytes(chunk) })
    }

    /// Four bytes as a number.
    pub(crate) fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let chunk = *bytes.get(at..)?.first_chunk()?;
        Some(if self == Self::Little { u32::from_le_bytes(chunk) } else { u32::from_be_bytes(chunk) })
    }

    /// Eight bytes as a number.
    pub(crate) fn u64(self, bytes: &[u8], at: usize) -> Option<u64> {
        let chunk = *bytes.get(at..)?.first_chunk()?;
        Some(if self == Self::Little { u64::from_le_bytes(chunk) } else { u64::from_be_bytes(chunk) })
    }

    /// Four bytes as a size or an offset.
    pub(crate) fn size(self, bytes: &[u8], at: usize) -> Option<usize> {
        usize::try_from(self.u32(bytes, at)?).ok()
    }
}

/// `length` bytes from `at` on.
pub(crate) fn span(bytes: &[u8], at: usize, length: usize) -> Option<&[u8]> {
    bytes.get(at..at.checked_add(length)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_and_no_byte_too_many() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!((Order::Little.u16(&bytes, 0), Order::Big.u16(&bytes, 6)), (Some(0x0201), Some(0x0708)));
        assert_eq!((Order::Little.u32(&bytes, 4), Order::Big.u32(&bytes, 5)), (Some(0x0807_0605), None));
        assert_eq!(
            (Order::Big.u64(&bytes, 0), Order::Big.u64(&bytes, 1)),
            (Some(0x0102_0304_0506_0708), None)
        );
        assert_eq!((span(&bytes, 7, 1), span(&bytes, 7, 2)), (Some(&[8][..]), None));
        assert_eq!(span(&bytes, usize::MAX, 2), None);
    }
}
