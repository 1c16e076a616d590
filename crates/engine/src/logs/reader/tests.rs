//! The reader together with the writer: over renamings, at the same time, and in damaged files.

use std::os::fd::AsFd as _;
use std::path::Path;

use proptest::prelude::*;

use super::super::files::name;
use super::super::{LogWriter, Stream, Tag, Written};
use super::*;

const TAG: Tag<'_> = Tag { id: "0123456789ab", name: "web", image: "nginx" };

fn at(seconds: i64) -> Moment {
    Moment { seconds: 1_795_628_940 + seconds, nanos: 0 }
}

fn log(max_size: u64, max_files: u32) -> Log {
    Log { max_size: Some(max_size), max_files: Some(max_files), ..Log::default() }
}

fn writer(dir: &Path, log: &Log) -> LogWriter {
    LogWriter::open(crate::state::open_dir(dir).unwrap().as_fd(), log, TAG).unwrap()
}

fn write(writer: &mut LogWriter, text: &str, now: i64) {
    assert_eq!(writer.write(Stream::Output, text.as_bytes(), at(now)), Written::Done);
}

fn reader(dir: &Path, log: &Log, select: Select) -> LogReader {
    LogReader::new(crate::state::open_dir(dir).unwrap(), log, select)
}

fn read(reader: &mut LogReader) -> Vec<String> {
    let mut texts = Vec::new();
    let done = reader.read(&mut |entry| {
        texts.push(String::from_utf8_lossy(entry.text).into_owned());
        ControlFlow::Continue(())
    });
    assert!(done.unwrap().is_continue());
    texts
}

fn read_all(dir: &Path, log: &Log, select: Select) -> Vec<String> {
    read(&mut reader(dir, log, select))
}

fn numbers(range: std::ops::Range<u64>) -> Vec<String> {
    range.map(|number| format!("line {number}")).collect()
}

#[test]
fn lines_are_read_once_while_files_are_renamed() {
    let dir = tempfile::tempdir().unwrap();
    let log = log(1000, 5);
    let (mut writer, mut reader) = (writer(dir.path(), &log), reader(dir.path(), &log, Select::default()));
    let mut texts = Vec::new();
    for number in 0..500 {
        write(&mut writer, &format!("line {number}\n"), number);
        if number % 40 == 7 {
            texts.extend(read(&mut reader));
        }
    }
    texts.extend(read(&mut reader));
    assert_eq!(texts, numbers(0..500));
}

#[test]
fn a_reader_beside_a_writer_misses_and_repeats_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let log = log(8000, 100);
    const LINES: u64 = 5000;
    let mut writer = writer(dir.path(), &log);
    let mut reader = reader(dir.path(), &log, Select::default());
    let mut texts = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(move || (0..LINES).for_each(|number| write(&mut writer, &format!("line {number}\n"), 0)));
        while texts.len() < usize::try_from(LINES).unwrap() {
            texts.extend(read(&mut reader));
        }
    });
    assert_eq!(texts, numbers(0..LINES));
    assert_eq!(reader.damaged(), 0);
}

#[test]
fn a_reader_that_comes_too_late_gets_what_is_left_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let log = log(1000, 3);
    let (mut writer, mut reader) = (writer(dir.path(), &log), reader(dir.path(), &log, Select::default()));
    write(&mut writer, "line 0\n", 0);
    assert_eq!(read(&mut reader), numbers(0..1));
    for number in 1..200 {
        write(&mut writer, &format!("line {number}\n"), 0);
    }
    let texts = read(&mut reader);
    let place = |line: &str| texts.iter().position(|text| text == line).unwrap();
    let held = place("line 11") + 1;
    let left = texts.len() - held;
    assert_eq!(texts[..held], numbers(1..12), "the file that was held open");
    assert!(left > 20);
    assert_eq!(texts[held..], numbers(200 - left as u64..200));
}

#[test]
fn the_last_lines_are_found_over_files() {
    let dir = tempfile::tempdir().unwrap();
    let log = log(1000, 30);
    let mut writer = writer(dir.path(), &log);
    for number in 0..200 {
        write(&mut writer, &format!("line {number}\n"), number);
    }
    for wanted in [0, 1, 2, 10, 11, 57, 199, 200, 201, 5000] {
        let select = Select { tail: Some(wanted), ..Select::default() };
        assert_eq!(
            read_all(dir.path(), &log, select),
            numbers(200_u64.saturating_sub(wanted)..200),
            "{wanted}"
        );
    }
}

