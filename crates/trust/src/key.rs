//! Keys: the public half as metadata carries it, and the private half as something that signs.

mod der;
mod pem;
mod soft;

pub use pem::PemError;
pub use soft::{Algorithm, KeyError, SoftKey};

use std::fmt;

use model::digest::Digest;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::metadata::canonical;
use model::hex;

/// The name that a document gives to a key. It should be the SHA-256 of the key's canonical form, and publishers
/// exist whose ids are not: nothing here is believed because of an id. A key is found by its id in the one list
/// that its delegator signed, and counts by what it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// As it stands in a document.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it stands in a document.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Enough to tell keys apart.
    #[must_use]
    pub fn short(&self) -> String {
        self.0.chars().take(12).collect()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A public key, TUF 1.0 section 4.2.2: kept as it was written, so that its id and the signatures over it stay what
/// they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    keytype: String,
    scheme: String,
    keyval: KeyValue,
    #[serde(flatten)]
    other: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeyValue {
    public: String,
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// What a key is, however it is written down: two keys are the same if this is the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Material {
    /// 32 bytes.
    Ed25519([u8; 32]),
    /// An uncompressed point of P-256.
    EcdsaP256([u8; 65]),
    /// The DER of an `RSAPublicKey`, to verify RSASSA-PSS with SHA-256.
    RsaPss(Vec<u8>),
}

impl PublicKey {
    /// An Ed25519 key.
    #[must_use]
    pub fn ed25519(bytes: &[u8; 32]) -> Self {
        Self::new("ed25519", "ed25519", hex::encode(bytes))
    }

    /// An ECDSA key on P-256, by its uncompressed point.
    #[must_use]
    pub fn ecdsa_p256(point: &[u8; 65]) -> Self {
        let spki = der::p256_spki(point);
        Self::new("ecdsa", "ecdsa-sha2-nistp256", pem::encode("PUBLIC KEY", &spki))
    }

    /// Reads a PEM `PUBLIC KEY` (SubjectPublicKeyInfo), as openssl and cosign write it.
    ///
    /// # Errors
    /// [`PemError`] for what is no such key, or one of another algorithm.
    pub fn from_pem(text: &str) -> Result<Self, PemError> {
        let spki = pem::decode("PUBLIC KEY", text)?;
        match der::material(&spki).ok_or(PemError::Algorithm)? {
            Material::Ed25519(bytes) => Ok(Self::ed25519(&bytes)),
            Material::EcdsaP256(point) => Ok(Self::ecdsa_p256(&point)),
            Material::RsaPss(_) => {
                Ok(Self::new("rsa", "rsassa-pss-sha256", pem::encode("PUBLIC KEY", &spki)))
            }
        }
    }

    /// The PEM `PUBLIC KEY` of it, if it is of a kind that is understood.
    #[must_use]
    pub fn to_pem(&self) -> Option<String> {
        let spki = match self.material()? {
            Material::Ed25519(bytes) => der::ed25519_spki(&bytes),
            Material::EcdsaP256(point) => der::p256_spki(&point),
            Material::RsaPss(_) => return Some(self.keyval.public.clone()),
        };
        Some(pem::encode("PUBLIC KEY", &spki))
    }

    fn new(keytype: &str, scheme: &str, public: String) -> Self {
        let keyval = KeyValue { public, other: Map::new() };
        Self { keytype: keytype.to_owned(), scheme: scheme.to_owned(), keyval, other: Map::new() }
    }

    /// The id that the specification gives it: the SHA-256 of its canonical form.
    #[must_use]
    pub fn id(&self) -> KeyId {
        // A key is texts and what was read as JSON: it has a canonical form unless it holds floating-point numbers,
        // which no document with such a key can be signed with.
        let form = canonical::of(self).unwrap_or_default();
        KeyId(Digest::of(&form).hex())
    }

    /// As the document calls it: `ed25519`, `ecdsa-sha2-nistp256` or whatever else.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// What the key is; nothing if its scheme is not understood, or it is no key of its scheme.
    #[must_use]
    pub fn material(&self) -> Option<Material> {
        let public = self.keyval.public.as_str();
        match (self.keytype.as_str(), self.scheme.as_str()) {
            ("ed25519", "ed25519") => hex::array(public).map(Material::Ed25519),
            // sigstore's first roots have the point in hex, under a key type of their own.
            ("ecdsa" | "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256") => hex::array(public)
                .filter(der::is_uncompressed)
                .map(Material::EcdsaP256)
                .or_else(|| of_pem(public).filter(|material| matches!(material, Material::EcdsaP256(_)))),
            ("rsa", "rsassa-pss-sha256") => {
                of_pem(public).filter(|material| matches!(material, Material::RsaPss(_)))
            }
            _ => None,
        }
    }

    /// Whether `signature` is this key's signature of `message`. A key that is not understood has signed nothing.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.material().is_some_and(|material| material.verifies(message, signature))
    }
}

impl Material {
    /// Whether `signature` is this key's signature of `message`.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let (algorithm, key): (&'static dyn VerificationAlgorithm, &[u8]) = match self {
            Self::Ed25519(key) => (&ED25519, key),
            Self::EcdsaP256(point) => (&ECDSA_P256_SHA256_ASN1, point),
            Self::RsaPss(key) => (&RSA_PSS_2048_8192_SHA256, key),
        };
        UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok()
    }
}

fn of_pem(text: &str) -> Option<Material> {
    der::material(&pem::decode("PUBLIC KEY", text).ok()?)
}

/// What signs: a key in memory, in a hardware token, with another person.
pub trait Signer {
    /// The public half.
    fn public(&self) -> &PublicKey;

    /// Signs `message`.
    ///
    /// # Errors
    /// [`SignError`] if the key cannot be used.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// Why nothing was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("key `{}` does not sign: {reason}", key.short())]
pub struct SignError {
    /// Which key.
    pub key: KeyId,
    /// What whoever holds it said.
    pub reason: String,
}

#[cfg(test)]
mod tests;
