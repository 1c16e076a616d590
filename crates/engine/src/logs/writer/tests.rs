//! The writer as a keeper uses it, on a real disk that is full.

use std::os::fd::AsFd as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use super::super::files::name;
use super::super::journal::tests::{TAG, receive};
use super::*;

fn at(millis: u32) -> Moment {
    Moment { seconds: 1_795_628_940 + i64::from(millis / 1000), nanos: millis % 1000 * 1_000_000 }
}

fn writer(dir: &Path, log: &Log) -> LogWriter {
    let fd = crate::state::open_dir(dir).unwrap();
    LogWriter::open(fd.as_fd(), log, TAG).unwrap()
}

/// Stream and text of every entry, the oldest first.
fn entries(dir: &Path) -> Vec<(String, String)> {
    let files = (0..99).rev().filter_map(|number| std::fs::read_to_string(dir.join(name(number))).ok());
    let text: String = files.collect();
    let values = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    values
        .map(|value| (value["stream"].as_str().unwrap().into(), value["log"].as_str().unwrap().into()))
        .collect()
}

fn texts(dir: &Path) -> Vec<String> {
    entries(dir).into_iter().map(|(_, text)| text).collect()
}

#[test]
fn a_line_is_one_entry_however_it_comes() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = writer(dir.path(), &Log::default());
    for (stream, bytes) in [
        (Stream::Output, "one\ntw"),
        (Stream::Errors, "err"),
        (Stream::Output, "o"),
        (Stream::Errors, "or\n"),
        (Stream::Output, "\n\n"),
    ] {
        assert_eq!(writer.write(stream, bytes.as_bytes(), at(0)), Written::Done);
    }
    let line = |stream: &str, text: &str| (stream.to_owned(), text.to_owned());
    assert_eq!(
        entries(dir.path()),
        [line("stdout", "one\n"), line("stderr", "error\n"), line("stdout", "two\n"), line("stdout", "\n")]
    );
    assert!(!writer.holds());
}

#[test]
fn a_prompt_is_written_when_it_is_quiet_and_a_character_is_not_torn() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = writer(dir.path(), &Log::default());
    assert_eq!(writer.write(Stream::Output, b"name \xe2\x9d", at(0)), Written::Done);
    assert!(writer.holds() && texts(dir.path()).is_empty());
    assert_eq!(writer.flush(at(1)), Written::Done);
    assert_eq!(texts(dir.path()), ["name "]);
    assert_eq!(writer.write(Stream::Output, b"\xaf ", at(2)), Written::Done);
    assert_eq!(writer.finish(at(3)), Written::Done);
    assert_eq!(texts(dir.path()), ["name ", "❯ "]);
}

#[test]
fn a_long_line_is_split_as_docker_does() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = writer(dir.path(), &Log::default());
    let line = [vec![b'x'; 40_000], b"\n".to_vec()].concat();
    for part in line.chunks(7_000) {
        assert_eq!(writer.write(Stream::Output, part, at(0)), Written::Done);
    }
    let lengths: Vec<usize> = texts(dir.path()).iter().map(String::len).collect();
    assert_eq!(lengths, [16_384, 16_384, 40_001 - 2 * 16_384]);
}

#[test]
fn whatever_is_written_the_files_have_an_upper_bound() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log { max_size: Some(4096), max_files: Some(3), ..Log::default() };
    let mut writer = writer(dir.path(), &log);
    for number in 0..2000 {
        let line = format!("line {number}\n").repeat(1 + number % 3);
        assert_eq!(writer.write(Stream::Output, line.as_bytes(), at(0)), Written::Done);
    }
    let sizes = (0..9).map_while(|number| Some(std::fs::metadata(dir.path().join(name(number))).ok()?.len()));
    let sizes: Vec<u64> = sizes.collect();
    assert!(sizes.len() == 3 && sizes.iter().all(|size| *size <= 4096), "{sizes:?}");
    assert_eq!(texts(dir.path()).last().unwrap(), "line 1999\n");
}

#[test]
fn a_writer_goes_on_where_another_was_killed() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(writer(dir.path(), &Log::default()).write(Stream::Output, b"one\n", at(0)), Written::Done);
    let file = std::fs::OpenOptions::new().append(true).open(dir.path().join("log.json"));
    std::io::Write::write_all(&mut file.unwrap(), b"{\"log\":\"tw").unwrap();
    assert_eq!(writer(dir.path(), &Log::default()).write(Stream::Output, b"three\n", at(0)), Written::Done);
    let text = std::fs::read_to_string(dir.path().join("log.json")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains("one") && lines[1] == "{\"log\":\"tw" && lines[2].contains("three"), "{text}");
}

#[test]
fn nothing_is_kept_where_nothing_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = writer(dir.path(), &Log { driver: LogDriver::None, ..Log::default() });
    assert_eq!(writer.write(Stream::Output, b"one\ntwo", at(0)), Written::Done);
    assert!(!writer.holds());
    assert_eq!(writer.finish(at(0)), Written::Done);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_journal_that_is_busy_holds_up_its_writer_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let listener = UnixDatagram::bind(&path).unwrap();
    let fd = crate::state::open_dir(dir.path()).unwrap();
    let log = Log { driver: LogDriver::Journald, ..Log::default() };
    let mut writer = LogWriter::open_at(fd.as_fd(), &log, TAG, &path).unwrap();
    let lines: String = (0..5000).map(|number| format!("{number}\n")).collect();
    let mut received = Vec::new();
    while writer.write(Stream::Output, lines.as_bytes(), at(0)) == Written::Full {
        received.push(receive(&listener)["MESSAGE"].clone());
    }
    assert!(!received.is_empty(), "the socket takes 5000 entries at once");
    listener.set_nonblocking(true).unwrap();
    let mut entry = vec![0; 4096];
    while let Ok(length) = listener.recv(&mut entry) {
        received.push(super::super::journal::tests::fields(&entry[..length])["MESSAGE"].clone());
    }
    let expected: Vec<_> = (0..5000).map(|number| number.to_string().into_bytes()).collect();
    assert_eq!(received, expected);
}

