//! A place where named byte ranges can be had: a tar archive, or a directory.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use crate::archive::{Kind, Reader, Seeking, TarLimits};
use crate::error::{Result, StoreError};
use crate::limits::Limits;
use crate::source::not_an_image;
use crate::unpack::{EntryPath, tree};

/// What an archive of images may hold; the largest known have a few thousand files.
const OUTER: TarLimits = TarLimits { entries: 100_000, path_bytes: 16 << 20 };
/// Links followed from a name to its bytes: `docker save` uses one.
const MAX_LINKS: usize = 4;

/// A range of bytes in a file, and what errors call it.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    file: Arc<File>,
    offset: u64,
    pub(crate) length: u64,
    pub(crate) label: String,
}

impl Part {
    pub(crate) fn whole(file: File, label: &str) -> Result<Self> {
        let length = file.metadata().map_err(|error| StoreError::read(label, error))?.len();
        Ok(Self { file: Arc::new(file), offset: 0, length, label: label.to_owned() })
    }

    /// A reader of its own: parts of one file can be read at the same time.
    pub(crate) fn reader(&self) -> PartReader {
        PartReader { file: Arc::clone(&self.file), at: self.offset, left: self.length }
    }

    /// The first bytes, enough to tell a compression by.
    pub(crate) fn magic(&self) -> Result<Vec<u8>> {
        self.read_up_to(4)
    }

    /// All of it, if it is at most `limit` bytes.
    pub(crate) fn bytes(&self, limit: u64, what: &'static str) -> Result<Vec<u8>> {
        if self.length > limit {
            return Err(StoreError::Limit { what: self.label.clone(), limit: what, allowed: limit });
        }
        let bytes = self.read_up_to(self.length)?;
        if bytes.len() as u64 == self.length {
            Ok(bytes)
        } else {
            Err(StoreError::Truncated { what: self.label.clone() })
        }
    }

    fn read_up_to(&self, length: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = self.reader().take(length).read_to_end(&mut bytes);
        read.map_err(|error| StoreError::read(self.label.as_str(), error))?;
        Ok(bytes)
    }
}

/// Reads a [`Part`].
pub(crate) struct PartReader {
    file: Arc<File>,
    at: u64,
    left: u64,
}

impl Read for PartReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let Some(window) = buffer.get_mut(..wanted).filter(|window| !window.is_empty()) else { return Ok(0) };
        let length = self.file.read_at(window, self.at)?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += length as u64;
        self.left -= length as u64;
        Ok(length)
    }
}

/// Named parts.
pub(crate) struct Container {
    pub(crate) label: String,
    kind: Kinds,
}

enum Kinds {
    Archive { whole: Part, members: HashMap<Vec<u8>, Member> },
    Directory(OwnedFd),
}

enum Member {
    Data { offset: u64, length: u64 },
    Link(Vec<u8>),
}

impl Container {
    pub(crate) fn directory(path: &Path) -> Result<Self> {
        let directory = File::open(path).map_err(StoreError::read_path(path))?;
        Ok(Self { label: path.display().to_string(), kind: Kinds::Directory(directory.into()) })
    }

    /// Walks through an uncompressed tar archive and notes where everything is.
    pub(crate) fn archive(whole: Part) -> Result<Self> {
        let label = whole.label.clone();
        let failed = |error| StoreError::tar(&label, error);
        let mut members = HashMap::new();
        let file = whole.file.try_clone().map_err(|error| StoreError::read(label.as_str(), error))?;
        let cursor = Cursor { file: &file, at: 0 };
        let mut reader = Reader::new(Seeking(BufReader::with_capacity(4096, cursor)), OUTER);
        while let Some(entry) = reader.next_entry().map_err(failed)? {
            let Ok(path) = EntryPath::parse(&entry.path, &Limits::default()) else { continue };
            let member = match entry.kind {
                Kind::File if entry.sparse.is_none() => {
                    let (offset, length) = (reader.position(), reader.data_left());
                    if offset.saturating_add(length) > whole.length {
                        return Err(StoreError::Truncated { what: label });
                    }
                    Member::Data { offset, length }
                }
                Kind::Symlink => Member::Link(beside(path.as_bytes(), &entry.link)),
                Kind::HardLink => Member::Link(entry.link),
                _ => continue,
            };
            members.insert(path.as_bytes().to_owned(), member);
        }
        Ok(Self { label, kind: Kinds::Archive { whole, members } })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_ok_and(|part| part.is_some())
    }

