//! One line of a log file, read back: the form that we write by hand, every other as JSON.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::piece::End;
use super::{Stream, scan};
use crate::time::Moment;

/// What was said at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Who said it; `None` is a remark of Cofferdam itself.
    pub stream: Option<Stream>,
    /// When.
    pub time: Moment,
    /// The bytes, without the newline at the end.
    pub text: &'a [u8],
    /// Whether there was one.
    pub end: End,
}

/// Reads lines of log files; keeps what saves work for the next one.
#[derive(Debug, Default)]
pub struct Parser {
    text: Vec<u8>,
    stamp: [u8; Moment::STAMP],
    time: Moment,
}

/// Every form that an entry can have besides our own, Docker's fields with our additions.
#[derive(Deserialize)]
struct Foreign<'a> {
    #[serde(borrow, default)]
    log: Cow<'a, str>,
    #[serde(borrow, default)]
    stream: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
    #[serde(borrow)]
    raw: Option<Cow<'a, str>>,
}

impl Parser {
    /// The entry that a line is, without its newline; `None` if it is none.
    pub fn parse<'a>(&'a mut self, line: &'a [u8]) -> Option<Entry<'a>> {
        match ours(line) {
            Some(ours) if is_simple(ours.text) => self.simple(ours),
            Some(ours) if unescape(ours.text, &mut self.text).is_some() => {
                let time = self.time(ours.stamp)?;
                let (text, end) = without_newline(&self.text);
                Some(Entry { stream: ours.stream, time, text, end })
            }
            _ => self.foreign(line),
        }
    }

    fn simple<'a>(&mut self, ours: Ours<'a>) -> Option<Entry<'a>> {
        let time = self.time(ours.stamp)?;
        let (text, end) = match ours.text.strip_suffix(b"\\n") {
            Some(text) => (text, End::Newline),
            None => (ours.text, End::Open),
        };
        Some(Entry { stream: ours.stream, time, text, end })
    }

    fn foreign(&mut self, line: &[u8]) -> Option<Entry<'_>> {
        let foreign: Foreign<'_> = serde_json::from_slice(line).ok()?;
        let time = Moment::parse(foreign.time.as_bytes())?;
        self.text.clear();
        match foreign.raw.and_then(|raw| STANDARD.decode(raw.as_bytes()).ok()) {
            Some(raw) => self.text.extend_from_slice(&raw),
            None => self.text.extend_from_slice(foreign.log.as_bytes()),
        }
        let (text, end) = without_newline(&self.text);
        Some(Entry { stream: stream(&foreign.stream), time, text, end })
    }

    /// Lines that were written together have the same time.
    fn time(&mut self, stamp: &[u8; Moment::STAMP]) -> Option<Moment> {
        if self.stamp != *stamp {
            self.time = Moment::parse(stamp)?;
            self.stamp = *stamp;
        }
        Some(self.time)
    }
}

/// The parts of a line of our own form.
struct Ours<'a> {
    /// With its escapes.
    text: &'a [u8],
    stream: Option<Stream>,
    stamp: &'a [u8; Moment::STAMP],
}

fn ours(line: &[u8]) -> Option<Ours<'_>> {
    let inner = line.strip_prefix(b"{\"log\":\"")?.strip_suffix(b"\"}")?;
    let (inner, stamp) = inner.split_last_chunk()?;
    let inner = inner.strip_suffix(b"\",\"time\":\"")?;
    let streams: [(&[u8], _); 3] = [
        (b"\",\"stream\":\"stdout", Some(Stream::Output)),
        (b"\",\"stream\":\"stderr", Some(Stream::Errors)),
        (b"\",\"stream\":\"coffer", None),
    ];
    let (text, stream) =
        streams.iter().find_map(|(suffix, stream)| Some((inner.strip_suffix(*suffix)?, *stream)))?;
    Some(Ours { text, stream, stamp })
}

/// Whether it has no escape but perhaps the newline at its end.
fn is_simple(text: &[u8]) -> bool {
    let plain = scan::unescaped(text);
    plain == text.len() || text.get(plain..) == Some(b"\\n")
}

/// Reads the escapes that we write; `None` at any other, and at what no JSON text holds.
fn unescape(text: &[u8], plain: &mut Vec<u8>) -> Option<()> {
    plain.clear();
    let mut rest = text;
    while !rest.is_empty() {
        let (run, beyond) = rest.split_at_checked(scan::unescaped(rest))?;
        plain.extend_from_slice(run);
        let Some(escape) = beyond.strip_prefix(b"\\") else { return beyond.is_empty().then_some(()) };
        let (byte, after) = match escape.split_first()? {
            (b'n', after) => (b'\n', after),
            (b'r', after) => (b'\r', after),
            (b't', after) => (b'\t', after),
            (byte @ (b'"' | b'\\' | b'/'), after) => (*byte, after),
            (b'u', after) => control(after)?,
            _ => return None,
        };
        plain.push(byte);
        rest = after;
    }
    Some(())
}

