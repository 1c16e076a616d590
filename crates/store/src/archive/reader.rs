//! The stream of entries.

use std::io::{self, BufRead, BufReader, Read, Seek};

use super::header::{BLOCK, Header, Kind, Purpose};
use super::pax::{Pax, decimal};
use super::sparse::{self, MAX_SEGMENTS, Segment};

/// Longest extended header or long name held in memory, in bytes.
const MAX_EXTENSION: u64 = 1 << 20;

/// A stream of bytes that can be stepped over.
pub(crate) trait Input: BufRead {
    /// Steps over `amount` bytes.
    fn skip(&mut self, amount: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.take(amount), &mut io::sink())?;
        if skipped == amount { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

impl Input for &[u8] {}
impl<R: Read> Input for BufReader<R> {}

/// A file, stepped over by seeking. Seeking past its end shows only at the next read.
pub(crate) struct Seeking<R>(pub(crate) BufReader<R>);

impl<R: Read> Read for Seeking<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read> BufRead for Seeking<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}

impl<R: Read + Seek> Input for Seeking<R> {
    fn skip(&mut self, amount: u64) -> io::Result<()> {
        self.0.seek_relative(i64::try_from(amount).map_err(|_| io::ErrorKind::UnexpectedEof)?)
    }
}

/// A point in time, as tar gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Mtime {
    pub(crate) seconds: i64,
    pub(crate) nanoseconds: u32,
}

/// One entry, its extensions applied. The path is as written: nobody has judged it yet.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) path: Vec<u8>,
    pub(crate) kind: Kind,
    /// Target of a hard or symbolic link.
    pub(crate) link: Vec<u8>,
    /// Permission bits and the three special ones.
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mtime: Mtime,
    /// Size of the file once unpacked, holes included.
    pub(crate) size: u64,
    pub(crate) device: (u32, u32),
    pub(crate) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// The runs of data of a sparse file.
    pub(crate) sparse: Option<Vec<Segment>>,
}

/// How much the reader will walk through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TarLimits {
    pub(crate) entries: u64,
    pub(crate) path_bytes: u64,
}

