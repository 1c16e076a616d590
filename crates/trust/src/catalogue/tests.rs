use std::collections::BTreeMap;

use model::digest::Digest;

use super::*;
use crate::TrustError;
use crate::client::Trusted;
use crate::client::tests::world::{DAY, Disk, NOW, World};
use crate::metadata::Target;

const REVOKED: &str = "revoked.json";

fn image(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

fn release(world: &mut World, role: &str, name: &str, image: Digest, sequence: u64) {
    let target = Target::release(image.into(), 500, sequence);
    world.targets.get_mut(role).unwrap().targets.insert(name.to_owned(), target);
}

fn revoke(world: &mut World, list: &str) {
    world.vouch("targets", REVOKED, list.as_bytes());
    world.serve(&format!("{}.{REVOKED}", image(list).hex()), list.as_bytes().to_vec());
}

/// A team with two releases of `app`, the older of which is in `staging`, and another one that was taken back.
fn team() -> World {
    let mut world = World::new();
    world.delegate("targets", "staging", 9, &["staging/*", "staging/*/*"]).terminating = true;
    release(&mut world, "targets", "app:1", image("one"), 1);
    release(&mut world, "targets", "app:2", image("two"), 2);
    release(&mut world, "targets", "app:latest", image("two"), 3);
    release(&mut world, "targets", "web/app:1", image("bad"), 4);
    release(&mut world, "staging", "staging/app:1", image("one"), 5);
    let bad = image("bad");
    revoke(
        &mut world,
        &format!(
            r#"{{"version":1,"revoked":[{{"digest":"{bad}","reason":"CVE-1","time":"2026-11-26T00:00:00Z"}}]}}"#
        ),
    );
    world.publish(&["staging"]);
    world.all();
    world
}

fn heard(world: &mut World) -> (Trusted, Result<Catalogue<'static>, TrustError>) {
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    let catalogue = Catalogue::of(&mut trusted, world, NOW);
    (trusted, catalogue)
}

fn judged(
    catalogue: &Catalogue<'_>,
    name: &str,
    digest: Digest,
    stage: Option<&str>,
) -> Result<Attested, Doubt> {
    catalogue.judge(Some(name), "app", digest, stage, NOW)
}

#[test]
fn what_is_signed_is_attested() {
    let mut world = team();
    let catalogue = heard(&mut world).1.unwrap();
    let attested = judged(&catalogue, "app:1", image("one"), Some("staging")).unwrap();
    assert_eq!(
        (attested.name(), attested.sequence(), attested.stages()),
        ("app:1", 1, ["staging".to_owned()].as_slice())
    );
    assert_eq!((attested.digest(), attested.publisher()), (image("one"), world.client().publisher()));
    // By its digest alone it is the latest release that has it.
    let attested = catalogue.judge(None, "app", image("two"), None, NOW).unwrap();
    assert_eq!((attested.name(), attested.sequence()), ("app:latest", 3));
    assert_eq!(catalogue.signed("app:2"), Some(image("two").into()));
    assert_eq!(catalogue.releases(), 4);
}

#[test]
fn every_doubt_has_words_of_its_own() {
    let mut world = team();
    let catalogue = heard(&mut world).1.unwrap();
    let (one, two, bad) = (image("one"), image("two"), image("bad"));
    for (doubt, expected) in [
        (judged(&catalogue, "app:3", one, None), "the publisher signed no `app:3`".to_owned()),
        (
            judged(&catalogue, "app:1", two, None),
            format!("the publisher signed `app:1` as {one}, and this is {two}"),
        ),
        (
            judged(&catalogue, "web/app:1", bad, None),
            format!("the publisher revoked {bad} at 2026-11-26T00:00:00Z: CVE-1"),
        ),
        (
            judged(&catalogue, "app:2", two, Some("staging")),
            "`app:2` was not promoted to stage `staging`: it has reached none".to_owned(),
        ),
        (judged(&catalogue, "app:1", one, Some("prod")), "the publisher has no stage `prod`".to_owned()),
        (
            catalogue.judge(None, "web", one, None, NOW),
            format!("the publisher signed no release of `web` with digest {one}"),
        ),
        (
            catalogue.judge(Some("app:1"), "app", one, None, NOW + 31 * DAY),
            "what the publisher signed as role `root` expired 1 day ago, at 2026-12-26T12:00:00Z".to_owned(),
        ),
    ] {
        assert_eq!(doubt.unwrap_err().to_string(), expected);
    }
    let clock = catalogue.judge(Some("app:1"), "app", one, None, NOW - DAY).unwrap_err();
    assert_eq!(clock, Doubt::Clock { now: NOW - DAY, heard: NOW });
}

#[test]
fn a_stage_that_was_removed_is_told_from_one_that_never_was() {
    let mut world = team();
    let targets = world.targets.get_mut("targets").unwrap();
    targets.delegations.as_mut().unwrap().roles.clear();
    let since = serde_json::json!({ "staging": "2026-11-26T00:00:00Z" });
    targets.other.insert("x-coffer-removed".to_owned(), since);
    world.all();
    let catalogue = heard(&mut world).1.unwrap();
    let doubt = judged(&catalogue, "app:1", image("one"), Some("staging")).unwrap_err();
    assert_eq!(
        doubt.to_string(),
        "the publisher removed stage `staging` at 2026-11-26T00:00:00Z: nothing is promoted to it any more"
    );
    assert_eq!(judged(&catalogue, "app:1", image("one"), None).unwrap().stages(), [""; 0]);
    let bytes = catalogue.to_bytes().unwrap();
    assert_eq!(Catalogue::from_bytes(&bytes).unwrap(), catalogue);
}

#[test]
fn a_list_that_is_missing_stale_or_not_understood_fails_closed() {
    let mut world = team();
    world.targets.get_mut("targets").unwrap().targets.remove(REVOKED);
    world.all();
    assert_eq!(heard(&mut world).1, Err(TrustError::NoList));

    let mut world = team();
    world.files.retain(|name, _| !name.ends_with(".revoked.json"));
    assert_eq!(heard(&mut world).1.unwrap_err().code(), "E-trust-missing");

    for list in ["[]", r#"{"revoked":[{"digest":"sha256:00","reason":"","time":""}]}"#, r#"{"version":1}"#] {
        let mut world = team();
        revoke(&mut world, list);
        world.all();
        assert_eq!(heard(&mut world).1.unwrap_err().code(), "E-trust-list", "{list}");
    }

    let mut world = team();
    let name = world.files.keys().find(|name| name.ends_with(".revoked.json")).unwrap().clone();
    let mut old = world.files[&name].clone();
    old[20] ^= 1;
    world.serve(&name, old);
    assert_eq!(heard(&mut world).1, Err(TrustError::Mixed(name)));
}

#[test]
fn a_stage_ends_by_itself() {
    let mut world = team();
    world.targets.get_mut("staging").unwrap().expires = NOW + DAY;
    world.publish(&["staging"]);
    world.all();
    let catalogue = heard(&mut world).1.unwrap();
    let later = |stage| catalogue.judge(Some("app:1"), "app", image("one"), stage, NOW + DAY);
    assert_eq!(later(None).unwrap().stages(), Vec::<String>::new());
    let expired = Doubt::Expired { role: "staging".to_owned(), since: NOW + DAY, now: NOW + DAY };
    assert_eq!(later(Some("staging")).unwrap_err(), expired);
}

#[test]
fn a_stage_vouches_for_nothing_beyond_its_paths() {
    let mut world = team();
    release(&mut world, "staging", "app:9", image("nine"), 9);
    release(&mut world, "staging", "prod/app:1", image("one"), 9);
    release(&mut world, "staging", "staging/a/b/app:1", image("one"), 9);
    world.publish(&["staging"]);
    world.all();
    let catalogue = heard(&mut world).1.unwrap();
    assert_eq!(
        judged(&catalogue, "app:9", image("nine"), None).unwrap_err(),
        Doubt::NotSigned("app:9".to_owned())
    );
    assert_eq!(catalogue.stages[0].releases.len(), 1);
}

#[test]
fn a_catalogue_survives_its_file_and_a_damaged_one_does_not() {
    let mut world = team();
    let catalogue = heard(&mut world).1.unwrap();
    let bytes = catalogue.to_bytes().unwrap();
    assert_eq!(Catalogue::from_bytes(&bytes).unwrap(), catalogue);
    for length in 0..bytes.len() {
        assert_eq!(Catalogue::from_bytes(&bytes[..length]), Err(BadCatalogue));
    }
    let mut other = bytes.clone();
    other[0] += 1;
    assert_eq!(Catalogue::from_bytes(&other), Err(BadCatalogue));
    assert_eq!(Catalogue::from_bytes(&[bytes, vec![0]].concat()), Err(BadCatalogue));
}

#[test]
fn what_a_catalogue_needs_is_kept_and_not_asked_for_again() {
    let mut world = team();
    let (trusted, _) = heard(&mut world);
    let mut again = Disk::of(&trusted).load(trusted.floors().clone()).unwrap();
    let mut nowhere = Disk(BTreeMap::new());
    let catalogue = Catalogue::of(&mut again, &mut nowhere, NOW).unwrap();
    judged(&catalogue, "app:1", image("one"), Some("staging")).unwrap();
    let lists = |world: &Trusted| world.files().filter(|(name, _)| name.ends_with(REVOKED)).count();
    assert_eq!(lists(&again), 1);
    revoke(&mut world, r#"{"version":2,"revoked":[]}"#);
    world.all();
    world.refresh(&mut again, NOW).unwrap();
    Catalogue::of(&mut again, &mut world, NOW).unwrap();
    assert_eq!(lists(&again), 1);
}

#[test]
fn nothing_is_made_of_what_is_not_present() {
    let mut world = team();
    let mut trusted = world.client();
    assert_eq!(Catalogue::of(&mut trusted, &mut world, NOW).unwrap_err().code(), "E-trust-unheard");
    let mut trusted = heard(&mut world).0;
    let late = Catalogue::of(&mut trusted, &mut world, NOW + 30 * DAY);
    assert_eq!(late.unwrap_err().code(), "E-trust-expired");
}
