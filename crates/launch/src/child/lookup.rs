//! Finding what a path of the container means: always below a descriptor of its root.

use std::ffi::CStr;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags, ResolveFlags, fstatfs, openat2};
use rustix::io::Errno;

use crate::plan::InRoot;

/// Finds `path` below `root`, where symbolic links cannot lead out.
pub(super) fn open_below(root: &OwnedFd, path: &CStr, links: ResolveFlags) -> Result<OwnedFd, Errno> {
    open_in_root(root, path, OFlags::PATH, links)
}

/// How often a lookup is tried: the kernel gives one up that followed `..` (as many links of images do)
/// while anything on this host was renamed or mounted, since it cannot tell whether the way led out
/// (openat2(2), `EAGAIN`).
const ATTEMPTS: usize = 1000;

/// Opens `path` below `root`, where symbolic links cannot lead out.
pub(super) fn open_in_root(
    root: &OwnedFd,
    path: &CStr,
    flags: OFlags,
    links: ResolveFlags,
) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS | links;
    let open = || openat2(root, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve);
    let mut attempts = (1..ATTEMPTS).map(|_| open());
    attempts.find(|opened| !matches!(opened, Err(Errno::AGAIN))).unwrap_or_else(open)
}

/// Opens a place to mount on. What lies below /proc, /sys and /dev is ours: a symbolic link there is an
/// attack (CVE-2019-19921, CVE-2025-31133), and so is one from elsewhere into a procfs (CVE-2019-16884).
pub(super) fn open_point(root: &OwnedFd, target: &InRoot) -> Result<OwnedFd, Errno> {
    if target.is_system() {
        return open_below(root, target.relative(), ResolveFlags::NO_SYMLINKS);
    }
    let point = open_below(root, target.relative(), ResolveFlags::empty())?;
    if is_procfs(&point)? { Err(Errno::LOOP) } else { Ok(point) }
}

/// Whether it lies on a procfs (PROC_SUPER_MAGIC, linux/magic.h).
pub(super) fn is_procfs(place: &OwnedFd) -> Result<bool, Errno> {
    Ok(fstatfs(place)?.f_type as u64 == 0x9fa0)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_link_upwards_is_followed_while_others_rename() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        std::fs::create_dir_all(path("a/b")).unwrap();
        std::fs::write(path("target"), "").unwrap();
        std::os::unix::fs::symlink("../../../../../target", path("a/b/link")).unwrap();
        let root = std::fs::File::open(directory.path()).unwrap().into();
        let (one, other, done) = (path("one"), path("other"), AtomicBool::new(false));
        std::fs::write(&one, "").unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    std::fs::rename(&one, &other).unwrap();
                    std::fs::rename(&other, &one).unwrap();
                }
            });
            let mut lookups =
                (0..20_000).map(|_| open_below(&root, c"a/b/link", ResolveFlags::empty()).map(drop));
            let failed = lookups.find(Result::is_err);
            done.store(true, Ordering::Relaxed);
            assert_eq!(failed, None);
        });
    }
}
