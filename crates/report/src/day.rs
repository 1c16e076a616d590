//! Days as texts.

/// How many days a month has, by its number less one; of February in leap years one more.
const LENGTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// The number of a day such as `2023-10-11`, counted from some day long ago (Gregorian calendar); `None` for what is
/// no day. Years are counted from March, so that the leap day is the last of a year.
pub(crate) fn number(text: &str) -> Option<i64> {
    let is_digit = |index: usize, byte: u8| match index {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    if text.len() != 10 || !text.bytes().enumerate().all(|(index, byte)| is_digit(index, byte)) {
        return None;
    }
    let part = |from, to| text.get(from..to).and_then(|part| part.parse::<i64>().ok());
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = LENGTHS.get(usize::try_from(month - 1).ok()?)? + i64::from(leap && month == 2);
    if !(1..=length).contains(&day) {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    Some(
        year * 365 + year.div_euclid(4) - year.div_euclid(100)
            + year.div_euclid(400)
            + (153 * month + 2) / 5
            + day,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_months_and_leap_years() {
        for (from, to, expected) in [
            ("2023-10-11", "2023-10-11", 0),
            ("2024-02-28", "2024-03-01", 2),
            ("2023-02-28", "2023-03-01", 1),
            ("1999-12-31", "2000-12-31", 366),
            ("1970-01-01", "2026-11-26", 20_783),
        ] {
            assert_eq!(number(to).unwrap() - number(from).unwrap(), expected, "{from} {to}");
        }
    }

    #[test]
    fn what_is_no_day_has_no_number() {
        for none in [
            "",
            "2023-10-1",
            "2023/10/11",
            "2023-10-11T00",
            "aaaa-bb-cc",
            "2023-00-01",
            "2023-13-01",
            "2023-01-00",
            "2023-04-31",
            "2023-02-29",
            "1900-02-29",
            "é023-10-1",
        ] {
            assert_eq!(number(none), None, "{none}");
        }
        assert!(number("2024-02-29").is_some() && number("2000-02-29").is_some());
    }
}
