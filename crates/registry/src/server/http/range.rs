//! Ranges: which part of a blob is asked for (RFC 9110, 14), and where a chunk of an upload goes.

use std::ops::Range;

/// Which bytes of a blob are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of them: nothing was said, or nothing that has to be understood.
    All,
    /// These, of which there is at least one.
    Part(Range<u64>),
    /// Some that are not there.
    Nothing,
}

/// What a `Range` header asks of a blob of `size` bytes. Several ranges at once, and what is no range, are passed
/// over, as the RFC allows and asks.
pub(super) fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some(text) = header.and_then(|text| text.strip_prefix("bytes=")) else { return Wanted::All };
    let Some((first, last)) = text.trim().split_once('-') else { return Wanted::All };
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.is_empty() => first..size,
        (None, Some(count)) if first.is_empty() => size.saturating_sub(count)..size,
        _ => return Wanted::All,
    };
    match range.start < range.end {
        true => Wanted::Part(range),
        false => Wanted::Nothing,
    }
}

/// Where a chunk goes: `FIRST-LAST` (spec.md, "Pushing a blob in chunks"), or as RFC 9110 writes it.
pub(super) fn chunk(header: &str) -> Option<Range<u64>> {
    let text = header.trim();
    let text = text.strip_prefix("bytes ").unwrap_or(text);
    let text = text.split('/').next().unwrap_or(text);
    let (first, last) = text.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some(first..last.checked_add(1)?)
}

/// Digits and nothing else: `u64` would take a sign.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_are_cut_to_what_is_there() {
        let wanted = |text: &str| wanted(Some(text), 10);
        assert_eq!(wanted("bytes=0-3"), Wanted::Part(0..4));
        assert_eq!(wanted("bytes=5-"), Wanted::Part(5..10));
        assert_eq!(wanted("bytes=-3"), Wanted::Part(7..10));
        assert_eq!(wanted("bytes=-30"), Wanted::Part(0..10));
        assert_eq!(wanted("bytes=5-99"), Wanted::Part(5..10));
        for nothing in ["bytes=10-", "bytes=10-11", "bytes=-0"] {
            assert_eq!(wanted(nothing), Wanted::Nothing, "{nothing}");
        }
        for passed_over in
            ["", "bytes=", "bytes=a-b", "items=0-1", "bytes=3-1", "bytes=0-1,3-4", "bytes=+1-2"]
        {
            assert_eq!(wanted(passed_over), Wanted::All, "{passed_over}");
        }
    }

    #[test]
    fn chunks_are_written_in_two_ways() {
        assert_eq!(chunk("0-9"), Some(0..10));
        assert_eq!(chunk("bytes 5-5/*"), Some(5..6));
        for bad in ["", "5", "-", "9-0", "a-b", "-5", "5-", "0-18446744073709551615"] {
            assert_eq!(chunk(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_header_asks_for_what_is_not_there(text in "bytes=[0-9]{0,21}-[0-9]{0,21}", size: u64) {
            if let Wanted::Part(range) = wanted(Some(&text), size) {
                prop_assert!(range.start < range.end && range.end <= size);
            }
        }
    }
}
