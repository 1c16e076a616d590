//! Owners, modes, times and extended attributes.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{
    AtFlags, Gid, Mode, Timespec, Timestamps, Uid, XattrFlags, chownat, fchmod, fchown, fsetxattr, futimens,
};
use rustix::io::{Errno, Result};

use crate::archive::{Entry, Mtime};

/// With whose rights layers are unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The host's root: every owner is given as the archive says.
    Root,
    /// Root of a user namespace with a range of ids.
    UserNamespace,
    /// One user and nobody else: every owner becomes that user, which is noted.
    SingleUser,
}

impl Owner {
    /// Overlayfs reads `trusted.` attributes in the initial namespace and `user.` ones (option `userxattr`) elsewhere.
    pub(crate) fn opaque_attribute(self) -> &'static str {
        match self {
            Self::Root => "trusted.overlay.opaque",
            Self::UserNamespace | Self::SingleUser => "user.overlay.opaque",
        }
    }
}

/// What an entry carries besides its content.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meta {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mode: u32,
    pub(crate) mtime: Mtime,
    pub(crate) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Meta {
    /// A directory that no entry describes.
    pub(crate) fn implied() -> Self {
        Self { mode: 0o755, ..Self::default() }
    }

    /// Takes the metadata of an entry, and of its attributes those that are safe to keep.
    pub(crate) fn of(entry: &Entry) -> Self {
        let kept = |(name, _): &&(Vec<u8>, Vec<u8>)| is_kept(name);
        Self {
            uid: entry.uid,
            gid: entry.gid,
            mode: entry.mode,
            mtime: entry.mtime,
            xattrs: entry.xattrs.iter().filter(kept).cloned().collect(),
        }
    }

    pub(crate) fn has_capability(&self) -> bool {
        self.xattrs.iter().any(|(name, _)| name == b"security.capability")
    }
}

/// `user.overlay.` would let an archive speak to overlayfs: redirects, metacopy, opaque marks.
pub(crate) fn is_kept(name: &[u8]) -> bool {
    name == b"security.capability" || (name.starts_with(b"user.") && !name.starts_with(b"user.overlay."))
}

/// Applies metadata, and remembers whether an owner had to be flattened.
pub(crate) struct Applier {
    pub(crate) owner: Owner,
    /// What a new file has without being told.
    own: (u32, u32),
    pub(crate) flattened: bool,
}

impl Applier {
    pub(crate) fn new(owner: Owner) -> Self {
        let own = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        Self { owner, own, flattened: false }
    }

    /// The next file has these owners already.
    pub(crate) fn already(&mut self, own: (u32, u32)) {
        self.own = own;
    }

    /// Owner first: changing it clears the set-id bits and the capabilities. Times last.
    pub(crate) fn apply(&mut self, file: &OwnedFd, meta: &Meta) -> Result<()> {
        if let Some((uid, gid)) = self.owners(meta) {
            fchown(file, uid, gid).map_err(unmapped)?;
        }
        fchmod(file, Mode::from_raw_mode(meta.mode))?;
        for (name, value) in &meta.xattrs {
            self.attribute(file, name, value)?;
        }
        futimens(file, &times(meta.mtime))
    }

    /// For what cannot be opened: links and fifos.
    pub(crate) fn apply_at(&mut self, parent: impl AsFd, name: &[u8], meta: &Meta) -> Result<()> {
        if let Some((uid, gid)) = self.owners(meta) {
            chownat(&parent, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW).map_err(unmapped)?;
        }
        rustix::fs::utimensat(&parent, name, &times(meta.mtime), AtFlags::SYMLINK_NOFOLLOW)
    }

    fn owners(&mut self, meta: &Meta) -> Option<(Option<Uid>, Option<Gid>)> {
        if self.owner == Owner::SingleUser {
            self.flattened |= (meta.uid, meta.gid) != (0, 0);
            return None;
        }
        let ids = (Some(Uid::from_raw(meta.uid)), Some(Gid::from_raw(meta.gid)));
        ((meta.uid, meta.gid) != self.own).then_some(ids)
    }

    fn attribute(&mut self, file: &OwnedFd, name: &[u8], value: &[u8]) -> Result<()> {
        match fsetxattr(file, name, value, XattrFlags::empty()) {
            // Not every file system has user attributes, and nothing in use depends on them.
            Err(Errno::OPNOTSUPP) if name.starts_with(b"user.") => Ok(()),
            // One user cannot hand out capabilities; the program runs without them, as its owner does.
            Err(Errno::PERM) if self.owner == Owner::SingleUser => {
                self.flattened = true;
                Ok(())
            }
            result => result,
        }
    }
}

/// chown(2) says EINVAL for an id that the user namespace does not map; others say EOVERFLOW, which is clearer.
fn unmapped(error: Errno) -> Errno {
    if error == Errno::INVAL { Errno::OVERFLOW } else { error }
}

pub(crate) fn times(mtime: Mtime) -> Timestamps {
    let time = Timespec { tv_sec: mtime.seconds, tv_nsec: mtime.nanoseconds.into() };
    Timestamps { last_access: time, last_modification: time }
}
