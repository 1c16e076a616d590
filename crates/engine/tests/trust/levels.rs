//! What each level makes of who vouches for an image.

use engine::{EngineError, Quiet};
use model::request::RunRequest;
use model::trust::Vouched;
use model::verdict::{Level, Outcome, Verdict};

use super::engine;
use super::place::{Home, pin};
use super::publisher::Publisher;
use super::shipping::{Image, Registry};

/// An image that was pulled from a place before anybody was pinned for it.
struct Scene {
    home: Home,
    registry: Registry,
    publisher: Publisher,
    image: Image,
}

impl Scene {
    fn new() -> Self {
        let (home, registry, image) = (Home::new(), Registry::new(), Image::small("one"));
        registry.has("team/app", Some("1"), &image);
        let scene = Self { home, registry, publisher: Publisher::new(1), image };
        scene.home.pull(&scene.name()).unwrap();
        scene
    }

    fn name(&self) -> String {
        format!("{}/team/app:1", self.registry.address)
    }

    /// What the publisher says now is believed about the place.
    fn pin(&self) {
        let pin = pin(&format!("{}/team", self.registry.address), &self.publisher);
        self.home.engine.pin(&self.home.registries, &pin, Some(self.publisher.files())).unwrap();
    }

    fn request(&self, level: Level) -> RunRequest {
        RunRequest { image: self.name(), user: Some("1000:1000".to_owned()), level, ..RunRequest::default() }
    }

    fn verdict(&self, level: Level) -> Verdict {
        self.home.engine.assess(&self.request(level)).unwrap().verdict
    }

    /// The rules that say no at each level.
    fn rules(&self) -> [Vec<&'static str>; 3] {
        Level::ALL.map(|level| self.verdict(level).reasons.iter().map(|reason| reason.rule).collect())
    }
}

#[test]
fn what_comes_from_nowhere_pinned_runs_unless_a_stage_is_demanded() {
    let scene = Scene::new();
    assert_eq!(scene.verdict(Level::Baseline).vouched, Vouched::Nobody);
    assert_eq!(scene.rules(), [vec![], vec![], vec!["unpromoted-image"]]);
}

#[test]
fn a_release_runs_at_baseline_and_what_a_stage_let_through_at_restricted() {
    let mut scene = Scene::new();
    let image = scene.image.clone();
    scene.publisher.sign("app:1", &image);
    scene.pin();
    assert_eq!(scene.rules(), [vec![], vec![], vec!["unpromoted-image"]]);
    scene.publisher.promote("prod", "app:1", &image);
    scene.pin();
    assert_eq!(scene.rules(), [const { Vec::<&str>::new() }; 3]);
    let verdict = scene.verdict(Level::Restricted);
    assert_eq!((verdict.outcome, verdict.vouched.stages()), (Outcome::Go, ["prod".to_owned()].as_slice()));
    scene.home.engine.create(scene.request(Level::Restricted), &mut Quiet).unwrap();
}

#[test]
fn what_its_publisher_does_not_vouch_for_is_refused_and_the_ledger_says_by_whom() {
    let mut scene = Scene::new();
    scene.pin();
    let doubted =
        [vec!["pinned-publisher"], vec!["pinned-publisher"], vec!["pinned-publisher", "unpromoted-image"]];
    assert_eq!(scene.rules(), doubted);
    let image = scene.image.clone();
    scene.publisher.sign("app:1", &image);
    scene.publisher.revoke(&image);
    scene.pin();
    assert_eq!(scene.rules(), doubted);
    let refused = scene.home.engine.create(scene.request(Level::Baseline), &mut Quiet).unwrap_err();
    let EngineError::Refused { refusal, entry } = &refused else { panic!("{refused}") };
    assert!(refusal.asked.contains("CVE-2026-1"), "{}", refusal.asked);
    let lines = scene.home.engine.ledger_lines(None).unwrap();
    let line = lines.iter().find(|line| line.index == *entry).unwrap();
    let attribute = |name: &str| line.entry.attributes.get(name).map(String::as_str);
    assert_eq!((line.entry.kind.as_str(), line.entry.rule.as_deref()), ("refusal", Some("pinned-publisher")));
    assert_eq!((attribute("vouched"), attribute("publisher")), (Some("doubted"), Some("team")));
    // Open lets it run, and writes the doubt down.
    let open = scene.verdict(Level::Open);
    assert_eq!(open.exceptions.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["unvouched"]);
    scene.home.engine.create(scene.request(Level::Open), &mut Quiet).unwrap();
}

#[test]
fn an_image_that_is_asked_for_by_another_name_is_still_its_publisher_s() {
    let mut scene = Scene::new();
    scene.pin();
    let image = scene.home.engine.image(&scene.name()).unwrap();
    let digest = image.digest.to_string();
    scene.publisher.sign("app:2", &Image::small("other"));
    scene.pin();
    let request = RunRequest { image: digest, ..scene.request(Level::Baseline) };
    let verdict = scene.home.engine.assess(&request).unwrap().verdict;
    assert!(verdict.reasons.iter().any(|reason| reason.rule == "pinned-publisher"), "{:?}", verdict.vouched);
}
