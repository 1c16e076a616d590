//! Numbers with units, as Go writes them.

/// Nanoseconds of the longest time that fits Go's `time.Duration`.
const LONGEST: u128 = i64::MAX as u128;

/// Digits behind the point that count.
const DIGITS: usize = 18;

/// Nanoseconds of `1h2m3.5s`; none if it is no time, or below nothing.
pub(super) fn nanoseconds(text: &str) -> Option<u64> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if text == "0" {
        return Some(0);
    }
    let (mut rest, mut sum) = (text, 0u128);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let number = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (digits, behind) = rest.split_at_checked(number)?;
        let end = behind.find(|character: char| character.is_ascii_digit() || character == '.');
        let (name, behind) = behind.split_at_checked(end.unwrap_or(behind.len()))?;
        sum += decimal(digits, unit(name)?)?;
        if sum > LONGEST {
            return None;
        }
        rest = behind;
    }
    u64::try_from(sum).ok()
}

fn unit(name: &str) -> Option<u128> {
    Some(match name {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60 * 1_000_000_000,
        "h" => 3_600 * 1_000_000_000,
        _ => return None,
    })
}

/// `1.5` of a unit.
fn decimal(digits: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction: String = fraction.chars().take(DIGITS).collect();
    let parts: u64 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let scale = 10u128.pow(u32::try_from(fraction.len()).ok()?);
    u128::from(whole).checked_mul(unit)?.checked_add(u128::from(parts) * unit / scale)
}

/// Bytes of `64k`, `1.5GiB` or `100`, in powers of 1024.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let number = text.find(|character: char| !character.is_ascii_digit() && character != '.');
    let (digits, unit) = text.split_at_checked(number.unwrap_or(text.len()))?;
    let unit = unit.strip_prefix(' ').unwrap_or(unit).to_ascii_lowercase();
    let letter =
        match unit.strip_suffix('b').map_or(unit.as_str(), |unit| unit.strip_suffix('i').unwrap_or(unit)) {
            "" => 0,
            letter if letter.len() == 1 => "kmgtp".find(letter)? + 1,
            _ => return None,
        };
    let power = u32::try_from(letter).ok()?;
    u64::try_from(decimal(digits, 1024u128.pow(power))?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_go_s() {
        assert_eq!(nanoseconds("1h2m3.5s"), Some(3_723_500_000_000));
        assert_eq!(nanoseconds("0"), Some(0));
        assert_eq!(nanoseconds("+1.5us"), Some(1_500));
        assert_eq!(nanoseconds(".5s"), Some(500_000_000));
        for wrong in ["", "5", "-1s", "1x", "s", "1..5s", ".s", "1 s", "9999999999h"] {
            assert_eq!(nanoseconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        assert_eq!(bytes("100"), Some(100));
        assert_eq!(bytes("64k"), Some(65_536));
        assert_eq!(bytes("1.5 GiB"), Some(3 << 29));
        assert_eq!(bytes("1MB"), Some(1 << 20));
        for wrong in ["", "k", "1x", "1kk", "-1", "1e3", "99999999999p"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }
}
