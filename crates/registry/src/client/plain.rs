//! What a registry says, made fit to be shown: one line, no control characters, not long.

/// Most characters of it that people see.
const MOST: usize = 300;

/// The text in one line without anything that moves a cursor or turns text around; cut where it is long.
pub(crate) fn plain(text: &str) -> String {
    let mut shown = String::new();
    let mut count = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if count > 0 {
            shown.push(' ');
        }
        for c in word.chars().filter(|c| !is_invisible(*c)) {
            count += 1;
            if count > MOST {
                shown.push('…');
                return shown;
            }
            shown.push(c);
        }
        count += 1;
    }
    shown.trim_end().to_owned()
}

/// Characters that show nothing and change what others look like (Unicode, "Default_Ignorable_Code_Point" and
/// bidirectional controls; CVE-2021-42574).
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_registry_moves_the_cursor() {
        assert_eq!(plain("a\u{1b}[2Jb\r\nc\u{202e}d"), "a [2Jb cd");
        assert_eq!(plain("  "), "");
        assert_eq!(plain(&"x".repeat(1000)).chars().count(), MOST + 1);
    }

    proptest::proptest! {
        #[test]
        fn whatever_it_says_is_one_short_line(text in ".*") {
            let shown = plain(&text);
            proptest::prop_assert!(shown.chars().count() <= MOST + 1);
            proptest::prop_assert!(!shown.chars().any(|c| c.is_control() || is_invisible(c)));
        }
    }
}
