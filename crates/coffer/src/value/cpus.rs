//! `--cpus 1.5`: a share of processor time, in thousandths of a CPU.

use super::ValueError;

/// Thousandths of a CPU: `0.5` is 500.
pub(crate) fn parse(text: &str) -> Result<u64, ValueError> {
    let error =
        || ValueError::new("it is no number of CPUs", "a number with up to three decimals, such as 0.5 or 2");
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 3 {
        return Err(error());
    }
    let whole = whole.parse::<u64>().ok().and_then(|cpus| cpus.checked_mul(1000)).ok_or_else(error)?;
    let thousandths: u64 = format!("{fraction:0<3}").parse().map_err(|_| error())?;
    whole.checked_add(thousandths).ok_or_else(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cpus_are_counted_in_thousandths() {
        for (text, millis) in [("1", 1000), ("0.5", 500), ("1.25", 1250), ("0.01", 10), ("2.001", 2001)] {
            assert_eq!(parse(text), Ok(millis), "{text}");
        }
        for text in ["", "1.", ".5", "1.2345", "-1", "+1", "99999999999999999999", "one"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_number_of_cpus_or_an_error(text in ".{0,20}") {
            let _either = parse(&text);
        }
    }
}
