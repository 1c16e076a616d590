//! DSSE envelopes: a type and bytes that are signed together, so that nobody takes one kind of thing for another.
//!
//! What is said here is secure-systems-lab/dsse, protocol.md and envelope.md, version 1.

use serde::{Deserialize, Serialize};

use crate::foreign::ForeignKey;
use crate::key::{SignError, Signer};
use crate::signature::{Result, SignatureError, lenient, standard};

/// Bytes of an envelope: a big image's bill of material has some dozens of MiB.
pub const MOST_BYTES: usize = 64 << 20;
/// Signatures of an envelope; each costs whoever verifies it.
const MOST_SIGNATURES: usize = 32;
/// What an error calls it.
const WHAT: &str = "the DSSE envelope";

/// An envelope that nobody has verified: its payload comes out of it only with a key.
#[derive(Debug, Clone)]
pub struct Envelope {
    payload_type: String,
    payload: Vec<u8>,
    signatures: Vec<Vec<u8>>,
}

/// envelope.md, "Standard JSON envelope".
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wire {
    payload: String,
    payload_type: String,
    signatures: Vec<WireSignature>,
}

#[derive(Serialize, Deserialize)]
struct WireSignature {
    /// Unauthenticated, and so never used to choose a key.
    #[serde(default)]
    keyid: String,
    sig: String,
}

/// What is signed: `PAE(type, body) = "DSSEv1" + SP + LEN(type) + SP + type + SP + LEN(body) + SP + body`.
#[must_use]
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

impl Envelope {
    /// Reads an envelope.
    ///
    /// # Errors
    /// [`SignatureError`]: it is too long, none, or not signed by anybody.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        SignatureError::fits(WHAT, bytes, MOST_BYTES)?;
        Self::read(serde_json::from_slice(bytes).map_err(SignatureError::malformed(WHAT))?)
    }

    /// One that came within another document, which has a limit of its own.
    pub(crate) fn read(wire: Wire) -> Result<Self> {
        SignatureError::few("signatures of an envelope", wire.signatures.len(), MOST_SIGNATURES)?;
        if wire.signatures.is_empty() {
            return Err(SignatureError::Unsigned);
        }
        let signatures = wire.signatures.iter().map(|signature| lenient(WHAT, &signature.sig));
        Ok(Self {
            payload: lenient(WHAT, &wire.payload)?,
            payload_type: wire.payload_type,
            signatures: signatures.collect::<Result<_>>()?,
        })
    }

    /// The payload, if the key signed it as a thing of this type: the very bytes that were verified.
    ///
    /// # Errors
    /// [`SignatureError::NotByKey`] and [`SignatureError::OtherType`].
    pub fn open(self, key: &ForeignKey, payload_type: &str) -> Result<Vec<u8>> {
        if !self.is_by(key) {
            return Err(SignatureError::NotByKey { what: WHAT, key: key.fingerprint().short() });
        }
        self.of_type(payload_type)
    }

    /// Whether one of its signatures is the key's.
    #[must_use]
    pub fn is_by(&self, key: &ForeignKey) -> bool {
        let message = pae(&self.payload_type, &self.payload);
        self.signatures.iter().any(|signature| key.signed(&message, signature))
    }

    fn of_type(self, payload_type: &str) -> Result<Vec<u8>> {
        if self.payload_type == payload_type {
            return Ok(self.payload);
        }
        let found = crate::signature::shown(&self.payload_type);
        Err(SignatureError::OtherType { found, wanted: payload_type.to_owned() })
    }
}

/// An envelope's JSON around a payload.
///
/// # Errors
/// The signer's.
pub fn seal(
    payload_type: &str,
    payload: &[u8],
    signer: &dyn Signer,
) -> std::result::Result<Vec<u8>, SignError> {
    Ok(serde_json::to_vec(&signed(payload_type, payload, signer)?).unwrap_or_default())
}

/// An envelope around a payload, to go into another document.
pub(crate) fn signed(
    payload_type: &str,
    payload: &[u8],
    signer: &dyn Signer,
) -> std::result::Result<Wire, SignError> {
    let sig = standard(&signer.sign(&pae(payload_type, payload))?);
    Ok(Wire {
        payload: standard(payload),
        payload_type: payload_type.to_owned(),
        signatures: vec![WireSignature { keyid: String::new(), sig }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// protocol.md, "Test Vectors": the public key's X and Y.
    const X: &str = "67cd390f77aa359cb08c2235f652270493a9ed832b0abcc01f70954c0390d238";
    const Y: &str = "0c782bd54e269125a44f4433aff1432ce94e12bca73aa67ac80cea12608ddf74";
    const TYPE: &str = "http://example.com/HelloWorld";
    const RESULT: &str = r#"{"payload": "aGVsbG8gd29ybGQ=",
 "payloadType": "http://example.com/HelloWorld",
 "signatures": [{"sig": "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="}]}"#;

    fn key() -> ForeignKey {
        let head = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";
        let hex = format!("{head}{X}{Y}");
        let digits: Vec<_> = hex.as_bytes().chunks(2).collect();
        let der: Vec<u8> = digits
            .iter()
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect();
        ForeignKey::from_der(&der).unwrap()
    }

    fn code(envelope: &str, key: &ForeignKey, payload_type: &str) -> Option<&'static str> {
        Envelope::parse(envelope.as_bytes())
            .and_then(|envelope| envelope.open(key, payload_type))
            .err()
            .map(|error| error.code())
    }

    #[test]
    fn the_protocols_own_vectors_hold() {
        assert_eq!(pae(TYPE, b"hello world"), b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
        let envelope = Envelope::parse(RESULT.as_bytes()).unwrap();
        assert_eq!(envelope.open(&key(), TYPE).unwrap(), b"hello world");
        assert_eq!(pae("", b""), b"DSSEv1 0  0 ");
        assert_eq!(pae("ü", b"\0"), "DSSEv1 2 ü 1 \0".as_bytes());
    }

    #[test]
    fn either_alphabet_of_base64_is_read() {
        let url =
            RESULT.replace('+', "-").replace('/', "_").replace("http:__example.com_", "http://example.com/");
        assert_eq!(code(&url, &key(), TYPE), None);
        assert_eq!(code(&url.replace("==", ""), &key(), TYPE), None);
    }

    #[test]
    fn what_was_changed_is_not_signed() {
        assert_eq!(code(&RESULT.replace("aGVsbG8", "aGVsbG9"), &key(), TYPE), Some("E-trust-signature-key"));
        assert_eq!(code(&RESULT.replace("World", "Word"), &key(), TYPE), Some("E-trust-signature-key"));
        assert_eq!(code(RESULT, &key(), "application/vnd.in-toto+json"), Some("E-trust-signature-type"));
        assert_eq!(code(&RESULT.replace("A3Jq", "A3Jr"), &key(), TYPE), Some("E-trust-signature-key"));
    }

    #[test]
    fn an_envelope_without_signatures_or_with_a_thousand_is_refused() {
        let with =
            |signatures: &str| format!(r#"{{"payload":"","payloadType":"x","signatures":[{signatures}]}}"#);
        assert_eq!(code(&with(""), &key(), "x"), Some("E-trust-signature-none"));
        let many = vec![r#"{"sig":""}"#; 1000].join(",");
        assert_eq!(code(&with(&many), &key(), "x"), Some("E-trust-signature-limit"));
        assert_eq!(code(r#"{"payload":""}"#, &key(), "x"), Some("E-trust-signature-malformed"));
        assert_eq!(code(&with(r#"{"sig":"A"}"#), &key(), "x"), Some("E-trust-signature-malformed"));
    }
}
