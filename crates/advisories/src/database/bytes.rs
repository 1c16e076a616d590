//! Numbers and texts as the file has them: numbers in as few bytes as they need (LEB128), texts after their length.

use super::error::Damage;

/// Appends a number.
pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends bytes after their length.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Takes numbers and texts from the front of bytes that may be anything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn byte(&mut self) -> Result<u8, Damage> {
        let (first, rest) = self.0.split_first().ok_or(Damage("a record ends early"))?;
        self.0 = rest;
        Ok(*first)
    }

    /// A number of at most 32 bits: the file is not longer than these can count.
    pub(super) fn number(&mut self) -> Result<u32, Damage> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(first.into());
        }
        let mut number = u64::from(first & 0x7f);
        for shift in [7, 14, 21, 28] {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return u32::try_from(number).map_err(|_| Damage("a number is too large"));
            }
        }
        Err(Damage("a number is too long"))
    }

    /// How many of something follow, each of at least one byte.
    pub(super) fn count(&mut self) -> Result<usize, Damage> {
        let count = self.number()? as usize;
        if count <= self.0.len() { Ok(count) } else { Err(Damage("a list is longer than its record")) }
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Damage> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Damage("a record ends early"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Damage> {
        let length = self.number()?;
        self.take(length as usize)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Damage> {
        str::from_utf8(self.bytes()?).map_err(|_| Damage("a text is not UTF-8"))
    }

    pub(super) fn float(&mut self) -> Result<f32, Damage> {
        self.take(4)?
            .first_chunk()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .ok_or(Damage("a record ends early"))
    }
}

/// The little-endian number at an offset of bytes that may be shorter.
pub(super) fn number_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_put_is_taken(number: u32, text in ".{0,40}") {
            let mut out = Vec::new();
            put_number(&mut out, number.into());
            put_bytes(&mut out, text.as_bytes());
            let mut cursor = Cursor(&out);
            prop_assert_eq!((cursor.number().unwrap(), cursor.text().unwrap()), (number, text.as_str()));
            prop_assert!(cursor.byte().is_err());
        }

        #[test]
        fn any_bytes_are_a_number_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..8)) {
            let _either = Cursor(&bytes).number();
            let _either = Cursor(&bytes).text();
        }
    }

    #[test]
    fn a_number_of_more_than_32_bits_is_refused() {
        let mut out = Vec::new();
        put_number(&mut out, 1 << 32);
        assert!(Cursor(&out).number().is_err());
        assert!(Cursor(&[0x80; 10]).number().is_err());
    }
}
