//! cosign's private keys: PKCS#8 in a secret box, behind a password.
//!
//! sigstore/cosign, specs/SIGNATURE_SPEC.md names the PEM; theupdateframework/go-tuf, encrypted, made the format that
//! is inside: scrypt, and NaCl's secretbox (XSalsa20 with Poly1305).

use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit as _;
use salsa20::XSalsa20;
use salsa20::cipher::{KeyIvInit as _, StreamCipher as _};
use serde::Deserialize;
use x509_cert::der::pem;
use zeroize::Zeroizing;

use crate::key::SoftKey;
use crate::signature::{Result, SignatureError, lenient, shown};

/// Bytes of a key's file.
const MOST_BYTES: usize = 16 << 10;
/// log2 of scrypt's N: 128 MiB with r = 8, eight times what cosign writes.
const MOST_WORK: u32 = 17;
/// What PEM calls it, now and before cosign 2.
const LABELS: [&str; 2] = ["ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"];
/// Bytes of the box's tag, which comes before what it is about.
const TAG: usize = 16;
/// What an error calls it.
const WHAT: &str = "the private key";

#[derive(Deserialize)]
struct Encrypted {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Deserialize)]
struct Kdf {
    name: String,
    params: Params,
    salt: String,
}

#[derive(Deserialize)]
struct Params {
    #[serde(rename = "N")]
    n: u32,
    r: u32,
    p: u32,
}

#[derive(Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

/// Opens a key that cosign made. Others, in PEM without a password, are [`SoftKey::from_pem`]'s.
///
/// # Errors
/// [`SignatureError::Password`], and what is no such key.
pub fn open(text: &str, password: &[u8]) -> Result<SoftKey> {
    SignatureError::fits(WHAT, text.as_bytes(), MOST_BYTES)?;
    let (label, body) = pem::decode_vec(text.trim().as_bytes()).map_err(SignatureError::malformed(WHAT))?;
    if !LABELS.contains(&label) {
        return Err(SignatureError::OtherType { found: shown(label), wanted: LABELS[0].to_owned() });
    }
    let Encrypted { kdf, cipher, ciphertext } =
        serde_json::from_slice(&body).map_err(SignatureError::malformed(WHAT))?;
    known("kdf", &kdf.name, "scrypt")?;
    known("cipher", &cipher.name, "nacl/secretbox")?;
    let key = derive(&kdf, password)?;
    let nonce: [u8; 24] = lenient(WHAT, &cipher.nonce)?
        .try_into()
        .map_err(|_| SignatureError::malformed(WHAT)("its nonce is not 24 bytes"))?;
    let boxed = lenient(WHAT, &ciphertext)?;
    let opened = unbox(&key, &nonce, &boxed).ok_or(SignatureError::Password)?;
    SoftKey::from_pkcs8(&opened).map_err(|error| SignatureError::KeyKind(error.to_string()))
}

fn known(what: &str, found: &str, wanted: &'static str) -> Result<()> {
    if found == wanted {
        return Ok(());
    }
    Err(SignatureError::OtherType { found: format!("{what} {}", shown(found)), wanted: wanted.to_owned() })
}

/// The key that the password stands for. How much work that is, the file says, and so it has a limit.
fn derive(kdf: &Kdf, password: &[u8]) -> Result<Zeroizing<[u8; 32]>> {
    let unfit = || SignatureError::malformed(WHAT)("its parameters of scrypt are none that cosign writes");
    let work = kdf.params.n.checked_ilog2().filter(|log| 1 << log == kdf.params.n && *log <= MOST_WORK);
    let work = u8::try_from(work.ok_or_else(unfit)?).map_err(|_| unfit())?;
    if (kdf.params.r, kdf.params.p) != (8, 1) {
        return Err(unfit());
    }
    let params = scrypt::Params::new(work, 8, 1, 32).map_err(|_| unfit())?;
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(password, &lenient(WHAT, &kdf.salt)?, &params, key.as_mut()).map_err(|_| unfit())?;
    Ok(key)
}

/// NaCl's secretbox: the first 32 bytes of the stream are Poly1305's key, the rest hides the message.
fn unbox(key: &[u8; 32], nonce: &[u8; 24], boxed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (tag, hidden) = boxed.split_at_checked(TAG)?;
    let mut stream = XSalsa20::new(key.into(), nonce.into());
    let mut one_time = Zeroizing::new([0; 32]);
    stream.apply_keystream(one_time.as_mut());
    let computed = Poly1305::new((&*one_time).into()).compute_unpadded(hidden);
    // Whoever could measure this already has the file and the password that they try.
    if computed.as_slice() != tag {
        return None;
    }
    let mut opened = Zeroizing::new(hidden.to_vec());
    stream.apply_keystream(&mut opened);
    Some(opened)
}
