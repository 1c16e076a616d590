//! The bodies of private keys in PEM: whether they are keys at all, and whether under a password.

use super::check::decoded;

/// How a key is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeping {
    /// Whoever has it may use it.
    Plain,
    /// A password is needed besides.
    Encrypted,
}

/// Whether a body is a key that needs no password.
pub(crate) fn is_plain(body: &[u8]) -> bool {
    keeping(body) == Some(Keeping::Plain)
}

/// Whether it is a key that needs one.
pub(crate) fn is_encrypted(body: &[u8]) -> bool {
    keeping(body) == Some(Keeping::Encrypted)
}

/// Whether it is one of OpenPGP (RFC 9580): its first packet is a secret key.
pub(crate) fn is_pgp(body: &[u8]) -> bool {
    let lines =
        body.split(|byte| *byte == b'\n').filter(|line| !line.contains(&b':') && !line.starts_with(b"="));
    let body: Vec<u8> = lines.flatten().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    // The old form has the kind of a packet in bits 2 to 5 of its first byte, the new form in bits 0 to 5.
    let kind = |first: &u8| match first >> 6 {
        2 => (first >> 2) & 15,
        3 => first & 63,
        _ => 0,
    };
    decoded(&body).is_some_and(|bytes| bytes.first().map(kind) == Some(5))
}

/// Whether it is the name of a kind of key, as SSH spells them (RFC 4253, 5656, 8709).
pub(crate) fn is_algorithm(name: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 4] = [b"ssh-rsa", b"ssh-dss", b"ssh-ed", b"ecdsa-sha2-"];
    BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

/// Whether it is a key in PEM, in base64 once more.
pub(crate) fn is_wrapped(body: &[u8]) -> bool {
    const MARK: &[u8] = b"PRIVATE KEY-----";
    decoded(body).is_some_and(|bytes| bytes.windows(MARK.len()).any(|window| window == MARK))
}

fn keeping(body: &[u8]) -> Option<Keeping> {
    if body.starts_with(b"Proc-Type:") {
        return Some(Keeping::Encrypted);
    }
    let bytes = decoded(&without_escapes(body))?;
    match bytes.strip_prefix(b"openssh-key-v1\0") {
        Some(rest) => openssh(rest),
        None => der(&bytes),
    }
}

/// What is left of a body when the escapes of strings, their quotes and all spaces are gone.
fn without_escapes(body: &[u8]) -> Vec<u8> {
    let mut escaped = false;
    let mut kept = Vec::with_capacity(body.len());
    for byte in body {
        match byte {
            b'\\' => escaped = !escaped,
            _ if escaped => escaped = false,
            b'"' | b'\'' | b',' => {}
            _ if byte.is_ascii_whitespace() => {}
            _ => kept.push(*byte),
        }
    }
    kept
}

/// OpenSSH's PROTOCOL.key: the name of the cipher comes first.
fn openssh(bytes: &[u8]) -> Option<Keeping> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let cipher = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some(if cipher == b"none" { Keeping::Plain } else { Keeping::Encrypted })
}

/// PKCS #1, SEC 1 and PKCS #8 are sequences that begin with a version; PKCS #8 under a password begins with a
/// sequence of its own, which says how.
fn der(bytes: &[u8]) -> Option<Keeping> {
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;
    let (tag, rest) = bytes.split_first()?;
    let (length, inner) = length(rest)?;
    let whole = *tag == SEQUENCE && length == inner.len();
    match inner.first() {
        Some(&INTEGER) if whole => Some(Keeping::Plain),
        Some(&SEQUENCE) if whole => Some(Keeping::Encrypted),
        _ => None,
    }
}

/// A length in DER, and what follows it.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    if *first < 0x80 {
        return Some((usize::from(*first), rest));
    }
    let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
    let length = digits
        .iter()
        .try_fold(0_usize, |length, digit| Some(length.checked_mul(256)? | usize::from(*digit)))?;
    Some((length, rest))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn body(bytes: &[u8]) -> Vec<u8> {
        STANDARD.encode(bytes).into_bytes()
    }

    #[test]
    fn the_first_bytes_say_whether_a_password_is_needed() {
        assert_eq!(keeping(&body(&[0x30, 3, 2, 1, 0])), Some(Keeping::Plain));
        assert_eq!(keeping(&body(&[0x30, 0x82, 0, 3, 2, 1, 0])), Some(Keeping::Plain));
        assert_eq!(keeping(&body(&[0x30, 2, 0x30, 0])), Some(Keeping::Encrypted));
        assert_eq!(keeping(b"Proc-Type: 4,ENCRYPTED"), Some(Keeping::Encrypted));
        assert_eq!(keeping(&body(b"openssh-key-v1\0\0\0\0\x04none")), Some(Keeping::Plain));
        assert_eq!(keeping(&body(b"openssh-key-v1\0\0\0\0\x0aaes256-ctr")), Some(Keeping::Encrypted));
    }

    #[test]
    fn what_is_no_key_is_none() {
        assert_eq!(keeping(&body(&[0x30, 4, 2, 1, 0])), None, "its length is wrong");
        assert_eq!(keeping(&body(&[0x31, 3, 2, 1, 0])), None, "no sequence");
        assert_eq!(keeping(&body(b"openssh-key-v1\0\0\0\0\x7fnone")), None, "cut short");
        assert_eq!(keeping(b"MIIEpAIBAAKCAQEA..."), None, "no base64");
    }

    #[test]
    fn keys_within_strings_are_keys() {
        assert_eq!(keeping(br#"MAMC\nAQA=\n""#), Some(Keeping::Plain));
    }

    #[test]
    fn openpgp_says_what_kind_of_packet_it_is() {
        assert!(is_pgp(b"Version: 1\n\nlQAA\n=aaaa\n"), "old form, kind 5");
        assert!(is_pgp(&body(&[0xc5, 0, 0])), "new form, kind 5");
        assert!(!is_pgp(&body(&[0x99, 0, 0])), "a public key");
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_key_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _either = (keeping(&bytes), keeping(&body(&bytes)), der(&bytes), openssh(&bytes), is_pgp(&bytes));
        }
    }
}
