//! The machine that keeps a publisher's word fresh.

use std::time::Duration;

use engine::trust::{Carrier, Deed, Duty, Edition, Files};

use super::engine;
use super::place::{BEGIN, Home, set_clock};
use super::publisher::{Publisher, daily};
use super::shipping::{Image, Registry};

/// What keeps a publisher's word fresh at a carrier.
fn duty<'a>(carrier: &'a Carrier, publisher: &'a Publisher) -> Duty<'a> {
    Duty {
        carrier,
        signer: publisher.online(),
        known: publisher.repository().root().to_vec(),
        seen: publisher.repository().versions(),
        validity: daily(),
        every: Duration::from_secs(1),
    }
}

struct Machine<'a> {
    home: &'a Home,
    duty: Duty<'a>,
}

impl Machine<'_> {
    fn round(&mut self) -> Deed {
        self.home.engine.stamp(&self.home.registries, &mut self.duty).unwrap()
    }

    fn pending(&self) -> Option<Files> {
        let published =
            self.home.engine.published(&self.home.registries, self.duty.carrier, Edition::Pending);
        published.unwrap().map(|published| published.files)
    }
}

#[test]
fn it_publishes_what_is_complete_and_renews_what_is_half_over() {
    set_clock(BEGIN);
    let (home, registry, publisher) = (Home::new(), Registry::new(), Publisher::new(1));
    let place = format!("{}/team", registry.address);
    home.publish(&place, &publisher.files());
    let carrier = Carrier::Registry(place.parse().unwrap());
    let duty = duty(&carrier, &publisher);
    let mut machine = Machine { home: &home, duty };
    assert!(matches!(machine.round(), Deed::Nothing));

    let image = Image::small("signed");
    let draft = publisher.draft("app:1", &image);
    let waits = |draft: &trust::publisher::Draft, over| {
        let files = Files::of(draft.files()).unwrap();
        home.engine.publish(&home.registries, &carrier, Edition::Pending, &files, over).unwrap()
    };
    let revision = waits(&draft, None);
    assert!(matches!(machine.round(), Deed::Nothing), "nobody has signed it");
    waits(&publisher.signed(draft), Some(revision));
    assert!(matches!(machine.round(), Deed::Published(_)));
    assert_eq!(machine.pending(), None);

    set_clock(BEGIN + 13 * 3600);
    let Deed::Renewed(renewed) = machine.round() else { panic!("nothing was renewed") };
    assert_eq!(renewed.versions().timestamp, 3);
    assert!(matches!(machine.round(), Deed::Nothing));
    let consumer = Home::new();
    registry.has("team/app", Some("1"), &image);
    consumer.pin(&place, &publisher).unwrap();
    consumer.pull(&format!("{place}/app:1")).unwrap();
}

#[test]
fn it_signs_nothing_on_top_of_what_is_not_the_publisher_s() {
    set_clock(BEGIN);
    let (home, registry, publisher) = (Home::new(), Registry::new(), Publisher::new(1));
    let place = format!("{}/team", registry.address);
    home.publish(&place, &Publisher::new(2).files());
    let carrier = Carrier::Registry(place.parse().unwrap());
    let mut duty = duty(&carrier, &publisher);
    assert!(home.engine.stamp(&home.registries, &mut duty).is_err());
}
