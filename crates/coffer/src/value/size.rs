//! `--memory 512m`: sizes as Docker reads them, units of 1024.

use super::ValueError;

const RIGHT: &str = "a size is a number and b, k, m, g or t, such as 512m or 1.5g";

/// A size in bytes. Units are `b`, `k`, `m`, `g`, `t`, also written `kb` or `kib`, in either case;
/// without one, bytes.
pub(crate) fn parse(text: &str) -> Result<u64, ValueError> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let wrong = |wrong: String| ValueError::new(wrong, RIGHT);
    let scale = scale(unit).ok_or_else(|| wrong(format!("`{unit}` is no unit of size")))?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || number.ends_with('.') || fraction.contains('.') || fraction.len() > 9 {
        return Err(wrong(format!("`{number}` is no number")));
    }
    let too_large = || wrong("that is more than any machine has".to_owned());
    let whole: u64 = whole.parse().map_err(|_| too_large())?;
    let bytes = u128::from(whole) * u128::from(scale) + fraction_of(fraction, scale);
    u64::try_from(bytes).ok().filter(|bytes| i64::try_from(*bytes).is_ok()).ok_or_else(too_large)
}

/// `--memory-swap`: a size, or -1 for no limit.
pub(crate) fn parse_or_unlimited(text: &str) -> Result<i64, ValueError> {
    if text == "-1" {
        return Ok(-1);
    }
    parse(text).map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX))
}

fn scale(unit: &str) -> Option<u64> {
    let unit = unit.to_ascii_lowercase();
    let short = unit.strip_suffix("ib").or_else(|| unit.strip_suffix('b')).unwrap_or(&unit);
    match (short, unit.as_str()) {
        ("", "" | "b") => Some(1),
        ("k", _) => Some(1 << 10),
        ("m", _) => Some(1 << 20),
        ("g", _) => Some(1 << 30),
        ("t", _) => Some(1 << 40),
        _ => None,
    }
}

/// `5` of `1.5` with a scale of 1024 is 512: digits weigh a tenth, a hundredth, ...
fn fraction_of(digits: &str, scale: u64) -> u128 {
    let numerator: u128 = digits.parse().unwrap_or(0);
    let denominator = digits.bytes().fold(1u128, |tens, _| tens * 10);
    numerator * u128::from(scale) / denominator
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_are_read_as_docker_reads_them() {
        for (text, bytes) in [
            ("0", 0),
            ("42", 42),
            ("42b", 42),
            ("1k", 1024),
            ("1KB", 1024),
            ("1kib", 1024),
            ("512m", 512 << 20),
            ("1.5g", 3 << 29),
            ("0.5G", 1 << 29),
            ("2t", 2 << 40),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused_with_the_part_that_is_wrong() {
        for text in ["", "m", ".5m", "1.", "1..5m", "1.2.3m", "-1", "12q", "1 m", "1ib", "99999999t", "１m"]
        {
            let error = parse(text).unwrap_err();
            assert_eq!(error.right, RIGHT, "{text}");
        }
        assert_eq!(parse("12q").unwrap_err().wrong, "`q` is no unit of size");
    }

    #[test]
    fn swap_may_be_unlimited() {
        assert_eq!(parse_or_unlimited("-1"), Ok(-1));
        assert_eq!(parse_or_unlimited("1k"), Ok(1024));
    }

    proptest! {
        #[test]
        fn any_text_is_a_size_or_an_error(text in ".{0,40}") {
            let _either = parse(&text);
        }

        #[test]
        fn whole_bytes_come_back(bytes in 0..i64::MAX as u64) {
            prop_assert_eq!(parse(&bytes.to_string()), Ok(bytes));
        }
    }
}
