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
        let key = bytes.and_then(|bytes| Self::from_bytes(&bytes));
        key.ok_or_else(|| BadKey(text.chars().take(80).collect()))
    }

    /// A point of the curve, if the bytes are one.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        VerifyingKey::from_bytes(bytes).ok().map(Self)
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

/// The private half, wherever it is.
pub struct Publisher<'k> {
    public: PublisherKey,
    sign: Box<Sign<'k>>,
}

/// Makes an Ed25519 signature, or says why there is none.
type Sign<'k> = dyn Fn(&[u8]) -> Result<Vec<u8>, String> + 'k;

impl Publisher<'static> {
    /// Of 32 random bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let public = PublisherKey(key.verifying_key());
        Self { public, sign: Box::new(move |message| Ok(key.sign(message).to_bytes().to_vec())) }
    }
}

impl<'k> Publisher<'k> {
    /// One whose key is kept elsewhere.
    pub fn elsewhere(public: PublisherKey, sign: impl Fn(&[u8]) -> Result<Vec<u8>, String> + 'k) -> Self {
        Self { public, sign: Box::new(sign) }
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublisherKey {
        self.public.clone()
    }

    /// A line for an envelope. A signature that does not hold is none: nobody else would find out before it is needed.
    fn line(&self, document: &[u8]) -> Result<Line, DatabaseError> {
        let message = signed_bytes(document);
        let bytes = (self.sign)(&message).map_err(DatabaseError::Sign)?;
        let signature =
            <[u8; 64]>::try_from(bytes.as_slice()).ok().map(|bytes| Signature::from_bytes(&bytes));
        match signature {
            Some(signature) if self.public.0.verify_strict(&message, &signature).is_ok() => {
                Ok(Line { keyid: self.public.id(), sig: STANDARD.encode(bytes) })
            }
            _ => Err(DatabaseError::Sign("the key's signature does not hold".to_owned())),
        }
    }
}

/// Does not show it.
impl std::fmt::Debug for Publisher<'_> {
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
pub(super) fn seal(document: &[u8], publisher: Option<&Publisher<'_>>) -> Result<Vec<u8>, DatabaseError> {
    let line = publisher.map(|publisher| publisher.line(document)).transpose()?;
    Ok(written(document, line.into_iter().collect()))
}

/// The same document with one signature more, before those that it has.
pub(super) fn countersign(
    envelope: &[u8],
    publisher: &Publisher<'_>,
    path: &str,
) -> Result<Vec<u8>, DatabaseError> {
    let (document, lines) = opened(envelope, path)?;
    let line = publisher.line(&document)?;
    let others = lines.into_iter().filter(|other| other.keyid != line.keyid);
    let others: Vec<Line> = others.take(MOST_SIGNATURES - 1).collect();
    Ok(written(&document, std::iter::once(line).chain(others).collect()))
}

fn written(document: &[u8], signatures: Vec<Line>) -> Vec<u8> {
    let envelope =
        Envelope { payload_type: PAYLOAD.to_owned(), payload: STANDARD.encode(document), signatures };
    // Texts alone: there is nothing in it that JSON lacks.
    serde_json::to_vec(&envelope).unwrap_or_default()
}

/// The document in an envelope, if it is signed by whom it should be; `path` is for errors.
pub(super) fn unseal(envelope: &[u8], trust: &Trust, path: &str) -> Result<Vec<u8>, DatabaseError> {
    let (document, lines) = opened(envelope, path)?;
    match trust {
        Trust::Anybody => Ok(document),
        Trust::Keys(keys) => judge(&lines, &document, keys, path).map(|()| document),
    }
}

fn opened(envelope: &[u8], path: &str) -> Result<(Vec<u8>, Vec<Line>), DatabaseError> {
    let damaged = |reason: String| DatabaseError::damaged(path, reason);
    let envelope: Envelope = serde_json::from_slice(envelope).map_err(|error| damaged(error.to_string()))?;
    if envelope.payload_type != PAYLOAD {
        return Err(damaged("it is no index of advisories".to_owned()));
    }
    let document = STANDARD.decode(&envelope.payload).map_err(|error| damaged(error.to_string()))?;
    Ok((document, envelope.signatures))
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
        let sealed = seal(b"{}", Some(&Publisher::from_seed(&[1; 32]))).unwrap();
        assert_eq!(unseal(&sealed, &keys(&[2, 1]), "x").unwrap(), b"{}");
        assert_eq!(unseal(&sealed, &Trust::Anybody, "x").unwrap(), b"{}");
        assert_eq!(unseal(&sealed, &keys(&[2]), "x").unwrap_err().code(), "E-advisories-unsigned");
        assert_eq!(unseal(&sealed, &keys(&[]), "x").unwrap_err().code(), "E-advisories-unsigned");
        let unsigned = seal(b"{}", None).unwrap();
        assert_eq!(unseal(&unsigned, &keys(&[1]), "x").unwrap_err().code(), "E-advisories-unsigned");
    }

    #[test]
    fn an_altered_document_is_a_forgery() {
        let sealed = seal(b"{}", Some(&Publisher::from_seed(&[1; 32]))).unwrap();
        let sealed = String::from_utf8(sealed).unwrap();
        let altered = sealed.replace(&STANDARD.encode(b"{}"), &STANDARD.encode(b"[]"));
        assert_eq!(unseal(altered.as_bytes(), &keys(&[1]), "x").unwrap_err().code(), "E-advisories-forged");
        let other = sealed.replace("advisories", "something");
        assert_eq!(
            unseal(other.as_bytes(), &Trust::Anybody, "x").unwrap_err().code(),
            "E-advisories-damaged"
        );
    }

    #[test]
    fn who_signs_too_takes_nobody_s_signature_away() {
        let sealed = seal(b"{}", Some(&Publisher::from_seed(&[1; 32]))).unwrap();
        let both = countersign(&sealed, &Publisher::from_seed(&[2; 32]), "x").unwrap();
        for seed in [1, 2] {
            assert_eq!(unseal(&both, &keys(&[seed]), "x").unwrap(), b"{}");
        }
        assert!(unseal(&both, &keys(&[3]), "x").is_err());
        let again = countersign(&both, &Publisher::from_seed(&[2; 32]), "x").unwrap();
        assert_eq!(again.len(), both.len());
    }

    #[test]
    fn a_signature_that_does_not_hold_is_not_written() {
        let public = || Publisher::from_seed(&[1; 32]).public();
        for answer in [Ok(vec![0; 64]), Ok(Vec::new()), Err("no such key".to_owned())] {
            let publisher = Publisher::elsewhere(public(), |_| answer.clone());
            assert_eq!(seal(b"{}", Some(&publisher)).unwrap_err().code(), "E-advisories-sign");
        }
    }

    #[test]
    fn a_key_is_read_as_it_is_written() {
        let key = Publisher::from_seed(&[7; 32]).public();
        assert_eq!(PublisherKey::parse(&key.to_string()), Ok(key));
        assert!(PublisherKey::parse("AAAA").is_err());
    }
}
