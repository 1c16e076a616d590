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
        return Err(SignatureError::OtherPem { found: shown(label), wanted: LABELS[0] });
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::key::{Algorithm, Signer as _};
    use crate::signature::standard;
    use model::hex;

    /// NaCl's own test of its secretbox: tests/secretbox.out.
    const KEY: &str = "1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389";
    const NONCE: &str = "69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37";
    const BOXED: &str = "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5";
    const OPENED: &str = "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705";

    /// A file as cosign writes it, with less work, so that tests need not wait.
    fn file(label: &str, n: u32, password: &[u8], key: &SoftKey) -> String {
        let kdf = Kdf {
            name: "scrypt".into(),
            params: Params { n: 1 << 4, r: 8, p: 1 },
            salt: standard(b"salt of thirty-two bytes or less"),
        };
        let key = (derive(&kdf, password).unwrap(), key.pkcs8());
        let nonce = [7; 24];
        let body = json!({
            "kdf": { "name": "scrypt", "params": { "N": n, "r": 8, "p": 1 }, "salt": kdf.salt },
            "cipher": { "name": "nacl/secretbox", "nonce": standard(&nonce) },
            "ciphertext": standard(&seal(&key.0, &nonce, key.1)),
        });
        let line = x509_cert::der::pem::LineEnding::LF;
        x509_cert::der::pem::encode_string(label, line, body.to_string().as_bytes()).unwrap()
    }

    fn seal(key: &[u8; 32], nonce: &[u8; 24], message: &[u8]) -> Vec<u8> {
        let mut stream = XSalsa20::new(key.into(), nonce.into());
        let mut one_time = [0; 32];
        stream.apply_keystream(&mut one_time);
        let mut hidden = message.to_vec();
        stream.apply_keystream(&mut hidden);
        let tag = Poly1305::new((&one_time).into()).compute_unpadded(&hidden);
        [tag.as_slice(), &hidden].concat()
    }

    #[test]
    fn the_box_is_nacls() {
        let (key, nonce) = (hex::array(KEY).unwrap(), hex::array(NONCE).unwrap());
        let mut boxed = hex::decode(BOXED).unwrap();
        assert_eq!(hex::encode(&unbox(&key, &nonce, &boxed).unwrap()), OPENED);
        boxed[40] ^= 1;
        assert_eq!(unbox(&key, &nonce, &boxed), None);
        assert_eq!(unbox(&key, &nonce, &[0; 15]), None);
    }

    #[test]
    fn keys_open_with_their_password_alone() {
        let key = SoftKey::generate(Algorithm::EcdsaP256).unwrap();
        for label in LABELS {
            let text = file(label, 1 << 4, b"correct horse", &key);
            assert_eq!(open(&text, b"correct horse").unwrap().public(), key.public());
            let code = |answer: Result<SoftKey>| answer.err().map(|error| error.code());
            assert_eq!(code(open(&text, b"wrong")), Some("E-trust-key-password"));
            assert_eq!(code(open(&text.replace(label, "PRIVATE KEY"), b"")), Some("E-trust-pem"));
        }
    }

    #[test]
    fn a_file_cannot_ask_for_endless_work() {
        let key = SoftKey::generate(Algorithm::Ed25519).unwrap();
        for n in [0, 3, 1 << 18, u32::MAX] {
            let error = open(&file(LABELS[0], n, b"", &key), b"").err().map(|error| error.code());
            assert_eq!(error, Some("E-trust-signature-malformed"), "{n}");
        }
    }
}
