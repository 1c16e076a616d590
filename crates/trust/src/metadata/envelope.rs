//! The envelope of every document, section 4.2.1: what is signed, and the signatures.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Authority, Document, FormatError, Shortfall, Tally, canonical};
use crate::key::{KeyId, SignError, Signer};
use model::hex;

/// The most signatures of one document.
const MOST_SIGNATURES: usize = 64;

/// A document in its envelope. Until an [`Authority`] is asked it is what somebody claims.
#[derive(Debug, Clone)]
pub struct Envelope<'a> {
    signed: Cow<'a, str>,
    message: Vec<u8>,
    signatures: Vec<Signature>,
}

/// A signature, and by which key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// By its name in the delegator's list.
    pub keyid: KeyId,
    /// Hex digits; what are none is a signature that does not hold.
    pub sig: String,
}

#[derive(Serialize, Deserialize)]
struct Wire<'a, S> {
    signatures: S,
    #[serde(borrow)]
    signed: &'a RawValue,
}

/// What is looked at before anything else of a document is.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "_type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    spec_version: Cow<'a, str>,
    version: u64,
}

impl<'a> Envelope<'a> {
    /// Reads an envelope of at most `most` bytes.
    ///
    /// # Errors
    /// [`FormatError`].
    pub fn open(bytes: &'a [u8], most: u64) -> Result<Self, FormatError> {
        if u64::try_from(bytes.len()).is_ok_and(|length| length > most) {
            return Err(FormatError::TooLarge { most });
        }
        let wire: Wire<'a, Vec<Signature>> = serde_json::from_slice(bytes).map_err(unreadable)?;
        let mut seen = BTreeSet::new();
        if wire.signatures.len() > MOST_SIGNATURES {
            return Err(FormatError::TooMany { what: "signatures", most: MOST_SIGNATURES });
        }
        // Section 4.2.1: the keyid MUST be unique in the "signatures" array.
        if let Some(twice) = wire.signatures.iter().find(|signature| !seen.insert(&signature.keyid)) {
            return Err(FormatError::SignedTwice(twice.keyid.clone()));
        }
        let signed = wire.signed.get();
        Ok(Self {
            signed: Cow::Borrowed(signed),
            message: canonical::form(signed)?,
            signatures: wire.signatures,
        })
    }

    /// Puts a document in an envelope that nobody has signed yet.
    ///
    /// # Errors
    /// [`FormatError`] for one that could not be read again.
    pub fn seal<T: Document>(document: &T) -> Result<Envelope<'static>, FormatError> {
        document.check()?;
        let signed = serde_json::to_string(document).map_err(unreadable)?;
        let message = canonical::form(&signed)?;
        Ok(Envelope { signed: Cow::Owned(signed), message, signatures: Vec::new() })
    }

    /// The same, independent of the bytes that it was read from.
    #[must_use]
    pub fn into_owned(self) -> Envelope<'static> {
        Envelope {
            signed: Cow::Owned(self.signed.into_owned()),
            message: self.message,
            signatures: self.signatures,
        }
    }

    /// The bytes that are signed.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// Who claims to have signed.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Signs, in place of an earlier signature of the same key.
    ///
    /// # Errors
    /// What the signer says.
    pub fn sign(&mut self, signer: &dyn Signer) -> Result<(), SignError> {
        let sig = hex::encode(&signer.sign(&self.message)?);
        self.add(Signature { keyid: signer.public().id(), sig });
        Ok(())
    }

    /// Adds a signature, in place of an earlier one of the same key.
    pub fn add(&mut self, signature: Signature) {
        self.signatures.retain(|earlier| earlier.keyid != signature.keyid);
        self.signatures.push(signature);
    }

    /// The file.
    ///
    /// # Errors
    /// [`FormatError`], never for what was read or sealed.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        let signed: &RawValue = serde_json::from_str(&self.signed).map_err(unreadable)?;
        serde_json::to_vec(&Wire { signatures: &self.signatures, signed }).map_err(unreadable)
    }

    /// The document, whoever signed it: for its publisher, who edits it, and never for trusting it.
    ///
    /// # Errors
    /// [`FormatError`].
    pub fn claimed<T: Document>(&self) -> Result<T, FormatError> {
        self.head::<T>()?;
        self.content()
    }

    /// The document, once its head is known to be that of one.
    pub(crate) fn content<T: Document>(&self) -> Result<T, FormatError> {
        let document: T = serde_json::from_str(&self.signed).map_err(unreadable)?;
        document.check()?;
        Ok(document)
    }

    /// Whether it is what it should be: the type, before anything of a type is read.
    pub(crate) fn head<T: Document>(&self) -> Result<u64, FormatError> {
        let head: Head<'_> = serde_json::from_str(&self.signed).map_err(unreadable)?;
        let shown = |text: &str| text.chars().take(40).collect();
        if head.kind != T::TYPE {
            return Err(FormatError::Type { found: shown(&head.kind), wanted: T::TYPE });
        }
        if head.spec_version.split('.').next() != Some("1") {
            return Err(FormatError::Specification(shown(&head.spec_version)));
        }
        if head.version == 0 { Err(FormatError::Version) } else { Ok(head.version) }
    }

    /// Which of the authority's keys signed this.
    #[must_use]
    pub fn tally(&self, authority: &Authority) -> Tally {
        let mut tally = Tally::default();
        let mut counted = BTreeSet::new();
        for (id, key) in authority.keys() {
            let Some(material) = key.material() else {
                tally.unknown.push((id.clone(), key.scheme().to_owned()));
                continue;
            };
            let Some(signature) = self.signatures.iter().find(|signature| signature.keyid == *id) else {
                tally.absent.push(id.clone());
                continue;
            };
            let bytes = hex::decode(&signature.sig);
            match bytes.is_some_and(|bytes| material.verifies(&self.message, &bytes)) {
                false => tally.broken.push(id.clone()),
                // A key counts once, however often it is listed and under whatever ids.
                true if counted.insert(material) => tally.signed.push(id.clone()),
                true => {}
            }
        }
        tally
    }

    /// Section 5, "check for an arbitrary software attack": whether a threshold of the authority's keys signed this.
    ///
    /// # Errors
    /// [`Shortfall`], with what is missing.
    pub fn holds(&self, authority: &Authority) -> Result<(), Shortfall> {
        let tally = self.tally(authority);
        let signed = u32::try_from(tally.signed.len()).unwrap_or(u32::MAX);
        // A threshold of zero would be no signature at all: never, whoever built the authority.
        if signed >= authority.threshold().max(1) {
            return Ok(());
        }
        Err(Shortfall {
            role: authority.role().to_owned(),
            needed: authority.threshold(),
            tally: Box::new(tally),
        })
    }
}

fn unreadable(error: serde_json::Error) -> FormatError {
    FormatError::Json(error.to_string())
}
