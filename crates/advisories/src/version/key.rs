//! The bytes that stand for a version: who compares them compares the versions.

/// Numbers below this are one byte.
const SMALL: u8 = 200;

/// Numbers with this many digits or more say how many in two further bytes.
const LONG: usize = 50;

/// A key that is being written, part by part; each part ends where it says itself, so that no two parts run
/// into each other.
pub(super) struct Key<'a>(pub(super) &'a mut Vec<u8>);

impl Key<'_> {
    /// What kind of part comes next, or that none does: kinds are ordered by their marks.
    pub(super) fn mark(&mut self, mark: u8) {
        self.0.push(mark);
    }

    /// A decimal number of any length, by its value; nothing at all is zero.
    pub(super) fn number(&mut self, digits: &str) {
        let digits = digits.trim_start_matches('0');
        match digits.parse::<u8>() {
            _ if digits.is_empty() => self.0.push(0),
            Ok(small) if small < SMALL => self.0.push(small),
            // Longer is more; of one length, the digits decide.
            _ => {
                let excess = digits.len().saturating_sub(3);
                let short = u8::try_from(excess).ok().filter(|_| excess < LONG);
                match short {
                    Some(excess) => self.0.push(SMALL + excess),
                    None => {
                        self.0.push(u8::MAX);
                        self.count(digits.len());
                    }
                }
                self.0.extend_from_slice(digits.as_bytes());
            }
        }
    }

    /// A word, by its bytes; one that begins another is before it.
    pub(super) fn word(&mut self, word: impl IntoIterator<Item = u8>) {
        for byte in word {
            if byte <= 1 {
                self.0.push(1);
            }
            self.0.push(byte);
        }
        self.0.push(0);
    }

    /// How many of something there are, fewer first.
    pub(super) fn count(&mut self, count: usize) {
        let count = u16::try_from(count).unwrap_or(u16::MAX);
        self.0.extend_from_slice(&count.to_be_bytes());
    }

    /// How many of something there are, more first.
    pub(super) fn countdown(&mut self, count: usize) {
        let count = u16::try_from(count).unwrap_or(u16::MAX);
        self.0.extend_from_slice(&(!count).to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(digits: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        Key(&mut bytes).number(digits);
        bytes
    }

    fn word(word: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        Key(&mut bytes).word(word.iter().copied());
        bytes
    }

    #[test]
    fn numbers_are_ordered_by_value() {
        let long = |length| "9".repeat(length);
        let ascending = ["", "1", "199", "200", "201", "255", "256", "999", "1000", "4294967296"]
            .into_iter()
            .map(str::to_owned)
            .chain([long(52), long(53), long(54), long(255), long(256), long(1024)]);
        let keys: Vec<_> = ascending.map(|digits| number(&digits)).collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{keys:?}");
        assert_eq!(number("007"), number("7"));
        assert_eq!(number("000"), number(""));
    }

    #[test]
    fn words_are_ordered_by_bytes_and_the_shorter_first() {
        let ascending: [&[u8]; 7] = [b"", b"\0", b"\x01", b"a", b"a\0", b"ab", b"b"];
        let keys: Vec<_> = ascending.iter().map(|text| word(text)).collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{keys:?}");
    }

    #[test]
    fn counts_go_up_and_down() {
        let mut bytes = Vec::new();
        let mut key = Key(&mut bytes);
        key.count(258);
        key.countdown(258);
        assert_eq!(bytes, [1, 2, 254, 253]);
    }
}
