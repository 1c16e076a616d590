//! Where a copy goes: Docker's rules for destinations that exist, or do not, or are links.

use std::os::fd::OwnedFd;

use rustix::fs::{FileType, OFlags, fstat, readlinkat};
use rustix::io::Errno;

use super::error::CopyError;
use super::path::{TypedPath, parent};
use super::{MAX_LINKS, View};
use crate::unpack::printable;

/// Where the top of the tree goes.
#[derive(Debug)]
pub(super) enum Place {
    /// What it holds goes into this directory.
    Within(OwnedFd),
    /// It gets this name in this directory.
    Named(OwnedFd, Vec<u8>),
}

/// What is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Top {
    Directory,
    Other,
}

/// Decides where something called `name` goes that is copied to `path`; nameless is the content of a
/// directory. Links are followed as far as they lead, also to where nothing is yet.
pub(super) fn decide(
    view: View,
    path: &TypedPath,
    name: Option<&[u8]>,
    top: Top,
) -> Result<Place, CopyError> {
    let not_a_directory = || CopyError::NotADirectory { path: printable(path.as_bytes()) };
    let missing = |path: &[u8]| CopyError::Missing { path: printable(path) };
    let failed = |errno| CopyError::kernel("open", path.as_bytes())(errno);
    let mut at = path.trimmed().to_owned();
    for _ in 0..MAX_LINKS {
        let found = match view.open(&at, OFlags::PATH | OFlags::NOFOLLOW) {
            Ok(found) => found,
            Err(Errno::NOENT) if path.is_directory() && top == Top::Other => {
                return Err(missing(path.as_bytes()));
            }
            Err(Errno::NOENT) => return beside(view, &at),
            Err(Errno::NOTDIR) => return Err(not_a_directory()),
            Err(errno) => return Err(failed(errno)),
        };
        match FileType::from_raw_mode(fstat(&found).map_err(failed)?.st_mode) {
            FileType::Directory => {
                return Ok(match name {
                    Some(name) => Place::Named(found, name.to_owned()),
                    None => Place::Within(found),
                });
            }
            FileType::Symlink => {
                let target = readlinkat(&found, "", Vec::new()).map_err(failed)?;
                at = beyond(&at, target.to_bytes());
            }
            _ if path.is_directory() || top == Top::Directory => return Err(not_a_directory()),
            _ => return beside(view, &at),
        }
    }
    Err(failed(Errno::LOOP))
}

/// The directory of an archive's entries, which has to be there.
pub(super) fn directory(view: View, path: &TypedPath) -> Result<OwnedFd, CopyError> {
    view.open(path.as_bytes(), OFlags::PATH | OFlags::DIRECTORY).map_err(|errno| match errno {
        Errno::NOENT => CopyError::Missing { path: printable(path.as_bytes()) },
        Errno::NOTDIR => CopyError::NotADirectory { path: printable(path.as_bytes()) },
        errno => CopyError::kernel("open", path.as_bytes())(errno),
    })
}

fn beside(view: View, at: &[u8]) -> Result<Place, CopyError> {
    let (directory, name) = parent(at);
    if matches!(name, b"" | b"." | b"..") {
        return Err(CopyError::Missing { path: printable(at) });
    }
    Ok(Place::Named(self::directory(view, &TypedPath::new(directory))?, name.to_owned()))
}

/// What the link at `at` leads to.
fn beyond(at: &[u8], target: &[u8]) -> Vec<u8> {
    if target.starts_with(b"/") { target.to_owned() } else { [parent(at).0, b"/", target].concat() }
}
