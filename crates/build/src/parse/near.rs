//! Did you mean: the word that differs in one or two characters.

/// How many characters a word has at most that is compared: nobody misspells longer ones so little.
const LONGEST: usize = 64;

/// From how many differences on a word is another one.
const DIFFERENT: usize = 3;

/// The option that is most like `word`; none if one is `word`, or if none is near.
pub(crate) fn nearest<'a>(word: &str, options: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(LONGEST + 1).collect();
    if word.len() > LONGEST {
        return None;
    }
    let mut best = (DIFFERENT, None);
    for option in options {
        let distance = distance(&word, option);
        if distance == 0 {
            return None;
        }
        if distance < best.0 {
            best = (distance, Some(option));
        }
    }
    best.1
}

/// Whether a word is another but for one character, or for two that are swapped.
pub(crate) fn differs_once(word: &str, other: &str) -> bool {
    let word: Vec<char> = word.chars().take(LONGEST + 1).collect();
    word.len() <= LONGEST && distance(&word, other) == 1
}

/// How many characters have to be put in, taken out, changed, or swapped with the next one.
fn distance(word: &[char], option: &str) -> usize {
    let length = option.chars().take(LONGEST + DIFFERENT).count();
    if length.abs_diff(word.len()) >= DIFFERENT {
        return DIFFERENT;
    }
    let (mut before, mut row): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=word.len()).collect());
    let mut previous = None;
    for character in option.chars() {
        let mut next = vec![row.first().map_or(0, |first| first + 1)];
        for (column, wanted) in word.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX - 1);
            let changed = at(&row, column) + usize::from(*wanted != character);
            let mut best = changed.min(at(&row, column + 1) + 1).min(at(&next, column) + 1);
            let left = column.checked_sub(1).and_then(|left| word.get(left));
            if left == Some(&character) && previous == Some(*wanted) {
                best = best.min(at(&before, column - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
        previous = Some(character);
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_changes_and_swaps() {
        let distance = |word: &str, option| distance(&word.chars().collect::<Vec<_>>(), option);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abcdef"), DIFFERENT);
        assert_eq!(distance("same", "same"), 0);
        assert_eq!(distance("RNU", "RUN"), 1);
        assert_eq!(distance("ca", "abc"), 3);
    }

    #[test]
    fn only_near_words_are_told() {
        assert_eq!(nearest("BULIDPLATFORM", ["TARGETPLATFORM", "BUILDPLATFORM"]), Some("BUILDPLATFORM"));
        assert_eq!(nearest("copy", ["copy", "cope"]), None);
        assert_eq!(nearest("x", ["abcd"]), None);
        assert_eq!(nearest(&"a".repeat(65), ["a".repeat(65).as_str()]), None);
    }
}
