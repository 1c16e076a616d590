//! A private key in memory.

use std::fmt;

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use zeroize::Zeroizing;

use super::{PemError, PublicKey, SignError, Signer, pem};

/// What new keys are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// Small, fast and without choices to get wrong.
    #[default]
    Ed25519,
    /// What hardware and cosign have.
    EcdsaP256,
}

/// A private key in memory, wiped when it is dropped.
pub struct SoftKey {
    public: PublicKey,
    pair: Pair,
    pkcs8: Zeroizing<Vec<u8>>,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    EcdsaP256(EcdsaKeyPair),
}

/// Why there is no private key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not PKCS#8, or of another algorithm.
    #[error("is not an Ed25519 or ECDSA P-256 key in PKCS#8: {0}")]
    Rejected(String),
    /// Its frame is not PEM.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// The system has no random numbers.
    #[error("no key can be made: the system gives no random numbers")]
    Random,
}

impl SoftKey {
    /// Makes a new one.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        let document = match algorithm {
            Algorithm::Ed25519 => Ed25519KeyPair::generate_pkcs8(&random),
            Algorithm::EcdsaP256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random),
        };
        Self::from_pkcs8(document.map_err(|_| KeyError::Random)?.as_ref())
    }

    /// An Ed25519 key of 32 bytes that nobody else knows.
    ///
    /// # Errors
    /// [`KeyError::Rejected`].
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        // RFC 8410, section 7: a PrivateKeyInfo of version 0 with nothing but the seed.
        const PREFIX: [u8; 16] =
            [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
        Self::from_pkcs8(&Zeroizing::new([PREFIX.as_slice(), seed].concat()))
    }

    /// Reads the DER of a PKCS#8 document.
    ///
    /// # Errors
    /// [`KeyError::Rejected`].
    pub fn from_pkcs8(document: &[u8]) -> Result<Self, KeyError> {
        let pkcs8 = Zeroizing::new(document.to_vec());
        let rejected = |error: ring::error::KeyRejected| KeyError::Rejected(error.to_string());
        // openssl writes Ed25519 keys without their public half.
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(document) {
            let public = pair.public_key().as_ref().try_into().map(|bytes| PublicKey::ed25519(&bytes));
            let public = public.map_err(|_| KeyError::Rejected("its public half is damaged".to_owned()))?;
            return Ok(Self { public, pair: Pair::Ed25519(pair), pkcs8 });
        }
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document, &random);
        let pair = pair.map_err(rejected)?;
        let public = pair.public_key().as_ref().try_into().map(|point| PublicKey::ecdsa_p256(&point));
        let public = public.map_err(|_| KeyError::Rejected("its public half is damaged".to_owned()))?;
        Ok(Self { public, pair: Pair::EcdsaP256(pair), pkcs8 })
    }

    /// Reads a PEM `PRIVATE KEY`.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        Self::from_pkcs8(&Zeroizing::new(pem::decode("PRIVATE KEY", text)?))
    }

    /// The DER of its PKCS#8 document: the secret itself.
    #[must_use]
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The PEM `PRIVATE KEY` of it: the secret itself.
    #[must_use]
    pub fn to_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(pem::encode("PRIVATE KEY", &self.pkcs8))
    }
}

impl Signer for SoftKey {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.pair {
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::EcdsaP256(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message);
                let failed = |_| SignError {
                    key: self.public.id(),
                    reason: "the system gives no random numbers".to_owned(),
                };
                signature.map(|signature| signature.as_ref().to_vec()).map_err(failed)
            }
        }
    }
}

/// Does not show it.
impl fmt::Debug for SoftKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftKey({})", self.public.id().short())
    }
}
