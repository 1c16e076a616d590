//! Versions of which only the beginning is said: `1`, `1.2`, `1.2.x`.

use crate::version::split_digits;

/// The numbers of a version, as far as they are said, and what follows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Partial<'a> {
    /// Up to the first that is `x`, `X` or `*`.
    pub(super) numbers: Vec<&'a str>,
    /// `-rc.1`; a build is left out.
    pub(super) tag: &'a str,
    /// Whether the numbers end with a wildcard.
    pub(super) open: Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    Wildcard,
    No,
}

impl<'a> Partial<'a> {
    /// # Errors
    /// A text that begins with neither a number nor a wildcard, and numbers after a wildcard.
    pub(super) fn parse(text: &'a str) -> Result<Self, &'static str> {
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let text = text.split_once('+').map_or(text, |(version, _build)| version);
        let mut partial = Self { numbers: Vec::new(), tag: "", open: Open::No };
        let mut rest = text;
        loop {
            let (digits, tail) = split_digits(rest);
            let wildcard = rest.strip_prefix(['x', 'X', '*']);
            rest = match wildcard {
                Some(tail) => {
                    partial.open = Open::Wildcard;
                    tail
                }
                None if digits.is_empty() => return Err("it has a version that begins with no number"),
                None if partial.open == Open::Wildcard => return Err("it has a number after a wildcard"),
                None => {
                    partial.numbers.push(digits);
                    tail
                }
            };
            match rest.strip_prefix('.') {
                Some(tail)
                    if tail.starts_with(|c: char| c.is_ascii_digit() || matches!(c, 'x' | 'X' | '*')) =>
                {
                    rest = tail;
                }
                _ => break,
            }
        }
        // Of `1.x-rc` nobody could say what the tag is of.
        partial.tag = if partial.open == Open::Wildcard { "" } else { rest };
        Ok(partial)
    }

    /// The first `count` numbers, with zeros for those that are not said.
    pub(super) fn padded(&self, count: usize) -> String {
        let zeros = count.saturating_sub(self.numbers.len());
        let numbers: Vec<&str> =
            self.numbers.iter().copied().take(count).chain(std::iter::repeat_n("0", zeros)).collect();
        numbers.join(".")
    }

    /// The first version after all that share the first `count` numbers, which is at least one: `1.3` after `1.2`.
    pub(super) fn after(&self, count: usize) -> String {
        let kept = self.padded(count.saturating_sub(1));
        let last = increment(self.numbers.get(count.saturating_sub(1)).copied().unwrap_or("0"));
        if kept.is_empty() { last } else { format!("{kept}.{last}") }
    }
}

/// One more than a decimal number of any length.
fn increment(digits: &str) -> String {
    let kept = digits.trim_end_matches('9');
    let nines = digits.len() - kept.len();
    let mut more = kept.to_owned();
    let last = more.pop().and_then(|digit| digit.to_digit(10)).unwrap_or(0);
    more.extend(char::from_digit(last + 1, 10));
    more.extend(std::iter::repeat_n('0', nines));
    more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_up_by_one_whatever_their_length() {
        for (one, next) in [("0", "1"), ("8", "9"), ("9", "10"), ("1999", "2000"), ("99", "100")] {
            assert_eq!(increment(one), next);
        }
        assert_eq!(increment(&"9".repeat(40)), format!("1{}", "0".repeat(40)));
    }

    #[test]
    fn what_is_not_said_is_not_there() {
        let partial = Partial::parse("v1.2.x").unwrap();
        assert_eq!(
            (partial.padded(3), partial.after(1), partial.after(2)),
            ("1.2.0".into(), "2".into(), "1.3".into())
        );
        assert_eq!(Partial::parse("1.2.3-rc.1+build").unwrap().tag, "-rc.1");
        assert_eq!(Partial::parse("*").unwrap().numbers.len(), 0);
        for wrong in ["", "x.1", "1.x.5", "rc", "-1"] {
            assert!(Partial::parse(wrong).is_err(), "{wrong}");
        }
    }
}
