//! Archives whose entries go into a layer: unpacked once into a file of ours, and then read where they lie.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::Attributes;
use crate::archive::{Entry, Kind, Reader, Seeking, TarError, TarLimits};
use crate::compress::BUFFER;
use crate::compress::foreign::Wrapping;
use crate::copy::{Destination, Owners, Rules, Trust, TypedPath, View, extract};
use crate::disk::{Scratch, Store};
use crate::error::{Result, StoreError};
use crate::source::spool;
use crate::unpack::{EntryPath, is_inert_device, is_kept, printable, tar_limits};

/// An archive that was read through once.
#[derive(Debug)]
pub struct Archive {
    /// A plain tar archive.
    pub file: File,
    /// As they follow each other; of those with one path the last one counts.
    pub entries: Vec<ArchiveEntry>,
    /// Where the file is, if it was packed.
    _scratch: Scratch,
}

/// Something in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveEntry {
    /// Relative, and without `.` and `..`; empty is the top.
    pub path: Vec<u8>,
    /// What it carries.
    pub attributes: Attributes,
    /// What it is.
    pub content: ArchiveContent,
}

/// What something in an archive is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveContent {
    /// A directory.
    Directory,
    /// A file, or another name of one: where its bytes begin, and how many there are.
    File(u64, u64),
    /// A symbolic link, and its target.
    Symlink(Vec<u8>),
    /// A pipe with a name.
    Fifo,
}

/// Whether the first block of a stream (512 bytes, if it has as many) is that of an archive, plain or packed with gzip,
/// zstd, xz or bzip2.
#[must_use]
pub fn is_archive(start: &[u8]) -> bool {
    let limits = TarLimits { entries: 1, path_bytes: 1 << 12 };
    // An extended header is longer than its block.
    let is_tar =
        |block| !matches!(Reader::new(block, limits).next_entry(), Err(TarError::Malformed(_)) | Ok(None));
    !Wrapping::of(start).is_none() || start.get(..512).is_some_and(is_tar)
}

impl Store {
    /// Reads an archive through, plain or packed with gzip, zstd, xz or bzip2; `None` if it is none. `label` is for
    /// errors.
    ///
    /// # Errors
    /// An archive that breaks off, passes a limit, or has something that no layer may have.
    pub fn open_archive(&self, mut file: File, label: &str) -> Result<Option<Archive>> {
        let failed = |error| StoreError::stream(label.to_owned(), error);
        let wrapping = Wrapping::of(&start(&mut file).map_err(failed)?);
        let mut rewound = || file.seek(SeekFrom::Start(0)).and_then(|_| file.try_clone()).map_err(failed);
        let stream = wrapping.decoder(rewound()?, &self.limits).map_err(failed)?;
        let mut first = Reader::new(BufReader::new(stream), tar_limits(&self.limits));
        match first.next_entry().map_err(|error| StoreError::tar(label, error)) {
            Ok(Some(_)) => {}
            // Too much is no reason to take it for something else.
            Err(error @ StoreError::Limit { .. }) => return Err(error),
            Ok(None) | Err(_) => return Ok(None),
        }
        let scratch = self.scratch()?;
        let mut file = rewound()?;
        if !wrapping.is_none() {
            file = spool(wrapping.decoder(file, &self.limits).map_err(failed)?, label, &scratch)?;
            file.seek(SeekFrom::Start(0)).map_err(failed)?;
        }
        let entries = self.entries(&file, label)?;
        Ok(Some(Archive { file, entries, _scratch: scratch }))
    }

