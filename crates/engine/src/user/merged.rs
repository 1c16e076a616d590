//! Reading and copying files of an image as its containers would see them, without mounting anything.
//!
//! Layers are walked component by component from owned descriptors; symbolic links are resolved here,
//! against the merged tree, and nothing outside the layers can be reached. Whiteouts and opaque
//! directories as in overlayfs (kernel documentation, filesystems/overlayfs.rst).

use std::collections::{HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path};

use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Stat, Timespec, Timestamps, Uid};
use rustix::io::Errno;

/// Most symbolic links in one lookup, as in the kernel.
const MAX_LINKS: usize = 40;
/// Most components in one lookup, links resolved.
const MAX_COMPONENTS: usize = 256;

/// The layers of one image, top first.
#[derive(Debug)]
pub(crate) struct MergedRoot {
    layers: Vec<OwnedFd>,
}

/// A directory of the merged tree: the same directory in those layers that show it, top first.
pub(crate) type MergedDir = Vec<OwnedFd>;

/// What a path leads to.
pub(crate) enum Found {
    Nothing,
    Directory(MergedDir),
    /// A regular file.
    File(OwnedFd),
}

/// What a name means in a merged directory.
enum Entry {
    Missing,
    Directory(MergedDir),
    Link(OsString),
    File(OwnedFd),
}

impl MergedRoot {
    /// Opens the layers' directories, top first.
    pub(crate) fn open(layers: impl IntoIterator<Item = impl AsRef<Path>>) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = |path: &Path| Ok(rustix::fs::open(path, flags, Mode::empty())?);
        let layers = layers.into_iter().map(|path| open(path.as_ref())).collect::<io::Result<_>>()?;
        Ok(Self { layers })
    }

    /// Reads a regular file of at most `limit` bytes; `None` if there is no such file.
    ///
    /// # Errors
    /// `EFBIG` for a larger one, `ELOOP` for too many links, and what the kernel says.
    pub(crate) fn read(&self, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let Found::File(file) = self.lookup(path)? else { return Ok(None) };
        let mut bytes = Vec::new();
        std::fs::File::from(file).take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit { Err(Errno::FBIG.into()) } else { Ok(Some(bytes)) }
    }

    /// Owner and mode of a directory; `None` if there is no such directory.
    ///
    /// # Errors
    /// `ELOOP` for too many links, and what the kernel says.
    pub(crate) fn directory(&self, path: &str) -> io::Result<Option<Stat>> {
        match self.lookup(path)? {
            Found::Directory(dir) => Ok(dir.first().map(rustix::fs::fstat).transpose()?),
            Found::File(_) | Found::Nothing => Ok(None),
        }
    }

    /// Copies what a directory holds into `target`, owners, modes and times included; nothing if there is
    /// no such directory. What is neither file, directory nor symbolic link is left out.
    ///
    /// # Errors
    /// `ELOOP` for a tree that is too deep, and what the kernel says.
    pub(crate) fn copy(&self, path: &str, target: &OwnedFd) -> io::Result<()> {
        match self.lookup(path)? {
            Found::Directory(dir) => copy_directory(&dir, target, 0),
            Found::File(_) | Found::Nothing => Ok(()),
        }
    }

    /// The directory of that path where no part of it is a link; empty where there is none.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn strictly(&self, path: &[u8]) -> io::Result<MergedDir> {
        let mut at = self.layers.iter().map(OwnedFd::try_clone).collect::<io::Result<MergedDir>>()?;
        for name in components(Path::new(std::ffi::OsStr::from_bytes(path))) {
            at = match entry(&at, &name)? {
                Entry::Directory(dir) => dir,
                _ => return Ok(MergedDir::new()),
            };
        }
        Ok(at)
    }

    /// Where a path leads, links resolved, as names below the root. What is not there keeps its name.
    ///
    /// # Errors
    /// `ELOOP` for too many links, and what the kernel says.
    pub(crate) fn landing(&self, path: &str) -> io::Result<Vec<u8>> {
        let mut way = Way::along(path);
        let mut behind: Vec<(OsString, MergedDir)> = Vec::new();
        while let Some(name) = way.next(&mut behind) {
            // Nothing is in what is not there.
            let at = behind.last().map_or(self.layers.as_slice(), |(_, at)| at.as_slice());
            match entry(at, &name)? {
                Entry::Directory(at) => behind.push((name, at)),
                Entry::Missing | Entry::File(_) => behind.push((name, MergedDir::new())),
                Entry::Link(target) => way.turn(&target, &mut behind),
            }
            way.check(&behind)?;
        }
        let names: Vec<&[u8]> = behind.iter().map(|(name, _)| name.as_bytes()).collect();
        Ok(names.join(&b'/'))
    }

    /// What a path leads to, links resolved.
    ///
    /// # Errors
    /// As [`Self::landing`].
    pub(crate) fn lookup(&self, path: &str) -> io::Result<Found> {
        let mut way = Way::along(path);
        let mut behind: Vec<MergedDir> = Vec::new();
        while let Some(name) = way.next(&mut behind) {
            match entry(behind.last().unwrap_or(&self.layers), &name)? {
                Entry::Missing => return Ok(Found::Nothing),
                Entry::Directory(dir) => behind.push(dir),
                Entry::File(file) if way.is_over() => return Ok(Found::File(file)),
                Entry::File(_) => return Ok(Found::Nothing),
                Entry::Link(target) => way.turn(&target, &mut behind),
            }
            way.check(&behind)?;
        }
        let root = || self.layers.iter().map(OwnedFd::try_clone).collect::<io::Result<MergedDir>>();
        behind.pop().map_or_else(root, Ok).map(Found::Directory)
    }
}

