//! Every rule finds a secret that is made here, and passes over one that is almost the same.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::secrets::matcher::{self, MOST_TRIES};

mod made;
mod samples;

use samples::SAMPLES;

/// The rules that find something in a text, by their ids.
fn found(text: &str) -> Vec<&'static str> {
    let mut tries = MOST_TRIES;
    let hits = matcher::shared().hits(text.as_bytes(), text.len(), None, &mut tries).unwrap();
    hits.into_iter().map(|hit| hit.rule.id).collect()
}

#[test]
fn each_rule_of_text_has_a_sample_and_each_sample_a_rule() {
    let rules: BTreeSet<_> = textual().map(|rule| rule.id).collect();
    let samples: BTreeSet<_> = SAMPLES.iter().map(|(id, _)| *id).collect();
    assert_eq!(rules, samples);
}

#[test]
fn ids_come_once_and_keywords_are_of_some_length() {
    let ids: BTreeSet<_> = all().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), all().count());
    for rule in textual() {
        let named = rule.edge == rule::Edge::Name;
        let lower = |word: &&str| **word == word.to_ascii_lowercase();
        assert!(rule.keywords.iter().all(|word| word.len() > 2 && (!named || lower(word))), "{}", rule.id);
        assert!(!rule.keywords.is_empty() && rule.reach <= rule::FARTHEST, "{}", rule.id);
    }
}

#[test]
fn each_rule_finds_its_own() {
    for (id, template) in SAMPLES {
        for seed in 1..6 {
            let text = made::random(template, seed);
            assert_eq!(found(&text), [*id], "{text}");
            assert_eq!(found(&format!("a = 1\nb: '{text}'\n")), [*id], "quoted: {text}");
        }
    }
}

#[test]
fn none_finds_what_chance_did_not_make() {
    for (id, template) in SAMPLES {
        let text = made::dull(template);
        assert!(!found(&text).contains(id), "{text}");
    }
}

#[test]
fn none_finds_one_that_is_cut_short() {
    for (id, template) in SAMPLES {
        let text = made::random(template, 1);
        let cut = text.get(..text.len() * 3 / 5).unwrap();
        assert!(!found(cut).contains(id), "{cut}");
    }
}

#[test]
fn tokens_do_not_begin_within_words() {
    for (id, template) in SAMPLES {
        let rule = textual().find(|rule| rule.id == *id).unwrap();
        let text = format!("x{}", made::random(template, 1));
        let expected = if rule.edge == rule::Edge::Token { Vec::new() } else { vec![*id] };
        assert_eq!(found(&text), expected, "{text}");
    }
}

#[test]
fn of_two_that_overlap_the_surer_counts() {
    let text = format!("GITHUB_TOKEN={}", made::random("{github}", 1));
    assert_eq!(found(&text), ["github-token"]);
}

#[test]
fn escapes_before_a_token_are_no_letters() {
    let text = format!(r"a\n{}", made::random("{github}", 1));
    assert_eq!(found(&text), ["github-token"]);
}

#[test]
fn placeholders_are_passed_over() {
    for text in [
        "password = \"changeme1A\"",
        "postgres://user:password@db/app",
        "postgres://user:${PASSWORD}@db/app",
        "https://user:<token>@host/",
        "api_key: YOUR_API_KEY_GOES_HERE_1",
        "see https://a.b/c:d@e",
    ] {
        assert_eq!(found(text), [""; 0], "{text}");
    }
}

/// Linear time: a megabyte of beginnings that come to nothing.
#[test]
fn beginnings_that_come_to_nothing_are_soon_passed_over() {
    for word in [
        "-----begin rsa private key-----\n",
        "eyJaaaaaaaaaaa.",
        "password=",
        "https://a:",
        "token:\"",
        "ghp_",
    ] {
        let text = word.repeat((1 << 17) / word.len());
        assert!(found(&text).len() < 10, "{word}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_searched(bytes in prop::collection::vec(any::<u8>(), 0..2000), until in 0_usize..2000) {
        let until = until.min(bytes.len());
        let mut tries = MOST_TRIES;
        let hits = matcher::shared().hits(&bytes, until, Some(b'a'), &mut tries).unwrap();
        prop_assert!(hits.iter().all(|hit| hit.start <= hit.end && hit.end <= bytes.len()));
    }

    #[test]
    fn samples_with_a_wrong_byte_are_searched(which in 0..SAMPLES.len(), at in 0_usize..4000, byte: u8) {
        let mut text = made::random(SAMPLES[which].1, 1).into_bytes();
        let at = at % text.len();
        text[at] = byte;
        let mut tries = MOST_TRIES;
        let hits = matcher::shared().hits(&text, text.len(), None, &mut tries).unwrap();
        prop_assert!(hits.iter().all(|hit| hit.end <= text.len()));
    }
}
