//! Public keys as other people's tools write them: SubjectPublicKeyInfo (RFC 5280, 4.1.2.7), in DER or PEM.

use model::digest::Digest;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_cert::der::asn1::{BitStringRef, ObjectIdentifier, UintRef};
use x509_cert::der::oid::db::{rfc5912, rfc8410};
use x509_cert::der::{AnyRef, Decode as _, Reader as _, SliceReader, pem};
use x509_cert::spki::SubjectPublicKeyInfo;

use crate::key::PublicKey;
use crate::signature::{Result, SignatureError, shown};

/// Bytes of a key's file; RSA with 8192 bits has 1.4 KiB.
const MOST_BYTES: usize = 16 << 10;
/// What an error calls it.
const WHAT: &str = "the public key";

/// A key to verify other people's signatures with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    kind: Kind,
    /// What the algorithm knows as the key: a point, or an RSAPublicKey.
    bits: Vec<u8>,
    fingerprint: Digest,
}

/// What signatures a key can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ed25519,
    P256,
    P384,
    Rsa,
}

/// How something is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Ed25519 of the message itself.
    Ed25519,
    /// ECDSA.
    Ecdsa(Hash, Form),
    /// RSASSA-PKCS1-v1_5.
    Pkcs1(Hash),
    /// RSASSA-PSS with a salt as long as the hash.
    Pss(Hash),
}

/// What is hashed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// How the two numbers of ECDSA are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As X.509 and cosign do.
    Asn1,
    /// One after the other, as JOSE and COSE do.
    Fixed,
}

impl ForeignKey {
    /// Reads a key from PEM: `-----BEGIN PUBLIC KEY-----`.
    ///
    /// # Errors
    /// [`SignatureError::Malformed`] and [`SignatureError::KeyKind`].
    pub fn from_pem(text: &str) -> Result<Self> {
        SignatureError::fits(WHAT, text.as_bytes(), MOST_BYTES)?;
        let (label, der) =
            pem::decode_vec(text.trim().as_bytes()).map_err(SignatureError::malformed(WHAT))?;
        if label != "PUBLIC KEY" {
            return Err(SignatureError::OtherPem { found: shown(label), wanted: "PUBLIC KEY" });
        }
        Self::from_der(&der)
    }

    /// Reads a key from DER.
    ///
    /// # Errors
    /// [`SignatureError::Malformed`] and [`SignatureError::KeyKind`].
    pub fn from_der(der: &[u8]) -> Result<Self> {
        SignatureError::fits(WHAT, der, MOST_BYTES)?;
        let info: SubjectPublicKeyInfo<AnyRef<'_>, BitStringRef<'_>> =
            SubjectPublicKeyInfo::from_der(der).map_err(SignatureError::malformed(WHAT))?;
        let curve = || info.algorithm.parameters_oid().ok();
        let kind = match info.algorithm.oid {
            rfc8410::ID_ED_25519 => Kind::Ed25519,
            rfc5912::RSA_ENCRYPTION => Kind::Rsa,
            rfc5912::ID_EC_PUBLIC_KEY if curve() == Some(rfc5912::SECP_256_R_1) => Kind::P256,
            rfc5912::ID_EC_PUBLIC_KEY if curve() == Some(rfc5912::SECP_384_R_1) => Kind::P384,
            other => return Err(SignatureError::KeyKind(named(other, curve()))),
        };
        let bits = info.subject_public_key.as_bytes();
        let bits = bits.ok_or_else(|| SignatureError::malformed(WHAT)("its last byte is not whole"))?;
        Ok(Self { kind, bits: bits.to_vec(), fingerprint: Digest::of(der) })
    }

    /// SHA-256 of its DER, by which cosign's bundles hint at it.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        self.fingerprint
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Bits of an RSA modulus, or of a curve.
    pub(crate) fn strength(&self) -> usize {
        match self.kind {
            Kind::Ed25519 | Kind::P256 => 256,
            Kind::P384 => 384,
            Kind::Rsa => modulus(&self.bits).map_or(0, |bytes| bytes * 8),
        }
    }

