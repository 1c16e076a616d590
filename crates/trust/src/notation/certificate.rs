//! One X.509 certificate: what the rules of Notary Project ask of it.

use std::collections::BTreeMap;

use model::digest::Digest;
use x509_cert::certificate::CertificateInner;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::oid::db::{rfc4519, rfc5912};
use x509_cert::der::{Decode as _, Encode as _, Reader as _, SliceReader, Tag, Tagged as _, pem};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};
use x509_cert::name::Name;

use crate::foreign::{ForeignKey, Form, Hash, Scheme};
use crate::signature::{Result, SignatureError, shown};

/// Bytes of a certificate.
const MOST_BYTES: usize = 64 << 10;
/// Certificates that somebody trusts, in one file: a browser's bundle has some 150.
const MOST_OF_A_FILE: usize = 1_000;
/// What an error calls it.
const WHAT: &str = "the certificate";

/// A certificate. What it says is believed by nobody yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Certificate {
    inner: CertificateInner,
    /// The very bytes that its issuer signed.
    signed: Vec<u8>,
    key: ForeignKey,
    fingerprint: Digest,
}

/// What of a certificate's extensions counts: "rest of the extensions MUST NOT be evaluated or honored".
pub(super) struct Uses {
    pub(super) basic: Option<(bool, BasicConstraints)>,
    pub(super) key: Option<(bool, KeyUsage)>,
    pub(super) extended: Option<ExtendedKeyUsage>,
}

impl Certificate {
    /// Reads every certificate of a file: one in DER, or in PEM as many as there are.
    ///
    /// # Errors
    /// [`SignatureError`], for the first that is none.
    pub fn parse_all(bytes: &[u8]) -> Result<Vec<Self>> {
        let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| text.contains("-----BEGIN")) else {
            return Ok(vec![Self::from_der(bytes)?]);
        };
        let mut certificates = Vec::new();
        for block in text.split_inclusive("-----END CERTIFICATE-----") {
            if block.trim().is_empty() {
                continue;
            }
            SignatureError::few("certificates of a file", certificates.len() + 1, MOST_OF_A_FILE)?;
            certificates.push(Self::parse(block.as_bytes())?);
        }
        Ok(certificates)
    }

    /// Reads one certificate, in DER or in PEM.
    ///
    /// # Errors
    /// [`SignatureError::Malformed`] and [`SignatureError::KeyKind`].
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        if !bytes.trim_ascii_start().starts_with(b"-----BEGIN") {
            return Self::from_der(bytes);
        }
        SignatureError::fits(WHAT, bytes, MOST_BYTES)?;
        let (label, der) = pem::decode_vec(bytes.trim_ascii()).map_err(SignatureError::malformed(WHAT))?;
        if label != "CERTIFICATE" {
            return Err(SignatureError::OtherPem { found: shown(label), wanted: "CERTIFICATE" });
        }
        Self::from_der(&der)
    }

    pub(super) fn from_der(der: &[u8]) -> Result<Self> {
        SignatureError::fits(WHAT, der, MOST_BYTES)?;
        let inner = CertificateInner::from_der(der).map_err(SignatureError::malformed(WHAT))?;
        let signed = SliceReader::new(der).and_then(|mut reader| {
            reader.sequence(|inside| {
                let signed = inside.tlv_bytes()?;
                let _rest = inside.tlv_bytes()?;
                let _signature = inside.tlv_bytes()?;
                Ok(signed.to_vec())
            })
        });
        let key = inner.tbs_certificate.subject_public_key_info.to_der();
        Ok(Self {
            signed: signed.map_err(SignatureError::malformed(WHAT))?,
            key: ForeignKey::from_der(&key.map_err(SignatureError::malformed(WHAT))?)?,
            fingerprint: Digest::of(der),
            inner,
        })
    }

    /// SHA-256 of its DER.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        self.fingerprint
    }

    /// Whom it names, RFC 4514.
    #[must_use]
    pub fn subject(&self) -> String {
        self.inner.tbs_certificate.subject.to_string()
    }

    pub(super) fn key(&self) -> &ForeignKey {
        &self.key
    }

    /// The parts of its subject by their short names.
    pub(super) fn attributes(&self) -> Result<BTreeMap<&'static str, String>> {
        attributes(&self.inner.tbs_certificate.subject)
            .ok_or_else(|| self.unfit("names a part of its subject twice, or in no text that is read here"))
    }

    /// From when until when: Unix seconds.
    pub(super) fn validity(&self) -> (i64, i64) {
        let validity = &self.inner.tbs_certificate.validity;
        let seconds = |time: x509_cert::time::Time| {
            i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
        };
        (seconds(validity.not_before), seconds(validity.not_after))
    }

    pub(super) fn uses(&self) -> Result<Uses> {
        let tbs = &self.inner.tbs_certificate;
        let unread = |_| self.unfit("has an extension twice, or one that cannot be read");
        Ok(Uses {
            basic: tbs.get::<BasicConstraints>().map_err(unread)?,
            key: tbs.get::<KeyUsage>().map_err(unread)?,
            extended: tbs.get::<ExtendedKeyUsage>().map_err(unread)?.map(|(_, extended)| extended),
        })
    }

    /// Whether it is the issuer of the other: by name, and by signature.
    pub(super) fn issued(&self, other: &Self) -> bool {
        let algorithm = scheme(other.inner.signature_algorithm.oid);
        let named = other.inner.tbs_certificate.issuer == self.inner.tbs_certificate.subject;
        let agreed = other.inner.signature_algorithm == other.inner.tbs_certificate.signature;
        let signature = other.inner.signature.as_bytes().unwrap_or_default();
        named && agreed && algorithm.is_some_and(|scheme| self.key.verifies(scheme, &other.signed, signature))
    }

    /// An error about it.
    pub(super) fn unfit(&self, why: &str) -> SignatureError {
        SignatureError::Certificate { subject: shown(&self.subject()), why: why.to_owned() }
    }
}

