use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::key::{Algorithm, KeyId, PublicKey, Signer, SoftKey};

const MOST: u64 = 1 << 20;
const NOON: i64 = 1_795_694_400;

fn key(seed: u8) -> SoftKey {
    SoftKey::from_seed(&[seed; 32]).unwrap()
}

/// A root in which `keys` sign for every role, `threshold` of them.
fn root(keys: &[&SoftKey], threshold: u32) -> Root {
    let mut root = Root::new(1, NOON);
    root.keys = keys.iter().map(|key| (key.public().id(), key.public().clone())).collect();
    let ids: Vec<KeyId> = keys.iter().map(|key| key.public().id()).collect();
    for role in ["root", "targets", "snapshot", "timestamp"] {
        root.roles.insert(role.to_owned(), Role::new(ids.clone(), threshold));
    }
    root
}

fn sealed<T: Document>(document: &T, signers: &[&SoftKey]) -> Vec<u8> {
    let mut envelope = Envelope::seal(document).unwrap();
    signers.iter().for_each(|signer| envelope.sign(*signer).unwrap());
    envelope.to_bytes().unwrap()
}

/// `document` with `edit` made to it, as a file that nobody signed.
fn edited<T: Document>(document: &T, edit: impl Fn(&mut Value)) -> Vec<u8> {
    let mut signed = serde_json::to_value(document).unwrap();
    edit(&mut signed);
    serde_json::to_vec(&json!({"signatures": [], "signed": signed})).unwrap()
}

fn refused<T: Document + std::fmt::Debug>(bytes: &[u8]) -> String {
    let envelope = Envelope::open(bytes, MOST);
    envelope.and_then(|envelope| envelope.claimed::<T>()).unwrap_err().to_string()
}

#[test]
fn what_was_signed_is_what_is_read() {
    let (one, two) = (key(1), SoftKey::generate(Algorithm::EcdsaP256).unwrap());
    let document = root(&[&one, &two], 2);
    let bytes = sealed(&document, &[&one, &two]);
    let envelope = Envelope::open(&bytes, MOST).unwrap();
    assert_eq!(envelope.holds(&document.authority("root")), Ok(()));
    assert_eq!(envelope.claimed::<Root>().unwrap(), document);
    assert_eq!(envelope.to_bytes().unwrap(), bytes);
}

#[test]
fn what_the_specification_does_not_know_survives_an_edit() {
    let mut document = root(&[&key(1)], 1);
    document.other.insert("x-team".to_owned(), json!({"b": 1, "a": [true]}));
    document.roles.get_mut("targets").unwrap().other.insert("x-name".to_owned(), json!("anna"));
    let mut targets = Targets::new(1, NOON);
    let role = DelegatedRole {
        name: "staging".to_owned(),
        terminating: true,
        paths: Some(vec!["staging/*".to_owned()]),
        path_hash_prefixes: None,
        role: Role::new(Vec::new(), 1),
    };
    let mut delegations = Delegations { roles: vec![role], ..Delegations::default() };
    delegations.roles[0].role.other.insert("x-coffer-requires".to_owned(), json!([{"type": "vuln"}]));
    targets.delegations = Some(delegations);
    let mut target = Target::file(b"file");
    target.other.insert("x-more".to_owned(), json!(1));
    targets.targets.insert("web/app:1.4".to_owned(), target);
    for bytes in [sealed(&document, &[]), sealed(&targets, &[])] {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let envelope = Envelope::open(&bytes, MOST).unwrap();
        let again = match text.contains("x-team") {
            true => sealed(&envelope.claimed::<Root>().unwrap(), &[]),
            false => sealed(&envelope.claimed::<Targets>().unwrap(), &[]),
        };
        assert_eq!(String::from_utf8(again).unwrap(), text);
    }
}

#[test]
fn a_key_counts_once_whatever_ids_it_has() {
    let one = key(1);
    let mut document = root(&[&one], 2);
    document.keys.insert(KeyId::new("other"), one.public().clone());
    let ids = vec![one.public().id(), KeyId::new("other"), one.public().id()];
    document.roles.insert("root".to_owned(), Role::new(ids, 2));
    let mut envelope = Envelope::seal(&document).unwrap();
    envelope.sign(&one).unwrap();
    let sig = envelope.signatures()[0].sig.clone();
    envelope.add(Signature { keyid: KeyId::new("other"), sig });
    let shortfall = envelope.holds(&document.authority("root")).unwrap_err();
    assert_eq!((shortfall.tally.signed.len(), shortfall.needed), (1, 2));
}

