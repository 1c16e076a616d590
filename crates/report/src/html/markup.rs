//! The only ways onto the page: markup of our own source, and words from anywhere, which are escaped.

use std::fmt::Write as _;

use crate::rating::page;

/// Most letters of one text: whoever wants to read more has the image.
const LONGEST: usize = 500;

/// A page, as far as it is written.
#[derive(Debug, Default)]
pub(super) struct Markup(String);

impl Markup {
    /// Markup. It is part of this program, so nothing that was scanned can be in it.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Words within an element, or within the quotes of an attribute.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        let mut letters = text.chars();
        letters.by_ref().take(LONGEST).for_each(|letter| self.letter(letter));
        if letters.next().is_some() {
            self.0.push('…');
        }
        self
    }

    fn letter(&mut self, letter: char) {
        match letter {
            '&' => self.0.push_str("&amp;"),
            '<' => self.0.push_str("&lt;"),
            '>' => self.0.push_str("&gt;"),
            '"' => self.0.push_str("&quot;"),
            '\'' => self.0.push_str("&#39;"),
            '\n' | '\t' => self.0.push(' '),
            letter if letter.is_control() || turns(letter) => self.0.push('\u{fffd}'),
            letter => self.0.push(letter),
        }
    }

    /// A whole number, its thousands apart.
    pub(super) fn number(&mut self, number: impl TryInto<u64>) -> &mut Self {
        let digits = number.try_into().unwrap_or(u64::MAX).to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                self.0.push(',');
            }
            self.0.push(digit);
        }
        self
    }

    /// A number with one digit behind the point.
    pub(super) fn tenths(&mut self, number: f32) -> &mut Self {
        // Writing to a string cannot fail.
        _ = write!(self.0, "{number:.1}");
        self
    }

    /// `12 secrets`, or `1 secret`.
    pub(super) fn count(&mut self, number: usize, one: &'static str, several: &'static str) -> &mut Self {
        self.number(number).raw(" ").raw(if number == 1 { one } else { several })
    }

    /// The name of a vulnerability, with the page about it where there is one.
    pub(super) fn vulnerability(&mut self, id: &str) -> &mut Self {
        match page(id) {
            Some(page) => {
                self.raw("<a rel=\"noreferrer\" href=\"").text(&page).raw("\">").text(id).raw("</a>")
            }
            None => self.text(id),
        }
    }

    /// How long it is, in bytes.
    pub(super) fn size(&self) -> usize {
        self.0.len()
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// Whether a letter changes the order in which others are shown, so that a text reads as what it is not.
fn turns(letter: char) -> bool {
    matches!(letter, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(write: impl FnOnce(&mut Markup)) -> String {
        let mut page = Markup::default();
        write(&mut page);
        page.finish()
    }

    #[test]
    fn words_stay_words() {
        let hostile = "</script><b a='x' c=\"y\">&amp;\0\u{202e}\n";
        let expected = "&lt;/script&gt;&lt;b a=&#39;x&#39; c=&quot;y&quot;&gt;&amp;amp;\u{fffd}\u{fffd} ";
        assert_eq!(page(|page| _ = page.text(hostile)), expected);
        assert_eq!(page(|page| _ = page.text(&"é".repeat(600))).chars().count(), LONGEST + 1);
    }

    #[test]
    fn only_names_that_are_some_have_a_page() {
        assert_eq!(page(|page| _ = page.vulnerability("\"onclick=")), "&quot;onclick=");
        let link = page(|page| _ = page.vulnerability("GHSA-1"));
        assert_eq!(link, "<a rel=\"noreferrer\" href=\"https://github.com/advisories/GHSA-1\">GHSA-1</a>");
    }

    #[test]
    fn numbers_are_for_people() {
        for (number, expected) in [(0_u64, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(page(|page| _ = page.number(number)), expected);
        }
        assert_eq!(page(|page| _ = page.count(1, "file", "files").raw(" ").tenths(12.34)), "1 file 12.3");
    }
}