/// How certificates are signed. SHA-1 is not here: "MUST NOT use SHA1WithRSA and ECDSAWithSHA1".
fn scheme(algorithm: ObjectIdentifier) -> Option<Scheme> {
    Some(match algorithm {
        rfc5912::SHA_256_WITH_RSA_ENCRYPTION => Scheme::Pkcs1(Hash::Sha256),
        rfc5912::SHA_384_WITH_RSA_ENCRYPTION => Scheme::Pkcs1(Hash::Sha384),
        rfc5912::SHA_512_WITH_RSA_ENCRYPTION => Scheme::Pkcs1(Hash::Sha512),
        rfc5912::ECDSA_WITH_SHA_256 => Scheme::Ecdsa(Hash::Sha256, Form::Asn1),
        rfc5912::ECDSA_WITH_SHA_384 => Scheme::Ecdsa(Hash::Sha384, Form::Asn1),
        _ => return None,
    })
}

/// The attributes that an identity may be made of; others are nobody's business.
const ATTRIBUTES: [(ObjectIdentifier, &str); 6] = [
    (rfc4519::CN, "CN"),
    (rfc4519::C, "C"),
    (rfc4519::ST, "ST"),
    (rfc4519::L, "L"),
    (rfc4519::O, "O"),
    (rfc4519::OU, "OU"),
];

fn attributes(name: &Name) -> Option<BTreeMap<&'static str, String>> {
    let mut found = BTreeMap::new();
    for part in name.0.iter().flat_map(|part| part.0.iter()) {
        let Some((_, short)) = ATTRIBUTES.iter().find(|(id, _)| *id == part.oid) else { continue };
        if !matches!(part.value.tag(), Tag::Utf8String | Tag::PrintableString | Tag::Ia5String) {
            return None;
        }
        let text = std::str::from_utf8(part.value.value()).ok()?;
        if found.insert(*short, text.to_owned()).is_some() {
            return None;
        }
    }
    Some(found)
}
