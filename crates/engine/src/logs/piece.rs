//! From bytes to lines: what one entry of a log holds.

use super::scan;

/// The longest text of one entry, in bytes, as Docker splits lines.
pub(super) const LONGEST: usize = 16 * 1024;

/// Whether the line ends with a piece of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It does: there was a newline, which is not part of the text.
    Newline,
    /// It goes on in the stream's next entry.
    Open,
}

/// A line, or as much of one as an entry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a [u8],
    pub(super) end: End,
    /// So many bytes of the beginning are known to need no escape.
    pub(super) plain: usize,
}

impl<'a> Piece<'a> {
    /// What stands at the beginning of `rest`; `None` if that is the beginning of a line that has no end yet
    /// and is not too long.
    pub(super) fn first(rest: &'a [u8]) -> Option<Self> {
        let window = rest.get(..=LONGEST).unwrap_or(rest);
        let plain = scan::plain(window);
        let (_, beyond) = window.split_at_checked(plain)?;
        match scan::after_newline(beyond) {
            Some(after) => {
                let text = window.get(..plain + after - 1)?;
                Some(Self { text, end: End::Newline, plain })
            }
            None if window.len() > LONGEST => Some(Self::open(window.get(..LONGEST)?)),
            None => None,
        }
    }

    /// The beginning of a line, without a character that is not whole yet.
    pub(super) fn open(text: &'a [u8]) -> Self {
        let text = text.get(..whole_characters(text)).filter(|whole| !whole.is_empty()).unwrap_or(text);
        Self { text, end: End::Open, plain: scan::plain(text) }
    }

    /// How many bytes of the stream it stands for, if an entry took so many of its text.
    pub(super) fn taken(&self, text: usize) -> usize {
        if text == self.text.len() && self.end == End::Newline { text + 1 } else { text }
    }

    /// How the entry ends that took so many bytes of the stream.
    pub(super) fn end_of(&self, taken: usize) -> End {
        if taken > self.text.len() { End::Newline } else { End::Open }
    }
}

/// Length of the text up to a character of UTF-8 that has begun and is not complete.
pub(super) fn whole_characters(text: &[u8]) -> usize {
    let continues = |byte: &&u8| **byte & 0xc0 == 0x80;
    let continued = text.iter().rev().take(3).take_while(continues).count();
    let Some(start) = text.len().checked_sub(continued + 1) else { return text.len() };
    let length = match text.get(start) {
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => 1,
    };
    if start + length > text.len() { start } else { text.len() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn first(text: &[u8]) -> Option<(usize, End)> {
        Piece::first(text).map(|piece| (piece.text.len(), piece.end))
    }

    #[test]
    fn a_line_is_one_piece_until_it_is_too_long() {
        assert_eq!(first(b"ab\ncd"), Some((2, End::Newline)));
        assert_eq!(first(b"\n"), Some((0, End::Newline)));
        assert_eq!(first(b"ab"), None);
        assert_eq!(first(b"a\"b\n"), Some((3, End::Newline)));
        let mut long = vec![b'x'; LONGEST];
        assert_eq!(first(&long), None);
        long.push(b'\n');
        assert_eq!(first(&long), Some((LONGEST, End::Newline)));
        long.insert(0, b'x');
        assert_eq!(first(&long), Some((LONGEST, End::Open)));
    }

    #[test]
    fn characters_are_not_torn() {
        assert_eq!(whole_characters("aä".as_bytes()), 3);
        assert_eq!(whole_characters(b"a\xc3"), 1);
        assert_eq!(whole_characters(b"a\xf0\x9f\x98"), 1);
        assert_eq!(whole_characters(b"a\xff"), 2);
        assert_eq!(whole_characters(b"\x80\x80\x80\x80\x80"), 5);
        assert_eq!(Piece::open(b"\xc3").text, b"\xc3");
    }

    proptest! {
        #[test]
        fn whole_characters_are_lost_in_no_text(text: String, cut in 0_usize..4) {
            prop_assert_eq!(whole_characters(text.as_bytes()), text.len());
            let torn = text.as_bytes().get(..text.len().saturating_sub(cut)).unwrap();
            prop_assert!(std::str::from_utf8(&torn[..whole_characters(torn)]).is_ok());
        }
    }
}
