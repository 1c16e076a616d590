//! Patterns for tags: `*` is any text, `?` any character.

/// Whether the pattern fits the whole text. The time is bounded by the product of both lengths.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut next) = (0, 0);
    // Where the last `*` was, and up to where it has eaten.
    let mut star: Option<(usize, usize)> = None;
    while let Some(character) = text.get(at) {
        match pattern.get(next) {
            Some(b'*') => {
                star = Some((next, at));
                next += 1;
            }
            Some(wanted) if *wanted == b'?' || wanted == character => {
                at += 1;
                next += 1;
            }
            _ => {
                let Some((position, eaten)) = star else { return false };
                star = Some((position, eaten + 1));
                (next, at) = (position + 1, eaten + 1);
            }
        }
    }
    pattern.get(next..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text) in
            [("*", ""), ("1.*", "1.27"), ("1.2?", "1.27"), ("*-alpine", "3-alpine"), ("a*b*c", "abbc")]
        {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("1.?", "1.27"), ("*-alpine", "alpine"), ("a*b", "abc"), ("?", "")]
        {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn a_text_fits_itself_and_whatever_is_cut_out_of_it(text in "[a-z0-9.]{0,12}", from in 0..12_usize, to in 0..12_usize) {
            prop_assert!(fits(&text, &text));
            let (from, to) = (from.min(text.len()), to.min(text.len()));
            if from <= to {
                let pattern = format!("{}*{}", &text[..from], &text[to..]);
                prop_assert!(fits(&pattern, &text));
            }
        }
    }
}