/// The names of a path that are still ahead, and the links that were followed.
struct Way {
    ahead: VecDeque<OsString>,
    links: usize,
}

impl Way {
    fn along(path: &str) -> Self {
        Self { ahead: components(Path::new(path)).collect(), links: 0 }
    }

    /// The next name; `..` goes back by itself.
    fn next<T>(&mut self, behind: &mut Vec<T>) -> Option<OsString> {
        loop {
            let name = self.ahead.pop_front()?;
            if name != ".." {
                return Some(name);
            }
            behind.pop();
        }
    }

    fn is_over(&self) -> bool {
        self.ahead.is_empty()
    }

    /// Goes where a link leads.
    fn turn<T>(&mut self, target: &OsStr, behind: &mut Vec<T>) {
        self.links += 1;
        let target = Path::new(target);
        if target.is_absolute() {
            behind.clear();
        }
        components(target).rev().for_each(|name| self.ahead.push_front(name));
    }

    fn check<T>(&self, behind: &[T]) -> io::Result<()> {
        if self.links > MAX_LINKS || self.ahead.len() + behind.len() > MAX_COMPONENTS {
            return Err(Errno::LOOP.into());
        }
        Ok(())
    }
}

/// Names and `..`, without `/` and `.`.
fn components(path: &Path) -> impl DoubleEndedIterator<Item = OsString> + '_ {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}

