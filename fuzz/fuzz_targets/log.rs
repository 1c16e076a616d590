//! A line of a log's file: damaged by a power cut, or written by somebody else. What is read is written
//! again and read the same.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use engine::logs::{End, Entry, JsonLines, Parser};

fuzz_target!(|bytes: &[u8]| {
    let mut parser = Parser::default();
    let Some(entry) = parser.parse(bytes) else { return };
    let mut lines = Vec::new();
    JsonLines::default().add(&entry, &mut lines);
    let mut text = Vec::new();
    let whole = said(&entry);
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let mut parser = Parser::default();
        let part = parser.parse(line).expect("what was written is an entry");
        assert!(part.stream == entry.stream);
        text.extend(said(&part));
    }
    assert!(text == whole);
});

fn said(entry: &Entry<'_>) -> Vec<u8> {
    let newline: &[u8] = if entry.end == End::Newline { b"\n" } else { b"" };
    [entry.text, newline].concat()
}
