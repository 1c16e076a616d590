//! `--health-interval 1m30s`: lengths of time as Go, and so Docker, writes them.

use std::time::Duration;

use super::ValueError;

const RIGHT: &str = "numbers with ns, us, ms, s, m or h, such as 30s, 1m30s or 500ms";
/// Longer than anybody waits.
const LONGEST: u128 = 100 * 365 * 86_400 * 1_000_000_000;

/// A length of time; only `0` may do without a unit.
pub(crate) fn parse(text: &str) -> Result<Duration, ValueError> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text;
    let mut total = 0_u128;
    while !rest.is_empty() || text.is_empty() {
        let (nanoseconds, after) = part(rest)?;
        total += nanoseconds;
        rest = after;
        if total > LONGEST {
            return Err(ValueError::new("that is longer than a hundred years", RIGHT));
        }
    }
    let seconds = u64::try_from(total / 1_000_000_000).unwrap_or(u64::MAX);
    Ok(Duration::new(seconds, u32::try_from(total % 1_000_000_000).unwrap_or(0)))
}

/// The same in milliseconds; more than none is at least one.
pub(crate) fn parse_millis(text: &str) -> Result<u64, ValueError> {
    let nanoseconds = parse(text)?.as_nanos();
    Ok(u64::try_from(nanoseconds.div_ceil(1_000_000)).unwrap_or(u64::MAX))
}

/// `1.5h` and what follows.
fn part(text: &str) -> Result<(u128, &str), ValueError> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    let letters = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(letters);
    let scale = scale(unit).ok_or_else(|| match unit {
        "" => ValueError::new(format!("`{number}` has no unit"), RIGHT),
        unit => ValueError::new(format!("`{unit}` is no unit of time"), RIGHT),
    })?;
    let wrong = || ValueError::new(format!("`{number}` is no number"), RIGHT);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_number = |part: &str| (1..=18).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return Err(wrong());
    }
    let whole: u128 = whole.parse().map_err(|_| wrong())?;
    let parts: u128 = fraction.parse().map_err(|_| wrong())?;
    let tens = fraction.bytes().fold(1_u128, |tens, _| tens * 10);
    Ok((whole * scale + parts * scale / tens, rest))
}

/// In nanoseconds.
fn scale(unit: &str) -> Option<u128> {
    match unit {
        "ns" => Some(1),
        "us" | "µs" => Some(1_000),
        "ms" => Some(1_000_000),
        "s" => Some(1_000_000_000),
        "m" => Some(60_000_000_000),
        "h" => Some(3_600_000_000_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_are_read_as_go_reads_them() {
        for (text, millis) in [
            ("0", 0),
            ("30s", 30_000),
            ("1m30s", 90_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("1.5h", 5_400_000),
            ("0.5s", 500),
            ("1ns", 1),
            ("1001us", 2),
        ] {
            assert_eq!(parse_millis(text), Ok(millis), "{text}");
        }
        assert_eq!(parse("1us"), Ok(Duration::from_micros(1)));
    }

    #[test]
    fn what_is_no_length_is_refused_with_the_part_that_is_wrong() {
        assert_eq!(parse("30").unwrap_err().wrong, "`30` has no unit");
        assert_eq!(parse("1d").unwrap_err().wrong, "`d` is no unit of time");
        for text in ["", "s", "-1s", "1m30", "1..5s", ".5s", "1.s", "1 s", "１s", "999999999h", "s1"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_length_or_an_error(text in "[0-9.]{0,30}(ns|us|ms|s|m|h)?.{0,20}") {
            let _either = parse_millis(&text);
        }
    }
}
