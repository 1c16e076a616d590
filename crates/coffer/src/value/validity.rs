//! `--valid release=90d`: how long what a role signs may be believed.

use super::ValueError;

const DAY: i64 = 86_400;
/// Longer is no freshness.
const LONGEST: i64 = 3_650 * DAY;

/// A document, and seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Length {
    pub(crate) of: Signed,
    /// From the moment of signing on.
    pub(crate) seconds: i64,
}

/// What is valid for some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    Root,
    /// Releases, and those of stages.
    Release,
    Snapshot,
    Timestamp,
}

/// `ROLE=TIME`
pub(crate) fn parse(text: &str) -> Result<Length, ValueError> {
    let right = "ROLE=TIME, such as release=90d or timestamp=24h";
    let (role, length) = text.split_once('=').ok_or_else(|| ValueError::new("it has no `=`", right))?;
    let of = match role {
        "root" => Signed::Root,
        "release" => Signed::Release,
        "snapshot" => Signed::Snapshot,
        "timestamp" => Signed::Timestamp,
        _ => {
            return Err(ValueError::new(
                format!("`{role}` is none of root, release, snapshot, timestamp"),
                right,
            ));
        }
    };
    Ok(Length { of, seconds: length_of(length)? })
}

/// Days, hours, minutes or, to try it out, seconds: `90d`, `24h`, `30m`.
pub(crate) fn length_of(text: &str) -> Result<i64, ValueError> {
    let right = "a number and d, h, m or s, at most ten years, such as 90d";
    let wrong = |what: String| ValueError::new(what, right);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).unwrap_or((text, ""));
    let scale = match unit {
        "d" => DAY,
        "h" => 3_600,
        "m" => 60,
        "s" => 1,
        "" => return Err(wrong(format!("`{text}` has no unit"))),
        unit => return Err(wrong(format!("`{unit}` is no unit of it"))),
    };
    let number: i64 = number.parse().map_err(|_| wrong(format!("`{number}` is no number")))?;
    let seconds = number.saturating_mul(scale);
    if !(1..=LONGEST).contains(&seconds) {
        return Err(wrong(format!("`{text}` is too short or too long")));
    }
    Ok(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_have_one_unit() {
        assert_eq!(parse("release=90d"), Ok(Length { of: Signed::Release, seconds: 90 * DAY }));
        assert_eq!((length_of("24h"), length_of("30m")), (Ok(DAY), Ok(1_800)));
        for (text, said) in [
            ("90", "`90` has no unit"),
            ("90y", "`y` is no unit of it"),
            ("d", "`` is no number"),
            ("0d", "`0d` is too short or too long"),
            ("4000d", "`4000d` is too short or too long"),
            ("99999999999999999999d", "`99999999999999999999` is no number"),
        ] {
            assert_eq!(length_of(text).unwrap_err().wrong, said, "{text}");
        }
        assert!(parse("90d").is_err() && parse("=90d").is_err() && parse("prod=90d").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_a_length_or_an_error(text in "[0-9]{0,22}.{0,3}") {
            if let Ok(seconds) = length_of(&text) {
                prop_assert!((1..=LONGEST).contains(&seconds));
            }
        }
    }
}