    /// Whether the signature is this key's over the message, as the tools do that sign with bare keys.
    #[must_use]
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.usual().iter().any(|scheme| self.verifies(*scheme, message, signature))
    }

    /// What sigstore signs with, by the kind of key; ECDSA in both forms, because DSSE leaves that open.
    fn usual(&self) -> &'static [Scheme] {
        match self.kind {
            Kind::Ed25519 => &[Scheme::Ed25519],
            Kind::P256 => {
                &[Scheme::Ecdsa(Hash::Sha256, Form::Asn1), Scheme::Ecdsa(Hash::Sha256, Form::Fixed)]
            }
            Kind::P384 => &[
                Scheme::Ecdsa(Hash::Sha384, Form::Asn1),
                Scheme::Ecdsa(Hash::Sha256, Form::Asn1),
                Scheme::Ecdsa(Hash::Sha384, Form::Fixed),
            ],
            Kind::Rsa => &[Scheme::Pkcs1(Hash::Sha256), Scheme::Pss(Hash::Sha256)],
        }
    }

    /// Whether the signature is this key's over the message by this scheme. Schemes of other keys never are.
    #[must_use]
    pub(crate) fn verifies(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
        algorithm(self.kind, scheme).is_some_and(|algorithm| {
            UnparsedPublicKey::new(algorithm, &self.bits).verify(message, signature).is_ok()
        })
    }
}

impl TryFrom<&PublicKey> for ForeignKey {
    type Error = SignatureError;

    fn try_from(key: &PublicKey) -> Result<Self> {
        let pem = key.to_pem().ok_or_else(|| SignatureError::KeyKind(shown(key.scheme())))?;
        Self::from_pem(&pem)
    }
}

/// ring's algorithm for a key and a scheme that fit.
fn algorithm(kind: Kind, scheme: Scheme) -> Option<&'static dyn VerificationAlgorithm> {
    use self::{Form, Hash, Scheme};
    Some(match (kind, scheme) {
        (Kind::Ed25519, Scheme::Ed25519) => &signature::ED25519,
        (Kind::P256, Scheme::Ecdsa(Hash::Sha256, Form::Asn1)) => &signature::ECDSA_P256_SHA256_ASN1,
        (Kind::P256, Scheme::Ecdsa(Hash::Sha384, Form::Asn1)) => &signature::ECDSA_P256_SHA384_ASN1,
        (Kind::P256, Scheme::Ecdsa(Hash::Sha256, Form::Fixed)) => &signature::ECDSA_P256_SHA256_FIXED,
        (Kind::P384, Scheme::Ecdsa(Hash::Sha256, Form::Asn1)) => &signature::ECDSA_P384_SHA256_ASN1,
        (Kind::P384, Scheme::Ecdsa(Hash::Sha384, Form::Asn1)) => &signature::ECDSA_P384_SHA384_ASN1,
        (Kind::P384, Scheme::Ecdsa(Hash::Sha384, Form::Fixed)) => &signature::ECDSA_P384_SHA384_FIXED,
        (Kind::Rsa, Scheme::Pkcs1(Hash::Sha256)) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (Kind::Rsa, Scheme::Pkcs1(Hash::Sha384)) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (Kind::Rsa, Scheme::Pkcs1(Hash::Sha512)) => &signature::RSA_PKCS1_2048_8192_SHA512,
        (Kind::Rsa, Scheme::Pss(Hash::Sha256)) => &signature::RSA_PSS_2048_8192_SHA256,
        (Kind::Rsa, Scheme::Pss(Hash::Sha384)) => &signature::RSA_PSS_2048_8192_SHA384,
        (Kind::Rsa, Scheme::Pss(Hash::Sha512)) => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

/// Bytes of the first number of an RSAPublicKey (RFC 8017, A.1.1).
fn modulus(bits: &[u8]) -> Option<usize> {
    let read = SliceReader::new(bits).and_then(|mut reader| {
        reader.sequence(|inside| {
            let modulus = UintRef::decode(inside)?;
            let _exponent = UintRef::decode(inside)?;
            Ok(modulus.as_bytes().len())
        })
    });
    read.ok()
}

/// An algorithm's object identifier with the curve, where there is one.
fn named(algorithm: ObjectIdentifier, curve: Option<ObjectIdentifier>) -> String {
    match curve {
        Some(rfc5912::SECP_521_R_1) => "ECDSA P-521".to_owned(),
        Some(curve) => format!("{algorithm} over {curve}"),
        None => algorithm.to_string(),
    }
}
