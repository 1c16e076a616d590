//! Where words stand in a text, in upper or lower case: several hundred of them at the speed of memory.
//!
//! A table of bits says for each four letters whether any word begins so. No automaton has to be followed from byte
//! to byte, so the processor looks at many at once.

use std::iter;
use std::ops::RangeInclusive;

/// How many letters the table looks at.
const LETTERS: usize = 4;

/// What tells letters from each other but not upper from lower case.
const LOW: u32 = 0x1f1f_1f1f;

/// How many bits a number of four letters has.
const BITS: u32 = 16;

/// A word, and what it stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word {
    /// As it is spelled; at least three letters.
    pub(crate) spelled: &'static str,
    /// The number that it was given.
    pub(crate) meaning: usize,
}

/// All words, by their first four letters.
pub(crate) struct Words {
    /// A bit for each number that any word has: small enough to stay close to the processor.
    begun: Box<[u64; 1 << (BITS - 6)]>,
    /// Where the words of each number begin in the list.
    first: Box<[u16; 1 << BITS]>,
    /// The words of each number, sorted by it.
    words: Vec<(u32, Word)>,
}

impl Words {
    pub(crate) fn new(words: impl Iterator<Item = Word>) -> Self {
        let numbered = words.flat_map(|word| numbers(word.spelled).map(move |number| (number, word)));
        let mut words: Vec<(u32, Word)> = numbered.collect();
        words.sort_by_key(|(number, _)| *number);
        let (mut begun, mut first) = (Box::new([0; 1 << (BITS - 6)]), Box::new([0; 1 << BITS]));
        for (at, (number, _)) in (0..u16::MAX).zip(&words).rev() {
            if let Some(bits) = begun.get_mut((number >> 6) as usize) {
                *bits |= 1 << (number & 63);
            }
            if let Some(first) = first.get_mut(*number as usize) {
                *first = at;
            }
        }
        Self { begun, first, words }
    }

    /// Each word that stands in a text, with where it begins, from the first to the last. One of three letters at
    /// the very end has nothing after it, and is none.
    pub(crate) fn standing<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = (usize, Word)> + 'a {
        let mut from = 0;
        let begun = iter::from_fn(move || {
            let ahead = text.get(from..)?.windows(LETTERS).position(|letters| self.may_begin(letters))?;
            from += ahead + 1;
            Some(from - 1)
        });
        begun.flat_map(move |start| self.standing_at(text, start).map(move |word| (start, word)))
    }

    fn may_begin(&self, letters: &[u8]) -> bool {
        let number = letters.first_chunk().map_or(0, number);
        let bits = self.begun.get((number >> 6) as usize).copied().unwrap_or_default();
        (bits >> (number & 63)) & 1 == 1
    }

    fn standing_at<'a>(&'a self, text: &'a [u8], start: usize) -> impl Iterator<Item = Word> + 'a {
        let rest = text.get(start..).unwrap_or_default();
        let number = rest.first_chunk().map_or(0, number);
        let first = self.first.get(number as usize).copied().unwrap_or_default();
        let list = self.words.get(usize::from(first)..).unwrap_or_default();
        let same = list.iter().take_while(move |(other, _)| *other == number);
        same.map(|(_, word)| *word).filter(move |word| word.begins(rest))
    }
}

impl Word {
    fn begins(&self, text: &[u8]) -> bool {
        let here = text.get(..self.spelled.len());
        here.is_some_and(|here| here.eq_ignore_ascii_case(self.spelled.as_bytes()))
    }
}

/// The number of four letters: the same in upper and lower case, and the same for some others too.
fn number(letters: &[u8; LETTERS]) -> u32 {
    // Knuth's multiplier: its upper bits depend on all four.
    (u32::from_le_bytes(*letters) & LOW).wrapping_mul(0x9e37_79b1) >> (32 - BITS)
}

/// The numbers of all texts that begin with a word: of three letters, whatever follows them.
fn numbers(word: &str) -> impl Iterator<Item = u32> + use<> {
    const ANY: RangeInclusive<u8> = 0..=31;
    let letters = word.as_bytes().first_chunk::<3>().copied();
    let fourth = word.as_bytes().get(3).map_or(ANY, |letter| *letter..=*letter);
    letters
        .into_iter()
        .flat_map(move |[one, two, three]| fourth.clone().map(move |four| number(&[one, two, three, four])))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WORDS: [&str; 5] = ["token", "tok", "Token_x", "---", "sk-"];

    fn words() -> Words {
        Words::new(WORDS.iter().enumerate().map(|(meaning, spelled)| Word { spelled, meaning }))
    }

    fn found(text: &[u8]) -> Vec<(usize, usize)> {
        words().standing(text).map(|(start, word)| (start, word.meaning)).collect()
    }

    #[test]
    fn words_are_found_in_any_case_and_within_each_other() {
        assert_eq!(found(b"a TOKEN_x"), [(2, 0), (2, 1), (2, 2)]);
        assert_eq!(found(b"-----"), [(0, 3), (1, 3)]);
        assert_eq!(found(b"to"), []);
        assert_eq!(found(b"tok."), [(0, 1)]);
        assert_eq!(found(b"tok"), [], "nothing follows");
        assert_eq!(found(b"SKM1"), [], "a letter with the same lower bits as the hyphen");
    }

    proptest! {
        #[test]
        fn a_text_has_the_words_that_a_plain_search_finds(text in "[tTokKeEnN_x-]{0,60}") {
            let lower = text.to_ascii_lowercase();
            let mut plain: Vec<_> = WORDS
                .iter()
                .enumerate()
                .flat_map(|(meaning, word)| {
                    let word = word.to_ascii_lowercase();
                    let lower = &lower;
                    (0..lower.len()).filter(move |at| lower[*at..].starts_with(&word)).map(move |at| (at, meaning))
                })
                .collect();
            plain.sort_unstable();
            prop_assert_eq!(found(format!("{text}.").as_bytes()), plain);
        }
    }
}
