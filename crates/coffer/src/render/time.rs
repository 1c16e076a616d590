//! Instants: relative in tables, RFC 3339 in data.

use std::time::{SystemTime, UNIX_EPOCH};

use engine::time::Moment;

use super::units;

pub(crate) use engine::time::rfc3339;

/// Seconds since the epoch.
pub(crate) fn now() -> i64 {
    moment().seconds
}

/// The same, as registries have it: never before the epoch.
pub(crate) fn seconds() -> u64 {
    u64::try_from(now()).unwrap_or_default()
}

/// The same, more exactly: the engine's clock.
pub(crate) fn moment() -> Moment {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment { seconds: i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX), nanos: elapsed.subsec_nanos() }
}

/// `3 h ago`; what lies ahead of a clock that was set back is `just now`.
pub(crate) fn ago(then: i64, now: i64) -> String {
    match now.saturating_sub(then) {
        ..1 => "just now".to_owned(),
        seconds => format!("{} ago", units::duration(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_future_is_just_now() {
        assert_eq!(ago(10, 5), "just now");
        assert_eq!(ago(0, 10_800), "3 h ago");
    }
}
