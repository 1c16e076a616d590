//! Sizes and durations for tables.

/// Decimal units, three digits at most: `142 MB`, `1.4 GB`.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] =
        [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)];
    for (unit, scale) in UNITS {
        // 999.5 MB is 1.0 GB, never 1000 MB.
        if bytes >= scale - scale / 2000 {
            let tenths = (u128::from(bytes) * 10 + u128::from(scale / 2)) / u128::from(scale);
            return if tenths < 100 {
                format!("{}.{} {unit}", tenths / 10, tenths % 10)
            } else {
                format!("{} {unit}", (u128::from(bytes) + u128::from(scale / 2)) / u128::from(scale))
            };
        }
    }
    format!("{bytes} B")
}

/// The largest unit that fits: `3 h`, `12 days`.
pub(crate) fn duration(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{} s", seconds.max(0)),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        86_400..172_800 => "1 day".to_owned(),
        172_800..63_072_000 => format!("{} days", seconds / 86_400),
        _ => format!("{} years", seconds / 31_536_000),
    }
}

/// Thousandths in percent, for data.
pub(crate) fn percent(thousandths: u64) -> f64 {
    f64::from(u32::try_from(thousandths).unwrap_or(u32::MAX)) / 10.0
}

/// The same for people: `12.3%`.
pub(crate) fn percent_text(thousandths: u64) -> String {
    format!("{}.{}%", thousandths / 10, thousandths % 10)
}

/// `1 layer`, `3 layers`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_at_most_three_digits() {
        for (size, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (7_420_000, "7.4 MB"),
            (142_400_000, "142 MB"),
            (999_700_000, "1.0 GB"),
            (9_960_000_000, "10 GB"),
        ] {
            assert_eq!(bytes(size), text);
        }
        assert!(bytes(u64::MAX).ends_with(" TB"));
    }

    #[test]
    fn percents_have_one_decimal() {
        assert_eq!((percent_text(0), percent_text(2005)), ("0.0%".to_owned(), "200.5%".to_owned()));
        assert!((percent(123) - 12.3).abs() < f64::EPSILON);
    }

    #[test]
    fn durations_have_one_unit() {
        for (seconds, text) in [
            (-5, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (10_800, "3 h"),
            (90_000, "1 day"),
            (172_800, "2 days"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }
}
