//! Mount points: made where they are missing, below the root's own descriptor.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, mkdirat, openat, readlinkat_raw, unlinkat};
use rustix::io::Errno;

use super::lookup::open_below;
use crate::plan::{Author, InRoot, last_component};

/// What a mount point has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File,
}

/// Makes `path` as its author would have it: a link that leads nowhere makes way in a layer that is the
/// container's own, and is followed in the root that an engine has arranged.
pub(super) fn provide(root: &OwnedFd, path: &InRoot, kind: Kind, author: Author) -> Result<(), Errno> {
    match author {
        Author::Policy => ensure(root, path, kind),
        Author::Bundle => follow(root, path, kind),
    }
}

/// Makes the last component of `path` in its directory, to which no link leads, and opens it: for what
/// belongs on /dev and /sys, a few calls instead of many.
pub(super) fn make_in_place(root: &OwnedFd, path: &InRoot, kind: Kind) -> Result<OwnedFd, Errno> {
    let directory = path.prefixes().iter().rev().nth(1);
    let opened = directory.map(|directory| open_below(root, directory, ResolveFlags::NO_SYMLINKS));
    let opened = opened.transpose()?;
    let parent = opened.as_ref().unwrap_or(root);
    let name = last_component(path.relative());
    match kind {
        Kind::Directory => make_directory(parent, name)?,
        Kind::File => make_file(parent, name)?,
    }
    openat(parent, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

/// Makes `path`, and the directories that are missing on the way, unless something is there.
pub(super) fn ensure(root: &OwnedFd, path: &InRoot, kind: Kind) -> Result<(), Errno> {
    match open_below(root, path.relative(), ResolveFlags::empty()) {
        Err(Errno::NOENT) => {}
        other => return other.map(drop),
    }
    let Some((_, parents)) = path.prefixes().split_last() else { return Ok(()) };
    let mut holder: Option<OwnedFd> = None;
    for prefix in parents {
        let parent = holder.as_ref().unwrap_or(root);
        holder = Some(open_or_make(root, parent, prefix)?);
    }
    let parent = holder.as_ref().unwrap_or(root);
    make(parent, last_component(path.relative()), kind)
}

fn make(parent: &OwnedFd, name: &CStr, kind: Kind) -> Result<(), Errno> {
    match kind {
        Kind::Directory => make_directory(parent, name),
        Kind::File => match make_file(parent, name) {
            Err(Errno::EXIST) if is_link(parent, name) => {
                // In the container's own layer, not in the image's: /etc/resolv.conf of systemd
                // distributions leads into a /run that is empty.
                unlinkat(parent, name, AtFlags::empty())?;
                make_file(parent, name)
            }
            other => other,
        },
    }
}

fn make_directory(parent: &OwnedFd, name: &CStr) -> Result<(), Errno> {
    mkdirat(parent, name, Mode::from_raw_mode(0o755))
}

fn make_file(parent: &OwnedFd, name: &CStr) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(parent, name, flags, Mode::from_raw_mode(0o644)).map(drop)
}

fn is_link(parent: &OwnedFd, name: &CStr) -> bool {
    readlinkat_raw(parent, name, &mut [MaybeUninit::uninit(); 1]).is_ok()
}

fn open_or_make(root: &OwnedFd, parent: &OwnedFd, prefix: &CStr) -> Result<OwnedFd, Errno> {
    match open_below(root, prefix, ResolveFlags::empty()) {
        Err(Errno::NOENT) => {
            make_directory(parent, last_component(prefix))?;
            open_below(root, prefix, ResolveFlags::empty())
        }
        other => other,
    }
}

/// Most links that lead nowhere on one way, as many as the kernel follows.
const MAX_LINKS: usize = 40;

/// As [`ensure`], but where a link leads nowhere, what it leads to is made.
fn follow(root: &OwnedFd, path: &InRoot, kind: Kind) -> Result<(), Errno> {
    match open_below(root, path.relative(), ResolveFlags::empty()) {
        Err(Errno::NOENT) => {}
        other => return other.map(drop),
    }
    let mut way = Way::new(path.relative().to_bytes())?;
    for _ in 0..MAX_LINKS {
        if way.go(root, kind)? == Reached::End {
            return Ok(());
        }
    }
    Err(Errno::LOOP)
}

/// How far a way was gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    End,
    /// A link, and the way now leads where it does.
    Link,
}

/// A path below the root that is rewritten at each link that leads nowhere: PATH_MAX, and its terminator.
struct Way {
    bytes: [u8; Self::LONGEST + 1],
    length: usize,
}

impl Way {
    const LONGEST: usize = 4096;

    fn new(path: &[u8]) -> Result<Self, Errno> {
        let mut way = Self { bytes: [0; Self::LONGEST + 1], length: 0 };
        way.push(path)?;
        Ok(way)
    }

    fn push(&mut self, text: &[u8]) -> Result<(), Errno> {
        let end = self.length + text.len();
        let fits = end <= Self::LONGEST;
        let place = self.bytes.get_mut(self.length..end).filter(|_| fits).ok_or(Errno::NAMETOOLONG)?;
        place.copy_from_slice(text);
        self.length = end;
        Ok(())
    }

