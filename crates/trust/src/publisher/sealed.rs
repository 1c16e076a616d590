//! Secrets at rest: age files with a passphrase, which `age -d` opens as well.

use std::io::Read as _;

use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, EncryptError, Identity};
use zeroize::Zeroizing;

/// scrypt's work for what is sealed here, as a power of two: a tenth of a second and 32 MiB.
const WORK: u8 = 15;

/// The most work that a file may ask for: what `age -p` takes on a fast machine, 256 MiB.
const MOST_WORK: u8 = 18;

/// The largest secret, in bytes. A private key has a tenth of it.
const MOST_SECRET: usize = 4096;

/// The largest file: a secret, its header and its authentication.
const MOST_SEALED: usize = MOST_SECRET + 1024;

/// How an age file begins.
const BEGIN: &[u8] = b"age-encryption.org/";

/// Why a secret was not sealed, or not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    /// The one failure that asking again may mend.
    #[error("the passphrase is not the one that it was sealed with")]
    Passphrase,
    /// Nothing at all protects nothing.
    #[error("a passphrase cannot be empty")]
    Empty,
    /// It would take memory and minutes.
    #[error("it asks for 2^{0} steps of work, and 2^{MOST_WORK} are the most")]
    Work(u8),
    /// Sealed otherwise: for the holder of a key, or by another program.
    #[error("it is no age file that a passphrase opens")]
    Format,
    /// It was changed, or is not whole.
    #[error("it is damaged: the passphrase fits, and what it seals does not")]
    Damaged,
    /// Larger than any key.
    #[error("it has more than {0} bytes")]
    TooLarge(usize),
    /// The sealing failed in a way that it has no reason to.
    #[error("it cannot be sealed: {0}")]
    Sealing(String),
}

/// Seals a secret with a passphrase.
///
/// # Errors
/// [`SealedError::Empty`], [`SealedError::TooLarge`].
pub fn seal(secret: &[u8], passphrase: &str) -> Result<Vec<u8>, SealedError> {
    if secret.len() > MOST_SECRET {
        return Err(SealedError::TooLarge(MOST_SECRET));
    }
    let mut recipient = age::scrypt::Recipient::new(given(passphrase)?);
    recipient.set_work_factor(WORK);
    age::encrypt(&recipient, secret).map_err(|error: EncryptError| SealedError::Sealing(error.to_string()))
}

/// Opens what was sealed, here or by `age -p`.
///
/// # Errors
/// [`SealedError::Passphrase`] where that is all that is wrong; otherwise what is wrong with the file.
pub fn open(sealed: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, SealedError> {
    if sealed.len() > MOST_SEALED {
        return Err(SealedError::TooLarge(MOST_SEALED));
    }
    if !sealed.starts_with(BEGIN) {
        return Err(SealedError::Format);
    }
    let mut identity = age::scrypt::Identity::new(given(passphrase)?);
    identity.set_max_work_factor(MOST_WORK);
    let decryptor = Decryptor::new_buffered(sealed).map_err(|_| SealedError::Format)?;
    let mut reader = decryptor.decrypt(std::iter::once(&identity as &dyn Identity)).map_err(refused)?;
    // As large as it gets, so that no copy of a secret stays behind where it grew.
    let mut secret = Zeroizing::new(Vec::with_capacity(MOST_SEALED));
    reader.read_to_end(&mut secret).map_err(|_| SealedError::Damaged)?;
    Ok(secret)
}

fn given(passphrase: &str) -> Result<SecretString, SealedError> {
    if passphrase.is_empty() {
        Err(SealedError::Empty)
    } else {
        Ok(SecretString::from(passphrase.to_owned()))
    }
}

fn refused(error: DecryptError) -> SealedError {
    match error {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => SealedError::Passphrase,
        DecryptError::ExcessiveWork { required, .. } => SealedError::Work(required),
        // The header is authenticated by what the passphrase opened.
        DecryptError::InvalidMac => SealedError::Damaged,
        _ => SealedError::Format,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `age -p` of Debian's age 1.1.1, of `secret` and a new line, with the passphrase `correct horse`.
    const OF_AGE: &[u8] = include_bytes!("sealed/of_age.age");

    #[test]
    fn what_was_sealed_is_opened_with_the_passphrase_and_no_other() {
        let sealed = seal(b"a key", "correct horse").unwrap();
        assert_eq!(open(&sealed, "correct horse").unwrap().as_slice(), b"a key");
        assert_eq!(open(&sealed, "correct horse ").unwrap_err(), SealedError::Passphrase);
        assert_eq!(open(&sealed, "").unwrap_err(), SealedError::Empty);
        assert_eq!(seal(b"a key", "").unwrap_err(), SealedError::Empty);
        assert_ne!(seal(b"a key", "correct horse").unwrap(), sealed);
    }

    #[test]
    fn what_age_sealed_is_opened() {
        assert_eq!(open(OF_AGE, "correct horse").unwrap().as_slice(), b"secret\n");
    }

    #[test]
    fn damage_is_not_called_a_wrong_passphrase() {
        let sealed = seal(b"a key", "correct horse").unwrap();
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(open(&changed, "correct horse").unwrap_err(), SealedError::Damaged);
        let cut = &sealed[..sealed.len() - 20];
        assert_eq!(open(cut, "correct horse").unwrap_err(), SealedError::Damaged);
    }

    #[test]
    fn what_would_take_for_ever_is_not_begun() {
        let sealed = seal(b"a key", "correct horse").unwrap();
        let text = String::from_utf8_lossy(&sealed).into_owned();
        let (_, work) = text.lines().nth(1).unwrap().rsplit_once(' ').unwrap();
        assert_eq!(work, "15");
        let line = sealed.iter().position(|byte| *byte == b'\n').unwrap();
        let end = line + 1 + sealed[line + 1..].iter().position(|byte| *byte == b'\n').unwrap();
        let mut greedy = sealed.clone();
        greedy.splice(end - 2..end, *b"40");
        assert_eq!(open(&greedy, "correct horse").unwrap_err(), SealedError::Work(40));
    }

    #[test]
    fn what_is_no_age_file_says_so() {
        for text in [&b""[..], b"-----BEGIN PRIVATE KEY-----", b"age-encryption.org/v9\n", BEGIN] {
            assert_eq!(open(text, "x").unwrap_err(), SealedError::Format, "{text:?}");
        }
        assert_eq!(open(&[b'a'; MOST_SEALED + 1], "x").unwrap_err(), SealedError::TooLarge(MOST_SEALED));
        assert_eq!(seal(&[0; MOST_SECRET + 1], "x").unwrap_err(), SealedError::TooLarge(MOST_SECRET));
    }

    proptest! {
        #[test]
        fn nothing_that_follows_the_beginning_is_taken_for_a_secret(
            rest in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let sealed = [b"age-encryption.org/v1\n".as_slice(), &rest].concat();
            prop_assert!(open(&sealed, "x").is_err());
        }
    }
}
