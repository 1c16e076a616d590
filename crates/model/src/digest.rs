//! Content digests: [`ClaimedDigest`] is what somebody wrote down, [`Digest`] is what was hashed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::hex;

/// The SHA-256 of bytes that this process hashed or that the store hashed when it admitted them.
///
/// There is no public way to make one from text; see [`ClaimedDigest`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Hashes `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Vouches that the claim was checked when the bytes were admitted: for records that the store
    /// itself wrote after hashing. A test lists the callers.
    #[must_use]
    pub fn assertion(claimed: ClaimedDigest) -> Self {
        Self(claimed.0)
    }

    /// The raw 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hex digits, without the algorithm.
    #[must_use]
    pub fn hex(&self) -> String {
        hex::encode(&self.0)
    }

    /// `sha256:` and 12 hex digits, for tables.
    #[must_use]
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate("sha256:".len() + 12);
        text
    }
}

/// Hashes a stream piece by piece.
#[derive(Clone, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// A hasher that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Feeds the next bytes of the stream.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of everything that was fed.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// A digest that somebody claims: parsed from text, not checked against any bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClaimedDigest([u8; 32]);

impl ClaimedDigest {
    /// Turns the claim into a [`Digest`] if `hashed` bears it out.
    ///
    /// # Errors
    /// [`DigestMismatch`] with both values.
    pub fn confirm(self, hashed: Digest) -> Result<Digest, DigestMismatch> {
        if self.0 == hashed.0 { Ok(hashed) } else { Err(DigestMismatch { claimed: self, hashed }) }
    }

    /// The raw 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hex digits, without the algorithm.
    #[must_use]
    pub fn hex(&self) -> String {
        hex::encode(&self.0)
    }
}

/// Bytes that somebody wrote down are a claim, as text is.
impl From<[u8; 32]> for ClaimedDigest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// Whoever has hashed may claim: what is written down for others is a claim again.
impl From<Digest> for ClaimedDigest {
    fn from(digest: Digest) -> Self {
        Self(digest.0)
    }
}

/// The bytes are not what the claim says: an attack until proven otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("content hashes to {hashed}, but {claimed} was claimed")]
pub struct DigestMismatch {
    /// What was written down.
    pub claimed: ClaimedDigest,
    /// What the bytes hash to.
    pub hashed: Digest,
}

/// Why a text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestSyntax {
    /// OCI image-spec, descriptor.md "Digests": `algorithm ":" encoded`.
    #[error("`{0}` is not of the form `sha256:` and 64 lower-case hex digits")]
    Malformed(String),
    /// Registered algorithms other than sha256 are valid, and refused: nothing in use needs them.
    #[error("digest algorithm `{0}` is not supported, only `sha256` is")]
    Algorithm(String),
}

impl FromStr for ClaimedDigest {
    type Err = DigestSyntax;

    fn from_str(text: &str) -> Result<Self, DigestSyntax> {
        let malformed = || DigestSyntax::Malformed(text.chars().take(100).collect());
        let (algorithm, encoded) = text.split_once(':').ok_or_else(malformed)?;
        if matches!(algorithm, "sha512" | "blake3") {
            return Err(DigestSyntax::Algorithm(algorithm.to_owned()));
        }
        if algorithm != "sha256" {
            return Err(malformed());
        }
        unhex(encoded).map(Self).ok_or_else(malformed)
    }
}

/// Lower case only: the specification's grammar for sha256 is `[a-f0-9]{64}`.
fn unhex(text: &str) -> Option<[u8; 32]> {
    let is_lower = text.bytes().all(|digit| !digit.is_ascii_uppercase());
    is_lower.then(|| hex::array(text))?
}

macro_rules! as_text {
    ($($name:ty),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "sha256:{}", hex::encode(&self.0))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}
as_text!(Digest, ClaimedDigest);

impl<'de> Deserialize<'de> for ClaimedDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_claim_becomes_a_digest_only_when_the_bytes_agree() {
        let claimed: ClaimedDigest = EMPTY.parse().unwrap();
        assert_eq!(claimed.confirm(Digest::of(b"")).unwrap().to_string(), EMPTY);
        assert!(claimed.confirm(Digest::of(b"x")).is_err());
    }

    #[test]
    fn digests_are_lower_case_sha256_and_nothing_else() {
        for text in
            ["", "sha256", "sha256:", "sha256:E3", "md5:00", &EMPTY.to_uppercase(), &format!("{EMPTY}0")]
        {
            assert!(matches!(text.parse::<ClaimedDigest>(), Err(DigestSyntax::Malformed(_))), "{text}");
        }
        assert_eq!(
            "sha512:00".parse::<ClaimedDigest>().unwrap_err().to_string(),
            "digest algorithm `sha512` is not supported, only `sha256` is"
        );
    }

    #[test]
    fn hashing_in_pieces_is_hashing_at_once() {
        let mut hasher = Hasher::new();
        hasher.update(b"coffer");
        hasher.update(b"dam");
        assert_eq!(hasher.finish(), Digest::of(b"cofferdam"));
    }
}
