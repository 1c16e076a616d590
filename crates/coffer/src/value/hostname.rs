//! `--hostname web-1`: RFC 1123 names, at most the 64 bytes that the kernel holds.

use super::ValueError;

/// One or more labels of letters, digits and inner hyphens, joined by dots.
pub(crate) fn parse(text: &str) -> Result<String, ValueError> {
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if text.len() <= 64 && text.split('.').all(label) {
        return Ok(text.to_owned());
    }
    Err(ValueError::new(
        "it is no host name",
        "up to 64 letters, digits, `-` within and `.` between, such as web-1.example",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_follow_rfc_1123() {
        for text in ["web", "web-1", "a.b.c", "3com"] {
            assert!(parse(text).is_ok(), "{text}");
        }
        for text in ["", "-a", "a-", "a..b", "a_b", "a b", "a\nb", &"a".repeat(65)] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
