//! How long a vulnerability has been known, in groups that say something.

use crate::day::number;

/// How long something has been known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// Less than 30 days.
    Month,
    /// Less than 90 days.
    Quarter,
    /// Less than a year.
    Year,
    /// Less than three years.
    Years,
    /// Longer.
    Older,
    /// Nobody says.
    Unknown,
}

impl Age {
    /// All, the youngest first, and what a chart calls them.
    pub(super) const ALL: [(Self, &'static str); 6] = [
        (Self::Month, "under 30 days"),
        (Self::Quarter, "under 90 days"),
        (Self::Year, "under a year"),
        (Self::Years, "under 3 years"),
        (Self::Older, "3 years and more"),
        (Self::Unknown, "no date"),
    ];

    /// From the day on which it was published to that of the scan.
    pub(super) fn between(published: &str, scanned: &str) -> Self {
        let (Some(published), Some(scanned)) = (number(published), number(scanned)) else {
            return Self::Unknown;
        };
        match scanned - published {
            ..30 => Self::Month,
            30..90 => Self::Quarter,
            90..365 => Self::Year,
            365..1096 => Self::Years,
            _ => Self::Older,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_in_one_group() {
        for (published, expected) in [
            ("2026-11-26", Age::Month),
            ("2027-01-01", Age::Month),
            ("2026-10-28", Age::Month),
            ("2026-10-27", Age::Quarter),
            ("2026-01-01", Age::Year),
            ("2023-11-27", Age::Years),
            ("2023-11-26", Age::Older),
            ("", Age::Unknown),
            ("2023-13-01", Age::Unknown),
        ] {
            assert_eq!(Age::between(published, "2026-11-26"), expected, "{published}");
        }
    }
}
