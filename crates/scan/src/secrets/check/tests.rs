//! Checksums by values that their authorities publish, and structures made here.

use base64::engine::general_purpose::STANDARD as BASE64;
use proptest::prelude::*;

use super::*;

/// BIP 173 (BSD-2-Clause), "Test vectors": valid checksums.
const BECH32: [&str; 5] = [
    "A12UEL5L",
    "a12uel5l",
    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
    "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
];

#[test]
fn bech32_has_a_checksum() {
    for text in BECH32 {
        assert!(bech32(text.as_bytes()), "{text}");
        let wrong = format!("{}q", text.get(..text.len() - 1).unwrap());
        assert!(!bech32(wrong.as_bytes()), "{wrong}");
    }
}

#[test]
fn crc32_in_base_62_has_six_digits() {
    assert_eq!(&base62(0), b"000000");
    assert_eq!(&base62(61), b"00000z");
    assert_eq!(&base62(62), b"000010");
    assert_eq!(&base62(u32::MAX), b"4gfFC3");
}

#[test]
fn entropy_is_bits_for_each_byte() {
    assert!(entropy(b"").abs() < 1e-9);
    assert!(entropy(b"aaaa").abs() < 1e-9);
    assert!((entropy(b"abcd") - 2.0).abs() < 1e-9);
}

#[test]
fn ids_of_aws_hold_an_account_of_twelve_digits() {
    let id = |body: &str| ["AK", "IA", body].concat().into_bytes();
    assert!(aws_id(&id("QYLPMN5HFIQR7BCD")));
    assert!(!aws_id(&id("777777777QR5BCDE")), "its account has thirteen digits");
    assert!(!aws_id(&id("QQQQQQQQQQQQQQQQ")), "no chance");
}

fn token(header: &str, claims: &str) -> Vec<u8> {
    let part = |text: &str| URL_SAFE.encode(text).trim_end_matches('=').to_owned();
    [part(header), part(claims), part("signature")].join(".").into_bytes()
}

#[test]
fn tokens_are_json_that_says_how_it_is_signed() {
    assert!(jwt(&token(r#"{"alg":"HS256"}"#, r#"{"sub":"a"}"#)));
    assert!(!jwt(&token(r#"{"alg":"none"}"#, r#"{"sub":"a"}"#)));
    assert!(!jwt(&token(r#"{"typ":"JWT"}"#, r#"{"sub":"a"}"#)));
    assert!(!jwt(&token(r#"{"alg":"HS256"}"#, "[]")));
    assert!(!jwt(b"eyJ.eyJ.sig"));
    assert!(kubernetes(&token(r#"{"alg":"RS256"}"#, r#"{"iss":"kubernetes/serviceaccount"}"#)));
    assert!(!kubernetes(&token(r#"{"alg":"RS256"}"#, r#"{"iss":"other"}"#)));
}

#[test]
fn names_and_passwords_in_base64() {
    assert!(basic(BASE64.encode("me:tr0ub4dor").as_bytes()));
    assert!(!basic(BASE64.encode("me:password").as_bytes()));
    assert!(!basic(BASE64.encode("no colon").as_bytes()));
}

#[test]
fn what_looks_random_and_what_looks_like_words() {
    assert!(random(b"q8Zk3vTn5RbW7yXcU2mJ"));
    assert!(!random(b"SomeConfigurationName1"));
    assert!(!random(b"PKCS7PrivateKeyTypes"));
    assert!(!random(b"OAUTH2_CLIENT_SECRET_V2"));
    assert!(!random(b"6f1c2b9e-43d7-4a58-9be0-17c5d2a8f364"));
    assert!(!random(b"path/to/some/file.v2"));
    assert!(strong_password(b"Tr0ub4dor&3"));
    assert!(!strong_password(b"configuration1"));
    assert!(!strong_password(b"lowercase"));
    assert!(!strong_password(b"WIN32_ERROR"));
    assert!(!strong_password(b"Projects/42/keys"));
}

proptest! {
    #[test]
    fn any_bytes_are_judged(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let checks: [fn(&[u8]) -> bool; 13] = [
            chance, letters, random, strong_password, password, base64, aws_id, base62_crc32, bech32, macaroon, jwt, basic, facebook,
        ];
        let _answers = checks.map(|check| check(&bytes));
    }
}