#[test]
fn without_a_journal_there_is_no_start() {
    let dir = tempfile::tempdir().unwrap();
    let fd = crate::state::open_dir(dir.path()).unwrap();
    let log = Log { driver: LogDriver::Journald, ..Log::default() };
    let error = LogWriter::open_at(fd.as_fd(), &log, TAG, &dir.path().join("socket")).unwrap_err();
    assert_eq!(error.code(), "E-logs-no-journal");
}

/// A tmpfs of so many bytes, gone at the end.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new(bytes: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = std::ffi::CString::new(format!("size={bytes}")).unwrap();
        let flags = rustix::mount::MountFlags::empty();
        rustix::mount::mount("tmpfs", dir.path(), "tmpfs", flags, &*options).unwrap();
        Self(dir)
    }

    /// Takes all of the room that is left.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.0.path().join("filler")).unwrap();
        while std::io::Write::write(&mut file, &[0; 4096]).is_ok() {}
    }

    fn make_room(&self) {
        std::fs::remove_file(self.0.path().join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _gone = rustix::mount::unmount(self.0.path(), rustix::mount::UnmountFlags::DETACH);
    }
}

fn numbered(numbers: std::ops::Range<u32>) -> (String, Vec<String>) {
    let lines: Vec<String> = numbers.map(|number| format!("{number:0100}\n")).collect();
    (lines.concat(), lines)
}

#[test]
fn privileged_a_full_disk_takes_the_oldest_file_first() {
    let disk = SmallDisk::new(256 * 1024);
    let log = Log { max_size: Some(60_000), max_files: Some(50), ..Log::default() };
    let mut writer = writer(disk.0.path(), &log);
    let (text, lines) = numbered(0..5000);
    for chunk in text.as_bytes().chunks(8000) {
        assert_eq!(writer.write(Stream::Output, chunk, at(0)), Written::Done);
    }
    let kept = texts(disk.0.path());
    assert!(kept.len() > 500, "{}", kept.len());
    assert_eq!(kept, lines[lines.len() - kept.len()..], "the latest, none missing");
}

#[test]
fn privileged_on_a_full_disk_the_bytes_stay_with_the_caller_until_there_is_room() {
    let disk = SmallDisk::new(256 * 1024);
    let mut writer = writer(disk.0.path(), &Log::default());
    let (text, lines) = numbered(0..1000);
    disk.fill();
    let mut tries = 0;
    while writer.write(Stream::Output, text.as_bytes(), at(tries)) == Written::Full {
        assert_eq!(writer.write(Stream::Errors, b"waits too\n", at(tries)), Written::Full);
        tries += 1;
        if tries == 3 {
            disk.make_room();
        }
    }
    assert_eq!(tries, 3);
    assert_eq!(writer.write(Stream::Errors, b"waits too\n", at(9)), Written::Done);
    let mut expected = lines;
    expected.push("waits too\n".into());
    assert_eq!(texts(disk.0.path()), expected, "each once, in order");
}

#[test]
fn privileged_output_that_was_given_up_is_counted_and_said() {
    let disk = SmallDisk::new(256 * 1024);
    let mut writer = writer(disk.0.path(), &Log::default());
    assert_eq!(writer.write(Stream::Output, b"kept\nheld", at(0)), Written::Done);
    disk.fill();
    let (text, _) = numbered(0..1000);
    assert_eq!(writer.write(Stream::Output, text.as_bytes(), at(0)), Written::Full);
    writer.give_up(at(10_000));
    assert_eq!(writer.write(Stream::Output, text.as_bytes(), at(10_001)), Written::Done);
    assert_eq!(writer.write(Stream::Errors, b"more\n", at(10_002)), Written::Done);
    disk.make_room();
    assert_eq!(writer.write(Stream::Output, b"soon\n", at(10_050)), Written::Done);
    assert_eq!(writer.write(Stream::Output, b"again\n", at(10_200)), Written::Done);
    let read = entries(disk.0.path());
    let (last, rest) = read.split_last().unwrap();
    let (remark, rest) = rest.split_last().unwrap();
    assert_eq!(last.1, "again\n");
    let kept: usize = rest.iter().map(|(_, text)| text.len()).sum();
    let lost = "kept\nheld".len() + text.len() + "more\nsoon\n".len() - kept;
    let said = format!("coffer: {lost} bytes of output were lost: the disk was full\n");
    assert_eq!(*remark, ("coffer".to_owned(), said));
}

#[test]
fn privileged_what_is_lost_at_the_end_is_said_at_the_end() {
    let disk = SmallDisk::new(256 * 1024);
    let mut writer = writer(disk.0.path(), &Log::default());
    disk.fill();
    assert_eq!(writer.write(Stream::Output, b"lost\n", at(0)), Written::Full);
    writer.give_up(at(1));
    disk.make_room();
    assert_eq!(writer.finish(at(2)), Written::Done);
    assert_eq!(texts(disk.0.path()), ["coffer: 5 bytes of output were lost: the disk was full\n"]);
}