/// `001b`: a character of ASCII.
fn control(text: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, after) = text.strip_prefix(b"00")?.split_at_checked(2)?;
    let byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    let only = digits.iter().all(u8::is_ascii_hexdigit);
    (only && byte.is_ascii()).then_some((byte, after))
}

fn without_newline(text: &[u8]) -> (&[u8], End) {
    match text.strip_suffix(b"\n") {
        Some(text) => (text, End::Newline),
        None => (text, End::Open),
    }
}

/// Whatever is neither ours nor standard error is output.
fn stream(name: &str) -> Option<Stream> {
    match name {
        super::REMARK => None,
        "stderr" => Some(Stream::Errors),
        _ => Some(Stream::Output),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::batch::Batch;
    use crate::logs::piece::Piece;
    use proptest::prelude::*;

    fn read(line: &str) -> Option<(String, End)> {
        let mut parser = Parser::default();
        let entry = parser.parse(line.as_bytes())?;
        Some((String::from_utf8_lossy(entry.text).into_owned(), entry.end))
    }

    fn said(entry: &Entry<'_>) -> Vec<u8> {
        let newline: &[u8] = if entry.end == End::Newline { b"\n" } else { b"" };
        [entry.text, newline].concat()
    }

    #[test]
    fn other_forms_of_an_entry_are_read_too() {
        let line = |text: &str| Some((text.to_owned(), End::Newline));
        for json in [
            r#"{"log":"a\n","stream":"stdout","time":"2026-11-25T17:49:00.123456789Z"}"#,
            r#"{"log":"a\n","stream":"stdout","attrs":{"tag":"x"},"time":"2026-11-25T17:49:00.1Z"}"#,
            r#"{ "time": "2026-11-25T17:49:00+01:00", "log": "a\n" }"#,
            r#"{"log":"\u0061\n","stream":"stderr","time":"2026-11-25T17:49:00.123456789Z"}"#,
        ] {
            assert_eq!(read(json), line("a"), "{json}");
        }
        assert_eq!(read(r#"{"log":"\ud83d\ude00\n","time":"2026-11-25T17:49:00Z"}"#), line("😀"));
    }

    #[test]
    fn what_is_no_entry_is_none() {
        for line in [
            "",
            "\0\0\0",
            r#"{"log":"a\n","stream":"stdout","time":"2026-11-25T17:4"#,
            r#"{"log":"a\n","stream":"stdout"}"#,
            r#"{"log":"a\x","stream":"stdout","time":"2026-11-25T17:49:00.123456789Z"}"#,
            r#"{"log":"a","b","stream":"stdout","time":"2026-11-25T17:49:00.123456789Z"}"#,
            r#"{"log":"a","stream":"stdout","time":"2026-99-25T17:49:00.123456789Z"}"#,
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(text in prop::collection::vec(prop_oneof![any::<u8>(), 0..128_u8], 0..200)) {
            let bytes: Vec<u8> = text.into_iter().filter(|byte| *byte != b'\n').chain([b'\n']).collect();
            let now = Moment { seconds: 1_795_628_940, nanos: 1 };
            for (name, stream) in [("stdout", Some(Stream::Output)), ("stderr", Some(Stream::Errors)), ("coffer", None)] {
                let mut batch = Batch::new();
                batch.stamp(name, now);
                batch.add(&Piece::first(&bytes).unwrap()).unwrap();
                let mut parser = Parser::default();
                let entry = parser.parse(batch.bytes().strip_suffix(b"\n").unwrap()).unwrap();
                let text = &bytes[..bytes.len() - 1];
                prop_assert_eq!(entry, Entry { stream, time: now, text, end: End::Newline });
            }
        }

        #[test]
        fn any_line_is_an_entry_or_none(
            before in prop::sample::select(vec!["", "{\"log\":\"", "{\"log\":\"\\"]),
            line in prop::collection::vec(any::<u8>(), 0..100),
            after in prop::sample::select(vec!["", "\",\"stream\":\"stdout\",\"time\":\"2026-11-25T17:49:00.123456789Z\"}"]),
        ) {
            let line = [before.as_bytes(), &line, after.as_bytes()].concat();
            let _either = Parser::default().parse(&line);
        }

        #[test]
        fn what_is_read_of_others_is_written_again_and_read_the_same(
            text in "[a-z\n\t\"\u{80}-\u{ff}]{0,40}", raw: Option<Vec<u8>>, times in 1_usize..120,
        ) {
            let raw = raw.map(|raw| STANDARD.encode(raw.repeat(times)));
            let json = serde_json::json!({"log": text.repeat(times), "raw": raw, "time": "2026-11-25T17:49:00Z"});
            let line = json.to_string();
            let mut parser = Parser::default();
            let entry = parser.parse(line.as_bytes()).unwrap();
            let mut lines = Vec::new();
            crate::logs::JsonLines::default().add(&entry, &mut lines);
            let mut again = Vec::new();
            for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                again.extend(said(&Parser::default().parse(line).unwrap()));
            }
            prop_assert_eq!(again, said(&entry));
        }
    }
}
