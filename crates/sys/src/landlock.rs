//! Landlock(7): three system calls. The `landlock` crate's restrict call allocates, so it cannot run
//! between clone and exec.

use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

use rustix::io::Errno;

use crate::raw::syscall;

/// Rights over files; the kernel's own bits (include/uapi/linux/landlock.h).
pub mod right {
    /// Execute a file.
    pub const EXECUTE: u64 = 1;
    /// Open a file for writing.
    pub const WRITE_FILE: u64 = 1 << 1;
    /// Open a file for reading.
    pub const READ_FILE: u64 = 1 << 2;
    /// List a directory.
    pub const READ_DIR: u64 = 1 << 3;
    /// Device ioctls (ABI 5).
    pub const IOCTL_DEV: u64 = 1 << 15;
    /// Truncate a file (ABI 3).
    pub const TRUNCATE: u64 = 1 << 14;
    /// Rights that make sense for a file rather than a directory.
    pub const OF_FILES: u64 = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;
}

/// What a process in the domain may not reach outside it (ABI 6).
pub mod scope {
    /// Abstract Unix sockets.
    pub const ABSTRACT_UNIX_SOCKET: u64 = 1;
    /// Signals.
    pub const SIGNAL: u64 = 1 << 1;
}

const CREATE_RULESET_VERSION: usize = 1;
const RULE_PATH_BENEATH: usize = 1;

#[repr(C)]
struct RulesetAttr {
    handled_access_fs: u64,
    handled_access_net: u64,
    scoped: u64,
}

#[repr(C, packed)]
struct PathBeneathAttr {
    allowed_access: u64,
    parent_fd: i32,
}

/// The kernel's Landlock ABI version; 0 where Landlock is not built in or not enabled.
#[must_use]
pub fn abi() -> u32 {
    let arguments = [0, 0, CREATE_RULESET_VERSION, 0, 0, 0];
    // SAFETY: with the version flag the kernel reads no memory.
    let answer = unsafe { syscall(libc::SYS_landlock_create_ruleset, arguments) };
    answer.map_or(0, |version| version as u32)
}

/// Every right over files that the given ABI version can handle.
#[must_use]
pub fn all_rights(abi: u32) -> u64 {
    let bits = match abi {
        0 => 0,
        1 => 13,
        2 => 14,
        3 | 4 => 15,
        _ => 16,
    };
    (1 << bits) - 1
}

/// Every scope that the given ABI version can handle.
#[must_use]
pub fn all_scopes(abi: u32) -> u64 {
    if abi >= 6 { scope::ABSTRACT_UNIX_SOCKET | scope::SIGNAL } else { 0 }
}

/// A set of rules under construction.
#[derive(Debug)]
pub struct Ruleset(OwnedFd);

impl Ruleset {
    /// A ruleset that denies `rights` and `scopes` wherever no rule allows them.
    ///
    /// # Errors
    /// landlock_create_ruleset(2).
    pub fn new(rights: u64, scopes: u64) -> Result<Self, Errno> {
        let attr = RulesetAttr { handled_access_fs: rights, handled_access_net: 0, scoped: scopes };
        // Kernels before ABI 4 and 6 know shorter structures, and take longer ones only if the rest is zero.
        let arguments = [(&raw const attr) as usize, size_of::<RulesetAttr>(), 0, 0, 0, 0];
        // SAFETY: `attr` is readable for the size given.
        let descriptor = unsafe { syscall(libc::SYS_landlock_create_ruleset, arguments)? };
        // SAFETY: the kernel made a fresh descriptor, which nobody else owns.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(descriptor as i32) }))
    }

    /// Allows `rights` on `path` and everything beneath it.
    ///
    /// # Errors
    /// landlock_add_rule(2): `EINVAL` if a right does not fit the kind of file.
    pub fn allow(&self, path: BorrowedFd<'_>, rights: u64) -> Result<(), Errno> {
        let attr = PathBeneathAttr { allowed_access: rights, parent_fd: path.as_raw_fd() };
        let ruleset = self.0.as_raw_fd() as usize;
        let arguments = [ruleset, RULE_PATH_BENEATH, (&raw const attr) as usize, 0, 0, 0];
        // SAFETY: `attr` is a landlock_path_beneath_attr, read by the kernel during the call.
        unsafe { syscall(libc::SYS_landlock_add_rule, arguments) }.map(drop)
    }

    /// Restricts the calling thread and all it will ever execute. Needs no_new_privs.
    ///
    /// # Errors
    /// landlock_restrict_self(2).
    pub fn restrict_self(self) -> Result<(), Errno> {
        let ruleset = self.0.as_raw_fd() as usize;
        // SAFETY: no memory is passed.
        unsafe { syscall(libc::SYS_landlock_restrict_self, [ruleset, 0, 0, 0, 0, 0]) }.map(drop)
    }
}
