//! What is shown of a secret.

/// The most that is shown, in characters.
const MOST: usize = 4;

/// Its beginning, a quarter at the most, and how long it is: enough to find it again by. Nothing stands for a file
/// that is a secret as a whole.
pub(crate) fn redacted(secret: &[u8]) -> String {
    let length = secret.len();
    if length == 0 {
        return "the whole file".to_owned();
    }
    let shown: String = secret.iter().take(MOST.min(length / 4)).map(|byte| printable(*byte)).collect();
    format!("{shown}… ({length} characters)")
}

/// What comes from an image goes to terminals and pages.
fn printable(byte: u8) -> char {
    if byte.is_ascii_graphic() { char::from(byte) } else { '?' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_at_the_most_and_nothing_that_moves_a_cursor() {
        assert_eq!(redacted(b"abcdefghijklmnopqrstuvwxyz"), "abcd… (26 characters)");
        assert_eq!(redacted(b"hunter2!"), "hu… (8 characters)");
        assert_eq!(redacted(b"abc"), "… (3 characters)");
        assert_eq!(redacted(b""), "the whole file");
        assert_eq!(redacted(b"\x1b[31mredredred"), "?[3… (14 characters)");
    }
}