/// Why a stream is not a tar archive that we read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TarError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("not a tar archive: {0}")]
    Malformed(&'static str),
    #[error("more than {1} {0}")]
    Limit(&'static str, u64),
}

/// Reads entries one after the other; data that nobody asks for is stepped over.
pub(crate) struct Reader<R> {
    input: R,
    limits: TarLimits,
    position: u64,
    /// Data bytes of the current entry that were not read yet, and the padding after them.
    data_left: u64,
    padding: u64,
    globals: Pax,
    entries: u64,
    path_bytes: u64,
}

/// What the headers before an entry's own said about it.
#[derive(Default)]
struct Extensions {
    pax: Pax,
    long_name: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
}

impl<R: Input> Reader<R> {
    pub(crate) fn new(input: R, limits: TarLimits) -> Self {
        Self {
            input,
            limits,
            position: 0,
            data_left: 0,
            padding: 0,
            globals: Pax::default(),
            entries: 0,
            path_bytes: 0,
        }
    }

    /// Bytes from the start of the stream to the current entry's unread data.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Bytes of the current entry's data that were not read yet.
    pub(crate) fn data_left(&self) -> u64 {
        self.data_left
    }

    pub(crate) fn input(&self) -> &R {
        &self.input
    }

    pub(crate) fn into_input(self) -> R {
        self.input
    }

    /// The next entry, or `None` at the end of the archive.
    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry>, TarError> {
        let mut extensions = Extensions::default();
        loop {
            self.finish_entry()?;
            let Some(block) = self.header_block()? else { return Ok(None) };
            self.count_entry()?;
            let header = Header::checked(&block).ok_or(TarError::Malformed("wrong header checksum"))?;
            let purpose = header.purpose().ok_or(TarError::Malformed("unknown entry type"))?;
            let size = header.size().ok_or(TarError::Malformed("bad size"))?;
            let kind = match purpose {
                Purpose::Entry(kind) => kind,
                Purpose::Sparse => Kind::File,
                extension => {
                    self.begin_data(size);
                    self.extend(&extension, &mut extensions)?;
                    continue;
                }
            };
            return self.entry(&header, kind, matches!(purpose, Purpose::Sparse), extensions).map(Some);
        }
    }

    fn count_entry(&mut self) -> Result<(), TarError> {
        self.entries += 1;
        // Each entry may have up to four extension headers before it.
        if self.entries > self.limits.entries.saturating_mul(5) {
            return Err(TarError::Limit("entries", self.limits.entries));
        }
        Ok(())
    }

    fn extend(&mut self, purpose: &Purpose, extensions: &mut Extensions) -> Result<(), TarError> {
        let malformed = TarError::Malformed("bad extended header");
        match purpose {
            Purpose::PaxLocal => extensions.pax.absorb(&self.extension()?).ok_or(malformed)?,
            Purpose::PaxGlobal => {
                let records = self.extension()?;
                self.globals.absorb(&records).ok_or(malformed)?;
            }
            Purpose::LongName => extensions.long_name = Some(without_nul(self.extension()?)),
            Purpose::LongLink => extensions.long_link = Some(without_nul(self.extension()?)),
            _ => {}
        }
        Ok(())
    }

    fn entry(
        &mut self,
        header: &Header<'_>,
        kind: Kind,
        old_sparse: bool,
        extensions: Extensions,
    ) -> Result<Entry, TarError> {
        let pax = extensions.pax.over(&self.globals);
        let stored = pax.size.or_else(|| header.size()).ok_or(TarError::Malformed("bad size"))?;
        let path = pax.path.or(extensions.long_name).unwrap_or_else(|| header.path());
        // Before POSIX a directory was a file whose name ends in a slash: the whole name, as what fits into the header
        // of a longer one may end anywhere.
        let kind = if kind == Kind::File && path.ends_with(b"/") { Kind::Directory } else { kind };
        // Only files have data; a hard link may repeat its target's size, with or without the data.
        let has_data = kind == Kind::File || (kind == Kind::HardLink && pax.size.is_some());
        self.begin_data(if has_data { stored } else { 0 });
        let owner = |id: Option<u64>| id.and_then(|id| u32::try_from(id).ok()).filter(|id| *id != u32::MAX);
        let bad_owner = TarError::Malformed("bad owner");
        let mut entry = Entry {
            path,
            kind,
            link: pax.link.or(extensions.long_link).unwrap_or_else(|| header.link()),
            mode: header.mode().ok_or(TarError::Malformed("bad mode"))?,
            uid: owner(pax.uid.or_else(|| header.uid())).ok_or(TarError::Malformed("bad owner"))?,
            gid: owner(pax.gid.or_else(|| header.gid())).ok_or(bad_owner)?,
            mtime: pax.mtime.unwrap_or(Mtime { seconds: header.mtime(), nanoseconds: 0 }),
            size: self.data_left,
            device: header.device(),
            xattrs: pax.xattrs,
            sparse: None,
        };
        self.count_path(&entry)?;
        if old_sparse {
            self.old_sparse(header, &mut entry)?;
        } else if pax.sparse.map_in_data || pax.sparse.map.is_some() {
            entry.size = pax.sparse.size.ok_or(TarError::Malformed("sparse file without a size"))?;
            entry.path = pax.sparse.name.unwrap_or(entry.path);
            let map =
                if pax.sparse.map_in_data { self.map_in_data()? } else { pax.sparse.map.unwrap_or_default() };
            entry.sparse = Some(map);
        }
        self.check_sparse(&entry)?;
        Ok(entry)
    }

    fn count_path(&mut self, entry: &Entry) -> Result<(), TarError> {
        self.path_bytes += (entry.path.len() + entry.link.len()) as u64;
        if self.path_bytes > self.limits.path_bytes {
            return Err(TarError::Limit("bytes of paths", self.limits.path_bytes));
        }
        Ok(())
    }

    fn check_sparse(&self, entry: &Entry) -> Result<(), TarError> {
        match &entry.sparse {
            Some(map) if !sparse::is_sound(map, entry.size, self.data_left) => {
                Err(TarError::Malformed("bad sparse map"))
            }
            _ => Ok(()),
        }
    }

    fn old_sparse(&mut self, header: &Header<'_>, entry: &mut Entry) -> Result<(), TarError> {
        let malformed = || TarError::Malformed("bad sparse map");
        let (pairs, mut more, size) = header.sparse();
        let mut map = Vec::new();
        sparse::old_gnu(pairs, &mut map).ok_or_else(malformed)?;
        while more {
            let block = self.block()?.ok_or_else(truncated)?;
            let (pairs, rest) = block.split_at_checked(504).ok_or_else(malformed)?;
            sparse::old_gnu(pairs, &mut map).ok_or_else(malformed)?;
            more = rest.first() != Some(&0);
        }
        entry.size = size.ok_or_else(malformed)?;
        entry.sparse = Some(map);
        Ok(())
    }

    /// PAX 1.0: decimal numbers, one a line, a count and then pairs, padded to a block.
    fn map_in_data(&mut self) -> Result<Vec<Segment>, TarError> {
        let start = self.data_left;
        let count = usize::try_from(self.number_line()?).unwrap_or(usize::MAX);
        if count > MAX_SEGMENTS {
            return Err(TarError::Limit("runs in a sparse file", MAX_SEGMENTS as u64));
        }
        let mut map = Vec::with_capacity(count);
        for _ in 0..count {
            map.push(Segment { offset: self.number_line()?, length: self.number_line()? });
        }
        let padding = padding_of(start - self.data_left);
        self.each_piece(padding, &mut |_| Ok::<_, TarError>(()))?;
        Ok(map)
    }

    fn number_line(&mut self) -> Result<u64, TarError> {
        let mut digits = Vec::with_capacity(20);
        while digits.last() != Some(&b'\n') && digits.len() <= 20 {
            self.each_piece(1, &mut |piece| {
                digits.extend_from_slice(piece);
                Ok::<_, TarError>(())
            })?;
        }
        digits.strip_suffix(b"\n").and_then(decimal).ok_or(TarError::Malformed("bad sparse map"))
    }

    /// Passes the next `amount` bytes of the current entry's data to `sink`, in pieces.
    ///
    /// # Errors
    /// The sink's own, an unreadable or truncated stream, and asking for more than the entry has.
    pub(crate) fn each_piece<E: From<TarError>>(
        &mut self,
        amount: u64,
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if amount > self.data_left {
            return Err(TarError::Malformed("data ends early").into());
        }
        let mut left = amount;
        while left > 0 {
            let buffer = self.input.fill_buf().map_err(TarError::Io)?;
            let length = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let piece = buffer.get(..length).filter(|piece| !piece.is_empty()).ok_or_else(truncated)?;
            sink(piece)?;
            self.input.consume(length);
            self.position += length as u64;
            self.data_left -= length as u64;
            left -= length as u64;
        }
        Ok(())
    }

    /// All of an extension's data, which is small.
    fn extension(&mut self) -> Result<Vec<u8>, TarError> {
        if self.data_left > MAX_EXTENSION {
            return Err(TarError::Limit("bytes in an extended header", MAX_EXTENSION));
        }
        let mut bytes = Vec::new();
        self.each_piece(self.data_left, &mut |piece| {
            bytes.extend_from_slice(piece);
            Ok::<_, TarError>(())
        })?;
        Ok(bytes)
    }

    fn begin_data(&mut self, size: u64) {
        self.data_left = size;
        self.padding = padding_of(size);
    }

    fn finish_entry(&mut self) -> Result<(), TarError> {
        let rest = self.data_left.checked_add(self.padding).ok_or(TarError::Malformed("bad size"))?;
        if rest > 0 {
            self.input.skip(rest)?;
        }
        self.position = self.position.saturating_add(rest);
        (self.data_left, self.padding) = (0, 0);
        Ok(())
    }

    /// The next header, or `None` at the end: a block of zeros, or (some writers) no more blocks at all.
    fn header_block(&mut self) -> Result<Option<[u8; BLOCK]>, TarError> {
        Ok(self.block()?.filter(|block| block.iter().any(|byte| *byte != 0)))
    }

    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, TarError> {
        let mut block = [0; BLOCK];
        if self.input.fill_buf()?.is_empty() {
            return Ok(None);
        }
        self.input.read_exact(&mut block)?;
        self.position += BLOCK as u64;
        Ok(Some(block))
    }
}

fn padding_of(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK as u64
}

fn truncated() -> TarError {
    TarError::Io(io::ErrorKind::UnexpectedEof.into())
}

fn without_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    bytes.truncate(end);
    bytes
}
