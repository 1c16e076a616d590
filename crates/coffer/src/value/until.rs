//! How long something is accepted: a day, or `never` an end.

use engine::time::Moment;

use super::ValueError;

/// The last day, `2027-01-31`, or `never`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Until(pub(crate) String);

/// A day, or `never`.
pub(crate) fn parse(text: &str) -> Result<Until, ValueError> {
    let is_day = text.len() == "2027-01-31".len() && Moment::parse(text.as_bytes()).is_some();
    if is_day || text == "never" {
        return Ok(Until(text.to_owned()));
    }
    Err(ValueError::new("it is no day", "a day such as 2027-01-31, or never"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_or_never_and_nothing_else() {
        for right in ["2027-01-31", "never"] {
            assert_eq!(parse(right), Ok(Until(right.to_owned())));
        }
        for wrong in ["2027-1-31", "2027-13-01", "tomorrow", "", "2027-01-31T00:00:00Z"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
