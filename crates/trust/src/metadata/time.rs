//! Times as metadata write them, section 4.2.3: RFC 3339 in UTC; other offsets are read too.

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// `2026-11-26T12:00:00Z`; the ends of the calendar for what is beyond them.
#[must_use]
pub fn rfc3339(seconds: i64) -> String {
    let beyond = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    let time = Timestamp::from_second(seconds).unwrap_or(beyond);
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(super) fn parse(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

pub(super) fn serialize<S: Serializer>(seconds: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&rfc3339(*seconds))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
    let shown: String = text.chars().take(40).collect();
    parse(&text).ok_or_else(|| D::Error::custom(format_args!("`{shown}` is no time")))
}
