//! The names of uploads: random, so that nobody can guess somebody else's.

use std::fmt;
use std::str::FromStr;

use model::hex;

use super::digest::shortened;

const DIGITS: usize = 32;

/// An upload's name: 32 lower-case hex digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UploadId(String);

impl UploadId {
    /// A name that nobody had before.
    pub(crate) fn random() -> super::Result<Self> {
        random_hex().map(Self)
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 128 random bits, as text.
pub(crate) fn random_hex() -> super::Result<String> {
    let mut bytes = [0; DIGITS / 2];
    getrandom::fill(&mut bytes).map_err(|error| {
        super::ShelfError::place("read", "the kernel's random numbers", std::io::Error::other(error))
    })?;
    Ok(hex::encode(&bytes))
}

/// The text is not an upload's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of an upload")]
pub struct UploadIdError(pub String);

impl FromStr for UploadId {
    type Err = UploadIdError;

    fn from_str(text: &str) -> Result<Self, UploadIdError> {
        let digits = text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        if digits && text.len() == DIGITS {
            return Ok(Self(text.to_owned()));
        }
        Err(UploadIdError(shortened(text)))
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploads_have_random_names_and_no_others() {
        let id = UploadId::random().unwrap();
        assert_ne!(id, UploadId::random().unwrap());
        assert_eq!(id.as_str().parse::<UploadId>().unwrap(), id);
        for bad in ["", "..", "0A".repeat(16).as_str(), "0".repeat(33).as_str()] {
            assert!(bad.parse::<UploadId>().is_err(), "{bad}");
        }
    }
}
