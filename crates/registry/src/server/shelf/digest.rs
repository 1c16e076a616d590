//! Digests of what a registry stores: checked text, of one of the two algorithms that clients use.

use std::fmt;
use std::str::FromStr;

use model::hex;
use sha2::{Digest as _, Sha256, Sha512};

/// How a blob is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256: what everybody uses.
    Sha256,
    /// SHA-512: what the specification registers beside it.
    Sha512,
}

impl Algorithm {
    /// As it stands in a digest and in keys.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// How many hex digits a digest has.
    fn digits(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

/// A digest as somebody wrote it. Its text is safe in a path.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentDigest {
    algorithm: Algorithm,
    hex: String,
}

impl ContentDigest {
    /// What `bytes` hash to.
    #[must_use]
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut hashing = Hashing::new(algorithm);
        hashing.update(bytes);
        hashing.finish()
    }

    /// How it is hashed.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its lower-case hex digits.
    #[must_use]
    pub fn hex(&self) -> &str {
        &self.hex
    }

    /// From its two parts, as they stand in keys.
    ///
    /// # Errors
    /// As from text.
    pub fn from_parts(algorithm: &str, hex: &str) -> Result<Self, DigestText> {
        let algorithm = match algorithm {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            other => return Err(DigestText::Algorithm(shortened(other))),
        };
        let fits = hex.len() == algorithm.digits();
        if fits && hex.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
            return Ok(Self { algorithm, hex: hex.to_owned() });
        }
        Err(DigestText::Malformed(shortened(hex)))
    }

    /// The digest if `bytes` are what it says.
    ///
    /// # Errors
    /// [`super::ShelfError::Digest`].
    pub(crate) fn check(&self, hashed: Self) -> super::Result<()> {
        if *self == hashed {
            return Ok(());
        }
        Err(super::ShelfError::Digest { claimed: self.clone(), hashed })
    }
}

/// Why a text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestText {
    /// Not `algorithm:hex`, or not as many lower-case hex digits as the algorithm gives.
    #[error("`{0}` is not a digest, which is `sha256:` and 64 or `sha512:` and 128 lower-case hex digits")]
    Malformed(String),
    /// An algorithm that nothing in use needs.
    #[error("digest algorithm `{0}` is not supported, only `sha256` and `sha512` are")]
    Algorithm(String),
}

impl FromStr for ContentDigest {
    type Err = DigestText;

    fn from_str(text: &str) -> Result<Self, DigestText> {
        let (algorithm, hex) = text.split_once(':').ok_or_else(|| DigestText::Malformed(shortened(text)))?;
        Self::from_parts(algorithm, hex)
    }
}

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex)
    }
}

impl fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Hashes a stream piece by piece.
#[derive(Clone)]
pub(crate) enum Hashing {
    Sha256(Sha256),
    Sha512(Box<Sha512>),
}

impl Hashing {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Box::default()),
        }
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Sha256(_) => Algorithm::Sha256,
            Self::Sha512(_) => Algorithm::Sha512,
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> ContentDigest {
        let algorithm = self.algorithm();
        let hex = match self {
            Self::Sha256(hasher) => hex::encode(&hasher.finalize()),
            Self::Sha512(hasher) => hex::encode(&hasher.finalize()),
        };
        ContentDigest { algorithm, hex }
    }
}

/// As much of a stranger's text as an error should repeat.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_lower_case_hex_of_the_right_length() {
        for good in [format!("sha256:{}", "0a".repeat(32)), format!("sha512:{}", "0a".repeat(64))] {
            assert_eq!(good.parse::<ContentDigest>().unwrap().to_string(), good);
        }
        for bad in ["", "sha256", "sha256:", "sha256:../../etc", &format!("sha256:{}", "0A".repeat(32))] {
            assert!(matches!(bad.parse::<ContentDigest>(), Err(DigestText::Malformed(_))), "{bad}");
        }
        assert_eq!("md5:00".parse::<ContentDigest>(), Err(DigestText::Algorithm("md5".to_owned())));
    }

    #[test]
    fn both_algorithms_hash() {
        let sha256 = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(ContentDigest::of(Algorithm::Sha256, b"").to_string(), sha256);
        let sha512 = ContentDigest::of(Algorithm::Sha512, b"");
        assert!(sha512.hex().starts_with("cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"));
        assert!(sha512.check(ContentDigest::of(Algorithm::Sha512, b"x")).is_err());
    }
}
