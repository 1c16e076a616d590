//! What ended Notary v1, and what a registry that somebody else has taken over can do.

use std::time::{Duration, Instant};

use engine::trust::Files;

use super::engine;
use super::place::{BEGIN, Home, code, set_clock};
use super::publisher::Publisher;
use super::shipping::{Image, Registry, Trick};

const DAY: i64 = 86_400;

/// A publisher with a signed image in a registry, and somebody who has pinned them.
struct Scene {
    home: Home,
    registry: Registry,
    publisher: Publisher,
    image: Image,
}

impl Scene {
    fn new() -> Self {
        set_clock(BEGIN);
        let (home, registry, mut publisher) = (Home::new(), Registry::new(), Publisher::new(1));
        let image = Image::small("signed");
        registry.has("team/app", Some("1"), &image);
        publisher.sign("app:1", &image);
        let scene = Self { home, registry, publisher, image };
        scene.home.publish(&scene.place(), &scene.publisher.files());
        scene.home.pin(&scene.place(), &scene.publisher).unwrap();
        scene
    }

    fn place(&self) -> String {
        format!("{}/team", self.registry.address)
    }

    fn name(&self) -> String {
        format!("{}/team/app:1", self.registry.address)
    }

    /// What a registry does that is not bound by our rules: these files, whatever was there.
    fn serves(&self, files: &Files) {
        self.registry.forgets_manifest("team/trust", "latest");
        self.home.publish(&self.place(), files);
    }
}

#[test]
fn a_signed_image_is_pulled_and_nothing_else_is() {
    let scene = Scene::new();
    scene.home.pull(&scene.name()).unwrap();
    let other = Image::small("somebody else's");
    scene.registry.has("team/app", Some("2"), &other);
    assert_eq!(code(scene.home.pull(&scene.name().replace(":1", ":2"))), "E-trust-not-signed");
    scene.registry.has("team/app", Some("1"), &other);
    scene.registry.forgets();
    assert_eq!(code(scene.home.pull(&scene.name())), "E-trust-other-digest");
    assert_eq!(scene.registry.asked("GET /v2/team/app/blobs/"), 0, "nothing of it was fetched");
    scene.registry.has("elsewhere/app", Some("1"), &other);
    scene.home.pull(&format!("{}/elsewhere/app:1", scene.registry.address)).unwrap();
    let kinds = scene.home.kinds();
    assert_eq!(kinds.iter().filter(|kind| **kind == "trust-refusal").count(), 2);
    assert!(kinds.contains(&"trust-pin") && kinds.contains(&"trust-refresh"), "{kinds:?}");
}

#[test]
fn by_digest_only_what_was_signed_is_pulled() {
    let scene = Scene::new();
    let by_digest = |image: &Image| format!("{}/team/app@{}", scene.registry.address, image.digest());
    scene.home.pull(&by_digest(&scene.image)).unwrap();
    let other = Image::small("somebody else's");
    scene.registry.has("team/app", None, &other);
    assert_eq!(code(scene.home.pull(&by_digest(&other))), "E-trust-unknown-digest");
}

#[test]
fn a_copy_is_trusted_at_every_stop() {
    let scene = Scene::new();
    let (second, third) = (Registry::new(), Registry::new());
    let how = engine::ship::Copying {
        extent: engine::ship::Extent::Whole,
        referrers: engine::ship::Referrers::Along,
    };
    let copy = |from: &str, to: &str| {
        let from = format!("docker://{from}");
        scene.home.engine.copy_image(&scene.home.registries, &from, to, &how, &mut engine::Quiet).unwrap()
    };
    let (there, further) =
        (format!("{}/mirror/app:1", second.address), format!("{}/deep/below/app:1", third.address));
    for (from, to, place) in [
        (scene.name(), there.clone(), format!("{}/mirror", second.address)),
        (there, further, format!("{}/deep/below", third.address)),
    ] {
        let copied = copy(&from, &to);
        assert!(matches!(copied.trust, Some(engine::trust::Along::Copied(_))), "{:?}", copied.trust);
        let other = Home::new();
        other.pin(&place, &scene.publisher).unwrap();
        other.pull(&to).unwrap();
        assert!(matches!(copy(&from, &to).trust, Some(engine::trust::Along::There(_))));
    }
}

