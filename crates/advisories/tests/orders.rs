//! What is true of every order, whatever the versions are.

use std::cmp::Ordering;

use advisories::version::{Dialect, Interval, MAX_LENGTH, Order};
use proptest::prelude::*;

fn order() -> impl Strategy<Value = Order> {
    prop::sample::select(Order::ALL.to_vec())
}

/// Pieces of versions, so that many are equal and many differ late.
fn version() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "0",
        "1",
        "2",
        "10",
        "00",
        "01",
        "007",
        "200",
        "4294967296",
        ".",
        ".",
        ".",
        "-",
        "-",
        "_",
        "~",
        "^",
        "+",
        ":",
        "a",
        "b",
        "m",
        "rc",
        "alpha",
        "beta",
        "pre",
        "dev",
        "post",
        "sp",
        "ga",
        "final",
        "snapshot",
        "SNAPSHOT",
        "p",
        "r",
        "-r",
        "_rc",
        "_p",
        "_git",
        "v",
        "x",
        "dfsg",
        "go",
        "!",
        "é",
        "\0",
    ]);
    prop_oneof![
        4 => prop::collection::vec(piece, 1..10).prop_map(|pieces| pieces.concat()),
        1 => "[0-9]{1,3}(\\.[0-9]{1,3}){0,4}(-[a-z0-9.]{1,8})?",
        1 => any::<String>(),
    ]
}

fn key(order: Order, version: &str) -> Option<Vec<u8>> {
    let mut key = Vec::new();
    order.key(version, &mut key).ok()?;
    Some(key)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_version_is_itself_and_turning_around_turns_around(order in order(), one in version(), other in version()) {
        let forth = order.compare(&one, &other);
        let back = order.compare(&other, &one);
        prop_assert_eq!(forth.is_ok(), back.is_ok());
        if let (Ok(forth), Ok(back)) = (forth, back) {
            prop_assert_eq!(forth, back.reverse());
            prop_assert_eq!(order.compare(&one, &one), Ok(Ordering::Equal));
        }
    }

    #[test]
    fn keys_are_in_the_order_of_their_versions(order in order(), one in version(), other in version()) {
        let keys = key(order, &one).zip(key(order, &other));
        let compared = order.compare(&one, &other);
        prop_assert_eq!(keys.is_some(), compared.is_ok());
        let excepted = order == Order::Maven || (order == Order::Packagist && (one.contains('#') || other.contains('#')));
        if let (Some((first, second)), false) = (&keys, excepted) {
            prop_assert_eq!(Ok(first.cmp(second)), compared);
        }
        if let Some((first, second)) = keys {
            prop_assert!(first == second || !(first.starts_with(&second) || second.starts_with(&first)), "no key begins another");
        }
    }

    #[test]
    fn where_nothing_is_said_twice_maven_and_keys_agree(
        one in "[1-9](\\.[1-9]){0,3}(-(alpha|beta|rc|sp|foo))?(-[1-9])?",
        other in "[1-9](\\.[1-9]){0,3}(-(alpha|beta|rc|sp|foo))?(-[1-9])?",
    ) {
        let keys = key(Order::Maven, &one).zip(key(Order::Maven, &other));
        prop_assert_eq!(keys.map(|(first, second)| first.cmp(&second)), Order::Maven.compare(&one, &other).ok());
    }

    #[test]
    fn a_key_is_not_much_longer_than_its_version(order in order(), version in version()) {
        // Composer's versions have four numbers, however few somebody writes.
        let at_least = if order == Order::Packagist { 12 + 4 * 9 } else { 12 };
        if let Some(key) = key(order, &version) {
            prop_assert!(key.len() <= 6 * version.len() + at_least, "{} of {}", key.len(), version.len());
        }
    }
}

#[test]
fn hostile_versions_are_read_in_time_and_longer_ones_not_at_all() {
    let hostile = [
        "1", "0", "9", ".", "-", "0.", "1-", "a", "a1", "~", "^", "_rc", "_rc0", "-r", "+", "0a", "-0", "é",
        "final-",
    ];
    for order in Order::ALL {
        for piece in hostile {
            let count = (MAX_LENGTH - 1) / piece.len();
            let (long, half) = (format!("1{}", piece.repeat(count)), format!("1{}", piece.repeat(count / 2)));
            for _ in 0..20 {
                let _answer = order.compare(&long, &half);
            }
            assert!(order.compare(&"1".repeat(MAX_LENGTH), "1").is_ok(), "{order:?}");
            let error = order.compare("1", &"1".repeat(MAX_LENGTH + 1)).unwrap_err();
            assert!(error.to_string().ends_with("is not a version: it is longer than 1024 bytes"), "{error}");
        }
    }
}

#[test]
fn nothing_is_no_version() {
    for order in Order::ALL {
        for nothing in ["", " ", "\n"] {
            assert!(order.compare("1", nothing).is_err(), "{order:?}");
        }
    }
}

fn dialect() -> impl Strategy<Value = Dialect> {
    prop::sample::select(vec![
        Dialect::Plain(Order::Maven),
        Dialect::Plain(Order::Dpkg),
        Dialect::Npm,
        Dialect::Composer,
        Dialect::RubyGems,
    ])
}

fn range() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        ">=", "<=", "<", ">", "=", "!=", "~>", "~", "^", " ", " ", ",", "||", "|", " - ", "*", "x", ".", "-",
        "1", "2.0", "1.2.3", "0.0", "9", "-rc.1", "beta", "+build", "dev-main", "@dev", "v", "é", "\0",
    ]);
    prop_oneof![
        4 => prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn ranges_have_ends_that_are_versions(dialect in dialect(), range in range(), version in version()) {
        for interval in dialect.parse(&range).unwrap_or_default() {
            for bound in [&interval.from, &interval.to].into_iter().flatten() {
                prop_assert!(key(dialect.order(), bound.version()).is_some(), "{bound:?}");
            }
            let within = interval.contains(dialect.order(), &version);
            prop_assert_eq!(within.is_ok(), key(dialect.order(), &version).is_some() || interval == Interval::ALL);
        }
    }
}
