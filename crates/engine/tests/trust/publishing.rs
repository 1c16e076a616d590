//! A publisher's files on their way out and back.

use engine::trust::{Carrier, Edition, Files, Place, Revision};

use super::engine;
use super::place::{Home, code};
use super::shipping::Registry;

fn files(root: u64, timestamp: u64, salt: &str) -> Files {
    let mut files = Files::default();
    for version in 1..=root {
        files.add(&format!("{version}.root.json"), format!("root {version} {salt}").into_bytes()).unwrap();
    }
    let document = format!(r#"{{"signed":{{"version":{timestamp}}},"signatures":[]}}"#);
    files.add("timestamp.json", document.into_bytes()).unwrap();
    files
}

/// A registry and a directory.
fn carriers(home: &Home, registry: &Registry) -> [Carrier; 2] {
    let place = format!("{}/team", registry.address).parse().unwrap();
    [Carrier::Registry(place), Carrier::Directory(home.directory.path().join("published"))]
}

struct Shop<'a> {
    home: &'a Home,
    carrier: &'a Carrier,
}

impl Shop<'_> {
    fn publish(
        &self,
        edition: Edition,
        files: &Files,
        over: Option<Revision>,
    ) -> Result<Revision, engine::EngineError> {
        self.home.engine.publish(&self.home.registries, self.carrier, edition, files, over)
    }

    fn there(&self, edition: Edition) -> Option<(Files, Revision)> {
        let published = self.home.engine.published(&self.home.registries, self.carrier, edition);
        published.unwrap().map(|published| (published.files, published.revision))
    }
}

#[test]
fn files_come_back_as_they_were_sent() {
    let (home, registry) = (Home::new(), Registry::new());
    for carrier in &carriers(&home, &registry) {
        let shop = Shop { home: &home, carrier };
        for edition in [Edition::Latest, Edition::Pending] {
            assert_eq!(shop.there(edition), None);
            let first = shop.publish(edition, &files(1, 1, "a"), None).unwrap();
            assert_eq!(shop.there(edition), Some((files(1, 1, "a"), first)), "{carrier}");
            let second = shop.publish(edition, &files(2, 1, "a"), Some(first)).unwrap();
            assert_eq!(shop.there(edition), Some((files(2, 1, "a"), second)), "{carrier}");
        }
        let (_, begun) = shop.there(Edition::Pending).unwrap();
        let more = shop.publish(Edition::Pending, &files(2, 2, "a"), Some(begun)).unwrap();
        home.engine.withdraw(&home.registries, carrier, begun).unwrap();
        assert!(shop.there(Edition::Pending).is_some(), "somebody has begun something else");
        home.engine.withdraw(&home.registries, carrier, more).unwrap();
        home.engine.withdraw(&home.registries, carrier, more).unwrap();
        assert_eq!(shop.there(Edition::Pending), None);
        assert!(shop.there(Edition::Latest).is_some());
    }
}

#[test]
fn nobody_replaces_what_they_have_not_seen() {
    let (home, registry) = (Home::new(), Registry::new());
    for carrier in &carriers(&home, &registry) {
        let shop = Shop { home: &home, carrier };
        for edition in [Edition::Latest, Edition::Pending] {
            let first = shop.publish(edition, &files(1, 1, "a"), None).unwrap();
            assert_eq!(code(shop.publish(edition, &files(1, 2, "a"), None)), "E-trust-raced");
            shop.publish(edition, &files(1, 2, "a"), Some(first)).unwrap();
            assert_eq!(code(shop.publish(edition, &files(1, 3, "a"), Some(first))), "E-trust-raced");
            assert_eq!(shop.there(edition).unwrap().0, files(1, 2, "a"));
        }
    }
}

#[test]
fn neither_older_files_nor_another_publisher_s_replace_what_counts() {
    let (home, registry) = (Home::new(), Registry::new());
    for carrier in &carriers(&home, &registry) {
        let shop = Shop { home: &home, carrier };
        let over = Some(shop.publish(Edition::Latest, &files(2, 5, "a"), None).unwrap());
        for older in [files(2, 4, "a"), files(1, 6, "a")] {
            assert_eq!(code(shop.publish(Edition::Latest, &older, over)), "E-trust-newer", "{carrier}");
        }
        assert_eq!(code(shop.publish(Edition::Latest, &files(3, 9, "b"), over)), "E-trust-foreign");
        assert_eq!(shop.there(Edition::Latest).unwrap().0, files(2, 5, "a"));
        // Its key is another after a new root, and so its timestamps may begin again.
        shop.publish(Edition::Latest, &files(3, 1, "a"), over).unwrap();
    }
}

#[test]
fn what_is_there_is_not_sent_again() {
    let (home, registry) = (Home::new(), Registry::new());
    let [carrier, _] = carriers(&home, &registry);
    let shop = Shop { home: &home, carrier: &carrier };
    let first = shop.publish(Edition::Latest, &files(9, 1, "a"), None).unwrap();
    registry.forgets();
    shop.publish(Edition::Latest, &files(9, 2, "a"), Some(first)).unwrap();
    assert_eq!(registry.asked("PUT /v2/team/trust/blobs/"), 1);
}

#[test]
fn an_image_that_is_called_trust_is_no_publisher_s() {
    let (home, registry) = (Home::new(), Registry::new());
    registry.has("team/trust", Some("latest"), &super::shipping::Image::small("image"));
    let [carrier, _] = carriers(&home, &registry);
    let published = home.engine.published(&home.registries, &carrier, Edition::Latest);
    assert_eq!(code(published), "E-trust-files");
}

/// Each looked when nothing was there, and writes when all have looked.
#[test]
fn of_many_who_publish_at_once_one_stands_and_the_others_are_told() {
    let registry = Registry::new();
    let (place, starts): (Place, _) =
        (format!("{}/team", registry.address).parse().unwrap(), std::sync::Barrier::new(6));
    let publishes = |number: u64| {
        let (home, carrier) = (Home::new(), Carrier::Registry(place.clone()));
        let shop = Shop { home: &home, carrier: &carrier };
        starts.wait();
        shop.publish(Edition::Latest, &files(1, number, "a"), None).map_err(|error| error.code())
    };
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let publishes = &publishes;
        let all: Vec<_> = (1..=6).map(|number| scope.spawn(move || (number, publishes(number)))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let home = Home::new();
    let (there, _) = Shop { home: &home, carrier: &Carrier::Registry(place) }.there(Edition::Latest).unwrap();
    for (number, outcome) in &outcomes {
        match outcome {
            Ok(_) => assert_eq!(there, files(1, *number, "a"), "{outcomes:?}"),
            Err(code) => assert!(matches!(*code, "E-trust-raced" | "E-trust-newer"), "{outcomes:?}"),
        }
    }
    assert_eq!(outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).count(), 1, "{outcomes:?}");
}