/// Looks one name up in all layers of a directory; the topmost layer that has it decides.
fn entry(dirs: &[OwnedFd], name: &OsString) -> io::Result<Entry> {
    let mut merged = MergedDir::new();
    for dir in dirs {
        let stat = match rustix::fs::statat(dir, name.as_bytes(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => continue,
            Err(errno) => return Err(errno.into()),
        };
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind != FileType::Directory {
            // Below a directory of a higher layer, or as a whiteout, it only ends the search.
            return if merged.is_empty() { leaf(dir, name, kind) } else { Ok(Entry::Directory(merged)) };
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let next = rustix::fs::openat(dir, name.as_bytes(), flags, Mode::empty())?;
        let opaque = is_opaque(&next);
        merged.push(next);
        if opaque {
            break;
        }
    }
    Ok(if merged.is_empty() { Entry::Missing } else { Entry::Directory(merged) })
}

fn leaf(dir: &OwnedFd, name: &OsString, kind: FileType) -> io::Result<Entry> {
    match kind {
        FileType::Symlink => {
            let target = rustix::fs::readlinkat(dir, name.as_bytes(), Vec::new())?;
            Ok(Entry::Link(OsString::from_vec(target.into_bytes())))
        }
        FileType::RegularFile => {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
            Ok(Entry::File(rustix::fs::openat(dir, name.as_bytes(), flags, Mode::empty())?))
        }
        // Whiteouts are character devices; whatever else it is has no content to read.
        _ => Ok(Entry::Missing),
    }
}

/// The topmost layer that has a name decides what it is; the others have it hidden.
fn copy_directory(merged: &[OwnedFd], target: &OwnedFd, depth: usize) -> io::Result<()> {
    if depth > MAX_COMPONENTS {
        return Err(Errno::LOOP.into());
    }
    let mut seen = HashSet::new();
    for dir in merged {
        for listed in rustix::fs::Dir::read_from(dir)? {
            let name = OsString::from_vec(listed?.file_name().to_bytes().to_vec());
            if name != "." && name != ".." && !seen.contains(&name) {
                copy_entry(merged, &name, target, depth)?;
                seen.insert(name);
            }
        }
    }
    Ok(())
}

fn copy_entry(merged: &[OwnedFd], name: &OsString, target: &OwnedFd, depth: usize) -> io::Result<()> {
    let bytes = name.as_bytes();
    match entry(merged, name)? {
        Entry::Missing => Ok(()),
        Entry::Link(to) => {
            rustix::fs::symlinkat(to.as_bytes(), target, bytes)?;
            let Some(stat) = first_stat(merged, bytes)? else { return Ok(()) };
            let (uid, gid) = (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid));
            Ok(rustix::fs::chownat(target, bytes, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?)
        }
        Entry::File(file) => {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let copy = rustix::fs::openat(target, bytes, flags, Mode::RWXU)?;
            let (from, mut to) = (std::fs::File::from(file), std::fs::File::from(copy));
            io::copy(&mut &from, &mut to)?;
            imitate(&rustix::fs::fstat(&from)?, &to.into())
        }
        Entry::Directory(dirs) => {
            rustix::fs::mkdirat(target, bytes, Mode::RWXU)?;
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let copy = rustix::fs::openat(target, bytes, flags, Mode::empty())?;
            copy_directory(&dirs, &copy, depth + 1)?;
            dirs.first().map_or(Ok(()), |top| imitate(&rustix::fs::fstat(top)?, &copy))
        }
    }
}

/// What the topmost layer says that has the name; `None` where that is a whiteout.
///
/// # Errors
/// What the kernel says.
pub(crate) fn visible(merged: &[OwnedFd], name: &[u8]) -> io::Result<Option<Stat>> {
    Ok(first_stat(merged, name)?.filter(|stat| !is_whiteout(stat)))
}

/// Every name of a merged directory that is visible.
///
/// # Errors
/// What the kernel says.
pub(crate) fn names(merged: &[OwnedFd]) -> io::Result<Vec<Vec<u8>>> {
    let mut names = std::collections::BTreeSet::new();
    for dir in merged {
        for listed in rustix::fs::Dir::read_from(dir)? {
            let name = listed?.file_name().to_bytes().to_vec();
            if name != b"." && name != b".." && visible(merged, &name)?.is_some() {
                names.insert(name);
            }
        }
    }
    Ok(names.into_iter().collect())
}

/// A character device with the number 0:0.
pub(crate) fn is_whiteout(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice && stat.st_rdev == 0
}

fn first_stat(merged: &[OwnedFd], name: &[u8]) -> io::Result<Option<Stat>> {
    for dir in merged {
        match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => {}
            other => return Ok(Some(other?)),
        }
    }
    Ok(None)
}

/// Owner before mode, because a change of owner takes set-id bits away.
fn imitate(stat: &Stat, copy: &OwnedFd) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid));
    rustix::fs::fchown(copy, Some(uid), Some(gid))?;
    rustix::fs::fchmod(copy, Mode::from_raw_mode(stat.st_mode))?;
    let time = |tv_sec, tv_nsec| Timespec { tv_sec, tv_nsec };
    let times = Timestamps {
        last_access: time(stat.st_atime, stat.st_atime_nsec as i64),
        last_modification: time(stat.st_mtime, stat.st_mtime_nsec as i64),
    };
    Ok(rustix::fs::futimens(copy, &times)?)
}

