//! An unpacked layer against the tar stream it came from.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use rustix::fs::{AtFlags, Dir, FileType, Stat, fstat, readlinkat, statat};

use crate::archive::{Entry, Kind, Reader, Segment, TarError};
use crate::compress::BUFFER;
use crate::error::{Result, StoreError};
use crate::limits::Limits;
use crate::listing::{Listing, Node};
use crate::unpack::{EntryPath, Owner, absolute, is_inert_device, split, tar_limits, tree};

/// The first path that differs, and how.
type Difference = Option<(PathBuf, &'static str)>;

const NOT_HIDDEN: &str = "is no longer hidden";

/// Compares every entry, and looks for files that no entry explains.
pub(crate) fn compare(
    root: &OwnedFd,
    stream: impl Read,
    owner: Owner,
    limits: &Limits,
) -> Result<Difference> {
    let label = "the layer's blob";
    let input = BufReader::with_capacity(BUFFER, stream);
    let mut reader = Reader::new(input, tar_limits(limits));
    let mut comparison = Comparison { root, owner, expected: Listing::default(), wrong: BTreeMap::new() };
    while let Some(entry) = reader.next_entry().map_err(|error| StoreError::tar(label, error))? {
        if is_inert_device(&entry) {
            continue;
        }
        let path = EntryPath::parse(&entry.path, limits)?;
        comparison
            .entry(&entry, path.as_bytes(), &mut reader)
            .map_err(|error| StoreError::tar(label, error))?;
    }
    comparison.result()
}

struct Comparison<'a> {
    root: &'a OwnedFd,
    owner: Owner,
    expected: Listing,
    /// By path, because the last entry of a name is the one that counts.
    wrong: BTreeMap<Vec<u8>, &'static str>,
}

