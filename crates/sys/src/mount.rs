//! mount_setattr(2), which `rustix` lacks; the rest of the new mount API is used from there.

use std::os::fd::{AsRawFd as _, BorrowedFd};

use rustix::io::Errno;

use crate::raw::syscall;

/// Attributes of a mount; the kernel's own bits.
pub mod attr {
    /// Read-only.
    pub const RDONLY: u64 = libc::MOUNT_ATTR_RDONLY;
    /// Set-user-id bits and file capabilities are ignored.
    pub const NOSUID: u64 = libc::MOUNT_ATTR_NOSUID;
    /// Device nodes cannot be opened.
    pub const NODEV: u64 = libc::MOUNT_ATTR_NODEV;
    /// Nothing can be executed or mapped executable.
    pub const NOEXEC: u64 = libc::MOUNT_ATTR_NOEXEC;
    /// Access times are kept (the field's default is relatime).
    pub const NOATIME: u64 = libc::MOUNT_ATTR_NOATIME;
    /// The field of access-time modes.
    pub const ATIME_FIELD: u64 = libc::MOUNT_ATTR__ATIME;
    /// Access times are kept once a day, the kernel's default.
    pub const RELATIME: u64 = libc::MOUNT_ATTR_RELATIME;
    /// Every access updates the time.
    pub const STRICTATIME: u64 = libc::MOUNT_ATTR_STRICTATIME;
    /// Directory access times are not kept.
    pub const NODIRATIME: u64 = libc::MOUNT_ATTR_NODIRATIME;
    /// Symbolic links are not followed (Linux 5.14).
    pub const NOSYMFOLLOW: u64 = libc::MOUNT_ATTR_NOSYMFOLLOW;
    /// Ids are mapped through a user namespace (Linux 5.12).
    pub(super) const IDMAP: u64 = libc::MOUNT_ATTR_IDMAP;
}

/// Flags of mount(2) for a whole filesystem that fsconfig(2) has no names for; the kernel's own bits.
pub mod old {
    /// Nothing about the filesystem's contents is logged.
    pub const SILENT: u32 = libc::MS_SILENT as u32;
    /// Access control lists are kept.
    pub const POSIXACL: u32 = libc::MS_POSIXACL as u32;
    /// Each change of a file is counted.
    pub const I_VERSION: u32 = libc::MS_I_VERSION as u32;
}

/// How events of a mount travel; the kernel's own bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Propagation {
    /// Left as it is.
    Unchanged,
    /// Neither in nor out.
    Private,
    /// In, not out.
    Slave,
    /// In and out.
    Shared,
    /// Neither in nor out, and never bound elsewhere.
    Unbindable,
}

impl Propagation {
    fn bits(self) -> u64 {
        match self {
            Self::Unchanged => 0,
            Self::Private => libc::MS_PRIVATE,
            Self::Slave => libc::MS_SLAVE,
            Self::Shared => libc::MS_SHARED,
            Self::Unbindable => libc::MS_UNBINDABLE,
        }
    }
}

/// Whether a change covers the mounts below as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// This mount only.
    Single,
    /// And everything mounted below.
    Recursive,
}

/// What [`set_attributes`] changes.
#[derive(Debug, Clone, Copy)]
pub struct Change<'fd> {
    /// Bits of [`attr`] to set.
    pub set: u64,
    /// Bits of [`attr`] to clear.
    pub clear: u64,
    /// New propagation.
    pub propagation: Propagation,
    /// A user namespace whose maps translate the owners of files.
    pub idmap: Option<BorrowedFd<'fd>>,
}

impl Default for Change<'_> {
    fn default() -> Self {
        Self { set: 0, clear: 0, propagation: Propagation::Unchanged, idmap: None }
    }
}

/// Changes attributes of the mount that `mount` refers to.
///
/// # Errors
/// mount_setattr(2): `EPERM` (locked or not ours), `EINVAL` (the filesystem has no idmapped mounts).
pub fn set_attributes(mount: BorrowedFd<'_>, depth: Depth, change: Change<'_>) -> Result<(), Errno> {
    let arguments = libc::mount_attr {
        attr_set: change.set | if change.idmap.is_some() { attr::IDMAP } else { 0 },
        attr_clr: change.clear,
        propagation: change.propagation.bits(),
        userns_fd: change.idmap.map_or(0, |fd| fd.as_raw_fd() as u64),
    };
    let recursive = if depth == Depth::Recursive { libc::AT_RECURSIVE } else { 0 };
    let flags = libc::AT_EMPTY_PATH | recursive;
    // SAFETY: the path is an empty C string, `arguments` a mount_attr of the size given; both outlive the call.
    unsafe {
        syscall(
            libc::SYS_mount_setattr,
            [
                mount.as_raw_fd() as usize,
                c"".as_ptr() as usize,
                flags as usize,
                (&raw const arguments) as usize,
                size_of::<libc::mount_attr>(),
                0,
            ],
        )
    }
    .map(drop)
}
