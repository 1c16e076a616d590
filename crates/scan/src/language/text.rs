//! Text that consists of lines.

use crate::content::{Content, Flaw};

/// How a line that begins with a space goes on where the one before it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Folding {
    /// In the middle of a word, as in manifests of Java.
    Word,
    /// On a line of its own, as in the headers of mail and Python.
    Line,
}

/// The first bytes of a file, as text.
pub(super) fn beginning(content: &Content<'_>, limit: u16) -> Result<String, Flaw> {
    let size = content.size().min(u64::from(limit));
    let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
    let read = content.read_at(0, &mut bytes)?;
    bytes.truncate(read);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// All of a file, as text.
pub(super) fn whole(content: &Content<'_>, limit: u64) -> Result<String, Flaw> {
    Ok(String::from_utf8_lossy(&content.whole(limit)?).into_owned())
}

/// The headers `Name: value` before the first empty line.
pub(super) fn headers(text: &str, folding: Folding) -> Vec<(&str, String)> {
    let mut headers: Vec<(&str, String)> = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines().take_while(|line| !line.is_empty()) {
        match (line.strip_prefix([' ', '\t']), headers.last_mut()) {
            (Some(rest), Some((_, value))) => {
                if folding == Folding::Line {
                    value.push('\n');
                }
                value.push_str(rest);
            }
            _ => headers.extend(line.split_once(':').map(|(name, value)| (name, value.trim().to_owned()))),
        }
    }
    headers
}

/// The value of the first header of a name, whatever its case.
pub(super) fn header<'a>(headers: &'a [(&str, String)], name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// What stands between the first two quotation marks of a text, single or double, and what follows them.
pub(super) fn quoted(text: &str) -> Option<(&str, &str)> {
    let (start, mark) = text.char_indices().find(|(_, letter)| matches!(letter, '"' | '\''))?;
    text.get(start + 1..)?.split_once(mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_end_at_the_first_empty_line_and_fold() {
        let text = "Name: a\nLicense: b\n  c\n\nVersion: 1\n";
        assert_eq!(headers(text, Folding::Line), [("Name", "a".to_owned()), ("License", "b\n c".to_owned())]);
        let manifest = "Bundle-SymbolicName: org.exam\r\n ple\r\n\r\n";
        assert_eq!(header(&headers(manifest, Folding::Word), "bundle-symbolicname"), Some("org.example"));
        assert_eq!(header(&headers(" lost\nEmpty:\n", Folding::Word), "Empty"), None);
    }

    #[test]
    fn quotation_marks_are_paired_by_kind() {
        assert_eq!(quoted(r#"x = "it's".freeze"#), Some(("it's", ".freeze")));
        assert_eq!(quoted("x = 'a"), None);
        assert_eq!(quoted("x"), None);
    }
}
