//! `--tail 20`: how many lines of a log.

use super::ValueError;

/// How many lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    /// All there are.
    All,
    /// The last ones.
    Last(u64),
}

/// A number, or `all`; as with Docker, less than none is all.
pub(crate) fn parse(text: &str) -> Result<Lines, ValueError> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.strip_prefix('-') {
        _ if text == "all" => Ok(Lines::All),
        Some(number) if digits(number) => Ok(Lines::All),
        None if digits(text) => Ok(text.parse().map_or(Lines::All, Lines::Last)),
        _ => Err(ValueError::new("it is no number of lines", "a number such as 20, or all")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_a_number_or_all() {
        assert_eq!(parse("20"), Ok(Lines::Last(20)));
        assert_eq!(parse("0"), Ok(Lines::Last(0)));
        for text in ["all", "-1", "99999999999999999999"] {
            assert_eq!(parse(text), Ok(Lines::All), "{text}");
        }
        for text in ["", "-", "+1", "ten", "ALL", "1k"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
