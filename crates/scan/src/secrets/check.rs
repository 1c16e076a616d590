//! What is true of real secrets: checksums, structures, and that chance made them.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use super::allowed;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Decodes either alphabet of base64, with padding or without.
pub(crate) fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

/// Shannon's measure, in bits for each byte.
pub(crate) fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let total = f64::from(u32::try_from(bytes.len()).unwrap_or(u32::MAX)).max(1.0);
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total)
        .map(|share| -share * share.log2())
        .sum()
}

/// Whether chance made it: digits and letters, and as many different ones as chance would take.
pub(crate) fn chance(secret: &[u8]) -> bool {
    secret.iter().any(u8::is_ascii_digit) && letters(secret)
}

/// The same without the digits, which short tokens may lack.
pub(crate) fn letters(secret: &[u8]) -> bool {
    let several = |kind: fn(&u8) -> bool| secret.iter().filter(|byte| kind(byte)).count() >= 8;
    let both = several(u8::is_ascii_lowercase) && several(u8::is_ascii_uppercase);
    let least = if both && secret.len() >= 40 { 4.0 } else { 3.0 };
    secret.iter().any(u8::is_ascii_alphabetic) && entropy(secret) >= least
}

/// As [`chance`], for what has nothing but its name to say so.
pub(crate) fn random(secret: &[u8]) -> bool {
    let separators = secret.iter().filter(|byte| b"/_-=~+".contains(byte)).count();
    let numbers = secret.chunk_by(|one, next| one.is_ascii_digit() == next.is_ascii_digit());
    let numbers = numbers.filter(|run| run.first().is_some_and(u8::is_ascii_digit)).count();
    chance(secret)
        && entropy(secret) >= 3.5
        && separators * 8 <= secret.len()
        && numbers >= 2
        && longest_word(secret) < 7
        && !is_identifier(secret)
}

/// `OAUTH2_CLIENT_SECRET`, `some-name-2`, a UUID: words of one case, joined.
fn is_identifier(secret: &[u8]) -> bool {
    let joined = secret.iter().any(|byte| b"_-".contains(byte));
    let upper = secret.iter().any(u8::is_ascii_uppercase);
    let lower = secret.iter().any(u8::is_ascii_lowercase);
    joined && !(upper && lower)
}

/// Facebook's tokens are parts of base 62 that a Z and a letter join.
pub(crate) fn facebook(secret: &[u8]) -> bool {
    let joints = secret.windows(2).filter(|pair| matches!(pair, [b'Z', b'A'..=b'D'])).count();
    chance(secret) && entropy(secret) >= 5.0 && joints >= 2
}

/// A password that somebody made up who takes passwords seriously.
pub(crate) fn strong_password(secret: &[u8]) -> bool {
    let kinds: [fn(&u8) -> bool; 4] =
        [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit, u8::is_ascii_punctuation];
    let has = kinds.iter().filter(|kind| secret.iter().any(kind)).count();
    has >= 3
        && !is_identifier(secret)
        && secret.iter().filter(|byte| **byte == b'/').count() < 2
        && secret.iter().any(u8::is_ascii_digit)
        && entropy(secret) >= 2.8
        && longest_word(secret) < 9
        && password(secret)
}

/// A password that is neither a placeholder nor the word that says what it is.
pub(crate) fn password(secret: &[u8]) -> bool {
    !allowed::word(secret) && !secret.iter().all(|byte| *byte == b'*' || *byte == b'.')
}

/// The longest run of lower-case letters.
fn longest_word(secret: &[u8]) -> usize {
    secret.split(|byte| !byte.is_ascii_lowercase()).map(<[u8]>::len).max().unwrap_or_default()
}

/// Whether it is base64 of something that chance made.
pub(crate) fn base64(secret: &[u8]) -> bool {
    decoded(secret).is_some_and(|bytes| entropy(&bytes) >= 3.5)
}

