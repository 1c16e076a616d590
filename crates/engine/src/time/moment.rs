//! Instants to the nanosecond, as logs have them.

use std::time::Duration;

use super::{civil, days};

const DAY: i64 = 86_400;
/// The last second that has a year of four digits.
const LAST: i64 = 253_402_300_799;
/// The first one.
const FIRST: i64 = -62_167_219_200;

/// An instant: seconds since the epoch, and nanoseconds since that second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// Seconds since the epoch.
    pub seconds: i64,
    /// Below 1,000,000,000.
    pub nanos: u32,
}

impl Moment {
    /// Bytes of [`Self::stamp`].
    pub const STAMP: usize = 30;

    /// RFC 3339 in UTC with all nine digits, so that every one has the same length:
    /// `2026-11-25T17:49:00.123456789Z`. Years stay within four digits.
    #[must_use]
    pub fn stamp(self) -> [u8; Self::STAMP] {
        let seconds = self.seconds.clamp(FIRST, LAST);
        let (year, month, day) = civil(seconds.div_euclid(DAY));
        let clock = seconds.rem_euclid(DAY);
        let mut stamp = *b"0000-00-00T00:00:00.000000000Z";
        let fields = [
            (0..4, year),
            (5..7, month),
            (8..10, day),
            (11..13, clock / 3600),
            (14..16, clock / 60 % 60),
            (17..19, clock % 60),
            (20..29, i64::from(self.nanos)),
        ];
        for (place, value) in fields {
            write_digits(stamp.get_mut(place), value);
        }
        stamp
    }

    /// The same as text.
    #[must_use]
    pub fn rfc3339(self) -> String {
        String::from_utf8_lossy(&self.stamp()).into_owned()
    }

    /// RFC 3339, or less of it: without a zone it is UTC, without a time of day midnight. `None` if it is
    /// no instant.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut rest = Rest(text);
        let (year, month, day) = (rest.number(4)?, rest.after(b"-", 2)?, rest.after(b"-", 2)?);
        let date = days(year, month, day).filter(|number| civil(*number) == (year, month, day))?;
        if rest.0.is_empty() {
            return Some(Self { seconds: date * DAY, nanos: 0 });
        }
        let (hour, minute) = (rest.after(b"Tt ", 2)?, rest.after(b":", 2)?);
        let second = if rest.0.first() == Some(&b':') { rest.after(b":", 2)? } else { 0 };
        let nanos = rest.fraction()?;
        let zone = rest.zone()?;
        let valid = hour < 24 && minute < 60 && second <= 60;
        let seconds = date * DAY + hour * 3600 + minute * 60 + second - zone;
        valid.then_some(Self { seconds, nanos })
    }

    /// Since the epoch.
    #[must_use]
    pub fn nanoseconds(self) -> i128 {
        i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanos)
    }

    /// This instant earlier by so much.
    #[must_use]
    pub fn before(self, length: Duration) -> Self {
        let seconds = self.seconds.saturating_sub(i64::try_from(length.as_secs()).unwrap_or(i64::MAX));
        match self.nanos.checked_sub(length.subsec_nanos()) {
            Some(nanos) => Self { seconds, nanos },
            None => {
                let nanos = self.nanos + 1_000_000_000 - length.subsec_nanos();
                Self { seconds: seconds.saturating_sub(1), nanos }
            }
        }
    }
}

fn write_digits(place: Option<&mut [u8]>, value: i64) {
    let mut left = value;
    for digit in place.unwrap_or_default().iter_mut().rev() {
        *digit = b'0' + u8::try_from(left % 10).unwrap_or(0);
        left /= 10;
    }
}

/// What is left of a text.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    /// A number of exactly so many digits.
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number
            .iter()
            .try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
    }

    /// The same behind one of these characters.
    fn after(&mut self, either: &[u8], digits: usize) -> Option<i64> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        if either.contains(first) { self.number(digits) } else { None }
    }

    /// `.5` is 500,000,000; digits beyond the ninth are dropped.
    fn fraction(&mut self) -> Option<u32> {
        let Some(rest) = self.0.strip_prefix(b".") else { return Some(0) };
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = rest.split_at_checked(length).filter(|(digits, _)| !digits.is_empty())?;
        self.0 = rest;
        let nine = digits.iter().chain(std::iter::repeat(&b'0')).take(9);
        Some(nine.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
    }

    /// Seconds east of UTC; nothing may follow.
    fn zone(&mut self) -> Option<i64> {
        let east = match self.0.first() {
            None => return Some(0),
            Some(b'Z' | b'z') if self.0.len() == 1 => return Some(0),
            Some(b'+') => 1,
            Some(b'-') => -1,
            Some(_) => return None,
        };
        let (hours, minutes) = (self.after(b"+-", 2)?, self.after(b":", 2)?);
        (self.0.is_empty() && hours < 24 && minutes < 60).then_some(east * (hours * 3600 + minutes * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Option<Moment> {
        Moment::parse(text.as_bytes())
    }

    #[test]
    fn instants_are_read_with_and_without_zone_and_time_of_day() {
        let noon = Some(Moment { seconds: 1_795_348_800, nanos: 0 });
        for text in [
            "2026-11-22T12:00:00Z",
            "2026-11-22 12:00:00",
            "2026-11-22T12:00",
            "2026-11-22T13:00:00+01:00",
            "2026-11-22T09:30:00.000-02:30",
        ] {
            assert_eq!(at(text), noon, "{text}");
        }
        assert_eq!(at("1970-01-01").unwrap(), Moment::default());
        assert_eq!(at("1970-01-01T00:00:00.25Z").unwrap().nanos, 250_000_000);
        assert_eq!(at("1970-01-01T00:00:00.1234567899").unwrap().nanos, 123_456_789);
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "2026",
            "2026-13-01",
            "2026-02-29",
            "2026-02-28T24:00:00Z",
            "2026-02-28T23:60:00Z",
            "2026-02-28T23:00:00.Z",
            "2026-02-28T23:00:00ZZ",
            "2026-02-28T23:00:00+1",
            "2026-02-28T23:00:00+01:00x",
            "+026-02-28",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn earlier_instants_borrow_a_second() {
        let then = Moment { seconds: 10, nanos: 5 }.before(Duration::from_millis(1));
        assert_eq!(then, Moment { seconds: 9, nanos: 999_000_005 });
        assert_eq!(then.before(Duration::ZERO), then);
    }

    proptest! {
        #[test]
        fn a_stamp_is_read_as_it_was_written(seconds in FIRST..=LAST, nanos in 0..1_000_000_000_u32) {
            let moment = Moment { seconds, nanos };
            prop_assert_eq!(Moment::parse(&moment.stamp()), Some(moment));
            prop_assert_eq!(&moment.rfc3339()[..19], &super::super::rfc3339(seconds)[..19]);
        }

        #[test]
        fn any_text_is_an_instant_or_nothing(text in "[0-9]{0,4}-?[0-9]{0,2}-?.{0,24}") {
            let _either = at(&text);
        }

        #[test]
        fn any_instant_has_a_stamp(seconds: i64, nanos: u32) {
            let moment = Moment { seconds, nanos };
            prop_assert!(moment.stamp().ends_with(b"Z"));
        }
    }
}
