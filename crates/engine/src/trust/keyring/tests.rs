//! Keys that come back, and keys that do not.

use std::os::unix::fs::PermissionsExt as _;

use trust::key::{Algorithm, Signer as _};
use trust::publisher::SealedError;

use super::*;

fn secret(text: &str) -> Secret {
    Secret::new(text.into())
}

fn release() -> RoleName {
    RoleName::Release
}

fn new_key() -> SoftKey {
    SoftKey::generate(Algorithm::Ed25519).unwrap()
}

#[test]
fn keys_come_back_by_role_and_number() {
    let dir = tempfile::tempdir().unwrap();
    let keyring = Keyring::create(dir.path(), "team").unwrap();
    let keys: Vec<SoftKey> = (0..11).map(|_| new_key()).collect();
    for key in &keys {
        keyring.add(&release(), key, Protection::Mode).unwrap();
    }
    keyring.add(&RoleName::Root, &new_key(), Protection::Mode).unwrap();
    keyring.add(&"eu-1".parse().unwrap(), &new_key(), Protection::Mode).unwrap();
    let found = Keyring::open(dir.path(), "team").unwrap().keys().unwrap();
    let files: Vec<&str> = found.iter().map(|key| key.file.as_str()).collect();
    assert_eq!((files[0], files[1], files[11], files[12]), ("root-1", "release-1", "release-11", "eu-1-1"));
    for (kept, key) in found[1..12].iter().zip(&keys) {
        assert_eq!(kept.public, *key.public());
        assert_eq!(keyring.unlock(kept, None).unwrap().public(), key.public());
    }
    assert_eq!(Keyring::names(dir.path()).unwrap(), ["team"]);
}

#[test]
fn a_sealed_key_opens_with_its_passphrase_alone() {
    let dir = tempfile::tempdir().unwrap();
    let keyring = Keyring::create(dir.path(), "team").unwrap();
    let key = new_key();
    let kept = keyring.add(&release(), &key, Protection::Passphrase(&secret("correct horse"))).unwrap();
    let sealed = std::fs::read(dir.path().join("team/keys/release-1.age")).unwrap();
    assert!(sealed.starts_with(b"age-encryption.org/v1"));
    assert!(matches!(keyring.unlock(&kept, None), Err(KeyringError::Locked(_))));
    let wrong = keyring.unlock(&kept, Some(&secret("battery staple"))).unwrap_err();
    assert!(matches!(wrong, KeyringError::Sealed { source: SealedError::Passphrase, .. }), "{wrong}");
    assert_eq!(wrong.code(), "E-trust-passphrase");
    let opened = keyring.unlock(&kept, Some(&secret("correct horse"))).unwrap();
    assert!(key.public().verifies(b"m", &opened.sign(b"m").unwrap()));
}

#[test]
fn a_plain_key_that_others_may_read_signs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let keyring = Keyring::create(dir.path(), "team").unwrap();
    let kept = keyring.add(&release(), &new_key(), Protection::Mode).unwrap();
    let path = dir.path().join("team/keys/release-1.key");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let refused = keyring.unlock(&kept, None).unwrap_err();
    assert!(matches!(refused, KeyringError::Open { mode: 0o640, .. }), "{refused}");
}

#[test]
fn a_key_in_hardware_is_known_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let keyring = Keyring::create(dir.path(), "team").unwrap();
    let uri: TokenUri = "pkcs11:token=team;id=%01?module-path=/usr/lib/x.so".parse().unwrap();
    let public = new_key().public().clone();
    keyring.add_token(&RoleName::Root, uri.clone(), &public).unwrap();
    let [kept] = keyring.keys().unwrap().try_into().unwrap();
    assert_eq!((&kept.place, &kept.public), (&KeyPlace::Hardware(uri), &public));
    assert!(matches!(keyring.unlock(&kept, None), Err(KeyringError::InHardware(_))));
}

#[test]
fn a_number_is_never_given_twice() {
    let dir = tempfile::tempdir().unwrap();
    let keyring = Keyring::create(dir.path(), "team").unwrap();
    let first = keyring.add(&release(), &new_key(), Protection::Mode).unwrap();
    // A process was killed between the two files.
    std::fs::write(dir.path().join("team/keys/release-2.age"), "half").unwrap();
    assert_eq!(keyring.keys().unwrap(), std::slice::from_ref(&first));
    let third = keyring.add(&release(), &new_key(), Protection::Mode).unwrap();
    assert_eq!(third.file, "release-3");
    keyring.remove(&first).unwrap();
    assert_eq!(keyring.keys().unwrap(), [third]);
    assert_eq!(std::fs::read(dir.path().join("team/keys/release-2.age")).unwrap(), b"half");
}

#[test]
fn halves_that_do_not_belong_together_sign_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let keyring = Keyring::create(dir.path(), "team").unwrap();
    let one = keyring.add(&release(), &new_key(), Protection::Mode).unwrap();
    let keys = dir.path().join("team/keys");
    keyring.add(&release(), &new_key(), Protection::Mode).unwrap();
    std::fs::rename(keys.join("release-2.key"), keys.join("release-1.key")).unwrap();
    let mixed = keyring.unlock(&one, None).unwrap_err();
    assert!(matches!(mixed, KeyringError::Damaged { what: "has another key than its public half says", .. }));
    assert!(matches!(
        keyring.keys(),
        Err(KeyringError::Damaged { what: "has no private half beside it", .. })
    ));
    std::fs::write(keys.join("release-2.pub"), "x").unwrap();
    assert!(matches!(keyring.keys(), Err(KeyringError::Damaged { what: "is no public key", .. })));
}

#[test]
fn a_publisher_is_made_once_and_asked_for_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let keyring = Keyring::create(dir.path(), "team").unwrap();
    Keyring::create(dir.path(), "team").unwrap();
    keyring.add(&release(), &new_key(), Protection::Mode).unwrap();
    assert!(matches!(Keyring::create(dir.path(), "team"), Err(KeyringError::Exists(_))));
    let unknown = Keyring::open(dir.path(), "tema").unwrap_err();
    assert_eq!(unknown.to_string(), "this user has no publisher `tema`; there are team");
    for name in ["", "..", ".team", "a/b", "Team", "-x", &"a".repeat(65)] {
        assert!(matches!(Keyring::open(dir.path(), name), Err(KeyringError::Name(_))), "{name}");
    }
}

#[test]
fn what_was_published_is_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let keyring = Keyring::create(dir.path(), "team").unwrap();
    assert_eq!((keyring.root().unwrap(), keyring.seen().unwrap()), (None, Versions::default()));
    let seen = Versions { root: 2, targets: 7, ..Versions::default() };
    keyring.remember(b"root", &seen).unwrap();
    assert_eq!((keyring.root().unwrap().unwrap(), keyring.seen().unwrap()), (b"root".to_vec(), seen));
    std::fs::write(dir.path().join("team/seen.json"), "{").unwrap();
    assert!(matches!(keyring.seen(), Err(KeyringError::Damaged { .. })));
}
