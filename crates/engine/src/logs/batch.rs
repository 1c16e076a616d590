//! Entries on their way to a file, as Docker's `json-file` writes them:
//! `{"log":"text\n","stream":"stdout","time":"2026-11-25T17:49:00.123456789Z"}` and a newline.
//!
//! A text without `\n` at its end goes on in the stream's next entry. What is no UTF-8 is shown with
//! U+FFFD in `log`, as Docker does, and stands whole in one more field: `"raw"`, in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::piece::{End, LONGEST, Piece, whole_characters};
use super::{Entry, REMARK, Stream, scan};
use crate::time::Moment;

/// Bytes that are gathered before they are written; a line of [`LONGEST`] plain bytes fits.
const CAPACITY: usize = LONGEST + 4096;
/// Most bytes in an entry beside its text.
const AROUND: usize = 128;
/// So many bytes of no UTF-8 fit however they are escaped, base64 included.
const LONGEST_RAW: usize = 2048;

const BEGIN: &[u8] = b"{\"log\":\"";
const HEX: &[u8; 16] = b"0123456789abcdef";

/// Whole entries, and what they stand for.
#[derive(Debug)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    /// Bytes of the container's output in them.
    carried: u64,
    /// What follows a text: its stream and its time.
    suffix: Vec<u8>,
}

