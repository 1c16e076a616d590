//! A server that lies: what it can do is withhold, and that only until something expires.

use super::world::{DAY, Disk, NOW, World, id, key, versions};
use crate::TrustError;
use crate::client::Trusted;
use crate::key::{KeyId, Signer as _};
use crate::metadata::{Envelope, Role, Signature};

/// A publisher of whom a client knows the second version of everything, and the first one as it was served.
fn second() -> (World, Trusted, World) {
    let (mut world, old) = (World::new(), World::new());
    world.all();
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    (world, trusted, old)
}

fn rollback(file: &str, offered: u64, trusted: u64) -> TrustError {
    TrustError::Rollback { file: file.to_owned(), offered, trusted }
}

#[test]
fn an_older_timestamp_is_a_rollback() {
    let (_, mut trusted, mut old) = second();
    assert_eq!(old.refresh(&mut trusted, NOW), Err(rollback("timestamp.json", 1, 2)));
    // Also when the files are lost, and only the floors are left.
    let mut disk = Disk::of(&trusted);
    disk.0.retain(|name, _| name == "root.json");
    let mut again = disk.load(trusted.floors().clone()).unwrap();
    assert_eq!(old.refresh(&mut again, NOW), Err(rollback("timestamp.json", 1, 2)));
}

#[test]
fn an_older_snapshot_under_a_new_timestamp_is_a_rollback() {
    let (mut world, mut trusted, old) = second();
    world.timestamp.meta = old.timestamp.meta;
    world.publish(&["timestamp"]);
    assert_eq!(world.refresh(&mut trusted, NOW), Err(rollback("snapshot.json", 1, 2)));
    assert_eq!(versions(&trusted), [1, 2, 2, 2]);
}

#[test]
fn older_targets_under_a_new_snapshot_are_a_rollback() {
    let (mut world, mut trusted, old) = second();
    world.snapshot.meta = old.snapshot.meta;
    world.publish(&["snapshot", "timestamp"]);
    assert_eq!(world.refresh(&mut trusted, NOW), Err(rollback("targets.json", 1, 2)));
    assert_eq!(versions(&trusted), [1, 3, 2, 2]);
    // It does not become acceptable by being asked again.
    assert_eq!(world.refresh(&mut trusted, NOW), Err(rollback("targets.json", 1, 2)));
}

#[test]
fn what_was_listed_once_stays_listed() {
    let mut world = World::new();
    world.delegate("targets", "staging", 9, &["staging/*"]);
    world.publish(&["staging"]);
    world.all();
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    world.snapshot.meta.remove("staging.json");
    world.publish(&["snapshot", "timestamp"]);
    assert_eq!(world.refresh(&mut trusted, NOW), Err(TrustError::Vanished("staging.json".to_owned())));
}

#[test]
fn files_of_two_states_do_not_mix() {
    let (mut world, mut trusted, _) = second();
    let before = world.files["2.targets.json"].clone();
    world.all();
    world.serve("3.targets.json", before);
    assert_eq!(world.refresh(&mut trusted, NOW), Err(TrustError::Mixed("3.targets.json".to_owned())));
    // Where no hashes are listed, versions tell.
    world.snapshot.meta.get_mut("targets.json").unwrap().hashes = None;
    world.snapshot.meta.get_mut("targets.json").unwrap().length = None;
    world.publish(&["snapshot", "timestamp"]);
    let version = TrustError::Version { file: "3.targets.json".to_owned(), found: 2, wanted: 3 };
    assert_eq!(world.refresh(&mut trusted, NOW), Err(version));
}

#[test]
fn a_root_of_another_number_is_refused() {
    let mut world = World::new();
    world.publish(&["root"]);
    let second = world.files["2.root.json"].clone();
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    world.serve("3.root.json", second);
    assert_eq!(world.refresh(&mut trusted, NOW), Err(rollback("3.root.json", 2, 3)));
    world.root.version = 3;
    world.publish(&["root"]);
    let skipped = world.files.remove("4.root.json").unwrap();
    world.serve("3.root.json", skipped);
    let version = TrustError::Version { file: "3.root.json".to_owned(), found: 4, wanted: 3 };
    assert_eq!(world.refresh(&mut trusted, NOW), Err(version));
}

#[test]
fn a_root_that_was_seen_cannot_be_withheld_afterwards() {
    let mut world = World::new();
    world.publish(&["root"]);
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    let floors = trusted.floors().clone();
    let mut disk = Disk::of(&trusted);
    disk.0.insert("root.json".to_owned(), world.files["1.root.json"].clone());
    let mut older = disk.load(floors).unwrap();
    let mut withholding = World::new();
    assert_eq!(withholding.refresh(&mut older, NOW), Err(rollback("root.json", 1, 2)));
    assert_eq!(older.target("app:1", &mut withholding, NOW), Err(rollback("root.json", 1, 2)));
    world.refresh(&mut older, NOW).unwrap();
}

