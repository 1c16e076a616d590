//! The time of day as RFC 3339 writes it, in UTC.

use rustix::time::{ClockId, clock_gettime};

const DAY: i64 = 86_400;

/// Now, to the nanosecond: `2026-11-25T20:54:32.123456789Z`.
pub(crate) fn now() -> String {
    let now = clock_gettime(ClockId::Realtime);
    format(now.tv_sec, now.tv_nsec)
}

fn format(seconds: i64, nanoseconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanoseconds:09}Z")
}

/// The Gregorian date that lies so many days after 1970-01-01. Years begin in March here, so that the day
/// that may be missing comes last; 400 years have 146097 days.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days_have_their_dates() {
        assert_eq!(format(0, 0), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(format(951_782_400, 5), "2000-02-29T00:00:00.000000005Z");
        assert_eq!(format(1_764_104_072, 0), "2025-11-25T20:54:32.000000000Z");
        assert_eq!(format(4_107_542_399, 0), "2100-02-28T23:59:59.000000000Z");
        assert_eq!(format(4_107_542_400, 0), "2100-03-01T00:00:00.000000000Z");
    }
}
