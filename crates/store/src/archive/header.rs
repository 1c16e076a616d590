//! One 512-byte header block (POSIX.1-2017 pax "ustar Interchange Format", and GNU's variations).

/// Headers and data come in blocks of this many bytes.
pub(super) const BLOCK: usize = 512;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    HardLink,
    Symlink,
    Character,
    Block,
    Directory,
    Fifo,
}

/// What a header block is for.
pub(super) enum Purpose {
    Entry(Kind),
    /// An entry whose block also holds an old GNU sparse map.
    Sparse,
    PaxLocal,
    PaxGlobal,
    LongName,
    LongLink,
    /// GNU volume labels and Solaris attributes: carry nothing that belongs in a file system.
    Ignored,
}

/// A header block with a correct checksum.
pub(super) struct Header<'a>(&'a [u8; BLOCK]);

impl<'a> Header<'a> {
    /// `None` if the checksum is wrong; some old tars summed signed bytes.
    pub(super) fn checked(block: &'a [u8; BLOCK]) -> Option<Self> {
        let header = Self(block);
        let claimed = i64::try_from(octal(header.field(148, 8))?).ok()?;
        let spaces = 8 * i64::from(b' ');
        let outside = || block.iter().take(148).chain(block.iter().skip(156));
        let unsigned: i64 = outside().map(|byte| i64::from(*byte)).sum();
        let signed: i64 = outside().map(|byte| i64::from(byte.cast_signed())).sum();
        (claimed == unsigned + spaces || claimed == signed + spaces).then_some(header)
    }

    fn field(&self, start: usize, length: usize) -> &'a [u8] {
        self.0.get(start..start + length).unwrap_or_default()
    }

    pub(super) fn purpose(&self) -> Option<Purpose> {
        Some(match self.field(156, 1).first()? {
            b'0' | 0 | b'7' => Purpose::Entry(Kind::File),
            b'1' => Purpose::Entry(Kind::HardLink),
            b'2' => Purpose::Entry(Kind::Symlink),
            b'3' => Purpose::Entry(Kind::Character),
            b'4' => Purpose::Entry(Kind::Block),
            b'5' => Purpose::Entry(Kind::Directory),
            b'6' => Purpose::Entry(Kind::Fifo),
            b'S' => Purpose::Sparse,
            b'x' => Purpose::PaxLocal,
            b'g' => Purpose::PaxGlobal,
            b'L' => Purpose::LongName,
            b'K' => Purpose::LongLink,
            b'V' | b'X' => Purpose::Ignored,
            _ => return None,
        })
    }

    /// Name with the ustar prefix, which GNU headers use for other things.
    pub(super) fn path(&self) -> Vec<u8> {
        let name = text(self.field(0, 100));
        let prefix = text(self.field(345, 155));
        if self.field(257, 6) != b"ustar\0" || prefix.is_empty() {
            return name.to_vec();
        }
        [prefix, name].join(&b'/')
    }

    pub(super) fn link(&self) -> Vec<u8> {
        text(self.field(157, 100)).to_vec()
    }

    pub(super) fn mode(&self) -> Option<u32> {
        number(self.field(100, 8)).and_then(|mode| u32::try_from(mode & 0o7777).ok())
    }

    pub(super) fn uid(&self) -> Option<u64> {
        number(self.field(108, 8))
    }

    pub(super) fn gid(&self) -> Option<u64> {
        number(self.field(116, 8))
    }

    pub(super) fn size(&self) -> Option<u64> {
        number(self.field(124, 12))
    }

    /// Seconds since the epoch; times before it become the epoch.
    pub(super) fn mtime(&self) -> i64 {
        number(self.field(136, 12)).and_then(|time| i64::try_from(time).ok()).unwrap_or(0)
    }

    pub(super) fn device(&self) -> (u32, u32) {
        let part =
            |start| number(self.field(start, 8)).and_then(|n| u32::try_from(n).ok()).unwrap_or(u32::MAX);
        (part(329), part(337))
    }

    /// Old GNU sparse: four (offset, length) pairs, whether more blocks follow, and the real size.
    pub(super) fn sparse(&self) -> (&'a [u8], bool, Option<u64>) {
        (self.field(386, 96), self.field(482, 1) != [0], number(self.field(483, 12)))
    }
}

/// Up to the first NUL.
fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Octal digits, or GNU's base-256 when the top bit is set. Negative and oversized numbers are `None`.
pub(super) fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if first & 0x80 == 0 {
        return octal(field);
    }
    if *first != 0x80 {
        return None;
    }
    rest.iter().try_fold(0_u64, |value, byte| Some(value.checked_mul(256)? | u64::from(*byte)))
}

/// Digits surrounded by spaces and NULs; an empty field is zero.
fn octal(field: &[u8]) -> Option<u64> {
    let digits = field.trim_ascii_start().split(|byte| matches!(byte, 0 | b' ')).next()?;
    digits.iter().try_fold(0_u64, |value, digit| match digit {
        b'0'..=b'7' => Some(value.checked_mul(8)? + u64::from(digit - b'0')),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_base_256_and_never_negative() {
        assert_eq!(number(b"0000644\0"), Some(0o644));
        assert_eq!(number(b"   755 \0"), Some(0o755));
        assert_eq!(number(b"\0\0\0\0"), Some(0));
        assert_eq!(number(&[0x80, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(number(&[0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]), Some(1 << 32));
        assert_eq!(number(&[0xff; 12]), None);
        assert_eq!(number(b"0000648\0"), None);
    }
}
