//! Passwords: how they are made, hashed and compared.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::error::{AccountError, Result};
use crate::config::Secret;

/// The shortest password that is taken.
const SHORTEST: usize = 8;

/// The longest: more would only give work to whoever hashes it.
pub(super) const LONGEST: usize = 256;

/// The parameters with the least memory of those that OWASP holds for equally strong: 7 MiB, five passes, one lane.
/// Every login in flight needs that much.
const COST: (u32, u32, u32) = (7 * 1024, 5, 1);

fn argon2() -> std::result::Result<Argon2<'static>, argon2::Error> {
    let (kibibytes, passes, lanes) = COST;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(kibibytes, passes, lanes, None)?))
}

/// Random bytes.
pub(super) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| AccountError::Secret(error.to_string()))?;
    Ok(bytes)
}

/// A password that nobody has thought of: 144 bits.
pub(in crate::server) fn generate() -> Result<Secret> {
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(random::<18>()?)))
}

/// The PHC string of a password. Takes a processor for some time.
pub(in crate::server) fn hash(password: &Secret) -> Result<String> {
    let text = password.reveal();
    if text.len() < SHORTEST {
        return Err(AccountError::Password("has fewer than 8 bytes"));
    }
    if text.len() > LONGEST || text.chars().any(char::is_control) {
        return Err(AccountError::Password("has more than 256 bytes, or control characters"));
    }
    let failed = |error: argon2::password_hash::Error| AccountError::Secret(error.to_string());
    let salt = STANDARD_NO_PAD.encode(random::<16>()?);
    let salt = Salt::from_b64(&salt).map_err(failed)?;
    let argon2 = argon2().map_err(|error| AccountError::Secret(error.to_string()))?;
    Ok(argon2.hash_password(text.as_bytes(), salt).map_err(failed)?.to_string())
}

/// Whether a password is the one that was hashed, with the parameters that are written beside it. Takes as long for a
/// wrong one.
pub(super) fn matches(password: &Secret, phc: &str) -> bool {
    PasswordHash::new(phc).is_ok_and(|hash| {
        argon2().is_ok_and(|argon2| argon2.verify_password(password.reveal().as_bytes(), &hash).is_ok())
    })
}

/// Compares in a time that depends on the lengths alone.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    let difference = one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b));
    one.len() == other.len() && std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_hash_and_no_other_does() {
        let password = generate().unwrap();
        let phc = hash(&password).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=7168,t=5,p=1$"));
        assert!(matches(&password, &phc));
        assert!(!matches(&Secret::new("another one".into()), &phc));
        assert!(!matches(&password, "") && !matches(&password, "$argon2id$"));
        assert_ne!(phc, hash(&password).unwrap(), "every hash has a salt of its own");
    }

    #[test]
    fn passwords_that_are_none_are_refused() {
        for bad in ["", "short", "with\nbreak", &"a".repeat(257)] {
            assert!(matches!(hash(&Secret::new(bad.into())), Err(AccountError::Password(_))), "{bad:?}");
        }
    }

    #[test]
    fn bytes_are_the_same_or_not() {
        assert!(same(b"abc", b"abc") && same(b"", b""));
        assert!(!same(b"abc", b"abd") && !same(b"abc", b"ab") && !same(b"", b"a"));
    }
}
