//! An order for software that has none of its own: nginx `1.25.3`, OpenSSL `1.1.1w`, OpenSSH `9.3p2`, Redis, PHP.
//!
//! Numbers are newer than letters and letters newer than nothing, unless they say that a release is still to come.

use super::key::Key;
use super::{split_digits, split_while};

// What may come next, from the oldest to the newest.
const BEFORE_RELEASE: u8 = 1;
const END: u8 = 2;
const LETTERS: u8 = 3;
const NUMBER: u8 = 4;

pub(super) fn write(version: &str, key: &mut Key<'_>) {
    let version = version.to_ascii_lowercase();
    let mut rest = version.strip_prefix('v').unwrap_or(&version);
    let mut zeros = 0;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() {
            let (digits, tail) = split_digits(rest);
            rest = tail;
            if digits.bytes().all(|digit| digit == b'0') {
                zeros += 1;
                continue;
            }
            (0..zeros).for_each(|_| write_number("0", key));
            write_number(digits, key);
            zeros = 0;
        } else if first.is_ascii_lowercase() {
            let (letters, tail) = split_while(rest, |byte| byte.is_ascii_lowercase());
            write_letters(letters, tail, key);
            (rest, zeros) = (tail, 0);
        } else {
            rest = rest.strip_prefix(first).unwrap_or_default();
        }
    }
    key.mark(END);
}

fn write_number(digits: &str, key: &mut Key<'_>) {
    key.mark(NUMBER);
    key.number(digits);
}

fn write_letters(letters: &str, tail: &str, key: &mut Key<'_>) {
    let numbered = tail.starts_with(|next: char| next.is_ascii_digit());
    let rank = match letters {
        "dev" | "snapshot" | "nightly" => 0,
        "alpha" => 1,
        "beta" => 2,
        // As Python writes them: OpenSSL's `1.0.2a` is no alpha.
        "a" if numbered => 1,
        "b" if numbered => 2,
        "milestone" => 3,
        "pre" | "preview" => 4,
        "rc" | "cr" => 5,
        _ => {
            key.mark(LETTERS);
            return key.word(letters.bytes());
        }
    };
    key.mark(BEFORE_RELEASE);
    key.mark(rank);
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use crate::version::Order;

    #[test]
    fn software_in_the_order_in_which_it_was_released() {
        let ascending: [&[&str]; 7] = [
            &["1.25.0", "1.25.3", "1.25.10", "1.26"],
            &[
                "0.9.8zh",
                "1.0.0",
                "1.0.1",
                "1.0.1a",
                "1.0.1u",
                "1.0.2-beta1",
                "1.0.2",
                "1.0.2zg",
                "1.1.1",
                "1.1.1w",
                "3.0.0-alpha1",
                "3.0.0-beta2",
                "3.0.0",
            ],
            &["3.13.0a1", "3.13.0b4", "3.13.0rc3", "3.13.0", "3.13.1"],
            &["9.2p1", "9.3", "9.3p1", "9.3p2", "9.4p1"],
            &["8.3.0-dev", "8.3.0alpha1", "8.3.0RC6", "8.3.0", "8.3.1"],
            &["7.0-rc1", "7.0.0", "7.0.15"],
            &["2023a", "2023c", "2024a"],
        ];
        for versions in ascending {
            for pair in versions.windows(2) {
                assert_eq!(Order::Generic.compare(pair[0], pair[1]), Ok(Ordering::Less), "{pair:?}");
            }
        }
        for (one, other) in [("v1.2", "1.2.0"), ("1.2.0-rc1", "1.2rc1"), ("1.1.1W", "1.1.1w")] {
            assert_eq!(Order::Generic.compare(one, other), Ok(Ordering::Equal), "{one} {other}");
        }
    }
}
