//! A directory as a tar archive.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, openat, readlinkat, statat};

use crate::error::{Result, StoreError};

/// Directories below each other that are walked into; each holds a descriptor.
const MAX_DEPTH: usize = 256;

/// Packs the directory at `from` into a new file at `to`, names in order, so that equal trees give equal bytes.
/// Sockets and device nodes are left out; extended attributes are not kept, but for file capabilities.
pub(super) fn pack(from: &Path, to: &Path) -> Result<File> {
    let directory = File::open(from).map_err(StoreError::read_path(from))?;
    let file = File::options().create_new(true).read(true).write(true).open(to);
    let file = file.map_err(StoreError::write_path(to))?;
    let mut packer =
        Packer { out: tar::Builder::new(BufWriter::new(file)), links: HashMap::new(), at: PathBuf::new() };
    let failed = |at: &Path, error| StoreError::read(from.join(at).display().to_string(), error);
    let packed = packer.directory(&directory.into());
    packed.map_err(|error: io::Error| failed(&packer.at, error))?;
    let flushed = packer.out.into_inner().and_then(|buffer| buffer.into_inner().map_err(Into::into));
    flushed.map_err(StoreError::write_path(to))
}

struct Packer<W: Write> {
    out: tar::Builder<W>,
    /// First name of each file that has several.
    links: HashMap<(u64, u64), PathBuf>,
    /// Where it is, and after an error, where that was.
    at: PathBuf,
}

impl<W: Write> Packer<W> {
    fn directory(&mut self, directory: &OwnedFd) -> io::Result<()> {
        let names = crate::copy::sorted_names(directory)?;
        if self.at.components().count() >= MAX_DEPTH {
            return Err(io::Error::other("directories nest too deep"));
        }
        for name in names {
            self.at.push(std::ffi::OsStr::from_bytes(&name));
            self.entry(directory, &name)?;
            self.at.pop();
        }
        Ok(())
    }

    fn entry(&mut self, parent: &OwnedFd, name: &[u8]) -> io::Result<()> {
        let stat = statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let mut header = header(&stat);
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                header.set_entry_type(tar::EntryType::Directory);
                self.out.append_data(&mut header, &self.at, io::empty())?;
                let child = open(parent, name, OFlags::DIRECTORY)?;
                self.directory(&child)
            }
            FileType::Symlink => {
                header.set_entry_type(tar::EntryType::Symlink);
                let target = readlinkat(parent, name, Vec::new())?;
                let target = std::ffi::OsStr::from_bytes(target.to_bytes());
                self.out.append_link(&mut header, &self.at, target)
            }
            FileType::Fifo => {
                header.set_entry_type(tar::EntryType::Fifo);
                self.out.append_data(&mut header, &self.at, io::empty())
            }
            FileType::RegularFile => self.file(parent, name, &stat, header),
            _ => Ok(()),
        }
    }

    fn file(
        &mut self,
        parent: &OwnedFd,
        name: &[u8],
        stat: &Stat,
        mut header: tar::Header,
    ) -> io::Result<()> {
        if stat.st_nlink > 1 {
            if let Some(first) = self.links.get(&(stat.st_dev, stat.st_ino)) {
                header.set_entry_type(tar::EntryType::Link);
                return self.out.append_link(&mut header, &self.at, first);
            }
            self.links.insert((stat.st_dev, stat.st_ino), self.at.clone());
        }
        let file = open(parent, name, OFlags::NONBLOCK)?;
        let mut capability = [0; 64];
        if let Ok(length) = rustix::fs::fgetxattr(&file, "security.capability", &mut capability) {
            let value = capability.get(..length).unwrap_or_default();
            self.out.append_pax_extensions([("SCHILY.xattr.security.capability", value)])?;
        }
        let size = u64::try_from(stat.st_size).unwrap_or_default();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(size);
        // A file that shrinks meanwhile is an error, one that grows is cut: the header has been written.
        let mut content = io::Read::take(File::from(file), size);
        self.out.append_data(&mut header, &self.at, &mut content)?;
        if content.limit() == 0 { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

fn header(stat: &Stat) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_mode(stat.st_mode & 0o7777);
    header.set_uid(stat.st_uid.into());
    header.set_gid(stat.st_gid.into());
    header.set_mtime(u64::try_from(stat.st_mtime).unwrap_or_default());
    header.set_size(0);
    header
}

fn open(parent: impl AsFd, name: &[u8], more: OFlags) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | more;
    Ok(openat(parent, name, flags, Mode::empty())?)
}
