//! `--since 10m`: an instant, or how long ago it was.

use std::time::Duration;

use engine::time::Moment;

use super::{ValueError, duration};

/// An instant, as it was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instant {
    /// This one.
    At(Moment),
    /// So long ago.
    Ago(Duration),
}

impl Instant {
    /// The instant itself.
    pub(crate) fn seen_from(self, now: Moment) -> Moment {
        match self {
            Self::At(moment) => moment,
            Self::Ago(length) => now.before(length),
        }
    }
}

/// RFC 3339 or the beginning of it (UTC where no zone is given), seconds since the epoch with or without
/// a fraction, or a length of time before now.
pub(crate) fn parse(text: &str) -> Result<Instant, ValueError> {
    let moment = Moment::parse(text.as_bytes()).or_else(|| seconds(text));
    if let Some(moment) = moment {
        return Ok(Instant::At(moment));
    }
    duration::parse(text).map(Instant::Ago).map_err(|_| {
        ValueError::new(
            "it is no instant",
            "2026-11-25T17:49:00Z, 2026-11-25, seconds since 1970 such as 1795628940.5, or 10m for ten minutes ago",
        )
    })
}

fn seconds(text: &str) -> Option<Moment> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let nine: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    Some(Moment { seconds: whole.parse().ok()?, nanos: nine.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> (i64, u32) {
        let now = Moment { seconds: 1000, nanos: 0 };
        let moment = parse(text).unwrap().seen_from(now);
        (moment.seconds, moment.nanos)
    }

    #[test]
    fn instants_are_read_as_docker_reads_them() {
        assert_eq!(at("1970-01-01T01:00:00+01:00"), (0, 0));
        assert_eq!(at("1970-01-02"), (86_400, 0));
        assert_eq!(at("1795628940"), (1_795_628_940, 0));
        assert_eq!(at("1795628940.25"), (1_795_628_940, 250_000_000));
        assert_eq!(at("0"), (0, 0));
        assert_eq!(at("1m30s"), (910, 0));
        assert_eq!(at("500ms"), (999, 500_000_000));
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in ["", "yesterday", "-10m", "2026-13-01", "1.", ".5", "1e5", "99999999999999999999"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_instant_or_an_error(text in "[0-9]{0,4}.{0,30}") {
            let _either = parse(&text);
        }
    }
}