#[test]
fn an_air_gap_file_carries_trust_to_where_there_is_none() {
    let scene = Scene::new();
    let carrier = engine::trust::Carrier::Registry(scene.place().parse().unwrap());
    let mut archive = Vec::new();
    let exported = scene.home.engine.export_trust(&scene.home.registries, &carrier, &mut archive).unwrap();
    assert_eq!(exported.until, "2027-01-16T08:00:00Z");
    let inside = Registry::new();
    inside.has("kept/app", Some("1"), &scene.image);
    let (home, place) = (Home::new(), format!("{}/kept", inside.address));
    let files = || Files::from_archive(&mut archive.as_slice()).unwrap();
    let pin = super::place::pin(&place, &scene.publisher);
    home.engine.pin(&home.registries, &pin, Some(files())).unwrap();
    home.pull(&format!("{place}/app:1")).unwrap();
    set_clock(BEGIN + 2 * DAY);
    assert_eq!(code(home.pull(&format!("{place}/app:1"))), "E-trust-expired");
    let heard = home.engine.import_trust(&files()).unwrap().remove(0);
    assert_eq!(code(heard), "E-trust-expired");
    let stranger = Publisher::new(2).files();
    assert_eq!(home.engine.import_trust(&stranger).unwrap_err().code(), "E-trust-stranger");
}

#[test]
fn older_files_are_a_rollback_and_change_nothing() {
    let mut scene = Scene::new();
    let old = scene.publisher.files();
    scene.publisher.revoke(&scene.image);
    scene.home.publish(&scene.place(), &scene.publisher.files());
    scene.home.refresh(&scene.place()).unwrap();
    assert_eq!(code(scene.home.pull(&scene.name())), "E-trust-revoked");
    scene.serves(&old);
    assert_eq!(code(scene.home.refresh(&scene.place())), "E-trust-rollback");
    assert_eq!(code(scene.home.pull(&scene.name())), "E-trust-revoked");
    assert_eq!(scene.home.kinds().last(), Some(&"trust-refusal"));
}

#[test]
fn what_was_seen_outlives_the_pin_and_the_files() {
    let mut scene = Scene::new();
    let old = scene.publisher.files();
    scene.publisher.renew();
    scene.home.publish(&scene.place(), &scene.publisher.files());
    scene.home.refresh(&scene.place()).unwrap();
    scene.home.engine.unpin(&scene.place().parse().unwrap()).unwrap();
    scene.home.pull(&scene.name()).unwrap();
    let kept = scene.home.directory.path().join("state/trust").join(scene.publisher.fingerprint().hex());
    std::fs::remove_dir_all(kept.join("files")).unwrap();
    scene.serves(&old);
    assert_eq!(code(scene.home.pin(&scene.place(), &scene.publisher)), "E-trust-rollback");
}

#[test]
fn withheld_news_are_believed_until_they_expire() {
    let scene = Scene::new();
    set_clock(BEGIN + DAY - 60);
    scene.home.pull(&scene.name()).unwrap();
    set_clock(BEGIN + DAY + 3600);
    assert_eq!(code(scene.home.pull(&scene.name())), "E-trust-expired");
    let error = scene.home.refresh(&scene.place()).unwrap_err();
    assert!(error.to_string().contains("role `timestamp` expired 1 hour ago"), "{error}");
    set_clock(BEGIN - 3600);
    assert_eq!(code(scene.home.refresh(&scene.place())), "E-trust-clock");
}

