//! Hashes of a file, section 4.4 `HASHES`: by the names of their algorithms, two of which are understood.

use std::collections::BTreeMap;

use model::digest::{ClaimedDigest, Digest};
use ring::digest::{SHA512, digest};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use model::hex;

/// What a file should hash to. Publishers have thousands: binary, and without a map of their own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hashes {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<Hash<32>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha512: Option<Box<Hash<64>>>,
    #[serde(flatten)]
    other: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hash<const N: usize>([u8; N]);

impl<const N: usize> Serialize for Hash<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hash<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        hex::array(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom("a hash is not of its length in hex digits"))
    }
}

impl Hashes {
    /// The SHA-256 of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::sha256_of(Digest::of(bytes).into())
    }

    /// A SHA-256 alone.
    #[must_use]
    pub fn sha256_of(digest: ClaimedDigest) -> Self {
        Self { sha256: Some(Hash(*digest.as_bytes())), ..Self::default() }
    }

    /// The SHA-256, if there is one.
    #[must_use]
    pub fn sha256(&self) -> Option<ClaimedDigest> {
        self.sha256.map(|hash| ClaimedDigest::from(hash.0))
    }

    /// The digits that precede a target's name in a consistent snapshot, section 6.2.1.
    #[must_use]
    pub fn prefix(&self) -> Option<String> {
        let sha256 = self.sha256.map(|hash| hex::encode(&hash.0));
        sha256.or_else(|| self.sha512.as_ref().map(|hash| hex::encode(&hash.0)))
    }

    /// Whether `bytes` hash to all that is understood, and something is.
    #[must_use]
    pub fn hold(&self, bytes: &[u8]) -> bool {
        let sha256 = self.sha256.map(|hash| hash.0 == *Digest::of(bytes).as_bytes());
        let sha512 = self.sha512.as_ref().map(|hash| digest(&SHA512, bytes).as_ref() == hash.0);
        match (sha256, sha512) {
            (None, None) => false,
            (sha256, sha512) => sha256.unwrap_or(true) && sha512.unwrap_or(true),
        }
    }
}
