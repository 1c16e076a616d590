//! Texts that many records have in common, each written once: a length, two bytes of a check, the text.

use std::collections::HashMap;

use super::bytes::{Cursor, put_number};
use super::error::Damage;
use super::hash::check;

/// The section of texts, in bytes that may be anything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strings<'a>(pub(super) &'a [u8]);

impl<'a> Strings<'a> {
    /// The text at an offset; the empty one has none.
    pub(super) fn get(self, offset: u32) -> Result<&'a str, Damage> {
        if offset == 0 {
            return Ok("");
        }
        let rest = self.0.get(offset as usize..).ok_or(Damage("there is no such text"))?;
        let mut cursor = Cursor(rest);
        let length = cursor.number()? as usize;
        let expected = cursor.take(2)?;
        let text = cursor.take(length)?;
        if expected != short(text) {
            return Err(Damage("a text is not what was written"));
        }
        str::from_utf8(text).map_err(|_| Damage("a text is not UTF-8"))
    }
}

fn short(text: &[u8]) -> [u8; 2] {
    (check(text) as u16).to_le_bytes()
}

/// Gathers texts.
#[derive(Debug)]
pub(super) struct Interner {
    bytes: Vec<u8>,
    offsets: HashMap<Box<str>, u32>,
}

impl Interner {
    pub(super) fn new() -> Self {
        // Offset 0 is the empty text's, which is not written.
        Self { bytes: vec![0], offsets: HashMap::new() }
    }

    /// Where the text is.
    pub(super) fn put(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        if let Some(offset) = self.offsets.get(text) {
            return *offset;
        }
        let offset = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        put_number(&mut self.bytes, text.len() as u64);
        self.bytes.extend(short(text.as_bytes()));
        self.bytes.extend_from_slice(text.as_bytes());
        self.offsets.insert(text.into(), offset);
        offset
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_put_is_got(texts in prop::collection::vec(".{0,9}", 0..20)) {
            let mut interner = Interner::new();
            let offsets: Vec<_> = texts.iter().map(|text| interner.put(text)).collect();
            let again: Vec<_> = texts.iter().map(|text| interner.put(text)).collect();
            prop_assert_eq!(&offsets, &again);
            let bytes = interner.bytes();
            for (offset, text) in offsets.into_iter().zip(&texts) {
                prop_assert_eq!(Strings(&bytes).get(offset), Ok(text.as_str()));
            }
        }

        #[test]
        fn any_bytes_are_a_text_or_damage(bytes in prop::collection::vec(any::<u8>(), 0..40), offset in 0..50_u32) {
            let _either = Strings(&bytes).get(offset);
        }
    }
}
