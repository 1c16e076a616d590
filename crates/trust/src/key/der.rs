//! The few bytes of DER around a public key: SubjectPublicKeyInfo, RFC 5280, for three algorithms.

use super::Material;

/// RFC 8410: what precedes the 32 bytes.
const ED25519: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// RFC 5480: id-ecPublicKey on prime256v1; what precedes the 65 bytes of an uncompressed point.
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// RFC 3279: the content of rsaEncryption's AlgorithmIdentifier.
const RSA: [u8; 13] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;

/// The key in a SubjectPublicKeyInfo.
pub(super) fn material(spki: &[u8]) -> Option<Material> {
    if let Some(key) = spki.strip_prefix(&ED25519) {
        return key.try_into().ok().map(Material::Ed25519);
    }
    if let Some(point) = spki.strip_prefix(&P256) {
        return point.try_into().ok().filter(is_uncompressed).map(Material::EcdsaP256);
    }
    let (info, []) = element(SEQUENCE, spki)? else { return None };
    let (algorithm, info) = element(SEQUENCE, info)?;
    let (key, []) = element(BIT_STRING, info)? else { return None };
    let key = key.strip_prefix(&[0])?;
    (algorithm == RSA).then(|| Material::RsaPss(key.to_vec()))
}

/// SEC 1, section 2.3.3: the octet 4 before both coordinates.
pub(super) fn is_uncompressed(point: &[u8; 65]) -> bool {
    point.first() == Some(&4)
}

pub(super) fn ed25519_spki(key: &[u8; 32]) -> Vec<u8> {
    [ED25519.as_slice(), key].concat()
}

pub(super) fn p256_spki(point: &[u8; 65]) -> Vec<u8> {
    [P256.as_slice(), point].concat()
}

/// The content of the element that `bytes` begin with, and what follows it.
fn element(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, rest) = bytes.split_first()?;
    let (length, rest) = length(rest)?;
    (*found == tag).then(|| rest.split_at_checked(length)).flatten()
}

fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [short @ 0..=0x7f, rest @ ..] => Some((usize::from(*short), rest)),
        [0x81, one, rest @ ..] => Some((usize::from(*one), rest)),
        [0x82, high, low, rest @ ..] => Some((usize::from(u16::from_be_bytes([*high, *low])), rest)),
        _ => None,
    }
}
