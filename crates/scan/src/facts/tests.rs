//! Facts as bytes, and bytes that are none.

use model::inventory::{Gap, PackageKind};
use proptest::prelude::*;

use super::{FORMAT, Filed, LayerFacts, MOST_GAPS, Source, Undecodable};
use crate::catalog::Found;
use crate::mark::Mark;
use crate::merge::merge;

fn facts() -> LayerFacts {
    let found = Found { licences: vec!["MIT".into()], ..Found::new(PackageKind::Dpkg, "a", "1") };
    let files = ["usr/bin/a"].map(Mark::of).into_iter().collect();
    LayerFacts {
        sources: vec![Source { path: "var/lib/dpkg/status".into(), packages: vec![Filed { found, files }] }],
        leaves: ["var/lib/dpkg/status", "usr/bin/a"].map(Mark::of).into_iter().collect(),
        gaps: vec![Gap { location: "x".into(), reason: "y".into() }],
        ..LayerFacts::default()
    }
}

#[test]
fn facts_come_back_as_they_were() {
    let bytes = facts().encode().unwrap();
    assert_eq!(LayerFacts::decode(&bytes), Ok(facts()));
}

#[test]
fn other_formats_and_anything_behind_the_end_are_refused() {
    let bytes = facts().encode().unwrap();
    let newer = [&[7 + FORMAT as u8], &bytes[1..]].concat();
    assert_eq!(LayerFacts::decode(&newer), Err(Undecodable::Format(7 + FORMAT)));
    assert_eq!(LayerFacts::decode(&[&bytes[..], b"x"].concat()), Err(Undecodable::Damaged));
    assert_eq!(LayerFacts::decode(&bytes[..bytes.len() - 1]), Err(Undecodable::Damaged));
    assert_eq!(LayerFacts::decode(b""), Err(Undecodable::Damaged));
}

#[test]
fn a_length_that_is_not_there_costs_nothing() {
    // A list of 2^63 sources.
    let bytes = [&[FORMAT as u8], [0xff; 9].as_slice(), &[0x01]].concat();
    assert_eq!(LayerFacts::decode(&bytes), Err(Undecodable::Damaged));
}

#[test]
fn gaps_without_number_become_one_that_says_so() {
    let gap = |number: usize| Gap { location: format!("{number:05}"), reason: "it is odd".into() };
    let mut facts = LayerFacts { gaps: (0..MOST_GAPS + 5).map(gap).collect(), ..LayerFacts::default() };
    facts.settle();
    assert_eq!(facts.gaps.len(), MOST_GAPS + 1);
    assert_eq!(facts.gaps.last().unwrap().reason, "it has more than 1000 gaps, and the others are not told");
}

proptest! {
    #[test]
    fn bytes_of_strangers_are_facts_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        let bytes = [&[FORMAT as u8], &bytes[..]].concat();
        if let Ok(facts) = LayerFacts::decode(&bytes) {
            let _merged = merge(&[facts.clone(), facts]);
        }
    }

    #[test]
    fn damaged_facts_are_facts_or_an_error(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = facts().encode().unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(damaged) = LayerFacts::decode(&bytes) {
            let _merged = merge(&[facts(), damaged, facts()]);
        }
    }
}
