//! Base64 as the formats want it: one strict reader where the text itself is signed, one lenient where it is not.

use ::base64::Engine as _;
use ::base64::alphabet::{STANDARD, URL_SAFE};
use ::base64::engine::DecodePaddingMode;
use ::base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};

use super::{Result, SignatureError};

/// Padding may be there or not.
const INDIFFERENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Either alphabet, padded or not: DSSE, protocol.md, "Either standard or URL-safe base64 encodings are allowed".
pub(crate) fn lenient(what: &'static str, text: &str) -> Result<Vec<u8>> {
    let alphabet = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    GeneralPurpose::new(alphabet, INDIFFERENT).decode(text).map_err(SignatureError::malformed(what))
}

/// RFC 7515, section 2: URL-safe and without padding.
pub(crate) fn strict_url(what: &'static str, text: &str) -> Result<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).map_err(SignatureError::malformed(what))
}

/// As everybody writes it.
pub(crate) fn standard(bytes: &[u8]) -> String {
    ::base64::engine::general_purpose::STANDARD.encode(bytes)
}
