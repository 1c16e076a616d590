//! Which part of something: RFC 9110, section 14.4, and the distribution specification's `Range` of uploads.

/// `Content-Range: bytes FIRST-LAST/TOTAL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContentRange {
    /// The first byte's offset.
    pub(crate) first: u64,
    /// The last byte's.
    pub(crate) last: u64,
    /// Bytes of the whole, where it says.
    pub(crate) total: Option<u64>,
}

impl ContentRange {
    /// `None` where it is malformed or contradicts itself.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (range, total) = text.strip_prefix("bytes ")?.trim().split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let total = if total == "*" { None } else { Some(number(total)?) };
        let (first, last) = (number(first)?, number(last)?);
        let whole = first <= last && total.is_none_or(|total| last < total);
        whole.then_some(Self { first, last, total })
    }
}

/// How many bytes an upload has, by `Range: 0-LAST`. `0-0` is said of none and of one; it is read as none.
pub(crate) fn uploaded(text: &str) -> Option<u64> {
    let text = text.trim();
    let (first, last) = text.strip_prefix("bytes=").unwrap_or(text).split_once('-')?;
    match (number(first)?, number(last)?) {
        (0, 0) => Some(0),
        (0, last) => last.checked_add(1),
        _ => None,
    }
}

/// Digits and nothing else.
pub(crate) fn number(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_digits_that_make_sense() {
        let range = |first, last, total| Some(ContentRange { first, last, total });
        assert_eq!(ContentRange::parse("bytes 5-9/10"), range(5, 9, Some(10)));
        assert_eq!(ContentRange::parse("bytes 0-0/*"), range(0, 0, None));
        for text in
            ["", "bytes 9-5/10", "bytes 5-10/10", "bytes +5-9/10", "5-9/10", "bytes */10", "bytes 5-/10"]
        {
            assert_eq!(ContentRange::parse(text), None, "{text}");
        }
        assert_eq!(uploaded("0-99"), Some(100));
        assert_eq!(uploaded("bytes=0-0"), Some(0));
        for text in ["", "-", "1-5", "0-x", "0-18446744073709551615", "0-99999999999999999999"] {
            assert_eq!(uploaded(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(first in 0u64..1 << 40, more in 0u64..1 << 40, beyond in 1u64..1 << 40) {
            let (last, total) = (first + more, first + more + beyond);
            let parsed = ContentRange::parse(&format!("bytes {first}-{last}/{total}"));
            proptest::prop_assert_eq!(parsed, Some(ContentRange { first, last, total: Some(total) }));
        }

        #[test]
        fn no_range_is_too_odd(text in ".*", shaped in "(bytes )?[0-9*-]{0,9}/?[0-9*]{0,9}") {
            for text in [text, shaped] {
                uploaded(&text);
                if let Some(range) = ContentRange::parse(&text) {
                    proptest::prop_assert!(range.first <= range.last);
                }
            }
        }
    }
}
