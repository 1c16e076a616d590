//! Who built an image: verified when it comes or when somebody is pinned, and only looked up by a start.

use model::trust::Vouched;
use trust::key::Signer as _;

use super::engine;
use super::evidence::key;
use super::place::{pin, vouched};
use super::scene::Scene;

const CI: &str = "https://example.com/ci";

impl Scene {
    /// What a start is told of who built the image.
    #[track_caller]
    fn built(&self, name: &str) -> Option<String> {
        match vouched(&self.home.engine, name) {
            Vouched::Signed { built, .. } => built,
            other => panic!("{other:?}"),
        }
    }

    fn says(&mut self) {
        self.home.publish(&self.place(), &self.publisher.files());
        self.home.refresh(&self.place()).unwrap();
    }
}

#[test]
fn a_start_is_told_who_built_its_image_by_the_word_of_whom_the_publisher_names() {
    let mut scene = Scene::new();
    scene.publisher.requires_build("prod", key(9).public());
    scene.says();
    scene.home.says_built(&scene.name(), 8);
    scene.home.pull(&scene.name()).unwrap();
    assert_eq!(scene.built(&scene.name()), None, "anybody may say anything");
    scene.home.says_built(&scene.name(), 9);
    scene.home.pull(&scene.name()).unwrap();
    scene.registry.forgets();
    assert_eq!(scene.built(&scene.name()).as_deref(), Some(CI));
    let id = scene.image.digest();
    assert_eq!(scene.built(&id["sha256:".len()..][..12]).as_deref(), Some(CI), "by its id");
    assert_eq!(scene.registry.asked(""), 0);
    // Whose word counts is the publisher's to say, and what they say now counts.
    scene.publisher.requires_build("prod", key(7).public());
    scene.says();
    assert_eq!(scene.built(&scene.name()), None);
    scene.publisher.requires_build("prod", key(8).public());
    scene.says();
    assert_eq!(scene.built(&scene.name()).as_deref(), Some(CI), "it was said when the image came");
}

#[test]
fn no_signature_is_verified_at_a_start() {
    let mut scene = Scene::new();
    scene.publisher.requires_build("prod", key(9).public());
    scene.says();
    scene.home.says_built(&scene.name(), 9);
    let pulled = scene.home.pull(&scene.name()).unwrap();
    // What lies beside the image is gone, and so is the image's own manifest: a start looks at neither.
    let images = scene.home.directory.path().join("state/images");
    std::fs::remove_dir_all(images.join("attached")).unwrap();
    std::fs::remove_file(images.join("images/blobs/sha256").join(pulled.image.digest.hex())).unwrap();
    assert_eq!(scene.built(&scene.name()).as_deref(), Some(CI));
}

#[test]
fn a_pin_that_asks_for_a_stage_takes_the_word_that_this_stage_takes() {
    let mut scene = Scene::new();
    scene.publisher.promote("prod", "app:1", &scene.image);
    scene.publisher.requires_build("test", key(9).public());
    scene.says();
    scene.home.says_built(&scene.name(), 9);
    scene.home.pull(&scene.name()).unwrap();
    assert_eq!(scene.built(&scene.name()).as_deref(), Some(CI), "any stage will do where none is asked for");
    let pin = engine::trust::Pin { stage: Some("prod".into()), ..pin(&scene.place(), &scene.publisher) };
    scene.home.engine.pin(&scene.home.registries, &pin, None).unwrap();
    assert_eq!(scene.built(&scene.name()), None);
    scene.publisher.requires_build("prod", key(9).public());
    scene.says();
    assert_eq!(scene.built(&scene.name()).as_deref(), Some(CI));
}

#[test]
fn what_came_before_the_pin_is_known_after_it() {
    let mut scene = Scene::new();
    scene.publisher.requires_build("prod", key(9).public());
    scene.says();
    scene.home.engine.unpin(&scene.place().parse().unwrap()).unwrap();
    scene.home.says_built(&scene.name(), 9);
    scene.home.pull(&scene.name()).unwrap();
    scene.home.pin(&scene.place(), &scene.publisher).unwrap();
    assert_eq!(scene.built(&scene.name()).as_deref(), Some(CI));
}

#[test]
fn the_build_of_an_index_is_that_of_its_images() {
    let mut scene = Scene::new();
    let (name, _) = scene.signs_index();
    scene.publisher.requires_build("prod", key(9).public());
    scene.says();
    scene.home.says_built(&name, 9);
    scene.home.pull(&name).unwrap();
    assert_eq!(scene.built(&name).as_deref(), Some(CI));
}
