//! Hex digits, which is how digests, signatures and some keys are written.

/// Two lower-case digits for each byte.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The bytes that `text` stands for, in digits of either case.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.chunks_exact(2).map(pair).collect()
}

/// The same for a length that is known.
#[must_use]
pub fn array<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != N.checked_mul(2)? {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = pair(digits)?;
    }
    Some(bytes)
}

fn pair(digits: &[u8]) -> Option<u8> {
    let [high, low] = digits else { return None };
    Some(nibble(*high)? << 4 | nibble(*low)?)
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_their_digits() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&bytes)), Some(bytes));
        assert_eq!(encode(b"\x00\xa5"), "00a5");
        assert_eq!(array::<2>("00A5"), Some([0, 0xa5]));
    }

    #[test]
    fn what_is_not_hex_is_nothing() {
        for text in ["0", "0g", "é", "+1", "0x"] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(array::<2>("00"), None);
        assert_eq!(array::<1>("000"), None);
    }
}