    /// The part called `name`.
    ///
    /// # Errors
    /// [`StoreError::NotAnImage`] if there is none.
    pub(crate) fn part(&self, name: &str) -> Result<Part> {
        self.find(name)?.ok_or_else(|| not_an_image(&self.label, format!("it has no `{name}`")))
    }

    fn find(&self, name: &str) -> Result<Option<Part>> {
        let label = format!("{}: {name}", self.label);
        let Ok(path) = EntryPath::parse(name.as_bytes(), &Limits::default()) else { return Ok(None) };
        match &self.kind {
            Kinds::Archive { whole, members } => {
                Ok(follow(members, path.as_bytes()).map(|(offset, length)| Part {
                    file: Arc::clone(&whole.file),
                    offset: whole.offset + offset,
                    length,
                    label,
                }))
            }
            Kinds::Directory(directory) => match tree::open_file(directory, path.as_bytes()) {
                Ok(file) => {
                    let file = File::from(file);
                    let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
                    if is_file { Part::whole(file, &label).map(Some) } else { Ok(None) }
                }
                Err(rustix::io::Errno::NOENT) => Ok(None),
                Err(error) => Err(StoreError::read(label, io::Error::from(error))),
            },
        }
    }
}

fn follow(members: &HashMap<Vec<u8>, Member>, path: &[u8]) -> Option<(u64, u64)> {
    let mut path = path;
    for _ in 0..=MAX_LINKS {
        match members.get(path)? {
            Member::Data { offset, length } => return Some((*offset, *length)),
            Member::Link(target) => path = target,
        }
    }
    None
}

/// A symbolic link's target, seen from the archive's root; what leads out of it leads nowhere.
fn beside(link: &[u8], target: &[u8]) -> Vec<u8> {
    let parent = link.iter().rposition(|byte| *byte == b'/').and_then(|slash| link.get(..slash));
    let mut components: Vec<&[u8]> =
        parent.into_iter().flat_map(|parent| parent.split(|byte| *byte == b'/')).collect();
    for component in target.split(|byte| *byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." => drop(components.pop()),
            name => components.push(name),
        }
    }
    components.join(&b'/')
}

/// Reads a file without moving its shared position.
struct Cursor<'a> {
    file: &'a File,
    at: u64,
}

impl Read for Cursor<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read_at(buffer, self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}

impl io::Seek for Cursor<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let target = match to {
            io::SeekFrom::Start(at) => Some(at),
            io::SeekFrom::Current(by) => self.at.checked_add_signed(by),
            io::SeekFrom::End(_) => None,
        };
        self.at = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// Data stepped over while looking at names: a layer is much longer, and once one is seen it is time to decide.
const SMALL: u64 = 1 << 20;

/// The names of the first entries of a tar stream.
pub(super) fn first_names(stream: impl Read, count: usize, label: &str) -> Result<Vec<String>> {
    let mut reader = Reader::new(BufReader::new(stream), OUTER);
    let mut names = Vec::new();
    while names.len() < count && reader.data_left() < SMALL {
        match reader.next_entry().map_err(|error| StoreError::tar(label, error))? {
            Some(entry) => {
                names.push(String::from_utf8_lossy(&entry.path).trim_start_matches("./").to_owned())
            }
            None => break,
        }
    }
    names.retain(|name| !name.is_empty());
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_archives_stay_in_them() {
        assert_eq!(beside(b"a/layer.tar", b"../b.tar"), b"b.tar");
        assert_eq!(beside(b"layer.tar", b"../../etc/passwd"), b"etc/passwd");
        assert_eq!(beside(b"a/b/c", b"./d"), b"a/b/d");
    }
}