#[test]
fn an_id_that_two_keys_claim_is_refused() {
    let (one, two) = (key(1), key(2));
    let text = String::from_utf8(sealed(&root(&[&one, &two], 1), &[])).unwrap();
    let collided = text.replace(two.public().id().as_str(), one.public().id().as_str());
    assert!(
        Envelope::open(collided.as_bytes(), MOST).unwrap_err().to_string().contains("twice in one object")
    );
}

#[test]
fn signing_twice_is_refused() {
    let one = key(1);
    let bytes = sealed(&root(&[&one], 1), &[&one]);
    let mut file: Value = serde_json::from_slice(&bytes).unwrap();
    let signature = file["signatures"][0].clone();
    file["signatures"].as_array_mut().unwrap().push(signature);
    let bytes = serde_json::to_vec(&file).unwrap();
    assert!(matches!(Envelope::open(&bytes, MOST), Err(FormatError::SignedTwice(_))));
}

#[test]
fn a_shortfall_says_what_each_key_did() {
    let (one, two, three) = (key(1), key(2), key(3));
    let mut document = root(&[&one, &two, &three], 3);
    let odd = r#"{"keytype":"lattice","scheme":"dilithium","keyval":{"public":"00"}}"#;
    document.keys.insert(KeyId::new("odd"), serde_json::from_str::<PublicKey>(odd).unwrap());
    document.roles.get_mut("root").unwrap().keyids.push(KeyId::new("odd"));
    document.roles.get_mut("root").unwrap().keyids.push(KeyId::new("not listed"));
    let mut envelope = Envelope::seal(&document).unwrap();
    envelope.sign(&one).unwrap();
    envelope.add(Signature { keyid: two.public().id(), sig: "00".to_owned() });
    let shortfall = envelope.holds(&document.authority("root")).unwrap_err();
    let [one, two, three] = [one, two, three].map(|key| key.public().id().short());
    assert_eq!(
        shortfall.to_string(),
        format!(
            "is signed by one key, and role `root` needs 3; `{one}` signed; `{three}` did not sign; \
             `{two}` has a signature that does not hold; `odd` is of scheme `dilithium`, which is not understood"
        )
    );
    let nobody = envelope.holds(&document.authority("mirrors")).unwrap_err();
    assert_eq!(nobody.to_string(), "is signed by no key, and nobody may sign as `mirrors`");
}

#[test]
fn every_flaw_has_words_of_its_own() {
    let document = root(&[&key(1)], 1);
    let snapshot = Snapshot::new(1, NOON);
    for (bytes, expected) in [
        (b"{\"signatures\":[".to_vec(), "is not metadata: EOF"),
        (edited(&snapshot, |_| ()), "is of type `snapshot`, and `root` was asked for"),
        (edited(&document, |root| root["spec_version"] = json!("2.0")), "follows version `2.0`"),
        (edited(&document, |root| root["version"] = json!(0)), "has version 0"),
        (edited(&document, |root| root["version"] = json!(1.5)), "has the number `1.5`"),
        (edited(&document, |root| root["version"] = json!(-1)), "is not metadata: invalid value"),
        (edited(&document, |root| root["expires"] = json!("soon")), "is not metadata: `soon` is no time"),
        (
            edited(&document, |root| root["roles"]["root"]["threshold"] = json!(0)),
            "asks for no signature at all",
        ),
        (
            edited(&document, |root| drop(root["roles"].as_object_mut().unwrap().remove("targets"))),
            "does not say who signs as `targets`",
        ),
    ] {
        let found = refused::<Root>(&bytes);
        assert!(found.starts_with(expected), "{found}");
    }
    let large = Envelope::open(&[b' '; 11], 10).unwrap_err();
    assert_eq!(large.to_string(), "is larger than 10 bytes, the most that is read of it");
}

