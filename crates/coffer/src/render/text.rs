//! Text of strangers on our terminal: an image may name its command `\x1b]0;...`, we do not repeat it.

/// The text with every control character and every invisible or reordering one made visible.
pub(crate) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_shown(c) { shown.push(c) } else { shown.extend(c.escape_unicode()) }
    }
    shown
}

/// The first `width` characters, the last of them `…` where something is left out.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// The first `count` characters.
pub(crate) fn first(text: &str, count: usize) -> String {
    text.chars().take(count).collect()
}

/// Pads on the right to `width` characters.
pub(crate) fn pad(text: &str, width: usize) -> String {
    format!("{text:<width$}")
}

/// Arguments as a person would have to type them.
pub(crate) fn command(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let bare = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(bare) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn is_shown(c: char) -> bool {
    // Bidirectional controls, invisible characters and other line ends, by which a line reads as another
    // one (CVE-2021-42574).
    let deceives = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    !c.is_control() && !deceives
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_would_move_the_cursor_is_made_visible() {
        assert_eq!(plain("a\x1b[31mb\r\n"), r"a\u{1b}[31mb\u{d}\u{a}");
        assert_eq!(plain("user\u{202e}txt"), r"user\u{202e}txt");
        assert_eq!(plain("a\u{2028}b\u{e0041}"), r"a\u{2028}b\u{e0041}");
        assert_eq!(plain("naïve ✓"), "naïve ✓");
    }

    #[test]
    fn commands_are_quoted_where_a_shell_would_need_it() {
        let words = ["sh", "-c", "echo 'a b'", "", "daemon off;"].map(str::to_owned);
        assert_eq!(command(&words), r"sh -c 'echo '\''a b'\''' '' 'daemon off;'");
    }

    #[test]
    fn long_text_ends_in_an_ellipsis() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("äöü", 3), "äöü");
    }

    proptest! {
        #[test]
        fn nothing_plain_holds_a_control_character(text in any::<String>()) {
            prop_assert!(!plain(&text).chars().any(char::is_control));
        }
    }
}
