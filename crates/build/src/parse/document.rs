//! Here-documents: which ones a line names.

use crate::instruction::{Document, Expansion, Tabs};
use crate::parse::error::Fault;
use crate::words::{Quotes, Words};

/// The documents of a line, without their contents. A line that is no sequence of words names none.
pub(super) fn named(line: &str, words: &Words) -> Result<Vec<Document>, Fault> {
    let found = words.written(line).unwrap_or_default();
    found.iter().filter_map(|word| heading(word, words).transpose()).collect()
}

/// `3<<-"EOF"` as a document without its content; `None` if the word is none.
pub(super) fn heading(word: &str, words: &Words) -> Result<Option<Document>, Fault> {
    let Some((digits, rest)) = word.split_once("<<") else { return Ok(None) };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    let (tabs, rest) = match rest.strip_prefix('-') {
        Some(rest) => (Tabs::Stripped, rest),
        None => (Tabs::Kept, rest),
    };
    let rest = rest.trim_start();
    if rest.is_empty() || rest.contains('<') {
        return Ok(None);
    }
    let read = |quotes| words.heading(rest, quotes).map_err(Fault::DocumentName);
    let (plain, quoted) = (read(Quotes::Removed)?, read(Quotes::Kept)?);
    let ([name], [quoted]) = (plain.as_slice(), quoted.as_slice()) else { return Ok(None) };
    let expansion = if quotes(name) == quotes(quoted) { Expansion::Done } else { Expansion::Never };
    let descriptor = if digits.is_empty() { 0 } else { digits.parse().unwrap_or(u32::MAX) };
    Ok(Some(Document { name: name.clone(), content: String::new(), expansion, tabs, descriptor }))
}

fn quotes(text: &str) -> usize {
    text.matches(['\'', '"']).count()
}

/// Whether a line, with its end, ends the document.
pub(super) fn ends(document: &Document, line: &str) -> bool {
    let line = line.trim_end_matches(['\r', '\n']);
    let line = if document.tabs == Tabs::Stripped { line.trim_start_matches('\t') } else { line };
    line == document.name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn names(line: &str) -> Vec<(String, Expansion, Tabs, u32)> {
        let words = Words::new('\\', &Limits::default());
        let documents = named(line, &words).unwrap().into_iter();
        documents.map(|found| (found.name, found.expansion, found.tabs, found.descriptor)).collect()
    }

    #[test]
    fn names_may_be_quoted() {
        let check = |line: &str, name: &str, expansion| {
            assert_eq!(names(line), [(name.to_owned(), expansion, Tabs::Kept, 0)], "{line}");
        };
        check("RUN <<EOF", "EOF", Expansion::Done);
        check("RUN <<'EOF' | sh", "EOF", Expansion::Never);
        check("RUN <<eo'f'", "eof", Expansion::Never);
        check(r"RUN <<eo\'f", "eo'f", Expansion::Done);
        check("RUN <<'one two'", "one two", Expansion::Never);
        check("RUN <<$EOF", "$EOF", Expansion::Done);
        check("RUN <<  EOF  > foo", "EOF", Expansion::Done);
    }

    #[test]
    fn a_line_may_have_several() {
        let expected = [
            ("A".to_owned(), Expansion::Done, Tabs::Stripped, 3),
            ("B".to_owned(), Expansion::Done, Tabs::Kept, 0),
        ];
        assert_eq!(names("COPY 3<<-A <<B /x"), expected);
        assert_eq!(names("RUN 99999999999<<A").first().map(|found| found.3), Some(u32::MAX));
    }

    #[test]
    fn others_are_no_documents() {
        for line in [
            "RUN '<<EOF'",
            "RUN \"<<EOF\"",
            "RUN a<<EOF",
            "RUN <<<EOF",
            "RUN <<",
            "RUN <<-",
            "RUN it's <<EOF",
        ] {
            assert_eq!(names(line), [], "{line}");
        }
    }
}
