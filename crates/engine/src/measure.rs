//! How much room a tree takes on disk: trees that a stranger built, maybe while they look.
//!
//! Nothing is followed, no other filesystem is entered, a file with several names counts once, and a tree
//! of any depth needs two descriptors.

use std::collections::HashSet;
use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

/// Adds up trees, and tells whoever waits how far it is.
pub(crate) struct Meter<'a> {
    /// Gets the sum of everything so far, in bytes.
    tell: &'a mut dyn FnMut(u64),
    sum: u64,
}

/// A directory on the way down, and which of its own directories are still to be visited.
struct Above {
    identity: (u64, u64),
    waiting: Vec<CString>,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(tell: &'a mut dyn FnMut(u64)) -> Self {
        Self { tell, sum: 0 }
    }

    /// Bytes of blocks that the directory and everything below has; none where there is no such directory.
    pub(crate) fn tree(&mut self, parent: impl AsFd, name: &str) -> std::io::Result<u64> {
        let before = self.sum;
        match open(parent, &CString::new(name)?) {
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
            Err(errno) => return Err(errno.into()),
            Ok(root) => self.walk(root)?,
        }
        Ok(self.sum - before)
    }

    /// Bytes that are known already.
    pub(crate) fn add(&mut self, bytes: u64) {
        self.sum += bytes;
        (self.tell)(self.sum);
    }

    fn walk(&mut self, root: OwnedFd) -> std::io::Result<()> {
        let mut seen = HashSet::new();
        let (mut at, mut above) = (root, Vec::<Above>::new());
        self.add(blocks(&rustix::fs::fstat(&at)?));
        let mut waiting = self.look(&at, &mut seen)?;
        loop {
            if let Some(name) = waiting.pop() {
                let child = match open(&at, &name) {
                    Ok(child) => child,
                    // It went, or became something else.
                    Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => continue,
                    Err(errno) => return Err(errno.into()),
                };
                let below = self.look(&child, &mut seen)?;
                let identity = identity(&rustix::fs::fstat(&at)?);
                above.push(Above { identity, waiting: std::mem::replace(&mut waiting, below) });
                at = child;
                continue;
            }
            let Some(parent) = above.pop() else { return Ok(()) };
            at = open(&at, c"..")?;
            // Somebody moved the directory that we were in: what was counted until then is all we can know.
            if identity(&rustix::fs::fstat(&at)?) != parent.identity {
                return Ok(());
            }
            waiting = parent.waiting;
        }
    }

    /// Counts what is directly in the directory; returns the directories in it.
    fn look(&mut self, dir: &OwnedFd, seen: &mut HashSet<(u64, u64)>) -> std::io::Result<Vec<CString>> {
        let device = rustix::fs::fstat(dir)?.st_dev;
        let mut below = Vec::new();
        let mut bytes = 0;
        for entry in Dir::read_from(dir)? {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let stat = match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                Err(Errno::NOENT) => continue,
                Err(errno) => return Err(errno.into()),
            };
            let is_directory = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
            if stat.st_dev != device || (!is_directory && stat.st_nlink > 1 && !seen.insert(identity(&stat)))
            {
                continue;
            }
            bytes += blocks(&stat);
            if is_directory {
                below.push(name.to_owned());
            }
        }
        self.add(bytes);
        Ok(below)
    }
}

fn open(parent: impl AsFd, name: &std::ffi::CStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::empty())
}

fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}

/// What the file takes, which for one with holes is less than its length.
fn blocks(stat: &Stat) -> u64 {
    u64::try_from(stat.st_blocks).unwrap_or(0) * 512
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::open_dir;

    fn measured(root: &std::path::Path) -> u64 {
        Meter::new(&mut |_| ()).tree(open_dir(root).unwrap(), "tree").unwrap()
    }

    #[test]
    fn links_are_not_followed_and_names_of_one_file_count_once() {
        let root = tempfile::tempdir().unwrap();
        let tree = root.path().join("tree");
        std::fs::create_dir_all(tree.join("a/b")).unwrap();
        std::fs::write(root.path().join("outside"), vec![1; 5_000_000]).unwrap();
        let empty = measured(root.path());
        std::fs::write(tree.join("a/b/file"), vec![1; 1_000_000]).unwrap();
        let with_file = measured(root.path());
        assert!((1_000_000..1_100_000).contains(&(with_file - empty)));
        std::fs::hard_link(tree.join("a/b/file"), tree.join("again")).unwrap();
        std::os::unix::fs::symlink("../outside", tree.join("link")).unwrap();
        std::os::unix::fs::symlink("..", tree.join("a/up")).unwrap();
        assert!(measured(root.path()) - with_file < 100_000);
    }

    #[test]
    fn a_tree_deeper_than_any_path_is_measured() {
        let root = tempfile::tempdir().unwrap();
        let parent = open_dir(root.path()).unwrap();
        rustix::fs::mkdirat(&parent, c"tree", Mode::RWXU).unwrap();
        let mut dir = open(&parent, c"tree").unwrap();
        for _ in 0..2000 {
            rustix::fs::mkdirat(&dir, c"aaaaaaaa", Mode::RWXU).unwrap();
            dir = open(&dir, c"aaaaaaaa").unwrap();
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&dir, c"file", flags, Mode::RUSR).unwrap();
        rustix::io::write(&file, &[1; 100_000]).unwrap();
        drop((file, dir));
        let mut told = 0;
        let bytes = Meter::new(&mut |sum| told = sum).tree(&parent, "tree").unwrap();
        assert!(bytes >= 100_000, "{bytes}");
        assert_eq!(told, bytes);
        crate::state::remove_tree(&parent, c"tree").unwrap();
    }

    #[test]
    fn what_is_not_there_takes_no_room() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(measured(root.path()), 0);
    }
}
