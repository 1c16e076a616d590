//! Removing what a container wrote: trees that a stranger built to be hard to remove.
//!
//! No recursion and a constant number of descriptors: a directory that is not empty is first moved to
//! the top, next to the tree, so that a tree of any depth becomes a queue. Nothing is followed.

use std::collections::VecDeque;
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, Mode, OFlags};
use rustix::io::Errno;

/// How names begin that are on their way out; the container's id follows.
pub(crate) const REMOVING: &str = ".removing-";

/// Removes `name` of the directory `parent` and everything below; what is gone already is no error.
///
/// # Errors
/// The first refusal of the kernel; calling again continues.
pub(crate) fn remove(parent: impl AsFd, name: &CStr) -> io::Result<()> {
    let parent = parent.as_fd();
    match rustix::fs::unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(errno) => return Err(errno.into()),
    }
    let mut queue = Queue { parent, waiting: VecDeque::from([name.to_owned()]), root: name, moved: 0 };
    while let Some(next) = queue.waiting.pop_front() {
        queue.empty(&next)?;
        gone(rustix::fs::unlinkat(parent, &next, AtFlags::REMOVEDIR))?;
    }
    Ok(())
}

struct Queue<'a> {
    parent: BorrowedFd<'a>,
    waiting: VecDeque<CString>,
    root: &'a CStr,
    moved: u64,
}

impl Queue<'_> {
    /// Removes everything in the directory, moving directories that are not empty to the queue.
    fn empty(&mut self, name: &CStr) -> io::Result<()> {
        let Some(dir) = open(self.parent, name)? else { return Ok(()) };
        for entry in Dir::read_from(&dir)? {
            let entry = entry?;
            if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                self.take(&dir, entry.file_name())?;
            }
        }
        Ok(())
    }

    fn take(&mut self, dir: &OwnedFd, name: &CStr) -> io::Result<()> {
        match rustix::fs::unlinkat(dir, name, AtFlags::empty()) {
            Err(Errno::ISDIR | Errno::PERM) => {}
            done => return gone(done),
        }
        match rustix::fs::unlinkat(dir, name, AtFlags::REMOVEDIR) {
            Err(Errno::NOTEMPTY | Errno::EXIST) => self.move_up(dir, name),
            done => gone(done),
        }
    }

    fn move_up(&mut self, dir: &OwnedFd, name: &CStr) -> io::Result<()> {
        loop {
            let root = self.root.to_string_lossy();
            let owner = root.strip_prefix(REMOVING).unwrap_or(&root);
            let aside = CString::new(format!("{REMOVING}{owner}-{}", self.moved))?;
            self.moved += 1;
            let flags = rustix::fs::RenameFlags::NOREPLACE;
            match rustix::fs::renameat_with(dir, name, self.parent, &aside, flags) {
                // A leftover of a removal that was killed: it goes the same way.
                Err(Errno::EXIST) => self.waiting.push_back(aside),
                Ok(()) => {
                    self.waiting.push_back(aside);
                    return Ok(());
                }
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

/// Opens a directory whatever its mode; the container may have taken the owner's bits away.
fn open(parent: BorrowedFd<'_>, name: &CStr) -> io::Result<Option<OwnedFd>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    match rustix::fs::openat(parent, name, flags, Mode::empty()) {
        Ok(dir) => Ok(Some(dir)),
        Err(Errno::NOENT) => Ok(None),
        Err(Errno::ACCESS) => {
            rustix::fs::chmodat(parent, name, Mode::RWXU, AtFlags::empty())?;
            Ok(Some(rustix::fs::openat(parent, name, flags, Mode::empty())?))
        }
        Err(errno) => Err(errno.into()),
    }
}

fn gone(done: rustix::io::Result<()>) -> io::Result<()> {
    match done {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::files::open_dir;

    #[test]
    fn a_tree_deeper_than_any_path_is_removed() {
        let root = tempfile::tempdir().unwrap();
        let parent = open_dir(root.path()).unwrap();
        rustix::fs::mkdirat(&parent, c"tree", Mode::RWXU).unwrap();
        let mut dir = open(parent.as_fd(), c"tree").unwrap().unwrap();
        for _ in 0..2000 {
            rustix::fs::mkdirat(&dir, c"aaaaaaaa", Mode::RWXU).unwrap();
            dir = open(dir.as_fd(), c"aaaaaaaa").unwrap().unwrap();
        }
        remove(&parent, c"tree").unwrap();
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn links_are_removed_and_not_followed() {
        let root = tempfile::tempdir().unwrap();
        let tree = root.path().join("tree");
        std::fs::create_dir_all(tree.join("a/b")).unwrap();
        std::fs::write(root.path().join("kept"), "x").unwrap();
        std::os::unix::fs::symlink("../kept", tree.join("file")).unwrap();
        std::os::unix::fs::symlink("../..", tree.join("a/dir")).unwrap();
        remove(open_dir(root.path()).unwrap(), c"tree").unwrap();
        assert_eq!(std::fs::read(root.path().join("kept")).unwrap(), b"x");
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_not_there_is_removed_already() {
        let root = tempfile::tempdir().unwrap();
        remove(open_dir(root.path()).unwrap(), c"tree").unwrap();
    }

    #[test]
    fn leftovers_of_a_killed_removal_go_the_same_way() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join(".removing-tree-0/x")).unwrap();
        std::fs::create_dir_all(root.path().join("tree/a/b")).unwrap();
        remove(open_dir(root.path()).unwrap(), c"tree").unwrap();
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
