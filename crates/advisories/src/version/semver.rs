//! Semantic versioning 2.0, and what several ecosystems made of it.
//!
//! Read as generously as registries write it: any count of numbers, where missing ones are zero, a leading `v`,
//! a prerelease without its hyphen. Something that does not begin with a number is no version.

use super::key::Key;
use super::{is_digits, split_digits, split_while};

/// In what an ecosystem differs from the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    /// In nothing.
    Plain,
    /// `=` may stand before a version.
    Npm,
    /// Prereleases are the same in small and capital letters.
    NuGet,
    /// Builds are ordered too.
    Pub,
    /// A prerelease that is a number is none: it is a revision, after the release.
    Bitnami,
}

// What may come next, from the oldest to the newest.
const PRERELEASE: u8 = 1;
const RELEASE: u8 = 2;
const REVISION: u8 = 3;
const NUMBER: u8 = 4;

/// The end of a list of identifiers, and the kinds of them.
const END: u8 = 1;
const NUMERIC: u8 = 2;
const ALPHANUMERIC: u8 = 3;

pub(super) fn write(version: &str, flavour: Flavour, key: &mut Key<'_>) -> Result<(), &'static str> {
    let version = match flavour {
        Flavour::Npm => version.trim_start_matches(['=', 'v', ' ']),
        _ => version.strip_prefix(['v', 'V']).unwrap_or(version),
    };
    let rest = write_numbers(version, key)?;
    let (prerelease, build) = rest.split_once('+').unwrap_or((rest, ""));
    let prerelease = prerelease.strip_prefix(['-', '.']).unwrap_or(prerelease);
    match flavour {
        _ if prerelease.is_empty() => key.mark(RELEASE),
        Flavour::Bitnami if is_digits(prerelease) => {
            key.mark(REVISION);
            key.number(prerelease);
        }
        Flavour::NuGet => write_identifiers(&prerelease.to_ascii_lowercase(), key),
        _ => write_identifiers(prerelease, key),
    }
    match flavour {
        Flavour::Pub if build.is_empty() => key.mark(0),
        Flavour::Pub => write_identifiers(build, key),
        _ => {}
    }
    Ok(())
}

/// A module's version, or a release of Go: `go1.21.3`, `1.22rc1`, and what a toolchain adds after a space.
pub(super) fn write_go(version: &str, key: &mut Key<'_>) -> Result<(), &'static str> {
    let version = version.split_ascii_whitespace().next().unwrap_or_default();
    let version = version.strip_prefix("go").or_else(|| version.strip_prefix('v')).unwrap_or(version);
    let (numbers, rest) = split_while(version, |byte| byte.is_ascii_digit() || byte == b'.');
    let (word, number) = split_while(rest, |byte| byte.is_ascii_lowercase());
    if word.is_empty() || !is_digits(number) {
        return write(version, Flavour::Plain, key);
    }
    // The database of vulnerabilities says `1.22.0-rc.1` of what Go itself calls `go1.22rc1`.
    write_numbers(numbers, key)?;
    key.mark(PRERELEASE);
    write_identifier(word, key);
    write_identifier(number, key);
    key.mark(END);
    Ok(())
}

/// The numbers, without the zeros at their end; returns what follows them.
fn write_numbers<'a>(version: &'a str, key: &mut Key<'_>) -> Result<&'a str, &'static str> {
    let (mut digits, mut rest) = split_digits(version);
    if digits.is_empty() {
        return Err("it does not begin with a number");
    }
    let mut zeros = 0;
    loop {
        if digits.bytes().all(|digit| digit == b'0') {
            zeros += 1;
        } else {
            for _ in 0..zeros {
                key.mark(NUMBER);
                key.number("0");
            }
            zeros = 0;
            key.mark(NUMBER);
            key.number(digits);
        }
        match rest.strip_prefix('.').map(split_digits) {
            Some((next, tail)) if !next.is_empty() => (digits, rest) = (next, tail),
            _ => return Ok(rest),
        }
    }
}

fn write_identifiers(identifiers: &str, key: &mut Key<'_>) {
    key.mark(PRERELEASE);
    identifiers.split('.').for_each(|identifier| write_identifier(identifier, key));
    key.mark(END);
}

fn write_identifier(identifier: &str, key: &mut Key<'_>) {
    if is_digits(identifier) {
        key.mark(NUMERIC);
        key.number(identifier);
    } else {
        key.mark(ALPHANUMERIC);
        key.word(identifier.bytes());
    }
}

#[cfg(test)]
mod tests {
    use crate::version::Order;

    #[test]
    fn each_ecosystem_differs_as_it_says() {
        let ascending: [(Order, &[&str]); 5] = [
            (
                Order::Go,
                &[
                    "v0.0.0-20200101000000-abcdef012345",
                    "v0.0.0",
                    "v1.2.3-0.20230101000000-aaaaaaaaaaaa",
                    "1.2.3",
                ],
            ),
            (
                Order::Go,
                &[
                    "go1.20.12",
                    "1.21.0-0",
                    "go1.21rc2",
                    "1.21.0-rc.3",
                    "go1.21.0",
                    "go1.21.3 X:boringcrypto",
                    "go1.22beta1",
                    "1.22rc1",
                    "1.22.0",
                ],
            ),
            (Order::Bitnami, &["1.2.3-alpha", "1.2.3", "1.2.3-1", "1.2.3-10", "1.2.4"]),
            (Order::Pub, &["1.0.0-a", "1.0.0-a+1", "1.0.0", "1.0.0+1", "1.0.0+1.1", "1.0.0+2"]),
            (Order::NuGet, &["1.0.0-A", "1.0.0-b", "1.0.0-C", "1.0.0", "1.0.0.1-z", "1.0.0.1"]),
        ];
        for (order, versions) in ascending {
            for pair in versions.windows(2) {
                assert!(order.compare(pair[0], pair[1]).unwrap().is_lt(), "{order:?}: {pair:?}");
            }
        }
        for (order, one, other) in [
            (Order::Go, "go1.21", "1.21.0"),
            (Order::Go, "v2.0.0+incompatible", "v2.0.0"),
            (Order::Go, "go1.22rc1", "1.22.0-rc.1"),
            (Order::Npm, "=v1.2.3", "1.2.3+build"),
            (Order::SemVer, "1", "1.0.0"),
        ] {
            assert!(order.compare(one, other).unwrap().is_eq(), "{order:?}: {one} {other}");
        }
    }

    #[test]
    fn what_does_not_begin_with_a_number_is_no_version() {
        for (order, version) in [
            (Order::Go, "(devel)"),
            (Order::Go, "devel go1.23-0a1b2c3"),
            (Order::Npm, "latest"),
            (Order::SemVer, "-1"),
        ] {
            let error = order.compare("1.0.0", version).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("`{version}` is not a version: it does not begin with a number")
            );
        }
    }
}
