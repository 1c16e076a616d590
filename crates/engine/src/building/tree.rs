//! A file tree that files are taken from, or that they go onto: one directory of the host, or the layers of a root
//! as a container would see them (kernel documentation, filesystems/overlayfs.rst).
//!
//! Every name is looked up from an owned descriptor and no link is followed by the kernel; links are resolved here,
//! against the tree, so that nothing leads out of it, whatever changes meanwhile.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;

use crate::user::{is_opaque, is_whiteout};

/// Most symbolic links in one lookup, as in the kernel.
const MAX_LINKS: usize = 40;
/// Most components in one lookup, links resolved.
const MAX_COMPONENTS: usize = 512;

/// The layers of a tree, top first.
#[derive(Debug)]
pub(super) struct Tree {
    layers: Vec<OwnedFd>,
    pub(super) whose: Whose,
    /// The directory that was looked into last, because the next lookup is mostly in it too.
    last: RefCell<Option<(Vec<u8>, Option<Folder>)>>,
}

/// Whose files they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The person's who builds: owners mean nothing elsewhere, and names hide nothing.
    Context,
    /// An image's.
    Image,
}

/// One directory, in those layers that show it, top first.
pub(super) type Folder = std::rc::Rc<Vec<Level>>;

/// A directory of one layer.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) layer: usize,
    pub(super) directory: OwnedFd,
}

/// What a name stands for.
#[derive(Debug)]
pub(super) struct Found {
    /// The layer that decides, from the top.
    pub(super) layer: usize,
    pub(super) stat: Stat,
}

impl Found {
    pub(super) fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.stat.st_mode)
    }
}

/// What a lookup needs to know of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    Nothing,
    Directory,
    Link(Vec<u8>),
    Other,
}

impl Tree {
    /// One directory.
    pub(super) fn of(directory: OwnedFd) -> Self {
        Self { layers: vec![directory], whose: Whose::Context, last: RefCell::default() }
    }

    /// Opens the layers' directories, top first.
    pub(super) fn open(layers: impl IntoIterator<Item = impl AsRef<Path>>) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = |path: &Path| Ok(rustix::fs::open(path, flags, Mode::empty())?);
        let layers = layers.into_iter().map(|path| open(path.as_ref())).collect::<io::Result<_>>()?;
        Ok(Self { layers, whose: Whose::Image, last: RefCell::default() })
    }

    /// The same tree for somebody else.
    pub(super) fn again(&self) -> io::Result<Self> {
        let layers = self.layers.iter().map(OwnedFd::try_clone).collect::<io::Result<_>>()?;
        Ok(Self { layers, whose: self.whose, last: RefCell::default() })
    }

    /// The layers' directories, top first.
    pub(super) fn layers(&self) -> &[OwnedFd] {
        &self.layers
    }

    /// The directory of that path where no part of it is a link.
    pub(super) fn folder(&self, path: &[u8]) -> io::Result<Option<Folder>> {
        if let Some((last, folder)) = &*self.last.borrow()
            && last == path
        {
            return Ok(folder.clone());
        }
        let mut at = Some(self.top()?);
        for name in components(path) {
            let Some(above) = at else { break };
            at = self.within(&above, name)?;
        }
        *self.last.borrow_mut() = Some((path.to_owned(), at.clone()));
        Ok(at)
    }

    /// The directory of that name in another one.
    pub(super) fn within(&self, above: &Folder, name: &[u8]) -> io::Result<Option<Folder>> {
        let mut levels = Vec::new();
        for level in above.iter() {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let directory = match rustix::fs::openat(&level.directory, name, flags, Mode::empty()) {
                Ok(directory) => directory,
                Err(Errno::NOENT) => continue,
                // A file, a link or a whiteout ends the search.
                Err(Errno::NOTDIR | Errno::LOOP) => break,
                Err(errno) => return Err(errno.into()),
            };
            let is_last = self.whose == Whose::Context || is_opaque(&directory);
            levels.push(Level { layer: level.layer, directory });
            if is_last {
                break;
            }
        }
        Ok((!levels.is_empty()).then(|| levels.into()))
    }

    /// What a path stands for where no part of it but the last is a link.
    pub(super) fn find(&self, path: &[u8]) -> io::Result<Option<Found>> {
        let Some((parent, name)) = split(path) else {
            let top = self.layers.first().map(rustix::fs::fstat).transpose()?;
            return Ok(top.map(|stat| Found { layer: 0, stat }));
        };
        let Some(folder) = self.folder(parent)? else { return Ok(None) };
        for level in folder.iter() {
            if let Some(stat) = stat(&level.directory, name)? {
                return Ok((!self.hides(&stat)).then_some(Found { layer: level.layer, stat }));
            }
        }
        Ok(None)
    }

    /// The same for a lookup.
    pub(super) fn look(&self, path: &[u8]) -> io::Result<Seen> {
        let Some(found) = self.find(path)? else { return Ok(Seen::Nothing) };
        Ok(match found.kind() {
            FileType::Directory => Seen::Directory,
            FileType::Symlink => Seen::Link(self.target(&found, path)?),
            _ => Seen::Other,
        })
    }

    /// Everything that a directory shows, by name.
    pub(super) fn list(&self, folder: &Folder) -> io::Result<BTreeMap<Vec<u8>, Found>> {
        let mut names: BTreeMap<Vec<u8>, Option<Found>> = BTreeMap::new();
        for level in folder.iter() {
            for listed in Dir::read_from(&level.directory)? {
                let listed = listed?;
                let name = listed.file_name().to_bytes();
                if matches!(name, b"." | b"..") || names.contains_key(name) {
                    continue;
                }
                // What has gone since it was listed is not there.
                if let Some(stat) = stat(&level.directory, name)? {
                    let found = (!self.hides(&stat)).then_some(Found { layer: level.layer, stat });
                    names.insert(name.to_owned(), found);
                }
            }
        }
        Ok(names.into_iter().filter_map(|(name, found)| Some((name, found?))).collect())
    }

    /// Where a link leads.
    pub(super) fn target(&self, found: &Found, path: &[u8]) -> io::Result<Vec<u8>> {
        let link = open_in(&self.layers, found.layer, path, OFlags::PATH)?;
        Ok(rustix::fs::readlinkat(link, "", Vec::new())?.into_bytes())
    }

    fn hides(&self, stat: &Stat) -> bool {
        self.whose == Whose::Image && is_whiteout(stat)
    }

    fn top(&self) -> io::Result<Folder> {
        let level = |(layer, directory): (usize, &OwnedFd)| {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            // A descriptor of its own, so that two who list it do not share a position.
            Ok(Level { layer, directory: rustix::fs::openat(directory, ".", flags, Mode::empty())? })
        };
        Ok(self.layers.iter().enumerate().map(level).collect::<io::Result<Vec<_>>>()?.into())
    }
}

