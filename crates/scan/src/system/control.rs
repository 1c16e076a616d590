//! Debian's control files: paragraphs of fields (deb822(5)).

/// One paragraph: the lines between two empty ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paragraph<'a>(&'a [u8]);

/// All paragraphs of a file.
pub(crate) fn paragraphs(bytes: &[u8]) -> impl Iterator<Item = Paragraph<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        while let Some(after) = rest.strip_prefix(b"\n").or_else(|| rest.strip_prefix(b"\r\n")) {
            rest = after;
        }
        if rest.is_empty() {
            return None;
        }
        let (paragraph, after) = rest.split_at(end(rest));
        rest = after;
        Some(Paragraph(paragraph))
    })
}

/// Where the first empty line of `bytes` begins, which do not begin with one.
fn end(bytes: &[u8]) -> usize {
    let mut at = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line.trim_ascii().is_empty() {
            break;
        }
        at += line.len();
    }
    // A line of blanks at the very beginning ends nothing, but has to be passed.
    if at == 0 { bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1) } else { at }
}

impl<'a> Paragraph<'a> {
    /// The first line of a field, trimmed. Case does not matter in names.
    pub(crate) fn field(self, name: &str) -> Option<&'a [u8]> {
        self.fields(name).next()
    }

    /// The first line of each field of that name.
    pub(crate) fn fields(self, name: &str) -> impl Iterator<Item = &'a [u8]> + use<'a, '_> {
        crate::text::lines(self.0).filter_map(move |line| {
            let (start, rest) = line.split_at_checked(name.len())?;
            let value = rest.strip_prefix(b":")?;
            start.eq_ignore_ascii_case(name.as_bytes()).then_some(value.trim_ascii())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_end_with_an_empty_line_and_fields_are_found_in_their_own() {
        let text = b"\n\nPackage: a\nversion: 1\n continued: 2\n\nPackage:b\r\n \nPackage: c";
        let all: Vec<Paragraph<'_>> = paragraphs(text).collect();
        let names: Vec<_> = all.iter().filter_map(|paragraph| paragraph.field("Package")).collect();
        assert_eq!(names, [b"a", b"b", b"c"]);
        assert_eq!(all[0].field("Version"), Some(b"1".as_slice()));
        assert_eq!(all[0].field("continued"), None);
        assert_eq!(all[1].field("Version"), None);
    }
}