    fn text(&self, range: std::ops::Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    /// Where the component that begins at `start` ends.
    fn end(&self, start: usize) -> usize {
        let rest = self.text(start..self.length);
        start + rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len())
    }

    /// The text of `range`, as the kernel takes it. The byte behind it is a separator or the end.
    fn with<T>(
        &mut self,
        range: std::ops::Range<usize>,
        use_it: impl FnOnce(&CStr) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let end = range.end;
        let separator = std::mem::replace(self.bytes.get_mut(end).ok_or(Errno::NAMETOOLONG)?, 0);
        let text = self.bytes.get(range.start..=end).map(CStr::from_bytes_with_nul);
        let result = match text {
            Some(Ok(text)) => use_it(text),
            _ => Err(Errno::INVAL),
        };
        if let Some(byte) = self.bytes.get_mut(end) {
            *byte = separator;
        }
        result
    }

    /// Makes what is missing up to the first link that leads nowhere.
    fn go(&mut self, root: &OwnedFd, kind: Kind) -> Result<Reached, Errno> {
        let (mut start, mut holder) = (0, None::<OwnedFd>);
        while start < self.length {
            let end = self.end(start);
            if end > start {
                let parent = holder.as_ref().unwrap_or(root);
                match self.step(root, parent, start..end, kind)? {
                    Some(place) => holder = Some(place),
                    None => return Ok(Reached::Link),
                }
            }
            start = end + 1;
        }
        Ok(Reached::End)
    }

    /// Opens the component in `range`, whose parent is open already, or makes it; nothing if it is a link.
    fn step(
        &mut self,
        root: &OwnedFd,
        parent: &OwnedFd,
        range: std::ops::Range<usize>,
        kind: Kind,
    ) -> Result<Option<OwnedFd>, Errno> {
        let open = |path: &CStr| open_below(root, path, ResolveFlags::empty());
        match self.with(0..range.end, open) {
            Err(Errno::NOENT) => {}
            other => return other.map(Some),
        }
        if let Some(detour) = self.detour(parent, range.clone())? {
            *self = detour;
            return Ok(None);
        }
        let file = range.end == self.length && kind == Kind::File;
        let make = |name: &CStr| if file { make_file(parent, name) } else { make_directory(parent, name) };
        self.with(range.clone(), make)?;
        self.with(0..range.end, open).map(Some)
    }

    /// The way with the component in `range` replaced by what it links to, if it is a link.
    fn detour(&mut self, parent: &OwnedFd, range: std::ops::Range<usize>) -> Result<Option<Self>, Errno> {
        let mut buffer = [MaybeUninit::uninit(); Self::LONGEST];
        let read = self.with(range.clone(), |name| match readlinkat_raw(parent, name, &mut buffer) {
            Ok((target, _)) => Ok(Some(&*target)),
            Err(Errno::NOENT | Errno::INVAL) => Ok(None),
            Err(errno) => Err(errno),
        })?;
        let Some(target) = read else { return Ok(None) };
        let mut detour = Self::new(if target.starts_with(b"/") { b"" } else { self.text(0..range.start) })?;
        detour.push(target)?;
        detour.push(self.text(range.end..self.length))?;
        Ok(Some(detour))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;

    fn provided(root: &Path, path: &str, kind: Kind) -> Result<(), Errno> {
        let descriptor = std::fs::File::open(root).unwrap().into();
        provide(&descriptor, &InRoot::parse(path).unwrap(), kind, Author::Bundle)
    }

    #[test]
    fn links_that_lead_nowhere_are_followed_in_the_root() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("root");
        std::fs::create_dir_all(root.join("etc")).unwrap();
        std::fs::create_dir_all(root.join("var")).unwrap();
        symlink("/run", root.join("var/run")).unwrap();
        symlink("../../../run/systemd/stub", root.join("etc/resolv.conf")).unwrap();
        provided(&root, "/var/run/secrets/token", Kind::Directory).unwrap();
        assert!(root.join("run/secrets/token").is_dir());
        provided(&root, "/etc/resolv.conf", Kind::File).unwrap();
        assert!(root.join("run/systemd/stub").is_file());
        assert!(root.join("etc/resolv.conf").is_symlink());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn links_in_a_circle_and_endless_ways_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        symlink("b/x", directory.path().join("a")).unwrap();
        symlink("a/x", directory.path().join("b")).unwrap();
        symlink(format!("{}gone", "./".repeat(2000)), directory.path().join("long")).unwrap();
        symlink("long/".repeat(3) + "x", directory.path().join("longer")).unwrap();
        for path in ["/a/c", "/b"] {
            let refused = provided(directory.path(), path, Kind::Directory).unwrap_err();
            assert!([Errno::LOOP, Errno::NAMETOOLONG].contains(&refused), "{path}: {refused:?}");
        }
        assert!(provided(directory.path(), &format!("/long/{}", "y/".repeat(200)), Kind::Directory).is_err());
    }

    #[test]
    fn a_file_on_the_way_is_not_a_directory() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("file"), "").unwrap();
        assert_eq!(provided(directory.path(), "/file/x", Kind::Directory), Err(Errno::NOTDIR));
    }
}
