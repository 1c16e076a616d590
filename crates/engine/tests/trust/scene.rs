//! What most tests begin with.

use engine::trust::Files;

use super::engine;
use super::place::{BEGIN, Home, set_clock};
use super::publisher::Publisher;
use super::shipping::{Image, Registry, index};

pub(crate) const DAY: i64 = 86_400;

/// A publisher with a signed image in a registry, and somebody who has pinned them.
pub(crate) struct Scene {
    pub(crate) home: Home,
    pub(crate) registry: Registry,
    pub(crate) publisher: Publisher,
    pub(crate) image: Image,
}

impl Scene {
    pub(crate) fn new() -> Self {
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

    pub(crate) fn place(&self) -> String {
        format!("{}/team", self.registry.address)
    }

    pub(crate) fn name(&self) -> String {
        format!("{}/team/app:1", self.registry.address)
    }

    /// Signs an index of the image and one for another platform; its name, and itself.
    pub(crate) fn signs_index(&mut self) -> (String, Image) {
        let other = Image::new("s390x", &[]);
        let list = index(&[&self.image, &other]);
        self.registry.has("team/app", None, &other);
        self.registry.has("team/app", Some("many"), &list);
        self.publisher.sign("app:many", &list);
        (self.name().replace(":1", ":many"), list)
    }

    /// What a registry does that is not bound by our rules: these files, whatever was there.
    pub(crate) fn serves(&self, files: &Files) {
        self.registry.forgets_manifest("team/trust", "latest");
        self.home.publish(&self.place(), files);
    }
}