    /// Unpacks an archive from a stream, plain or packed with gzip, zstd, xz or bzip2, into a directory of ours: files
    /// belong to us, and nothing has rights that its mode does not say.
    ///
    /// # Errors
    /// As [`Store::open_archive`].
    pub fn extract_archive(&self, stream: impl Read + Send, directory: &Path, label: &str) -> Result<()> {
        let failed = |error| StoreError::stream(label.to_owned(), error);
        let mut stream = stream;
        let start = start(&mut stream).map_err(failed)?;
        let wrapping = Wrapping::of(&start);
        let plain = wrapping.decoder(io::Cursor::new(start).chain(stream), &self.limits).map_err(failed)?;
        let path = TypedPath::new(directory.as_os_str().as_encoded_bytes());
        let rules = Rules { owners: Owners::Maker, trust: Trust::Stranger };
        extract(View::Host, &Destination::Directory(path), plain, rules, &mut |_| {})?;
        Ok(())
    }

    fn entries(&self, file: &File, label: &str) -> Result<Vec<ArchiveEntry>> {
        let limits = &self.limits;
        let input = Seeking(BufReader::with_capacity(BUFFER, file));
        let mut reader = Reader::new(input, tar_limits(limits));
        let (mut entries, mut files, mut bytes) = (Vec::new(), HashMap::new(), 0_u64);
        while let Some(entry) = reader.next_entry().map_err(|error| StoreError::tar(label, error))? {
            bytes = bytes.saturating_add(entry.size);
            if entries.len() as u64 >= limits.entries {
                return Err(limit(label, "entries", limits.entries));
            }
            if bytes > limits.layer_bytes {
                return Err(limit(label, "unpacked bytes", limits.layer_bytes));
            }
            if is_inert_device(&entry) {
                continue;
            }
            let path = EntryPath::parse(&entry.path, limits)?.as_bytes().to_owned();
            let made = if entry.kind == Kind::HardLink {
                let target = EntryPath::parse(&entry.link, limits)?;
                let first = files.get(target.as_bytes()).and_then(|index| entries.get(*index));
                another_name(path, first, &entry)?
            } else {
                ArchiveEntry {
                    path,
                    attributes: attributes(&entry),
                    content: content(&entry, reader.position())?,
                }
            };
            if matches!(made.content, ArchiveContent::File(..)) {
                files.insert(made.path.clone(), entries.len());
            }
            entries.push(made);
        }
        Ok(entries)
    }
}

/// The bytes that tell how a stream is packed.
fn start(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    stream.take(Wrapping::MAGIC).read_to_end(&mut start)?;
    Ok(start)
}

/// Another name of a file is that file, whatever its own header says.
fn another_name(path: Vec<u8>, first: Option<&ArchiveEntry>, entry: &Entry) -> Result<ArchiveEntry> {
    let why = "is a hard link to something that is not a file of this archive";
    let first = first.ok_or_else(|| StoreError::Path { entry: printable(&entry.path), why })?;
    Ok(ArchiveEntry { path, ..first.clone() })
}

fn content(entry: &Entry, position: u64) -> Result<ArchiveContent> {
    match entry.kind {
        Kind::File if entry.sparse.is_some() => {
            let why = "is a sparse file, which is not read outside of layers";
            Err(StoreError::Path { entry: printable(&entry.path), why })
        }
        Kind::File | Kind::HardLink => Ok(ArchiveContent::File(position, entry.size)),
        Kind::Directory => Ok(ArchiveContent::Directory),
        Kind::Fifo => Ok(ArchiveContent::Fifo),
        Kind::Symlink => Ok(ArchiveContent::Symlink(entry.link.clone())),
        Kind::Character | Kind::Block => {
            let (major, minor) = entry.device;
            Err(StoreError::Device { entry: printable(&entry.path), major, minor })
        }
    }
}

fn limit(label: &str, limit: &'static str, allowed: u64) -> StoreError {
    StoreError::Limit { what: label.to_owned(), limit, allowed }
}

fn attributes(entry: &Entry) -> Attributes {
    let kept = |(name, _): &&(Vec<u8>, Vec<u8>)| is_kept(name);
    let mut xattrs: Vec<_> = entry.xattrs.iter().filter(kept).cloned().collect();
    xattrs.sort();
    Attributes { mode: entry.mode, uid: entry.uid, gid: entry.gid, mtime: entry.mtime.seconds, xattrs }
}
