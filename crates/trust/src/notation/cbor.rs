//! The part of CBOR (RFC 8949) that COSE signatures are made of: whole numbers, bytes, text, lists, maps and tags of
//! known length.

use crate::signature::{Result, SignatureError};

/// Things in one document; a signature has some dozens.
const MOST_ITEMS: usize = 10_000;
/// Things in things; a signature has four.
const DEEPEST: usize = 8;
/// What an error calls it.
const WHAT: &str = "the COSE envelope";

/// One thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item<'a> {
    Number(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    List(Vec<Item<'a>>),
    /// No key is there twice.
    Map(Vec<(Item<'a>, Item<'a>)>),
    Tagged(u64, Box<Item<'a>>),
}

impl<'a> Item<'a> {
    /// Reads bytes that are one thing and nothing more.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self> {
        let mut reader = Reader { rest: bytes, items: 0 };
        let item = reader.item(0)?;
        if reader.rest.is_empty() { Ok(item) } else { Err(malformed("something follows it")) }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &Item<'_>) -> Option<&Item<'a>> {
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|(found, _)| found == key).map(|(_, value)| value)
    }

    pub(super) fn number(&self) -> Option<i64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    pub(super) fn bytes(&self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn list(&self) -> Option<&[Item<'a>]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// Section 3.4.2: tag 1 around seconds.
    pub(super) fn time(&self) -> Option<i64> {
        match self {
            Self::Tagged(1, inside) => inside.number(),
            _ => None,
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    items: usize,
}

impl<'a> Reader<'a> {
    fn item(&mut self, depth: usize) -> Result<Item<'a>> {
        self.items += 1;
        SignatureError::few("things in the COSE envelope", self.items, MOST_ITEMS)?;
        if depth > DEEPEST {
            return Err(malformed("its things are within each other too deeply"));
        }
        let (major, argument) = self.head()?;
        match major {
            0 => Ok(Item::Number(signed(argument)?)),
            1 => Ok(Item::Number(-1 - signed(argument)?)),
            2 => Ok(Item::Bytes(self.take(argument)?)),
            3 => {
                let text = std::str::from_utf8(self.take(argument)?);
                Ok(Item::Text(text.map_err(|_| malformed("a text is not UTF-8"))?))
            }
            4 => Ok(Item::List((0..argument).map(|_| self.item(depth + 1)).collect::<Result<_>>()?)),
            5 => self.map(argument, depth),
            6 => Ok(Item::Tagged(argument, Box::new(self.item(depth + 1)?))),
            _ => Err(malformed("it has a thing that no signature has")),
        }
    }

    /// Keys in order of their own bytes find what is there twice with one look back.
    fn map(&mut self, count: u64, depth: usize) -> Result<Item<'a>> {
        let mut entries = Vec::new();
        let mut keys = std::collections::BTreeSet::new();
        for _ in 0..count {
            let before = self.rest;
            let key = self.item(depth + 1)?;
            let length = before.len() - self.rest.len();
            if !keys.insert(before.get(..length).unwrap_or_default()) {
                return Err(malformed("a key is there twice"));
            }
            entries.push((key, self.item(depth + 1)?));
        }
        Ok(Item::Map(entries))
    }

    /// Section 3: three bits of kind, and a number in as few bytes as it needs.
    fn head(&mut self) -> Result<(u8, u64)> {
        let first = *self.take(1)?.first().ok_or_else(short)?;
        let (major, info) = (first >> 5, first & 0x1f);
        let length = match info {
            0..=23 => return Ok((major, u64::from(info))),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return Err(malformed("a length is not known beforehand")),
        };
        let argument = self.take(length)?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let least = match info {
            24 => 24,
            25 => 1 << 8,
            26 => 1 << 16,
            _ => 1 << 32,
        };
        if argument < least {
            return Err(malformed("a number takes more bytes than it needs"));
        }
        Ok((major, argument))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8]> {
        let length = usize::try_from(length).map_err(|_| short())?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(short)?;
        self.rest = rest;
        Ok(taken)
    }
}

/// Appends bytes as a thing.
pub(super) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_head(out, 2, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends text as a thing.
pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    write_head(out, 3, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Appends the head of a thing: of a list, that is how many things follow.
pub(super) fn write_head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let big = argument.to_be_bytes();
    let (info, bytes) = match argument {
        0..=23 => (big[7], 0),
        24..=0xff => (24, 1),
        0x100..=0xffff => (25, 2),
        0x1_0000..=0xffff_ffff => (26, 4),
        _ => (27, 8),
    };
    out.push(major << 5 | info);
    out.extend(big.iter().skip(8 - bytes));
}

fn signed(argument: u64) -> Result<i64> {
    i64::try_from(argument).map_err(|_| malformed("a number is too large"))
}

fn short() -> SignatureError {
    malformed("it ends too early")
}

pub(super) fn malformed(why: &str) -> SignatureError {
    SignatureError::malformed(WHAT)(why)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 8949, appendix A.
    #[test]
    fn the_specifications_examples_are_read() {
        let read = |bytes: &'static [u8]| Item::parse(bytes).unwrap();
        assert_eq!(read(&[0x18, 0x64]), Item::Number(100));
        assert_eq!(read(&[0x1a, 0x00, 0x0f, 0x42, 0x40]), Item::Number(1_000_000));
        assert_eq!(read(&[0x38, 0x63]), Item::Number(-100));
        assert_eq!(read(&[0x44, 1, 2, 3, 4]), Item::Bytes(&[1, 2, 3, 4]));
        assert_eq!(read(&[0x62, 0xc3, 0xbc]), Item::Text("ü"));
        assert_eq!(
            read(&[0x82, 1, 0x81, 2]),
            Item::List(vec![Item::Number(1), Item::List(vec![Item::Number(2)])])
        );
        assert_eq!(read(&[0xa1, 1, 2]).get(&Item::Number(1)), Some(&Item::Number(2)));
        assert_eq!(read(&[0xc1, 0x1a, 0x51, 0x4b, 0x67, 0xb0]).time(), Some(1_363_896_240));
    }

    #[test]
    fn what_claims_more_than_there_is_allocates_nothing_and_is_refused() {
        for bytes in [
            &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff][..],
            &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0xbb, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x9f, 0xff],
            &[0x18, 0x01],
            &[0xa2, 1, 2, 1, 3],
            &[0xf6],
            &[],
            &[0x01, 0x01],
            &[0xc1; 100],
        ] {
            assert_eq!(Item::parse(bytes).unwrap_err().code(), "E-trust-signature-malformed", "{bytes:x?}");
        }
        let many = [&[0x99, 0xff, 0xff][..], &[0; 0xffff]].concat();
        assert_eq!(Item::parse(&many).unwrap_err().code(), "E-trust-signature-limit");
    }

    fn written(item: &Item<'_>, out: &mut Vec<u8>) {
        match item {
            Item::Number(number @ 0..) => write_head(out, 0, number.unsigned_abs()),
            Item::Number(number) => write_head(out, 1, (-1 - number).unsigned_abs()),
            Item::Bytes(bytes) => write_bytes(out, bytes),
            Item::Text(text) => write_text(out, text),
            Item::List(items) => {
                write_head(out, 4, items.len() as u64);
                items.iter().for_each(|item| written(item, out));
            }
            Item::Map(entries) => {
                write_head(out, 5, entries.len() as u64);
                entries.iter().for_each(|(key, value)| {
                    written(key, out);
                    written(value, out);
                });
            }
            Item::Tagged(tag, inside) => {
                write_head(out, 6, *tag);
                written(inside, out);
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_written_as_it_was(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(item) = Item::parse(&bytes) {
                let mut out = Vec::new();
                written(&item, &mut out);
                prop_assert_eq!(out, bytes);
            }
        }

        #[test]
        fn numbers_survive(number in any::<i64>()) {
            let mut out = Vec::new();
            written(&Item::Number(number), &mut out);
            prop_assert_eq!(Item::parse(&out).unwrap(), Item::Number(number));
        }
    }
}