#[test]
fn one_key_is_one_signature_whatever_ids_it_has() {
    let mut world = World::new();
    world.assign("timestamp", &[4], 2);
    world.root.keys.insert(KeyId::new("alias"), key(4).public().clone());
    let ids = vec![id(4), KeyId::new("alias"), id(4)];
    world.root.roles.insert("timestamp".to_owned(), Role::new(ids, 2));
    world.publish(&["root"]);
    let mut envelope = Envelope::seal(&world.timestamp).unwrap();
    envelope.sign(&key(4)).unwrap();
    let sig = envelope.signatures()[0].sig.clone();
    envelope.add(Signature { keyid: KeyId::new("alias"), sig });
    world.serve("timestamp.json", envelope.to_bytes().unwrap());
    let error = world.refresh(&mut world.client(), NOW).unwrap_err();
    assert!(error.to_string().contains("is signed by one key, and role `timestamp` needs 2"), "{error}");
}

#[test]
fn a_delegated_key_under_the_id_of_another_vouches_for_nothing_else() {
    let mut world = World::new();
    // The attacker's key 66 is listed in a delegation under the id of the top-level targets' key.
    world.delegate("targets", "team", 66, &["team/*"]);
    let delegations = world.targets.get_mut("targets").unwrap().delegations.as_mut().unwrap();
    delegations.keys.insert(id(2), key(66).public().clone());
    world.publish(&["team"]);
    world.all();
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    let mut forged = Envelope::seal(&world.targets["targets"]).unwrap();
    let sig = model::hex::encode(&key(66).sign(forged.message()).unwrap());
    forged.add(Signature { keyid: id(2), sig });
    world.targets.get_mut("targets").unwrap().version += 1;
    let bytes = forged.to_bytes().unwrap();
    world.snapshot.meta.insert("targets.json".to_owned(), crate::metadata::MetaFile::of(3, &bytes));
    world.publish(&["snapshot", "timestamp"]);
    world.serve("3.targets.json", bytes);
    assert_eq!(world.refresh(&mut trusted, NOW).unwrap_err().code(), "E-trust-unsigned");
}

#[test]
fn a_rotated_key_takes_back_what_it_drove_up() {
    let mut world = World::new();
    world.timestamp.version = 1_000_000;
    world.publish(&["timestamp"]);
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    assert_eq!(versions(&trusted), [1, 1_000_001, 1, 1]);
    world.timestamp.version = 1;
    // A key that is only added takes nothing back.
    world.assign("timestamp", &[4, 5], 1);
    world.publish(&["root", "timestamp"]);
    assert_eq!(world.refresh(&mut trusted, NOW), Err(rollback("timestamp.json", 2, 1_000_001)));
    world.assign("timestamp", &[5], 1);
    world.publish(&["root", "timestamp"]);
    world.refresh(&mut trusted, NOW).unwrap();
    assert_eq!(versions(&trusted), [3, 3, 1, 1]);
}

#[test]
fn a_rotation_is_not_used_twice() {
    let mut world = World::new();
    world.assign("timestamp", &[5], 1);
    world.publish(&["root", "timestamp"]);
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    let floors = trusted.floors().clone();
    // The old root is put back; the way to the new one leads over the rotation again.
    let mut disk = Disk::of(&trusted);
    disk.0.insert("root.json".to_owned(), world.files["1.root.json"].clone());
    let mut again = disk.load(floors.clone()).unwrap();
    world.timestamp.version = 0;
    world.publish(&["timestamp"]);
    assert_eq!(world.refresh(&mut again, NOW), Err(rollback("timestamp.json", 1, 2)));
    assert_eq!(again.floors(), &floors);
}

#[test]
fn what_a_lost_key_signed_is_let_go_of() {
    let mut world = World::new();
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    world.assign("targets", &[7], 1);
    world.publish(&["root"]);
    world.files.remove("timestamp.json");
    assert!(world.refresh(&mut trusted, NOW).is_err());
    assert!(trusted.targets().is_none());
    assert!(trusted.files().all(|(name, _)| name != "targets.json"));
}

#[test]
fn endless_data_ends() {
    let (mut world, mut trusted, _) = second();
    world.publish(&["timestamp"]);
    let mut large = world.files["timestamp.json"].clone();
    large.resize((1 << 20) + 1, b' ');
    world.serve("timestamp.json", large);
    assert_eq!(world.refresh(&mut trusted, NOW).unwrap_err().code(), "E-trust-source");
    // A length that is signed and still absurd is not even asked for.
    world.timestamp.meta.get_mut("snapshot.json").unwrap().length = Some(u64::MAX);
    world.timestamp.meta.get_mut("snapshot.json").unwrap().version = 9;
    world.publish(&["timestamp"]);
    assert_eq!(world.refresh(&mut trusted, NOW).unwrap_err().code(), "E-trust-format");
    assert_eq!(world.asked, ["2.root.json", "timestamp.json"]);
}

#[test]
fn a_server_without_end_of_roots_is_left() {
    let mut world = World::new();
    for _ in 0..1030 {
        world.publish(&["root"]);
    }
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    assert_eq!(trusted.root().version, 1025);
}

#[test]
fn half_signed_is_not_signed() {
    let mut world = World::new();
    world.assign("targets", &[2, 3, 7], 2);
    world.signers.insert("targets".to_owned(), vec![2]);
    world.publish(&["root"]);
    world.all();
    let mut trusted = world.client();
    let error = world.refresh(&mut trusted, NOW + DAY).unwrap_err();
    assert!(error.to_string().contains("is signed by one key, and role `targets` needs 2"), "{error}");
    assert_eq!(versions(&trusted), [2, 2, 2, 0]);
}
