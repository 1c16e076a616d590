//! What a Notation signature says of itself, whichever envelope it came in.

use std::collections::BTreeMap;

use model::digest::ClaimedDigest;
use serde::Deserialize;

use crate::foreign::{ForeignKey, Form, Hash, Kind, Scheme};
use crate::signature::{Result, SignatureError, shown};

/// Certificates of a chain.
const MOST_CERTIFICATES: usize = 10;
/// What an error calls it.
const WHAT: &str = "the Notation signature";

pub(super) const PAYLOAD_TYPE: &str = "application/vnd.cncf.notary.payload.v1+json";
pub(super) const SIGNING_SCHEME: &str = "io.cncf.notary.signingScheme";
pub(super) const SIGNING_TIME: &str = "io.cncf.notary.signingTime";
pub(super) const AUTHENTIC_TIME: &str = "io.cncf.notary.authenticSigningTime";
pub(super) const EXPIRY: &str = "io.cncf.notary.expiry";

/// An envelope that was taken apart, and of which nothing is verified.
#[derive(Debug)]
pub(super) struct Envelope {
    /// The very bytes that are signed.
    pub(super) message: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) algorithm: Algorithm,
    pub(super) claims: Claims,
    pub(super) payload: Vec<u8>,
    /// In DER, the signer's first.
    pub(super) chain: Vec<Vec<u8>>,
}

/// signature-specification.md, "Signed Attributes".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) scheme: SigningScheme,
    pub(super) expiry: Option<i64>,
}

/// signing-scheme.md: by whose word the time of a signature counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SigningScheme {
    /// By nobody's: what a timestamp beside it says is not read.
    X509,
    /// By the signer's, who is an authority.
    Authority {
        /// Unix seconds.
        time: i64,
    },
}

/// signature-specification.md, "Algorithm Selection".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Pss(Hash),
    Ecdsa(Hash),
}

/// What an envelope's headers say, in the words of JSON, which are COSE's too but for their labels.
#[derive(Debug, Default)]
pub(super) struct Headers {
    pub(super) content_type: Option<String>,
    pub(super) scheme: Option<String>,
    pub(super) signing_time: Option<i64>,
    pub(super) authentic_time: Option<i64>,
    pub(super) expiry: Option<i64>,
    pub(super) critical: Vec<String>,
}

impl Headers {
    /// The claims, if every header is understood that the signer wants understood.
    pub(super) fn claims(self) -> Result<Claims> {
        let content_type = self.content_type.unwrap_or_default();
        if content_type != PAYLOAD_TYPE {
            return Err(other_type(&content_type, PAYLOAD_TYPE));
        }
        let known = [SIGNING_SCHEME, AUTHENTIC_TIME, EXPIRY];
        if let Some(unknown) = self.critical.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(SignatureError::Critical(shown(unknown)));
        }
        let demanded = |name: &str| self.critical.iter().any(|critical| critical == name);
        let must = [
            (SIGNING_SCHEME, true),
            (AUTHENTIC_TIME, self.authentic_time.is_some()),
            (EXPIRY, self.expiry.is_some()),
        ];
        if let Some((name, _)) = must.iter().find(|(name, there)| *there != demanded(name)) {
            return Err(malformed(&format!("`{name}` and the list of critical headers do not agree")));
        }
        let scheme = match (self.scheme.as_deref(), self.signing_time, self.authentic_time) {
            (Some("notary.x509"), Some(_), None) => SigningScheme::X509,
            (Some("notary.x509.signingAuthority"), None, Some(time)) => SigningScheme::Authority { time },
            (Some("notary.x509" | "notary.x509.signingAuthority"), ..) => {
                return Err(malformed("it does not have the time that its signing scheme wants"));
            }
            (found, ..) => return Err(other_type(found.unwrap_or_default(), "notary.x509")),
        };
        Ok(Claims { scheme, expiry: self.expiry })
    }
}

impl Algorithm {
    /// The one that a key has to be used with: "the signature algorithm of the signing key is the source of truth".
    pub(super) fn of(key: &ForeignKey) -> Option<Self> {
        Some(match (key.kind(), key.strength()) {
            (Kind::P256, _) => Self::Ecdsa(Hash::Sha256),
            (Kind::P384, _) => Self::Ecdsa(Hash::Sha384),
            (Kind::Rsa, 2048) => Self::Pss(Hash::Sha256),
            (Kind::Rsa, 3072) => Self::Pss(Hash::Sha384),
            (Kind::Rsa, 4096) => Self::Pss(Hash::Sha512),
            _ => return None,
        })
    }

    pub(super) fn scheme(self) -> Scheme {
        match self {
            Self::Pss(hash) => Scheme::Pss(hash),
            Self::Ecdsa(hash) => Scheme::Ecdsa(hash, Form::Fixed),
        }
    }
}

/// A chain that is neither empty nor endless.
pub(super) fn few(chain: &[Vec<u8>]) -> Result<()> {
    SignatureError::few("certificates of a chain", chain.len(), MOST_CERTIFICATES)?;
    if chain.is_empty() { Err(malformed("it has no certificate")) } else { Ok(()) }
}

/// What the payload says of the image.
pub(super) fn target(payload: &[u8], wanted: &ClaimedDigest) -> Result<BTreeMap<String, String>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Payload {
        target_artifact: Target,
    }
    #[derive(Deserialize)]
    struct Target {
        digest: String,
        #[serde(default)]
        annotations: Option<BTreeMap<String, String>>,
    }
    let Payload { target_artifact } =
        serde_json::from_slice(payload).map_err(SignatureError::malformed("the signed payload"))?;
    if target_artifact.digest != wanted.to_string() {
        return Err(SignatureError::OtherDigest { signed: shown(&target_artifact.digest), wanted: *wanted });
    }
    Ok(target_artifact.annotations.unwrap_or_default())
}

pub(super) fn unknown_algorithm(found: &str) -> SignatureError {
    let why = "which is not one of RSASSA-PSS and ECDSA up to P-384";
    SignatureError::Algorithm { what: WHAT, found: shown(found), why }
}

pub(super) fn other_type(found: &str, wanted: &str) -> SignatureError {
    SignatureError::OtherType { found: shown(found), wanted: wanted.to_owned() }
}

pub(super) fn malformed(why: &str) -> SignatureError {
    SignatureError::malformed(WHAT)(why)
}
