//! Finding bytes eight at a time: most of what a log costs is looking at it.

const ONES: u64 = u64::MAX / 255;
const HIGH: u64 = ONES << 7;

/// Length of the beginning that stands in a JSON text as it is and is ASCII.
pub(super) fn plain(text: &[u8]) -> usize {
    let word = |word: u64| below_space(word) | equal(word, b'"') | equal(word, b'\\') | word;
    let byte = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\' || byte >= 0x80;
    first(text, word, byte).unwrap_or(text.len())
}

/// Length of the beginning that a JSON text holds as it is: UTF-8 is not looked at.
pub(super) fn unescaped(text: &[u8]) -> usize {
    let word = |word: u64| below_space(word) | equal(word, b'"') | equal(word, b'\\');
    let byte = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    first(text, word, byte).unwrap_or(text.len())
}

/// Where the next line begins.
pub(super) fn after_newline(text: &[u8]) -> Option<usize> {
    first(text, |word| equal(word, b'\n'), |byte| byte == b'\n').map(|at| at + 1)
}

/// The high bit of the first byte that is meant is the lowest one that is set; bits above it may deceive,
/// because subtractions borrow from there.
fn first(text: &[u8], in_word: impl Fn(u64) -> u64, is: impl Fn(u8) -> bool) -> Option<usize> {
    let (words, rest) = text.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let found = in_word(u64::from_le_bytes(*word)) & HIGH;
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|byte| is(*byte)).map(|at| words.len() * 8 + at)
}

fn equal(word: u64, byte: u8) -> u64 {
    let differing = word ^ (ONES * u64::from(byte));
    differing.wrapping_sub(ONES) & !differing
}

fn below_space(word: u64) -> u64 {
    word.wrapping_sub(ONES * u64::from(b' ')) & !word
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slow_plain(text: &[u8]) -> usize {
        let special = |byte: &u8| !byte.is_ascii() || *byte < b' ' || matches!(byte, b'"' | b'\\');
        text.iter().position(special).unwrap_or(text.len())
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_a_byte_at_a_time_finds(text in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(plain(&text), slow_plain(&text));
            let newline = text.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            prop_assert_eq!(after_newline(&text), newline);
        }

        #[test]
        fn one_special_byte_is_found_wherever_it_is(length in 0_usize..40, at in 0_usize..40, byte: u8) {
            let mut text = vec![b'a'; length.max(at + 1)];
            text[at] = byte;
            prop_assert_eq!(plain(&text), slow_plain(&text));
            prop_assert_eq!(unescaped(&text), if byte >= 0x80 { text.len() } else { slow_plain(&text) });
        }
    }
}