#[test]
fn the_last_lines_before_an_instant_are_those_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::default();
    let mut writer = writer(dir.path(), &log);
    for number in 0..100 {
        write(&mut writer, &format!("line {number}\n"), number);
    }
    let until = Select { until: Some(at(49)), tail: Some(3), ..Select::default() };
    assert_eq!(read_all(dir.path(), &log, until), numbers(47..50));
    let between = Select { since: Some(at(10)), until: Some(at(12)), ..Select::default() };
    assert_eq!(read_all(dir.path(), &log, between), numbers(10..13));
}

#[test]
fn a_line_in_pieces_counts_as_one() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::default();
    let mut writer = writer(dir.path(), &log);
    write(&mut writer, "first\n", 0);
    write(&mut writer, &("x".repeat(40_000) + "\n"), 0);
    write(&mut writer, "prompt> ", 0);
    assert_eq!(writer.flush(at(1)), Written::Done);
    let tail = |wanted| {
        let select = Select { tail: Some(wanted), ..Select::default() };
        read_all(dir.path(), &log, select).iter().map(String::len).collect::<Vec<_>>()
    };
    assert_eq!(tail(1), [8]);
    assert_eq!(tail(2), [16_384, 16_384, 40_000 - 2 * 16_384, 8]);
    assert_eq!(tail(3).len(), 5);
}

#[test]
fn a_tail_goes_on_with_what_comes() {
    let dir = tempfile::tempdir().unwrap();
    let log = log(500, 5);
    let mut writer = writer(dir.path(), &log);
    write(&mut writer, "line 0\nline 1\n", 0);
    let mut reader = reader(dir.path(), &log, Select { tail: Some(1), ..Select::default() });
    assert_eq!(read(&mut reader), numbers(1..2));
    (2..20).for_each(|number| write(&mut writer, &format!("line {number}\n"), 0));
    assert_eq!(read(&mut reader), numbers(2..20));
}

#[test]
fn damaged_lines_are_counted_and_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::default();
    write(&mut writer(dir.path(), &log), "line 0\n", 0);
    let path = dir.path().join(name(0));
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend_from_slice(b"{\"log\":\"torn");
    bytes.extend(vec![0; 700_000]);
    std::fs::write(&path, bytes).unwrap();
    write(&mut writer(dir.path(), &log), "line 1\n", 0);
    let mut whole = reader(dir.path(), &log, Select::default());
    assert_eq!((read(&mut whole), whole.damaged()), (numbers(0..2), 1));
    let tail = Select { tail: Some(2), ..Select::default() };
    assert_eq!(read_all(dir.path(), &log, tail), numbers(0..2));
}

#[test]
fn reading_ends_when_nobody_wants_more() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::default();
    write(&mut writer(dir.path(), &log), "line 0\nline 1\n", 0);
    let mut count = 0;
    let done = reader(dir.path(), &log, Select::default()).read(&mut |_| {
        count += 1;
        ControlFlow::Break(())
    });
    assert!(done.unwrap().is_break() && count == 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_files_are_read_to_their_end(
        files in prop::collection::vec(prop::collection::vec(prop_oneof![
            Just(b"{\"log\":\"a\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-25T17:49:00.123456789Z\"}\n".to_vec()),
            Just(b"{\"log\":\"".to_vec()),
            Just(b"\n".to_vec()),
            prop::collection::vec(any::<u8>(), 0..40),
            (0_usize..300_000).prop_map(|length| vec![0; length]),
        ], 0..12), 0..4),
        tail in prop::option::of(0_u64..8),
    ) {
        let dir = tempfile::tempdir().unwrap();
        for (number, parts) in (0..).zip(&files) {
            std::fs::write(dir.path().join(name(number)), parts.concat()).unwrap();
        }
        let select = Select { tail, ..Select::default() };
        let mut reader = reader(dir.path(), &Log::default(), select);
        let texts = read(&mut reader);
        prop_assert!(read(&mut reader).is_empty());
        if let Some(tail) = tail {
            prop_assert!(texts.len() as u64 <= tail, "each of these entries is a line");
        } else if files.is_empty() {
            prop_assert!(texts.is_empty());
        }
    }
}