/// Whether a directory hides what lower layers have in it.
pub(crate) fn is_opaque(dir: &OwnedFd) -> bool {
    ["trusted.overlay.opaque", "user.overlay.opaque"].into_iter().any(|attribute| {
        let mut value = [0_u8; 1];
        rustix::fs::fgetxattr(dir, attribute, &mut value[..]) == Ok(1) && value == *b"y"
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use super::*;

    struct Layers(tempfile::TempDir);

    impl Layers {
        /// Files as `layer/path`; layer `0` is the top.
        fn new(files: &[(&str, &str)]) -> Self {
            let layers = Self(tempfile::tempdir().unwrap());
            for (path, content) in files {
                let path = layers.path(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, content).unwrap();
            }
            layers
        }

        fn path(&self, path: &str) -> PathBuf {
            self.0.path().join(path)
        }

        fn read(&self, count: usize, path: &str) -> Option<String> {
            let root = MergedRoot::open((0..count).map(|n| self.path(&n.to_string()))).unwrap();
            root.read(path, 100).unwrap().map(|bytes| String::from_utf8(bytes).unwrap())
        }
    }

    #[test]
    fn the_topmost_layer_that_has_a_file_decides() {
        let layers = Layers::new(&[("0/etc/group", "top"), ("1/etc/group", "low"), ("1/etc/passwd", "p")]);
        assert_eq!(layers.read(2, "/etc/group").as_deref(), Some("top"));
        assert_eq!(layers.read(2, "/etc/passwd").as_deref(), Some("p"));
        assert_eq!(layers.read(2, "/etc/shadow"), None);
    }

    #[test]
    fn links_are_followed_over_layers_and_never_out_of_them() {
        let layers = Layers::new(&[("0/x", ""), ("1/usr/lib/passwd", "found"), ("secret", "host")]);
        std::fs::create_dir(layers.path("0/etc")).unwrap();
        symlink("../../../usr/lib/passwd", layers.path("0/etc/passwd")).unwrap();
        symlink("../../secret", layers.path("0/etc/group")).unwrap();
        symlink(layers.path("secret"), layers.path("0/etc/shadow")).unwrap();
        assert_eq!(layers.read(2, "/etc/passwd").as_deref(), Some("found"));
        assert_eq!(layers.read(2, "/etc/group"), None);
        assert_eq!(layers.read(2, "/etc/shadow"), None);
    }

    #[test]
    fn a_path_lands_where_its_links_lead_and_what_is_not_there_keeps_its_name() {
        let layers = Layers::new(&[("0/run/x", ""), ("1/usr/lib/a", ""), ("0/file", "")]);
        std::fs::create_dir_all(layers.path("1/var")).unwrap();
        symlink("/run", layers.path("1/var/run")).unwrap();
        symlink("../../../usr/lib", layers.path("0/run/up")).unwrap();
        symlink("circle", layers.path("0/circle")).unwrap();
        let root = MergedRoot::open([layers.path("0"), layers.path("1")]).unwrap();
        for (path, landing) in [
            ("/var/run/secrets/t", "run/secrets/t"),
            ("/var/run/up/../x", "usr/x"),
            ("/none/../var/./run", "run"),
            ("/file/below", "file/below"),
            ("/../..", ""),
        ] {
            assert_eq!(root.landing(path).unwrap(), landing.as_bytes(), "{path}");
        }
        assert!(root.landing("/circle").is_err());
    }

    #[test]
    fn a_file_hides_the_directory_below_it_and_a_directory_the_file() {
        let layers =
            Layers::new(&[("0/etc", "file"), ("1/etc/passwd", "hidden"), ("0/d/a", "a"), ("1/d", "f")]);
        assert_eq!(layers.read(2, "/etc/passwd"), None);
        assert_eq!(layers.read(2, "/d/a").as_deref(), Some("a"));
    }

    #[test]
    fn links_in_circles_end() {
        let layers = Layers::new(&[("0/x", "")]);
        symlink("b", layers.path("0/a")).unwrap();
        symlink("a", layers.path("0/b")).unwrap();
        symlink("grow/grow/grow", layers.path("0/grow")).unwrap();
        let root = MergedRoot::open([layers.path("0")]).unwrap();
        for path in ["/a", "/grow"] {
            assert_eq!(root.read(path, 1).unwrap_err().raw_os_error(), Some(Errno::LOOP.raw_os_error()));
        }
    }

    #[test]
    fn a_file_beyond_the_limit_is_an_error() {
        let layers = Layers::new(&[("0/etc/passwd", &"x".repeat(101))]);
        let root = MergedRoot::open([layers.path("0")]).unwrap();
        assert!(root.read("/etc/passwd", 100).is_err());
    }

    #[test]
    fn privileged_whiteouts_and_opaque_directories_hide_what_is_below() {
        let layers = Layers::new(&[("0/o/x", ""), ("1/etc/passwd", "p"), ("1/o/passwd", "p")]);
        std::fs::create_dir(layers.path("0/etc")).unwrap();
        let whiteout = layers.path("0/etc/passwd");
        rustix::fs::mknodat(rustix::fs::CWD, &whiteout, FileType::CharacterDevice, Mode::empty(), 0).unwrap();
        let flags = rustix::fs::XattrFlags::empty();
        rustix::fs::setxattr(layers.path("0/o"), "trusted.overlay.opaque", b"y", flags).unwrap();
        assert_eq!(layers.read(2, "/etc/passwd"), None);
        assert_eq!(layers.read(2, "/o/passwd"), None);
    }

    #[test]
    fn privileged_a_copy_has_what_the_merged_directory_shows() {
        let files =
            [("0/d/new", "n"), ("1/d/old", "o"), ("1/d/gone", "g"), ("1/d/sub/deep", "d"), ("1/d/new", "x")];
        let layers = Layers::new(&files);
        let gone = layers.path("0/d/gone");
        rustix::fs::mknodat(rustix::fs::CWD, &gone, FileType::CharacterDevice, Mode::empty(), 0).unwrap();
        symlink("old", layers.path("1/d/link")).unwrap();
        std::os::unix::fs::chown(layers.path("1/d/old"), Some(100), Some(102)).unwrap();
        let target = layers.path("copy");
        std::fs::create_dir(&target).unwrap();
        let root = MergedRoot::open([layers.path("0"), layers.path("1")]).unwrap();
        root.copy("/d", &rustix::fs::open(&target, OFlags::RDONLY, Mode::empty()).unwrap()).unwrap();
        let read = |name: &str| std::fs::read_to_string(target.join(name)).unwrap();
        assert_eq!([read("new"), read("old"), read("link"), read("sub/deep")], ["n", "o", "o", "d"]);
        assert!(!target.join("gone").exists());
        assert_eq!(rustix::fs::stat(target.join("old")).unwrap().st_gid, 102);
    }
}
