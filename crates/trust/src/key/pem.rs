//! PEM, RFC 7468: Base64 between two lines that say of what.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The most that a key may take in this form: RSA of 8192 bits is under two thousand bytes.
const MOST: usize = 16 * 1024;

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// Longer than any key.
    #[error("is larger than any key: {MOST} bytes are the most")]
    TooLarge,
    /// The lines that frame it are missing.
    #[error("has no line `-----BEGIN {0}-----`, or not the one that ends it")]
    Label(&'static str),
    /// Between the lines is something else.
    #[error("is not Base64 between its lines")]
    Base64,
    /// A key of another kind.
    #[error("is not an Ed25519, ECDSA P-256 or RSA key")]
    Algorithm,
}

/// The bytes of the first block with this label.
pub(super) fn decode(label: &'static str, text: &str) -> Result<Vec<u8>, PemError> {
    if text.len() > MOST {
        return Err(PemError::TooLarge);
    }
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let body = text.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end));
    let (body, _) = body.ok_or(PemError::Label(label))?;
    let digits: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(digits).map_err(|_| PemError::Base64)
}

/// A block with this label.
pub(super) fn encode(label: &str, bytes: &[u8]) -> String {
    let digits = STANDARD.encode(bytes);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in digits.as_bytes().chunks(64) {
        text.extend(line.iter().map(|digit| char::from(*digit)));
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}
