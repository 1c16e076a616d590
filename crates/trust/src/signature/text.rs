//! Other people's text in our sentences.

/// Characters of it that are shown.
const MOST: usize = 120;

/// The beginning of a text, without what a terminal would obey.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(MOST).map(tame).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

/// Control characters, and those that turn the direction of writing.
fn tame(character: char) -> char {
    let turns =
        matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if character.is_control() || turns { '\u{fffd}' } else { character }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_not_shown() {
        assert_eq!(shown("CN=build\u{1b}[2J"), "CN=build\u{fffd}[2J");
        assert_eq!(shown("a\u{202e}b"), "a\u{fffd}b");
        assert_eq!(shown(&"x".repeat(500)).chars().count(), MOST + 1);
    }
}