impl Comparison<'_> {
    fn entry<R: Read>(
        &mut self,
        entry: &Entry,
        path: &[u8],
        reader: &mut Reader<BufReader<R>>,
    ) -> std::result::Result<(), TarError> {
        let Some((parent, name)) = split(path) else { return Ok(()) };
        if let Some(hidden) = name.strip_prefix(b".wh.") {
            self.expect(parent, Node::DIRECTORY);
            if !hidden.starts_with(b".wh.") {
                self.whiteout(parent, hidden);
            }
            return Ok(());
        }
        let verdict = self.difference(entry, path, reader)?;
        if entry.kind != Kind::Directory {
            self.forget(parent, name, path);
        }
        self.expect(path, if entry.kind == Kind::Directory { Node::DIRECTORY } else { Node::FILE });
        self.judge(path, verdict);
        Ok(())
    }

    fn judge(&mut self, path: &[u8], verdict: Option<&'static str>) {
        match verdict {
            Some(why) => drop(self.wrong.insert(path.to_owned(), why)),
            None => drop(self.wrong.remove(path)),
        }
    }

    /// What an entry replaces is no longer expected to be there.
    fn forget(&mut self, parent: &[u8], name: &[u8], path: &[u8]) {
        self.expected.forget(&absolute(parent), &String::from_utf8_lossy(name));
        let below = [path, b"/"].concat()..[path, b"0"].concat();
        let gone: Vec<Vec<u8>> = self.wrong.range(below).map(|(path, _)| path.clone()).collect();
        for path in gone {
            self.wrong.remove(&path);
        }
    }

    /// Expects an entry and the directories above it.
    fn expect(&mut self, path: &[u8], node: Node) {
        let (mut path, mut node) = (path, node);
        while let Some((parent, name)) = split(path) {
            if self.wrong.get(path) == Some(&NOT_HIDDEN) && node.is(Node::DIRECTORY) {
                // A directory of this layer took the whiteout's place.
                self.wrong.remove(path);
            }
            self.expected.insert(&absolute(parent), &String::from_utf8_lossy(name), node);
            (path, node) = (parent, Node::DIRECTORY);
        }
    }

    fn whiteout(&mut self, parent: &[u8], hidden: &[u8]) {
        let path = if parent.is_empty() { hidden.to_owned() } else { [parent, b"/", hidden].concat() };
        if self.expected.get(&absolute(parent), &String::from_utf8_lossy(hidden)).is_some() {
            return;
        }
        let stat = self.stat(&path);
        let is_whiteout = stat.is_some_and(|stat| {
            FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice && stat.st_rdev == 0
        });
        self.expect(&path, Node::WHITEOUT);
        self.judge(&path, (!is_whiteout).then_some(NOT_HIDDEN));
    }

    fn stat(&self, path: &[u8]) -> Option<Stat> {
        let (parent, name) = split(path)?;
        let parent = tree::open_place(self.root, parent).ok()?;
        statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW).ok()
    }

    fn difference<R: Read>(
        &self,
        entry: &Entry,
        path: &[u8],
        reader: &mut Reader<BufReader<R>>,
    ) -> std::result::Result<Option<&'static str>, TarError> {
        let Some(stat) = self.stat(path) else { return Ok(Some("is missing")) };
        let wanted = match entry.kind {
            Kind::Directory => FileType::Directory,
            Kind::Symlink => FileType::Symlink,
            Kind::Fifo => FileType::Fifo,
            Kind::HardLink => return Ok(self.same_inode(entry, &stat)),
            Kind::File | Kind::Character | Kind::Block => FileType::RegularFile,
        };
        if FileType::from_raw_mode(stat.st_mode) != wanted {
            return Ok(Some("is of another kind"));
        }
        if wanted != FileType::Symlink && stat.st_mode & 0o7777 != entry.mode {
            return Ok(Some("has another mode"));
        }
        if self.owner != Owner::SingleUser && (stat.st_uid, stat.st_gid) != (entry.uid, entry.gid) {
            return Ok(Some("has another owner"));
        }
        match entry.kind {
            Kind::Symlink => Ok(self.other_target(entry, path)),
            Kind::File => self.other_content(entry, path, reader),
            _ => Ok(None),
        }
    }

    fn same_inode(&self, entry: &Entry, stat: &Stat) -> Option<&'static str> {
        let target = EntryPath::parse(&entry.link, &Limits::default()).ok()?;
        let same = self.stat(target.as_bytes()).is_some_and(|target| target.st_ino == stat.st_ino);
        (!same).then_some("is no longer the same file as its hard link")
    }

    fn other_target(&self, entry: &Entry, path: &[u8]) -> Option<&'static str> {
        let (parent, name) = split(path)?;
        let parent = tree::open_place(self.root, parent).ok()?;
        let target = readlinkat(&parent, name, Vec::new()).ok()?;
        (target.to_bytes() != entry.link).then_some("points elsewhere")
    }

    fn other_content<R: Read>(
        &self,
        entry: &Entry,
        path: &[u8],
        reader: &mut Reader<BufReader<R>>,
    ) -> std::result::Result<Option<&'static str>, TarError> {
        let Ok(file) = tree::open_file(self.root, path) else { return Ok(Some("cannot be read")) };
        let size = fstat(&file).ok().and_then(|stat| u64::try_from(stat.st_size).ok());
        if size != Some(entry.size) {
            return Ok(Some("has another size"));
        }
        let file = File::from(file);
        let whole = [Segment { offset: 0, length: entry.size }];
        let mut buffer = vec![0; BUFFER];
        let mut same = true;
        for segment in entry.sparse.as_deref().unwrap_or(&whole) {
            let mut offset = segment.offset;
            reader.each_piece(segment.length, &mut |piece| {
                let there = buffer.get_mut(..piece.len()).unwrap_or_default();
                same &= file.read_exact_at(there, offset).is_ok() && there == piece;
                offset += piece.len() as u64;
                Ok::<_, TarError>(())
            })?;
        }
        Ok((!same).then_some("has other content"))
    }

    fn result(self) -> Result<Difference> {
        if let Some((path, why)) = self.wrong.iter().next() {
            return Ok(Some((path_of(path.clone()), why)));
        }
        self.unexplained(b"")
    }

    /// The first file on disk that no entry explains.
    fn unexplained(&self, directory: &[u8]) -> Result<Difference> {
        let failed = |error| StoreError::read("the unpacked layer", std::io::Error::from(error));
        let opened = tree::open_directory(self.root, directory).map_err(failed)?;
        for entry in Dir::read_from(&opened).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            let path = if directory.is_empty() { name.to_owned() } else { [directory, b"/", name].concat() };
            let node = self.expected.get(&absolute(directory), &String::from_utf8_lossy(name));
            let Some(node) = node else { return Ok(Some((path_of(path), "is not in the image"))) };
            if node.is(Node::DIRECTORY)
                && let Some(found) = self.unexplained(&path)?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

fn path_of(bytes: Vec<u8>) -> PathBuf {
    std::ffi::OsString::from_vec(bytes).into()
}
