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

    /// The number in the digits from `start` on, `digits` long: a cheap hash.
    pub(crate) fn number(&self, start: usize, digits: usize) -> usize {
        self.0.get(start..start + digits).and_then(|hex| usize::from_str_radix(hex, 16).ok()).unwrap_or(0)
    }
}

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
    fn paths_and_capitals_are_no_ids() {
        for text in ["", "..", "abc", &"A".repeat(64), &"../".repeat(21), &"0".repeat(65)] {
            assert!(text.parse::<ContainerId>().is_err(), "{text}");
        }
    }
}