/// Opens something of one layer, and no link.
pub(super) fn open_in(layers: &[OwnedFd], layer: usize, path: &[u8], flags: OFlags) -> io::Result<OwnedFd> {
    let top = layers.get(layer).ok_or(Errno::NOENT)?;
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let path = if path.is_empty() { b"." } else { path };
    Ok(rustix::fs::openat2(top, path, flags, Mode::empty(), INSIDE)?)
}

/// Neither upwards nor through links of any kind.
const INSIDE: ResolveFlags =
    ResolveFlags::BENEATH.union(ResolveFlags::NO_SYMLINKS).union(ResolveFlags::NO_MAGICLINKS);

fn stat(directory: &OwnedFd, name: &[u8]) -> io::Result<Option<Stat>> {
    match rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

/// Where a path leads in a tree that `look` knows: a path without links, `.` and `..`. What is not there has no links
/// either.
///
/// # Errors
/// `ELOOP` for too many links, `ENAMETOOLONG` for too long a path, and what `look` says.
pub(super) fn resolve(path: &[u8], mut look: impl FnMut(&[u8]) -> io::Result<Seen>) -> io::Result<Vec<u8>> {
    let mut ahead: VecDeque<Vec<u8>> = components(path).map(<[u8]>::to_vec).collect();
    let mut at: Vec<u8> = Vec::new();
    let (mut links, mut steps) = (0, 0);
    while let Some(name) = ahead.pop_front() {
        steps += 1;
        if steps > MAX_COMPONENTS || ahead.len() > MAX_COMPONENTS {
            return Err(Errno::NAMETOOLONG.into());
        }
        if name == b".." {
            at.truncate(split(&at).map_or(0, |(parent, _)| parent.len()));
            continue;
        }
        let next = join(&at, &name);
        match look(&next)? {
            Seen::Link(target) => {
                links += 1;
                if links > MAX_LINKS {
                    return Err(Errno::LOOP.into());
                }
                if target.first() == Some(&b'/') {
                    at.clear();
                }
                let target: Vec<_> = components(&target).map(<[u8]>::to_vec).collect();
                target.into_iter().rev().for_each(|name| ahead.push_front(name));
            }
            _ => at = next,
        }
    }
    Ok(at)
}

/// Names and `..`, without `/` and `.`.
pub(super) fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/').filter(|name| !name.is_empty() && *name != b".")
}

/// Parent and name of a relative path; `None` for the empty one.
pub(super) fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if path.is_empty() {
        return None;
    }
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => Some((path.get(..slash)?, path.get(slash + 1..)?)),
        None => Some((b"", path)),
    }
}

/// One level down.
pub(super) fn join(path: &[u8], name: &[u8]) -> Vec<u8> {
    match (path.is_empty(), name.is_empty()) {
        (true, _) => name.to_owned(),
        (_, true) => path.to_owned(),
        _ => [path, b"/", name].concat(),
    }
}

/// A path without `.`, empty parts and `..`, of which those at the top lead nowhere.
pub(super) fn clean(path: &[u8]) -> Vec<u8> {
    let mut clean: Vec<&[u8]> = Vec::new();
    for name in components(path) {
        if name == b".." {
            let _nothing_above_the_top = clean.pop();
        } else {
            clean.push(name);
        }
    }
    clean.join(&b'/')
}
