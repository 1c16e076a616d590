//! Instants: relative in tables, RFC 3339 in data.

use std::time::{SystemTime, UNIX_EPOCH};

use super::units;

/// Seconds since the epoch.
pub(crate) fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    i64::try_from(elapsed).unwrap_or(i64::MAX)
}

/// `3 h ago`; what lies ahead of a clock that was set back is `just now`.
pub(crate) fn ago(then: i64, now: i64) -> String {
    match now.saturating_sub(then) {
        ..1 => "just now".to_owned(),
        seconds => format!("{} ago", units::duration(seconds)),
    }
}

/// `2026-11-22T09:27:00Z`.
pub(crate) fn rfc3339(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| "unknown".to_owned(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(1_795_339_620), "2026-11-22T09:27:00Z");
        assert_eq!(rfc3339(i64::MAX), "unknown");
    }

    #[test]
    fn the_future_is_just_now() {
        assert_eq!(ago(10, 5), "just now");
        assert_eq!(ago(0, 10_800), "3 h ago");
    }
}