#[test]
fn files_of_different_moments_do_not_mix() {
    let mut scene = Scene::new();
    let old = scene.publisher.files();
    scene.publisher.revoke(&scene.image);
    let new = scene.publisher.files();
    let mixed = |name: &str, bytes: &[u8]| {
        let mut files = new.clone();
        files.add(name, bytes.to_vec()).unwrap();
        files
    };
    let of = |files: &Files, end: &str| {
        let found = files.iter().filter(|(name, _)| name.ends_with(end)).last();
        found.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).unwrap()
    };
    for end in ["snapshot.json", "targets.json"] {
        let (name, _) = of(&new, end);
        scene.serves(&mixed(&name, &of(&old, end).1));
        assert_eq!(code(scene.home.refresh(&scene.place())), "E-trust-mixed", "{end}");
    }
    scene.home.pull(&scene.name()).unwrap();
    scene.serves(&new);
    scene.home.refresh(&scene.place()).unwrap();
    assert_eq!(code(scene.home.pull(&scene.name())), "E-trust-revoked");
}

#[test]
fn another_publisher_is_never_taken_for_the_pinned_one() {
    let scene = Scene::new();
    let mut stranger = Publisher::new(2);
    stranger.sign("app:1", &scene.image);
    scene.serves(&stranger.files());
    assert_eq!(code(scene.home.refresh(&scene.place())), "E-trust-unsigned");
    assert_eq!(code(Home::new().pin(&scene.place(), &scene.publisher)), "E-trust-stranger");
}

#[test]
fn rotated_keys_are_followed_and_the_old_ones_are_worth_nothing() {
    let mut scene = Scene::new();
    let mut thief = Publisher::new(1);
    scene.publisher.rotate(40);
    let next = Image::small("signed with the new key");
    scene.registry.has("team/app", Some("2"), &next);
    scene.publisher.sign("app:2", &next);
    scene.home.publish(&scene.place(), &scene.publisher.files());
    scene.home.pull(&scene.name().replace(":1", ":2")).unwrap();
    // Whoever has the old keys signs on from where they were, with higher versions.
    for _ in 0..9 {
        thief.sign("app:1", &scene.image);
        thief.renew();
    }
    scene.serves(&thief.files());
    assert!(scene.home.refresh(&scene.place()).is_err());
    scene.home.pull(&scene.name().replace(":1", ":2")).unwrap();
}

#[test]
fn lost_keys_are_survived_by_the_threshold() {
    let mut scene = Scene::new();
    scene.publisher.lose_keys(50);
    let next = Image::small("after the loss");
    scene.registry.has("team/app", Some("2"), &next);
    scene.publisher.sign("app:2", &next);
    scene.home.publish(&scene.place(), &scene.publisher.files());
    scene.home.pull(&scene.name().replace(":1", ":2")).unwrap();
    let fresh = Home::new();
    fresh.pin(&scene.place(), &scene.publisher).unwrap();
    fresh.pull(&scene.name().replace(":1", ":2")).unwrap();
}

#[test]
fn endless_files_end() {
    let scene = Scene::new();
    let manifest = scene.registry.manifest("team/trust", "latest").unwrap();
    let claimed = |size: u64| {
        let mut document: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        document["layers"].as_array_mut().unwrap().iter_mut().for_each(|layer| layer["size"] = size.into());
        let kind = "application/vnd.oci.image.manifest.v1+json".to_owned();
        Image::of(kind, document.to_string().into_bytes())
    };
    for (size, expected) in [(u64::MAX, "E-trust-files"), (9 << 20, "E-trust-source")] {
        scene.registry.has("team/trust", Some("latest"), &claimed(size));
        assert_eq!(code(scene.home.refresh(&scene.place())), expected);
    }
    scene.registry.has("team/trust", Some("latest"), &Image::of("text/plain".into(), vec![b' '; 5 << 20]));
    assert!(scene.home.refresh(&scene.place()).is_err());
    scene.home.pull(&scene.name()).unwrap();
}

#[test]
fn a_registry_that_drips_is_given_up() {
    let scene = Scene::new();
    scene.registry.misbehaves(Trick::Drips);
    let began = Instant::now();
    assert!(scene.home.refresh(&scene.place()).is_err());
    assert!(began.elapsed() < Duration::from_secs(120), "{:?}", began.elapsed());
    scene.registry.behaves();
    scene.home.refresh(&scene.place()).unwrap();
}
