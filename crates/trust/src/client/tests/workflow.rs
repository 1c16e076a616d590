//! What the workflow does for an honest publisher, and after interruptions.

use model::digest::Digest;

use super::world::{DAY, Disk, NOW, World, key, versions};
use crate::TrustError;
use crate::client::{Floors, Refreshed, Trusted};
use crate::metadata::{Envelope, Targets};

#[test]
fn a_refresh_asks_for_no_more_than_it_needs() {
    let mut world = World::new();
    let mut trusted = world.client();
    assert_eq!(world.refresh(&mut trusted, NOW), Ok(Refreshed::Changed));
    assert_eq!(world.asked, ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]);
    assert_eq!(world.refresh(&mut trusted, NOW + 60), Ok(Refreshed::Unchanged));
    assert_eq!(world.asked, ["2.root.json", "timestamp.json"]);
    world.publish(&["timestamp"]);
    assert_eq!(world.refresh(&mut trusted, NOW + 60), Ok(Refreshed::Changed));
    assert_eq!(world.asked, ["2.root.json", "timestamp.json"]);
    assert_eq!(versions(&trusted), [1, 2, 1, 1]);
}

#[test]
fn without_consistent_snapshots_names_have_no_versions() {
    let mut world = World::new();
    world.root.consistent_snapshot = false;
    world.publish(&["root"]);
    for file in ["snapshot.json", "targets.json"] {
        let bytes = world.files.remove(&format!("1.{file}")).unwrap();
        world.serve(file, bytes);
    }
    let mut trusted = world.client();
    assert_eq!(world.refresh(&mut trusted, NOW), Ok(Refreshed::Changed));
    assert_eq!(
        world.asked,
        ["2.root.json", "3.root.json", "timestamp.json", "snapshot.json", "targets.json"]
    );
}

#[test]
fn the_first_root_is_the_one_that_is_pinned() {
    let mut world = World::new();
    world.publish(&["root"]);
    let second = world.files["2.root.json"].clone();
    let pinned = Digest::of(&second).into();
    assert_eq!(Trusted::first(&second, pinned).unwrap().publisher(), pinned);
    assert_eq!(Trusted::find(pinned, &mut world).unwrap().root().version, 2);
    let other = Digest::of(b"other").into();
    assert_eq!(
        Trusted::first(&second, other).unwrap_err(),
        TrustError::Fingerprint { pinned: other, found: pinned }
    );
    assert_eq!(Trusted::find(other, &mut world).unwrap_err(), TrustError::Stranger(other));
    let unsigned = Envelope::seal(&world.root).unwrap().to_bytes().unwrap();
    let error = Trusted::first(&unsigned, Digest::of(&unsigned).into()).unwrap_err();
    assert_eq!(error.code(), "E-trust-unsigned");
}

#[test]
fn what_was_kept_is_what_is_found_again() {
    let mut world = World::new();
    world.delegate("targets", "staging", 9, &["staging/*"]);
    world.vouch("staging", "staging/app:1", b"app");
    world.publish(&["staging"]);
    world.all();
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    trusted.target("staging/app:1", &mut world, NOW).unwrap().unwrap();
    let mut again = Disk::of(&trusted).load(trusted.floors().clone()).unwrap();
    assert_eq!(world.refresh(&mut again, NOW + 1), Ok(Refreshed::Unchanged));
    assert_eq!(world.asked, ["2.root.json", "timestamp.json"]);
    world.asked.clear();
    again.target("staging/app:1", &mut world, NOW + 1).unwrap().unwrap();
    assert_eq!(world.asked, Vec::<String>::new());
    assert_eq!(Disk::of(&again).0, Disk::of(&trusted).0);
}

#[test]
fn damaged_files_are_fetched_again_and_floors_stay() {
    let mut world = World::new();
    world.all();
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    for file in ["timestamp.json", "snapshot.json", "targets.json"] {
        let mut disk = Disk::of(&trusted);
        disk.0.get_mut(file).unwrap().truncate(40);
        let mut again = disk.load(trusted.floors().clone()).unwrap();
        assert_eq!(again.floors(), trusted.floors());
        world.refresh(&mut again, NOW).unwrap();
        assert_eq!(versions(&again), versions(&trusted), "{file}");
    }
    let mut disk = Disk::of(&trusted);
    disk.0.remove("root.json");
    assert_eq!(disk.load(Floors::default()).unwrap_err(), TrustError::Missing("root.json".to_owned()));
}

