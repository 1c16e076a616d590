//! Tar, written as a stream: ustar headers, and PAX records for what does not fit in them.

use std::io::{self, Write};

use super::header::{BLOCK, Kind};
use super::reader::{Entry, Mtime};
use super::sparse::Segment;

/// Most bytes of a name in a header.
const NAME: usize = 100;

/// Writes entries one after the other; the same entries give the same bytes.
pub(crate) struct Writer<W> {
    out: W,
    /// Data bytes of the current entry that are still to come, and the padding after them.
    left: u64,
    padding: usize,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out, left: 0, padding: 0 }
    }

    /// Begins an entry. A file's data follows: all of it, or of a sparse file its runs.
    pub(crate) fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        let map = entry.sparse.as_deref().map(map_of);
        let data = match (&entry.sparse, entry.kind) {
            (Some(runs), _) => runs.iter().map(|run| run.length).sum(),
            (None, Kind::File) => entry.size,
            (None, _) => 0,
        };
        let stored = data + map.as_ref().map_or(0, |map| map.len() as u64);
        let records = records(entry);
        if !records.is_empty() {
            let mut header = tar::Header::new_ustar();
            header.set_entry_type(tar::EntryType::XHeader);
            header.set_size(records.len() as u64);
            self.block(header, b"PaxHeader")?;
            self.padded(&records)?;
        }
        self.block(header(entry, stored), &entry.path)?;
        if let Some(map) = map {
            self.out.write_all(&map)?;
        }
        (self.left, self.padding) = (data, padding_of(stored));
        if data == 0 { self.pad() } else { Ok(()) }
    }

    /// A piece of the current entry's data; what is too much is an error.
    pub(crate) fn data(&mut self, piece: &[u8]) -> io::Result<()> {
        let left = self.left.checked_sub(piece.len() as u64);
        self.left = left.ok_or_else(|| io::Error::other("more data than the header says"))?;
        self.out.write_all(piece)?;
        if self.left == 0 { self.pad() } else { Ok(()) }
    }

    /// Data bytes that the current entry still needs.
    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// Ends the archive.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn block(&mut self, mut header: tar::Header, path: &[u8]) -> io::Result<()> {
        fit(&mut header.as_old_mut().name, beginning(path));
        header.set_cksum();
        self.out.write_all(header.as_bytes())
    }

    fn padded(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.padding = padding_of(bytes.len() as u64);
        self.pad()
    }

    fn pad(&mut self) -> io::Result<()> {
        let zeros = [0; BLOCK];
        let padding = std::mem::take(&mut self.padding);
        self.out.write_all(zeros.get(..padding).unwrap_or_default())
    }
}

fn header(entry: &Entry, stored: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(match entry.kind {
        Kind::File => tar::EntryType::Regular,
        Kind::HardLink => tar::EntryType::Link,
        Kind::Symlink => tar::EntryType::Symlink,
        Kind::Character => tar::EntryType::Char,
        Kind::Block => tar::EntryType::Block,
        Kind::Directory => tar::EntryType::Directory,
        Kind::Fifo => tar::EntryType::Fifo,
    });
    header.set_mode(entry.mode);
    header.set_uid(entry.uid.into());
    header.set_gid(entry.gid.into());
    header.set_size(stored);
    header.set_mtime(u64::try_from(entry.mtime.seconds).unwrap_or(0));
    fit(&mut header.as_old_mut().linkname, &entry.link);
    if let Some(ustar) = header.as_ustar_mut() {
        ustar.set_device_major(entry.device.0);
        ustar.set_device_minor(entry.device.1);
    }
    header
}

/// What of a name goes into a header. Of one that is too long nothing that ends in a slash: some readers would take a
/// file for a directory.
fn beginning(path: &[u8]) -> &[u8] {
    let mut kept = match path.get(..NAME) {
        Some(kept) if path.len() > NAME => kept,
        _ => return path,
    };
    while let Some(shorter) = kept.strip_suffix(b"/") {
        kept = shorter;
    }
    kept
}

/// As much of the text as fits; the whole of it is in a record then.
fn fit(field: &mut [u8; NAME], text: &[u8]) {
    field.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
}

/// What the header has no room for.
fn records(entry: &Entry) -> Vec<u8> {
    let mut records = Vec::new();
    if entry.sparse.is_some() {
        record(&mut records, b"GNU.sparse.major", b"1");
        record(&mut records, b"GNU.sparse.minor", b"0");
        record(&mut records, b"GNU.sparse.name", &entry.path);
        record(&mut records, b"GNU.sparse.realsize", entry.size.to_string().as_bytes());
    }
    if entry.path.len() > NAME {
        record(&mut records, b"path", &entry.path);
    }
    if entry.link.len() > NAME {
        record(&mut records, b"linkpath", &entry.link);
    }
    let Mtime { seconds, nanoseconds } = entry.mtime;
    if nanoseconds != 0 && seconds >= 0 {
        let digits = format!("{seconds}.{nanoseconds:09}");
        record(&mut records, b"mtime", digits.trim_end_matches('0').as_bytes());
    } else if seconds < 0 {
        record(&mut records, b"mtime", seconds.to_string().as_bytes());
    }
    for (name, value) in &entry.xattrs {
        record(&mut records, &[b"SCHILY.xattr.", name.as_slice()].concat(), value);
    }
    records
}

/// `length key=value\n`, where the length counts its own digits.
fn record(records: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    records.extend_from_slice(length.to_string().as_bytes());
    for part in [b" ".as_slice(), key, b"=", value, b"\n"] {
        records.extend_from_slice(part);
    }
}

