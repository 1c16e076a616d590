//! The envelope that an index is signed in: DSSE (secure-systems-lab/dsse), which says what kind of document it
//! holds, so that a signature of something else is none of this.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use model::digest::Digest;
use serde::{Deserialize, Serialize};

use super::error::DatabaseError;

/// What the document is.
const PAYLOAD: &str = "application/vnd.cofferdam.advisories+json";

/// The most signatures that are looked at.
const MOST_SIGNATURES: usize = 16;

/// Whose advisories are believed.
#[derive(Debug, Clone)]
pub enum Trust {
    /// Anybody's: whoever could write them was allowed to.
    Anybody,
    /// Those that one of these keys signed.
    Keys(Vec<PublisherKey>),
}

/// The public half of a publisher's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherKey(VerifyingKey);

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the Base64 of an Ed25519 key")]
pub struct BadKey(String);

impl PublisherKey {
    /// Reads the Base64 of 32 bytes.
    ///
    /// # Errors
    /// [`BadKey`].
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let bytes = STANDARD.decode(text.trim()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let key = bytes.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
        key.map(Self).ok_or_else(|| BadKey(text.chars().take(80).collect()))
    }

    /// Enough to tell keys apart.
    #[must_use]
    pub fn id(&self) -> String {
        Digest::of(self.0.as_bytes()).short()
    }
}

/// As [`PublisherKey::parse`] reads it.
impl std::fmt::Display for PublisherKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&STANDARD.encode(self.0.as_bytes()))
    }
}

/// The private half.
pub struct Publisher(SigningKey);

impl Publisher {
    /// Of 32 random bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublisherKey {
        PublisherKey(self.0.verifying_key())
    }
}

/// Does not show it.
impl std::fmt::Debug for Publisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Publisher({})", self.public().id())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload_type: String,
    payload: String,
    signatures: Vec<Line>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    keyid: String,
    sig: String,
}

/// Puts a document in an envelope; without a publisher it is not signed.
pub(super) fn seal(document: &[u8], publisher: Option<&Publisher>) -> Vec<u8> {
    let line = |publisher: &Publisher| Line {
        keyid: publisher.public().id(),
        sig: STANDARD.encode(publisher.0.sign(&signed_bytes(document)).to_bytes()),
    };
    let signatures = publisher.map(line).into_iter().collect();
    let envelope =
        Envelope { payload_type: PAYLOAD.to_owned(), payload: STANDARD.encode(document), signatures };
    // Texts alone: there is nothing in it that JSON lacks.
    serde_json::to_vec(&envelope).unwrap_or_default()
}

/// The document in an envelope, if it is signed by whom it should be; `path` is for errors.
pub(super) fn unseal(envelope: &[u8], trust: &Trust, path: &str) -> Result<Vec<u8>, DatabaseError> {
    let damaged = |reason: String| DatabaseError::damaged(path, reason);
    let envelope: Envelope = serde_json::from_slice(envelope).map_err(|error| damaged(error.to_string()))?;
    if envelope.payload_type != PAYLOAD {
        return Err(damaged("it is no index of advisories".to_owned()));
    }
    let document = STANDARD.decode(&envelope.payload).map_err(|error| damaged(error.to_string()))?;
    match trust {
        Trust::Anybody => Ok(document),
        Trust::Keys(keys) => judge(&envelope.signatures, &document, keys, path).map(|()| document),
    }
}

fn judge(lines: &[Line], document: &[u8], keys: &[PublisherKey], path: &str) -> Result<(), DatabaseError> {
    let message = signed_bytes(document);
    let mut claimed = false;
    for line in lines.iter().take(MOST_SIGNATURES) {
        let bytes = STANDARD.decode(&line.sig).ok().and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
        let Some(signature) = bytes.map(|bytes| Signature::from_bytes(&bytes)) else { continue };
        if keys.iter().any(|key| key.0.verify_strict(&message, &signature).is_ok()) {
            return Ok(());
        }
        claimed |= keys.iter().any(|key| key.id() == line.keyid);
    }
    let refusal = if claimed { DatabaseError::Forged } else { DatabaseError::Unsigned };
    Err(refusal(path.to_owned()))
}

/// DSSE's pre-authentication encoding.
fn signed_bytes(document: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {PAYLOAD} {} ", PAYLOAD.len(), document.len());
    [head.as_bytes(), document].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(seeds: &[u8]) -> Trust {
        Trust::Keys(seeds.iter().map(|seed| Publisher::from_seed(&[*seed; 32]).public()).collect())
    }

    #[test]
    fn what_a_required_key_signed_is_opened_and_nothing_else() {
        let sealed = seal(b"{}", Some(&Publisher::from_seed(&[1; 32])));
        assert_eq!(unseal(&sealed, &keys(&[2, 1]), "x").unwrap(), b"{}");
        assert_eq!(unseal(&sealed, &Trust::Anybody, "x").unwrap(), b"{}");
        assert_eq!(unseal(&sealed, &keys(&[2]), "x").unwrap_err().code(), "E-advisories-unsigned");
        assert_eq!(unseal(&sealed, &keys(&[]), "x").unwrap_err().code(), "E-advisories-unsigned");
        let unsigned = seal(b"{}", None);
        assert_eq!(unseal(&unsigned, &keys(&[1]), "x").unwrap_err().code(), "E-advisories-unsigned");
    }

    #[test]
    fn an_altered_document_is_a_forgery() {
        let sealed = String::from_utf8(seal(b"{}", Some(&Publisher::from_seed(&[1; 32])))).unwrap();
        let altered = sealed.replace(&STANDARD.encode(b"{}"), &STANDARD.encode(b"[]"));
        assert_eq!(unseal(altered.as_bytes(), &keys(&[1]), "x").unwrap_err().code(), "E-advisories-forged");
        let other = sealed.replace("advisories", "something");
        assert_eq!(
            unseal(other.as_bytes(), &Trust::Anybody, "x").unwrap_err().code(),
            "E-advisories-damaged"
        );
    }

    #[test]
    fn a_key_is_read_as_it_is_written() {
        let key = Publisher::from_seed(&[7; 32]).public();
        assert_eq!(PublisherKey::parse(&key.to_string()), Ok(key));
        assert!(PublisherKey::parse("AAAA").is_err());
    }
}
