//! What an application's layers touch, whiteouts included.

use std::io;
use std::os::fd::OwnedFd;

use build::rebase::{Above, Touch};
use model::image::Layer;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, openat2, statat};

use crate::building::error::{BuildError, FilesError};
use crate::engine::Engine;
use crate::user::{is_opaque, is_whiteout};

/// Entries of all layers together.
const MAX_ENTRIES: usize = 2_000_000;

impl Engine {
    pub(super) fn touched(&self, layers: &[Layer]) -> Result<Vec<Above>, BuildError> {
        let mut above = Vec::new();
        for layer in layers {
            let path = self.store.layer_dir(layer);
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let opened = rustix::fs::open(&path, flags, Mode::empty()).map_err(io::Error::from);
            let walked = opened.and_then(|top| walk(&top, &mut above));
            walked.map_err(FilesError::read(b"a layer of the image"))?;
        }
        above.sort();
        above.dedup();
        Ok(above)
    }
}

fn walk(top: &OwnedFd, above: &mut Vec<Above>) -> io::Result<()> {
    let mut waiting: Vec<Vec<u8>> = vec![Vec::new()];
    while let Some(path) = waiting.pop() {
        let directory = open(top, &path)?;
        if !path.is_empty() && is_opaque(&directory) {
            above.push(touch(&path, Touch::Removed));
        }
        for listed in Dir::read_from(&directory)? {
            let listed = listed?;
            let name = listed.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            let stat = statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
            let path =
                if path.is_empty() { name.to_owned() } else { [&path, b"/".as_slice(), name].concat() };
            let kind = if is_whiteout(&stat) {
                Touch::Removed
            } else if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
                waiting.push(path.clone());
                Touch::Directory
            } else {
                Touch::File
            };
            above.push(touch(&path, kind));
        }
        if above.len() > MAX_ENTRIES {
            return Err(io::Error::other("it has too many files to be compared"));
        }
    }
    Ok(())
}

fn touch(path: &[u8], touch: Touch) -> Above {
    Above { path: format!("/{}", String::from_utf8_lossy(path)), touch }
}

fn open(top: &OwnedFd, path: &[u8]) -> io::Result<OwnedFd> {
    let path = if path.is_empty() { b"." } else { path };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    Ok(openat2(top, path, flags, Mode::empty(), resolve)?)
}