#[test]
fn an_interrupted_update_goes_on_where_it_was() {
    let mut world = World::new();
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    world.all();
    let targets = world.files.remove("2.targets.json").unwrap();
    let error = world.refresh(&mut trusted, NOW).unwrap_err();
    assert_eq!(error, TrustError::Missing("2.targets.json".to_owned()));
    assert_eq!(versions(&trusted), [1, 2, 2, 1]);
    // Nothing is answered from a state of which a part is missing.
    assert!(trusted.target("app:1", &mut world, NOW).is_err());
    world.serve("2.targets.json", targets);
    world.refresh(&mut trusted, NOW).unwrap();
    assert_eq!(versions(&trusted), [1, 2, 2, 2]);
}

#[test]
fn roots_are_followed_one_by_one() {
    let mut world = World::new();
    for seed in 10..20 {
        let before = world.signers["root"].clone();
        world.assign("root", &[seed], 1);
        world.signers.get_mut("root").unwrap().extend(before);
        world.publish(&["root"]);
        world.signers.insert("root".to_owned(), vec![seed]);
    }
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    assert_eq!(trusted.root().version, 11);
    // One that only its own keys signed.
    world.assign("root", &[30], 1);
    world.publish(&["root"]);
    let error = world.refresh(&mut trusted, NOW).unwrap_err();
    assert!(
        error.to_string().contains(&format!("`{}` did not sign", super::world::id(19).short())),
        "{error}"
    );
    assert_eq!(trusted.root().version, 11);
}

#[test]
fn what_expired_is_named_with_its_date() {
    for (role, edit) in [
        ("root", (|world| world.root.expires = NOW) as fn(&mut World)),
        ("timestamp", |world| world.timestamp.expires = NOW),
        ("snapshot", |world| world.snapshot.expires = NOW),
        ("targets", |world| world.targets.get_mut("targets").unwrap().expires = NOW),
    ] {
        let mut world = World::new();
        edit(&mut world);
        if role == "root" {
            world.publish(&["root"]);
        }
        world.all();
        let mut trusted = world.client();
        let expired = TrustError::Expired { role: role.to_owned(), since: NOW, now: NOW };
        assert_eq!(world.refresh(&mut trusted, NOW), Err(expired));
        world.refresh(&mut world.client(), NOW - 1).unwrap();
    }
}

#[test]
fn what_expires_later_is_not_believed_later() {
    let mut world = World::new();
    world.vouch("targets", "app:1", b"app");
    world.all();
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    assert!(trusted.target("app:1", &mut world, NOW + 29 * DAY).unwrap().is_some());
    let error = trusted.target("app:1", &mut world, NOW + 30 * DAY).unwrap_err();
    assert_eq!(error.code(), "E-trust-expired");
    // The same timestamp over and over is a freeze, once it has expired.
    assert_eq!(world.refresh(&mut trusted, NOW + 30 * DAY).unwrap_err().code(), "E-trust-expired");
}

#[test]
fn a_clock_that_went_back_is_no_help() {
    let mut world = World::new();
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    let clock = TrustError::Clock { now: NOW - DAY, heard: NOW };
    assert_eq!(world.refresh(&mut trusted, NOW - DAY), Err(clock.clone()));
    assert_eq!(trusted.target("app:1", &mut world, NOW - DAY), Err(clock));
    assert_eq!(world.refresh(&mut trusted, NOW - 60), Ok(Refreshed::Unchanged));
}

#[test]
fn files_that_targets_name_are_what_they_should_be() {
    let mut world = World::new();
    world.vouch("targets", "dir/list.json", b"list");
    world.all();
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    let target = trusted.target("dir/list.json", &mut world, NOW).unwrap().unwrap();
    let name = format!("dir/{}.list.json", Digest::of(b"list").hex());
    let missing = trusted.fetch("dir/list.json", &target, &mut world, 100).unwrap_err();
    assert_eq!(missing, TrustError::Missing(name.clone()));
    world.serve(&name, b"list".to_vec());
    assert_eq!(trusted.fetch("dir/list.json", &target, &mut world, 100).unwrap(), b"list");
    world.serve(&name, b"lost".to_vec());
    let mixed = trusted.fetch("dir/list.json", &target, &mut world, 100).unwrap_err();
    assert_eq!(mixed, TrustError::Mixed(name));
    assert_eq!(trusted.fetch("dir/list.json", &target, &mut world, 3).unwrap_err().code(), "E-trust-format");
}

#[test]
fn the_same_document_signed_by_the_wrong_role_is_refused() {
    let mut world = World::new();
    let mut envelope = Envelope::seal(&Targets::new(1, NOW + DAY)).unwrap();
    envelope.sign(&key(4)).unwrap();
    world.serve("timestamp.json", envelope.to_bytes().unwrap());
    let error = world.refresh(&mut world.client(), NOW).unwrap_err();
    assert_eq!(error.to_string(), "`timestamp.json` is of type `targets`, and `timestamp` was asked for");
}