/// PAX 1.0: a count and pairs, one number a line, padded to a block.
fn map_of(runs: &[Segment]) -> Vec<u8> {
    let mut map = format!("{}\n", runs.len());
    for run in runs {
        map.push_str(&format!("{}\n{}\n", run.offset, run.length));
    }
    let mut map = map.into_bytes();
    map.resize(map.len() + padding_of(map.len() as u64), 0);
    map
}

fn padding_of(size: u64) -> usize {
    usize::try_from(size.wrapping_neg() % BLOCK as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::archive::{Reader, TarLimits};

    const LIMITS: TarLimits = TarLimits { entries: 100, path_bytes: 1 << 20 };

    fn entry() -> impl Strategy<Value = (Entry, Vec<u8>)> {
        let byte = prop_oneof![9 => 1_u8..=255, 1 => Just(b'/')];
        let name =
            prop::collection::vec(byte, 1..300).prop_filter("a file's name", |name| !name.ends_with(b"/"));
        let xattr = ("user\\.[a-z]{1,9}", prop::collection::vec(any::<u8>(), 0..40))
            .prop_map(|(name, value)| (name.into_bytes(), value));
        let data = prop::collection::vec(any::<u8>(), 0..2000);
        let numbers =
            (0_u32..0o10000, any::<u32>(), any::<u32>(), -9_i64..9_000_000_000, 0_u32..1_000_000_000);
        (name, xattr, data, numbers).prop_map(
            |(path, xattr, data, (mode, uid, gid, seconds, nanoseconds))| {
                let mtime = Mtime { seconds, nanoseconds: if seconds < 0 { 0 } else { nanoseconds } };
                let entry = Entry {
                    kind: Kind::File,
                    link: Vec::new(),
                    mode,
                    uid: uid.min(u32::MAX - 1),
                    gid: gid.min(u32::MAX - 1),
                    mtime,
                    size: data.len() as u64,
                    device: (0, 0),
                    xattrs: vec![xattr],
                    sparse: None,
                    path,
                };
                (entry, data)
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(entries in prop::collection::vec(entry(), 0..5)) {
            let mut writer = Writer::new(Vec::new());
            for (entry, data) in &entries {
                writer.entry(entry).unwrap();
                if !data.is_empty() {
                    writer.data(data).unwrap();
                }
            }
            let bytes = writer.finish().unwrap();
            prop_assert_eq!(bytes.len() % BLOCK, 0);
            let mut reader = Reader::new(bytes.as_slice(), LIMITS);
            for (entry, data) in &entries {
                let found = reader.next_entry().unwrap().unwrap();
                prop_assert_eq!(format!("{found:?}"), format!("{entry:?}"));
                let mut read = Vec::new();
                reader.each_piece(found.size, &mut |piece| {
                    read.extend_from_slice(piece);
                    Ok::<_, crate::archive::TarError>(())
                }).unwrap();
                prop_assert_eq!(&read, data);
            }
            prop_assert!(reader.next_entry().unwrap().is_none());
        }
    }

    fn file(path: &[u8], size: u64) -> Entry {
        Entry {
            path: path.to_vec(),
            kind: Kind::File,
            link: Vec::new(),
            mode: 0o644,
            uid: 0,
            gid: 0,
            mtime: Mtime::default(),
            size,
            device: (0, 0),
            xattrs: Vec::new(),
            sparse: None,
        }
    }

    fn cut_behind_a_slash() -> Vec<u8> {
        [[b'a'; NAME - 1].as_slice(), b"/file"].concat()
    }

    fn written(path: &[u8]) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new());
        writer.entry(&file(path, 3)).unwrap();
        writer.data(b"end").unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn a_long_name_does_not_look_like_a_directory() {
        let bytes = written(&cut_behind_a_slash());
        // A block of its own and one of records come before.
        let name = bytes.get(2 * BLOCK..2 * BLOCK + NAME).unwrap();
        assert_eq!(name, [[b'a'; NAME - 1].as_slice(), b"\0"].concat());
    }

    #[test]
    fn a_name_that_was_cut_behind_a_slash_is_a_file_s() {
        // As other writers leave it: the record has the whole name.
        let path = cut_behind_a_slash();
        let mut bytes = written(&path);
        let block = bytes.get_mut(2 * BLOCK..3 * BLOCK).unwrap();
        let mut header = tar::Header::from_byte_slice(block).clone();
        fit(&mut header.as_old_mut().name, &path);
        header.set_cksum();
        block.copy_from_slice(header.as_bytes());
        let mut reader = Reader::new(bytes.as_slice(), LIMITS);
        let found = reader.next_entry().unwrap().unwrap();
        assert_eq!((found.kind, found.size, found.path), (Kind::File, 3, path));
        assert!(reader.next_entry().unwrap().is_none());
    }

    #[test]
    fn a_file_whose_name_ends_in_a_slash_is_a_directory() {
        let mut writer = Writer::new(Vec::new());
        writer.entry(&file(b"old/", 0)).unwrap();
        let bytes = writer.finish().unwrap();
        let found = Reader::new(bytes.as_slice(), LIMITS).next_entry().unwrap().unwrap();
        assert_eq!(found.kind, Kind::Directory);
    }

    #[test]
    fn holes_are_not_written() {
        let runs = vec![Segment { offset: 1 << 40, length: 3 }];
        let entry = Entry { sparse: Some(runs.clone()), ..file(b"sparse", (1 << 40) + 9) };
        let mut writer = Writer::new(Vec::new());
        writer.entry(&entry).unwrap();
        writer.data(b"end").unwrap();
        let bytes = writer.finish().unwrap();
        assert!(bytes.len() <= 8 * BLOCK, "{}", bytes.len());
        let found = Reader::new(bytes.as_slice(), LIMITS).next_entry().unwrap().unwrap();
        assert_eq!((found.path, found.size, found.sparse), (b"sparse".to_vec(), (1 << 40) + 9, Some(runs)));
    }
}
