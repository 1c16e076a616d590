//! What a start is told of who vouches for its image.

use std::path::Path;
use std::process::Command;

use engine::registries::Places;
use model::trust::Vouched;

use super::engine;
use super::place::{BEGIN, Home, open, set_clock, vouched};
use super::scene::{DAY, Scene};
use super::shipping::{Image, Trick};

const DIRECTORY: &str = "COFFER_TEST_TRUST_DIRECTORY";
const NAME: &str = "COFFER_TEST_TRUST_NAME";

#[track_caller]
fn doubt(vouched: Vouched) -> String {
    match vouched {
        Vouched::Doubted { doubt, .. } => doubt,
        other => panic!("no doubt: {other:?}"),
    }
}

#[test]
fn a_start_is_told_who_signed_its_image() {
    let mut scene = Scene::new();
    let pulled = scene.home.pull(&scene.name()).unwrap();
    let signed = Vouched::Signed {
        publisher: "team".to_owned(),
        place: scene.place(),
        stages: Vec::new(),
        built: None,
    };
    let by_digest = format!("{}/team/app@{}", scene.registry.address, scene.image.digest());
    let id = pulled.image.digest.hex();
    for image in [scene.name(), by_digest, id[..12].to_owned()] {
        assert_eq!(vouched(&scene.home.engine, &image), signed, "{image}");
    }
    scene.home.engine.tag(&pulled.image, &"elsewhere.example/app:1".parse().unwrap()).unwrap();
    assert_eq!(vouched(&scene.home.engine, "elsewhere.example/app:1"), Vouched::Nobody);
    scene.publisher.revoke(&scene.image);
    scene.home.publish(&scene.place(), &scene.publisher.files());
    scene.home.refresh(&scene.place()).unwrap();
    for image in [scene.name(), id[..12].to_owned()] {
        let doubt = doubt(vouched(&scene.home.engine, &image));
        assert!(doubt.contains("revoked") && doubt.contains("CVE-2026-1"), "{doubt}");
    }
    scene.home.engine.unpin(&scene.place().parse().unwrap()).unwrap();
    assert_eq!(vouched(&scene.home.engine, &scene.name()), Vouched::Nobody);
}

#[test]
fn what_was_pulled_before_its_place_was_pinned_is_judged_too() {
    let scene = Scene::new();
    scene.home.engine.unpin(&scene.place().parse().unwrap()).unwrap();
    scene.registry.has("team/app", Some("2"), &Image::small("somebody else's"));
    let name = scene.name().replace(":1", ":2");
    scene.home.pull(&name).unwrap();
    scene.home.pin(&scene.place(), &scene.publisher).unwrap();
    assert_eq!(doubt(vouched(&scene.home.engine, &name)), "the publisher signed no `app:2`");
}

#[test]
fn of_a_signed_index_every_image_is_vouched_for() {
    let mut scene = Scene::new();
    let (name, list) = scene.signs_index();
    scene.home.publish(&scene.place(), &scene.publisher.files());
    scene.home.pull(&name).unwrap();
    assert!(matches!(vouched(&scene.home.engine, &name), Vouched::Signed { .. }));
    let by_digest = format!("{}/team/app@{}", scene.registry.address, list.digest());
    assert!(matches!(vouched(&scene.home.engine, &by_digest), Vouched::Signed { .. }));
}

#[test]
fn pins_that_cannot_be_read_are_no_reason_to_believe_anybody() {
    let scene = Scene::new();
    scene.home.pull(&scene.name()).unwrap();
    std::fs::write(scene.home.directory.path().join("state/trust/pins.json"), "{").unwrap();
    assert!(doubt(vouched(&scene.home.engine, &scene.name())).contains("is damaged"));
}

/// In a child, which has no other thread that does anything: a start two days later. As a test of its own it checks that
/// without the parent's word there is nothing to start.
#[test]
fn child_starts() {
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        assert!(std::env::var_os(NAME).is_none());
        return;
    };
    set_clock(BEGIN + 2 * DAY);
    let engine = open(Path::new(&directory)).reaching(Places::default());
    println!("vouched {:?}", vouched(&engine, &std::env::var(NAME).unwrap()));
}

fn started_later(home: &Home, name: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "starts::child_starts", "--nocapture", "--test-threads=1"])
        .env(DIRECTORY, home.directory.path())
        .env(NAME, name)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.split_once("vouched ").unwrap_or_else(|| panic!("{said}")).1.to_owned()
}

#[test]
fn where_nothing_is_believed_any_more_a_start_asks_first() {
    let mut scene = Scene::new();
    scene.home.pull(&scene.name()).unwrap();
    let said = started_later(&scene.home, &scene.name());
    assert!(said.contains("expired") && said.contains("and there is no news"), "{said}");
    set_clock(BEGIN + 2 * DAY);
    scene.publisher.renew();
    scene.home.publish(&scene.place(), &scene.publisher.files());
    let said = started_later(&scene.home, &scene.name());
    assert!(said.starts_with("Signed"), "{said}");
}

#[test]
fn a_registry_that_is_gone_holds_no_start_up_for_long() {
    let scene = Scene::new();
    scene.home.pull(&scene.name()).unwrap();
    scene.registry.misbehaves(Trick::Drips);
    let began = std::time::Instant::now();
    let said = started_later(&scene.home, &scene.name());
    assert!(said.contains("there was no answer within 5 seconds"), "{said}");
    assert!(began.elapsed() < std::time::Duration::from_secs(60));
}
