//! Lists of small numbers, as the kernel writes them: `0-3,7`.

use sys::numa::{MAX_NODES, Nodes};

use crate::error::LaunchError;

/// A set of processors or memory nodes; Linux has at most this many of either.
pub(crate) type Numbers = Nodes;

/// Reads `list`; `what` is what it is a list of, for the message.
pub(super) fn parse(what: &'static str, list: &str) -> Result<Numbers, LaunchError> {
    let invalid = || LaunchError::Spec {
        what,
        value: list.chars().take(200).collect(),
        why: "it is no list like `0-3,7`",
    };
    let mut numbers = Numbers::default();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first).ok_or_else(invalid)?, number(last).ok_or_else(invalid)?);
        if first > last {
            return Err(invalid());
        }
        (first..=last).for_each(|number| insert(&mut numbers, number));
    }
    Ok(numbers)
}

fn number(text: &str) -> Option<usize> {
    let text = text.trim();
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number < MAX_NODES)
}

fn insert(numbers: &mut Numbers, number: usize) {
    if let Some(bits) = numbers.get_mut(number / 64) {
        *bits |= 1 << (number % 64);
    }
}

/// Those in the set, lowest first.
pub(super) fn members(numbers: &Numbers) -> impl Iterator<Item = usize> {
    let is_in = |number: &usize| numbers.get(number / 64).is_some_and(|bits| bits >> (number % 64) & 1 == 1);
    (0..MAX_NODES).filter(is_in)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(list: &str) -> Option<Vec<usize>> {
        parse("list", list).ok().map(|numbers| members(&numbers).collect())
    }

    #[test]
    fn numbers_and_ranges_are_read() {
        assert_eq!(read("0-3,7"), Some(vec![0, 1, 2, 3, 7]));
        assert_eq!(read("1023, 2"), Some(vec![2, 1023]));
        for list in ["", ",", "1,", "3-1", "-1", "1024", "+1", "0x1", "1-2-3", "a"] {
            assert_eq!(read(list), None, "{list}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_written(numbers in proptest::collection::btree_set(0..MAX_NODES, 1..40)) {
            let list: Vec<_> = numbers.iter().map(usize::to_string).collect();
            prop_assert_eq!(read(&list.join(",")), Some(numbers.into_iter().collect()));
        }

        #[test]
        fn no_text_is_too_much(list in "[0-9,\\- ]{0,60}") {
            let _refused_or_not = read(&list);
        }
    }
}
