//! Container ids: 64 random hex digits, as everywhere else in the field.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A container's id: 64 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContainerId(String);

impl ContainerId {
    /// A new one from the kernel's random numbers.
    ///
    /// # Errors
    /// getrandom(2)'s.
    pub fn random() -> std::io::Result<Self> {
        use fmt::Write as _;
        let mut bytes = [0_u8; 32];
        let got = rustix::rand::getrandom(&mut bytes[..], rustix::rand::GetRandomFlags::empty())?;
        if got != bytes.len() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Self(bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
            let _infallible = write!(text, "{byte:02x}");
            text
        })))
    }

    /// All 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12, for tables and as the default host name.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }

    /// The same in 43 characters, four for three bytes: ext4 keeps a symbolic link of up to 59 in its
    /// inode, a longer one takes a block of its own, which has to be found and given back.
    pub(crate) fn packed(&self) -> String {
        let mut packed = String::with_capacity(43);
        for six in self.0.as_bytes().chunks(3) {
            // Three hex digits are twelve bits, two characters.
            let text = std::str::from_utf8(six).unwrap_or_default();
            let bits = usize::from_str_radix(text, 16).unwrap_or(0) << (4 * (3 - six.len()));
            let digits = [bits >> 6, bits & 63].into_iter().take(if six.len() == 3 { 2 } else { 1 });
            packed.extend(digits.filter_map(|digit| PACKING.get(digit).map(|byte| char::from(*byte))));
        }
        packed
    }

    /// Reads what [`Self::packed`] wrote; `None` for any other text.
    pub(crate) fn unpacked(text: &str) -> Option<Self> {
        use fmt::Write as _;
        let mut hex = String::with_capacity(66);
        for pair in text.as_bytes().chunks(2) {
            let digit = |byte: &u8| PACKING.iter().position(|known| known == byte);
            let (high, low) = (digit(pair.first()?)?, pair.get(1).map_or(Some(0), digit)?);
            let _infallible = write!(hex, "{:03x}", high << 6 | low);
        }
        hex.truncate(64);
        hex.parse().ok().filter(|id: &Self| id.packed() == text)
    }

    /// The number in the digits from `start` on, `digits` long: a cheap hash.
    pub(crate) fn number(&self, start: usize, digits: usize) -> usize {
        self.0.get(start..start + digits).and_then(|hex| usize::from_str_radix(hex, 16).ok()).unwrap_or(0)
    }
}

/// Characters that stand for six bits each (RFC 4648 section 5).
const PACKING: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The text is no container id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a container id: 64 lower-case hex digits")]
pub struct NotAnId(String);

impl FromStr for ContainerId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if text.len() == 64 && is_prefix(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnId(text.chars().take(80).collect()))
        }
    }
}

/// Whether the text can be the beginning of an id.
pub(crate) fn is_prefix(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

impl TryFrom<String> for ContainerId {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<Self, NotAnId> {
        text.parse()
    }
}

impl From<ContainerId> for String {
    fn from(id: ContainerId) -> Self {
        id.0
    }
}

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_64_hex_digits_and_differ() {
        let (one, other) = (ContainerId::random().unwrap(), ContainerId::random().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.as_str().parse(), Ok(one.clone()));
        assert_eq!(one.short().len(), 12);
    }

    #[test]
    fn a_packed_id_is_short_and_comes_back() {
        for _ in 0..100 {
            let id = ContainerId::random().unwrap();
            assert_eq!(id.packed().len(), 43);
            assert_eq!(ContainerId::unpacked(&id.packed()), Some(id));
        }
        for text in ["", "..", "../../etc", &"A".repeat(42), &"A".repeat(44), &"_".repeat(43)] {
            assert_eq!(ContainerId::unpacked(text), None, "{text}");
        }
    }

    #[test]
    fn paths_and_capitals_are_no_ids() {
        for text in ["", "..", "abc", &"A".repeat(64), &"../".repeat(21), &"0".repeat(65)] {
            assert!(text.parse::<ContainerId>().is_err(), "{text}");
        }
    }
}
