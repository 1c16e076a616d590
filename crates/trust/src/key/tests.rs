use super::*;

/// RFC 8032, section 7.1, test 2.
const SEED: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
const PUBLIC: &str = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
const SIGNATURE: &str = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

/// The first key of sigstore's root, version 12: its id is the hash of the key without the fields that were added.
const SIGSTORE: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEWRiGr5+j+3J5SsH+Ztr5nE2H2wO7\n\
    BV+nO3s93gLca18qTOzHY1oWyAGDykMSsGTUBSt9D+An0KfKsD2mfSM42Q==\n\
    -----END PUBLIC KEY-----\n";

fn known() -> SoftKey {
    SoftKey::from_seed(&hex::array(SEED).unwrap()).unwrap()
}

#[test]
fn ed25519_is_that_of_its_rfc() {
    let key = known();
    assert_eq!(*key.public(), PublicKey::ed25519(&hex::array(PUBLIC).unwrap()));
    let signature = key.sign(&[0x72]).unwrap();
    assert_eq!(hex::encode(&signature), SIGNATURE);
    assert!(key.public().verifies(&[0x72], &signature));
    assert!(!key.public().verifies(&[0x73], &signature));
}

#[test]
fn every_kind_of_key_survives_its_documents() {
    for algorithm in [Algorithm::Ed25519, Algorithm::EcdsaP256] {
        let key = SoftKey::generate(algorithm).unwrap();
        let again = SoftKey::from_pem(&key.to_pem()).unwrap();
        assert_eq!(again.public(), key.public());
        let signature = again.sign(b"message").unwrap();
        assert!(key.public().verifies(b"message", &signature), "{algorithm:?}");
        let public = PublicKey::from_pem(&key.public().to_pem().unwrap()).unwrap();
        assert_eq!(public, *key.public());
        let read: PublicKey = serde_json::from_str(&serde_json::to_string(&public).unwrap()).unwrap();
        assert_eq!((read.id(), read), (public.id(), public));
    }
}

#[test]
fn a_key_is_the_same_however_it_is_written() {
    let pem = PublicKey::from_pem(SIGSTORE).unwrap();
    let Some(Material::EcdsaP256(point)) = pem.material() else { panic!("{pem:?}") };
    let old = PublicKey::new("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", hex::encode(&point));
    assert_ne!(old.id(), pem.id());
    assert_eq!(old.material(), pem.material());
    assert_eq!(old.to_pem().unwrap(), SIGSTORE);
}

#[test]
fn ids_are_hashes_of_the_canonical_form() {
    let key = r#"{"keytype":"ed25519","scheme":"ed25519","keyval":{"public":"00"}}"#;
    let key: PublicKey = serde_json::from_str(key).unwrap();
    let form = br#"{"keytype":"ed25519","keyval":{"public":"00"},"scheme":"ed25519"}"#;
    assert_eq!(key.id().as_str(), Digest::of(form).hex());
}

#[test]
fn what_is_not_understood_never_verifies() {
    let signature = known().sign(b"m").unwrap();
    for (keytype, scheme, public) in [
        ("ed25519", "ed25519ph", PUBLIC),
        ("ecdsa", "ed25519", PUBLIC),
        ("ed25519", "ed25519", &PUBLIC[2..]),
        ("ecdsa", "ecdsa-sha2-nistp256", "not PEM"),
        ("rsa", "rsassa-pss-sha256", SIGSTORE),
        ("sphincs", "sphincs-shake-128s", "00"),
    ] {
        let key = PublicKey::new(keytype, scheme, public.to_owned());
        assert_eq!(key.material(), None, "{scheme}");
        assert!(!key.verifies(b"m", &signature));
    }
}

#[test]
fn what_is_no_key_says_so() {
    for (text, expected) in [
        (String::new(), PemError::Label("PUBLIC KEY")),
        (SIGSTORE.replace("MFkw", "!!!!"), PemError::Base64),
        (SIGSTORE.replace("MFkw", "MFkx"), PemError::Algorithm),
        ("x".repeat(20_000), PemError::TooLarge),
    ] {
        assert_eq!(PublicKey::from_pem(&text).unwrap_err(), expected);
    }
    assert!(matches!(SoftKey::from_pkcs8(b"x"), Err(KeyError::Rejected(_))));
}