#[test]
fn delegations_are_held_to_their_rules() {
    let role = |name: &str| json!({"name": name, "keyids": [], "threshold": 1, "paths": ["*"]});
    let with = |roles: Value| {
        edited(&Targets::new(1, NOON), |targets| targets["delegations"] = json!({"keys": {}, "roles": roles}))
    };
    let mut both = role("both");
    both["path_hash_prefixes"] = json!(["00"]);
    for (roles, expected) in [
        (json!([role("a"), role("a")]), "delegates to role `a` twice"),
        (json!([role("snapshot")]), "delegates to a role named `snapshot`"),
        (json!([role("")]), "delegates to a role named ``"),
        (json!([role(&"/".repeat(70))]), "delegates to a role named `///"),
        (json!([both]), "gives role `both` both"),
    ] {
        let found = refused::<Targets>(&with(roles));
        assert!(found.starts_with(expected), "{found}");
    }
    let bytes = with(json!([role("a")]));
    let targets: Targets = Envelope::open(&bytes, MOST).unwrap().claimed().unwrap();
    assert!(targets.delegations.unwrap().role("a").unwrap().covers("name:1"));
}

#[test]
fn bins_cover_what_hashes_into_them() {
    let bin = |prefixes: &[&str]| DelegatedRole {
        name: "bin".to_owned(),
        terminating: false,
        paths: None,
        path_hash_prefixes: Some(prefixes.iter().map(|&prefix| prefix.to_owned()).collect()),
        role: Role::new(Vec::new(), 1),
    };
    // The SHA-256 of `abc` begins with ba7816bf.
    assert!(bin(&["00", "ba78"]).covers("abc"));
    assert!(!bin(&["ba79"]).covers("abc"));
    assert!(!bin(&[]).covers("abc"));
}

#[test]
fn names_of_roles_stay_in_their_directory() {
    for (role, expected) in [
        ("staging", "staging.json"),
        ("../delegatedrole", "..%2Fdelegatedrole.json"),
        ("?", "%3F.json"),
        ("#", "%23.json"),
        ("é%", "%C3%A9%25.json"),
    ] {
        assert_eq!(file_name(role), expected);
    }
}

#[test]
fn times_are_read_with_offsets_and_written_in_utc() {
    let targets = |expires: &str| {
        let bytes = edited(&Targets::new(1, 0), |targets| targets["expires"] = json!(expires));
        Envelope::open(&bytes, MOST)
            .and_then(|envelope| envelope.claimed::<Targets>())
            .map(|targets| targets.expires)
    };
    assert_eq!(targets("2026-11-26T12:00:00Z").map(rfc3339).unwrap(), "2026-11-26T12:00:00Z");
    // As in sigstore's first root.
    assert_eq!(targets("2021-12-18T13:28:12.99008-06:00").map(rfc3339).unwrap(), "2021-12-18T19:28:12Z");
    assert!(targets("2026-11-26T12:00:00").is_err());
}

#[test]
fn hashes_hold_if_all_that_are_understood_do() {
    let hashes = |text: &str| serde_json::from_str::<Hashes>(text).unwrap();
    let sha512 = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                  2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let both = hashes(&format!(r#"{{"sha256":"{sha256}","sha512":"{sha512}","md5":"x"}}"#));
    assert!(both.hold(b"abc") && !both.hold(b"abd"));
    assert_eq!(both.prefix().unwrap(), sha256);
    assert!(hashes(&format!(r#"{{"sha512":"{sha512}"}}"#)).hold(b"abc"));
    let mixed = hashes(&format!(r#"{{"sha256":"{}","sha512":"{sha512}"}}"#, "0".repeat(64)));
    assert!(!mixed.hold(b"abc"));
    for none in ["{}", r#"{"unknown-hash":"00"}"#] {
        assert!(!hashes(none).hold(b"abc"), "nothing that is understood is no proof: {none}");
    }
    assert!(serde_json::from_str::<Hashes>(r#"{"sha256":"ba78"}"#).is_err());
    assert_eq!(Hashes::of(b"abc"), hashes(&format!(r#"{{"sha256":"{sha256}"}}"#)));
    let listed = BTreeMap::from([("targets.json".to_owned(), MetaFile::of(7, b"abc"))]);
    assert_eq!(listed["targets.json"].length, Some(3));
}
