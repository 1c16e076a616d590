//! What containers printed: as it was, cleaned for a terminal, or as JSON lines.

use engine::logs::{End, Entry, JsonLines, Stream};

use super::text;

/// How entries are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The bytes that the container wrote.
    Raw,
    /// The same for a terminal, which only colours may reach.
    Cleaned,
}

/// Whether lines begin with their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timestamps {
    /// They do.
    Shown,
    /// They do not.
    Left,
}

/// Lines of one destination.
#[derive(Debug)]
pub(crate) struct Page {
    form: Form,
    timestamps: Timestamps,
    /// For output, errors and remarks: whether a line is in the middle.
    open: [bool; 3],
}

impl Page {
    pub(crate) fn new(form: Form, timestamps: Timestamps) -> Self {
        Self { form, timestamps, open: [false; 3] }
    }

    /// Adds an entry.
    pub(crate) fn add(&mut self, entry: &Entry<'_>, page: &mut Vec<u8>) {
        let [output, errors, remarks] = &mut self.open;
        let open = match entry.stream {
            Some(Stream::Output) => output,
            Some(Stream::Errors) => errors,
            None => remarks,
        };
        if self.timestamps == Timestamps::Shown && !*open {
            page.extend_from_slice(&entry.time.stamp());
            page.push(b' ');
        }
        match self.form {
            Form::Raw => page.extend_from_slice(entry.text),
            Form::Cleaned => text::for_terminal(entry.text, page),
        }
        *open = entry.end == End::Open;
        if !*open {
            page.push(b'\n');
        }
    }
}

/// Entries as JSON, one a line, in the form of the log's own files.
#[derive(Debug, Default)]
pub(crate) struct JsonPage(JsonLines);

impl JsonPage {
    /// Adds an entry.
    pub(crate) fn add(&mut self, entry: &Entry<'_>, page: &mut Vec<u8>) {
        self.0.add(entry, page);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::time::Moment;

    const TIME: Moment = Moment { seconds: 0, nanos: 5 };

    fn entry(stream: Option<Stream>, text: &str, end: End) -> Entry<'_> {
        Entry { stream, time: TIME, text: text.as_bytes(), end }
    }

    #[test]
    fn a_line_in_pieces_has_one_timestamp() {
        let mut page = Page::new(Form::Raw, Timestamps::Shown);
        let mut text = Vec::new();
        for (part, end) in [("a", End::Open), ("b\x1b]", End::Newline), ("c", End::Newline)] {
            page.add(&entry(Some(Stream::Output), part, end), &mut text);
        }
        let stamp = "1970-01-01T00:00:00.000000005Z";
        assert_eq!(String::from_utf8(text).unwrap(), format!("{stamp} ab\x1b]\n{stamp} c\n"));
    }

    #[test]
    fn entries_as_json_have_the_form_of_the_files() {
        let mut text = Vec::new();
        JsonPage::default().add(&entry(None, "a \"b\"", End::Newline), &mut text);
        assert_eq!(
            String::from_utf8(text).unwrap(),
            r#"{"log":"a \"b\"\n","stream":"coffer","time":"1970-01-01T00:00:00.000000005Z"}"#.to_owned()
                + "\n"
        );
    }
}