/// The id of a key of AWS holds the number of its account, of twelve digits, in base32.
pub(crate) fn aws_id(secret: &[u8]) -> bool {
    let digit = |byte: &u8| match byte {
        b'A'..=b'Z' => Some(u64::from(byte - b'A')),
        b'2'..=b'7' => Some(u64::from(byte - b'2') + 26),
        _ => None,
    };
    let head =
        secret.iter().skip(4).take(9).try_fold(0_u64, |number, byte| Some((number << 5) | digit(byte)?));
    // One bit, the forty bits of the account, and four bits of what follows.
    let account = head.map(|bits| (bits >> 4) & 0xff_ffff_ffff);
    account.is_some_and(|account| account < 1_000_000_000_000) && entropy(secret) >= 3.0
}

/// GitHub's and npm's tokens: thirty characters, and their CRC-32 in six digits of base 62.
pub(crate) fn base62_crc32(secret: &[u8]) -> bool {
    let Some((_, token)) = secret.split_at_checked(4) else { return false };
    token.split_at_checked(30).is_some_and(|(random, sum)| sum == base62(crc32fast::hash(random)))
}

/// Six digits.
pub(crate) fn base62(mut number: u32) -> [u8; 6] {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS.get((number % 62) as usize).copied().unwrap_or(b'0');
        number /= 62;
    }
    digits
}

/// BIP 173: its last six characters are a checksum over all of it.
pub(crate) fn bech32(secret: &[u8]) -> bool {
    const ALPHABET: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let secret = secret.to_ascii_lowercase();
    let Some(separator) = secret.iter().rposition(|byte| *byte == b'1') else { return false };
    let (prefix, data) = secret.split_at(separator);
    let value =
        |byte: &u8| ALPHABET.iter().position(|letter| letter == byte).and_then(|at| u32::try_from(at).ok());
    let Some(data) = data.iter().skip(1).map(value).collect::<Option<Vec<u32>>>() else { return false };
    let high = prefix.iter().map(|byte| u32::from(byte >> 5));
    let low = prefix.iter().map(|byte| u32::from(byte & 31));
    high.chain([0]).chain(low).chain(data).fold(1, polymod) == 1
}

/// One step of BIP 173's checksum.
pub(crate) fn polymod(sum: u32, value: u32) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let top = sum >> 25;
    let next = ((sum & 0x01ff_ffff) << 5) ^ value;
    GENERATOR.iter().zip(0..).filter(|(_, bit)| (top >> bit) & 1 == 1).fold(next, |sum, (term, _)| sum ^ term)
}

/// PyPI's tokens are macaroons (version 2) that begin with where they are from.
pub(crate) fn macaroon(secret: &[u8]) -> bool {
    let body = secret.strip_prefix(b"pypi-").and_then(decoded);
    body.is_some_and(|body| body.starts_with(&[2, 1]) && entropy(&body) >= 4.0)
}

/// The second part of a token whose first says how it is signed (RFC 7515).
fn claims(secret: &[u8]) -> Option<Value> {
    let mut parts = secret.split(|byte| *byte == b'.');
    let header: Value = serde_json::from_slice(&decoded(parts.next()?)?).ok()?;
    let claims: Value = serde_json::from_slice(&decoded(parts.next()?)?).ok()?;
    let signed = header.get("alg").and_then(Value::as_str).is_some_and(|algorithm| algorithm != "none");
    (signed && claims.is_object() && decoded(parts.next()?).is_some()).then_some(claims)
}

/// A signed token.
pub(crate) fn jwt(secret: &[u8]) -> bool {
    claims(secret).is_some()
}

/// A signed token that a cluster gave to a service.
pub(crate) fn kubernetes(secret: &[u8]) -> bool {
    let Some(claims) = claims(secret) else { return false };
    claims.get("kubernetes.io").is_some()
        || claims.get("iss").and_then(Value::as_str) == Some("kubernetes/serviceaccount")
}

/// `name:password` in base64 (RFC 7617).
pub(crate) fn basic(secret: &[u8]) -> bool {
    let Some(text) = decoded(secret) else { return false };
    let mut parts = text.splitn(2, |byte| *byte == b':');
    let readable = text.iter().all(|byte| byte.is_ascii_graphic());
    let (name, pass) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    readable && !name.is_empty() && pass.len() >= 4 && password(pass) && !allowed::value(pass)
}

#[cfg(test)]
mod tests;
