//! Text of strangers on our terminal: an image may name its command `\x1b]0;...`, we do not repeat it.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The text with every control character and every invisible or reordering one made visible.
pub(crate) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_shown(c) { shown.push(c) } else { shown.extend(c.escape_unicode()) }
    }
    shown
}

/// What a container printed, for a terminal: colours and tabs stay, every other control sequence is made
/// visible, and so is what is no text.
pub(crate) fn for_terminal(text: &[u8], shown: &mut Vec<u8>) {
    // A terminal's own line end, as programs with a terminal write it.
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    for chunk in text.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(c) = rest.chars().next() {
            let length = if c == '\u{1b}' { colour(rest) } else { 0 };
            let (shown_as_is, after) = rest.split_at(length.max(c.len_utf8()));
            if length > 0 || c == '\t' || is_shown(c) {
                shown.extend_from_slice(shown_as_is.as_bytes());
            } else {
                shown.extend(c.escape_unicode().map(|c| c as u8));
            }
            rest = after;
        }
        if !chunk.invalid().is_empty() {
            shown.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

/// The same as text alone, for a line of ours: colours are left out, and tabs are as wide as they would be.
pub(crate) fn flat(text: &str) -> String {
    const TAB: usize = 8;
    let (mut shown, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(c) = rest.chars().next() {
        let length = if c == '\u{1b}' { colour(rest) } else { 0 };
        match c {
            _ if length > 0 => {}
            '\t' => shown.extend(std::iter::repeat_n(' ', TAB - shown.chars().count() % TAB)),
            _ => shown.push_str(&plain(c.encode_utf8(&mut [0; 4]))),
        }
        rest = rest.split_at(length.max(c.len_utf8())).1;
    }
    shown
}

/// Length of the sequence at the beginning that changes colours (ECMA-48, SGR) and nothing else; 0 if there
/// is none.
fn colour(text: &str) -> usize {
    let Some(parameters) = text.strip_prefix("\u{1b}[") else { return 0 };
    let length = parameters.bytes().take_while(|b| b.is_ascii_digit() || matches!(b, b';' | b':')).count();
    if parameters.as_bytes().get(length) == Some(&b'm') { length + 3 } else { 0 }
}

/// As much as has room in `width` cells of a terminal, the last of them `…` where something is left out.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (room, mut used) = (width.saturating_sub(1), 0);
    let has_room = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= room
    };
    text.chars().take_while(has_room).chain(['…']).collect()
}

/// Lines of at most `width` characters that end between words, all but the first after an indent; a word that is
/// longer has a line of its own.
pub(crate) fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let room = width.saturating_sub(indent);
    let (mut lines, mut length) = (String::with_capacity(text.len()), 0);
    for word in text.split(' ') {
        let letters = word.chars().count();
        if length > 0 && length + 1 + letters > room {
            lines.push_str(&format!("\n{:indent$}", ""));
            length = 0;
        } else if !lines.is_empty() {
            lines.push(' ');
            length += 1;
        }
        lines.push_str(word);
        length += letters;
    }
    lines
}

/// The first `count` characters.
pub(crate) fn first(text: &str, count: usize) -> String {
    text.chars().take(count).collect()
}

/// Pads on the right to `width` cells.
pub(crate) fn pad(text: &str, width: usize) -> String {
    let gap = width.saturating_sub(text.width());
    format!("{text}{:gap$}", "")
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
        assert_eq!((cut("日本語", 6), cut("日本語", 5)), ("日本語".to_owned(), "日本…".to_owned()));
        assert_eq!((cut("日本語", 4), pad("日本", 5)), ("日…".to_owned(), "日本 ".to_owned()));
    }

    #[test]
    fn lines_end_between_words() {
        assert_eq!(wrapped("one two three", 11, 4), "one two\n    three");
        assert_eq!(wrapped("one two three", usize::MAX, 4), "one two three");
        assert_eq!(wrapped("a longest-word b", 8, 2), "a\n  longest-word\n  b");
        assert_eq!((wrapped("", 8, 2), wrapped("a  b", 8, 2)), (String::new(), "a  b".to_owned()));
    }

    #[test]
    fn colours_of_containers_reach_a_terminal_and_nothing_else_does() {
        let shown = |text: &[u8]| {
            let mut shown = Vec::new();
            for_terminal(text, &mut shown);
            String::from_utf8(shown).unwrap()
        };
        assert_eq!(shown(b"\x1b[1;38:5:9mred\x1b[m\tend\r"), "\x1b[1;38:5:9mred\x1b[m\tend");
        assert_eq!(shown(b"\x1b]0;title\x07"), r"\u{1b}]0;title\u{7}");
        assert_eq!(shown(b"\x1b[2J\x1b[1\x1b"), r"\u{1b}[2J\u{1b}[1\u{1b}");
        assert_eq!(shown("a\rb\u{9b}2Jc\u{202e}".as_bytes()), r"a\u{d}b\u{9b}2Jc\u{202e}");
        assert_eq!(shown(b"a\xffb\x00"), "a\u{fffd}b\\u{0}");
    }

    #[test]
    fn a_line_of_ours_has_no_colours_and_no_tabs() {
        assert_eq!(flat("\x1b[1;31mred\x1b[m\tend\x1b[2J"), r"red     end\u{1b}[2J");
        assert_eq!(flat("1234567\t9\t"), "1234567 9       ");
    }

    proptest! {
        #[test]
        fn whatever_a_container_prints_only_colours_control_a_terminal(text: Vec<u8>) {
            let mut shown = Vec::new();
            for_terminal(&text, &mut shown);
            let shown = String::from_utf8(shown).unwrap();
            for (at, _) in shown.match_indices(|c: char| c.is_control() && c != '\t') {
                prop_assert!(colour(&shown[at..]) > 0);
            }
        }

        #[test]
        fn nothing_plain_holds_a_control_character(text in any::<String>()) {
            prop_assert!(!plain(&text).chars().any(char::is_control));
            prop_assert!(!flat(&text).chars().any(char::is_control));
        }
    }
}