impl Batch {
    pub(super) fn new() -> Self {
        Self { bytes: Vec::with_capacity(CAPACITY), carried: 0, suffix: Vec::with_capacity(AROUND) }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes of output in it.
    pub(super) fn carried(&self) -> u64 {
        self.carried
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.carried = 0;
    }

    /// Of which stream the next entries are, and when.
    pub(super) fn stamp(&mut self, stream: &str, now: Moment) {
        self.suffix.clear();
        for part in [b"\",\"stream\":\"", stream.as_bytes(), b"\",\"time\":\"", &now.stamp(), b"\"}\n"] {
            self.suffix.extend_from_slice(part);
        }
    }

    /// Adds an entry and says how many bytes of the stream it took: not all of a text that grows too much
    /// by being escaped. `None` means that what is here has to be written first.
    pub(super) fn add(&mut self, piece: &Piece<'_>) -> Option<usize> {
        let is_plain = piece.plain == piece.text.len();
        let longest = if is_plain { piece.text.len() } else { piece.text.len() * 6 };
        if !self.bytes.is_empty() && self.bytes.len() + longest + AROUND > CAPACITY {
            return None;
        }
        self.bytes.extend_from_slice(BEGIN);
        let taken = if is_plain { self.add_plain(piece) } else { self.add_escaped(piece) };
        self.carried += taken as u64;
        Some(taken)
    }

    fn add_plain(&mut self, piece: &Piece<'_>) -> usize {
        self.bytes.extend_from_slice(piece.text);
        self.end(piece, piece.text.len())
    }

    fn add_escaped(&mut self, piece: &Piece<'_>) -> usize {
        let text = if std::str::from_utf8(piece.text).is_ok() { piece.text } else { short(piece.text) };
        if std::str::from_utf8(text).is_ok() {
            let used = self.escape(text, CAPACITY - AROUND);
            return self.end(piece, used);
        }
        self.escape(String::from_utf8_lossy(text).as_bytes(), usize::MAX);
        let taken = self.end(piece, text.len());
        self.add_raw(text, piece.end_of(taken));
        taken
    }

    /// Ends the entry, whose text has `used` bytes of the piece.
    fn end(&mut self, piece: &Piece<'_>, used: usize) -> usize {
        let taken = piece.taken(used);
        if piece.end_of(taken) == End::Newline {
            self.bytes.extend_from_slice(b"\\n");
        }
        self.bytes.extend_from_slice(&self.suffix);
        taken
    }

    /// Opens the last entry again, for its bytes as they were.
    fn add_raw(&mut self, text: &[u8], end: End) {
        let newline: &[u8] = if end == End::Newline { b"\n" } else { b"" };
        let raw = STANDARD.encode([text, newline].concat());
        self.bytes.truncate(self.bytes.len().saturating_sub(2));
        for part in [b",\"raw\":\"", raw.as_bytes(), b"\"}\n"] {
            self.bytes.extend_from_slice(part);
        }
    }

    /// Adds text of UTF-8 until the batch has about `most` bytes; how many bytes of the text that were.
    fn escape(&mut self, text: &[u8], most: usize) -> usize {
        let mut used = 0;
        while let Some((next, _)) = text.get(used..).and_then(<[u8]>::split_first) {
            let room = most.saturating_sub(self.bytes.len());
            let run = text.get(used..).unwrap_or_default();
            let run = run.get(..scan::unescaped(run).min(room)).unwrap_or(run);
            match whole_characters(run) {
                0 if !run.is_empty() || room == 0 => break,
                0 => {
                    self.escape_byte(*next);
                    used += 1;
                }
                length => {
                    self.bytes.extend_from_slice(run.get(..length).unwrap_or(run));
                    used += length;
                }
            }
        }
        used
    }

    fn escape_byte(&mut self, byte: u8) {
        let short = match byte {
            b'"' | b'\\' => byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            _ => {
                let digit = |half: u8| HEX.get(usize::from(half)).copied().unwrap_or(b'0');
                self.bytes.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
                return;
            }
        };
        self.bytes.extend_from_slice(&[b'\\', short]);
    }
}

/// Entries in the form of the files, for whoever takes them elsewhere.
#[derive(Debug)]
pub struct JsonLines(Batch);

impl Default for JsonLines {
    fn default() -> Self {
        Self(Batch::new())
    }
}

impl JsonLines {
    /// Adds an entry to the lines; one that is longer than ours are becomes several.
    pub fn add(&mut self, entry: &Entry<'_>, lines: &mut Vec<u8>) {
        self.0.stamp(entry.stream.map_or(REMARK, Stream::as_str), entry.time);
        let mut rest = entry.text;
        loop {
            self.0.clear();
            let piece = match rest.get(..LONGEST) {
                Some(long) if rest.len() > LONGEST => Piece::open(long),
                _ => Piece { text: rest, end: entry.end, plain: scan::plain(rest) },
            };
            let taken = self.0.add(&piece).unwrap_or(0);
            lines.extend_from_slice(self.0.bytes());
            match rest.get(taken..) {
                Some(more) if !more.is_empty() => rest = more,
                _ => return,
            }
        }
    }
}

/// What surely fits, of bytes that are no UTF-8.
fn short(text: &[u8]) -> &[u8] {
    text.get(..LONGEST_RAW).map_or(text, |short| Piece::open(short).text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Moment = Moment { seconds: 1_795_628_940, nanos: 123_456_789 };

    fn entries(text: &[u8]) -> String {
        let mut batch = Batch::new();
        batch.stamp("stdout", NOW);
        let piece = Piece::first(text).unwrap();
        assert_eq!(batch.add(&piece), Some(text.len()));
        assert_eq!(batch.carried(), text.len() as u64);
        String::from_utf8(batch.bytes).unwrap()
    }

    #[test]
    fn an_entry_looks_as_docker_s() {
        assert_eq!(
            entries(b"say \"hi\"\t\x01\n"),
            r#"{"log":"say \"hi\"\t\u0001\n","stream":"stdout","time":"2026-11-25T17:49:00.123456789Z"}"#
                .to_owned()
                + "\n"
        );
    }

    #[test]
    fn what_is_no_text_is_kept_beside_what_is_shown_of_it() {
        assert_eq!(
            entries(b"a\xff\n"),
            "{\"log\":\"a\u{fffd}\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-25T17:49:00.123456789Z\",\"raw\":\"Yf8K\"}\n"
        );
    }

    #[test]
    fn a_long_line_without_escapes_is_one_entry() {
        let line = [vec![b'x'; LONGEST], b"\n".to_vec()].concat();
        assert_eq!(entries(&line).lines().count(), 1);
    }

    #[test]
    fn a_full_batch_says_so_and_takes_nothing() {
        let mut batch = Batch::new();
        batch.stamp("stderr", NOW);
        let line = vec![b'x'; 5000];
        let piece = Piece::open(&line);
        let added = std::iter::from_fn(|| batch.add(&piece)).count();
        assert_eq!((added, batch.bytes().len() <= CAPACITY), (4, true));
    }

    proptest! {
        #[test]
        fn every_entry_fits_is_json_and_loses_nothing(
            parts in prop::collection::vec(prop_oneof![any::<u8>(), Just(1_u8), Just(b'a'), 0xc0..=0xff_u8], 0..40),
            times in 1_usize..500,
        ) {
            let text = [parts.repeat(times), b"\n".to_vec()].concat();
            let mut batch = Batch::new();
            batch.stamp("stdout", NOW);
            let (mut rest, mut read) = (&text[..], Vec::new());
            while let Some(piece) = Piece::first(rest) {
                batch.clear();
                rest = &rest[batch.add(&piece).unwrap()..];
                prop_assert!(batch.bytes().len() <= CAPACITY + 1024);
                let entry: serde_json::Value = serde_json::from_slice(batch.bytes()).unwrap();
                match entry.get("raw") {
                    Some(raw) => read.extend(STANDARD.decode(raw.as_str().unwrap()).unwrap()),
                    None => read.extend(entry["log"].as_str().unwrap().bytes()),
                }
            }
            prop_assert_eq!(read, text);
        }
    }
}
