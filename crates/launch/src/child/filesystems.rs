//! New filesystems. What does not depend on the root is made while the parent still prepares it.

use std::ffi::{CStr, CString};
use std::io::Write as _;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags, XattrFlags, fsetxattr, fstatfs, openat};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, FsPickFlags, MountAttrFlags, MountFlags, OpenTreeFlags, fsconfig_create,
    fsconfig_reconfigure, fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, fspick, mount, open_tree,
};
use sys::mount::attr;

use crate::channel::Fault;
use crate::plan::{Filesystem, Nodes, Plan, PlannedMount, ReadOnly, Source};
use crate::step::Step;

/// What every procfs that we make has.
pub(super) const PROC_ATTRIBUTES: u64 = attr::NOSUID | attr::NODEV | attr::NOEXEC;

/// PROC_SUPER_MAGIC (linux/magic.h).
const PROC_MAGIC: u64 = 0x9fa0;

/// A procfs that nobody else can reach. It is a new one of the container's pid namespace, except where that
/// is not ours to mount and nobody asks to see it: then it is a clone of the host's, which is still there.
pub(super) fn private_proc(plan: &Plan) -> Result<OwnedFd, Errno> {
    match simple(c"proc", &[(c"source", c"proc")], PROC_ATTRIBUTES) {
        Err(Errno::PERM) if !plan.mounts.iter().any(PlannedMount::is_own_proc) => {
            let flags = OpenTreeFlags::OPEN_TREE_CLONE
                | OpenTreeFlags::OPEN_TREE_CLOEXEC
                | OpenTreeFlags::AT_RECURSIVE;
            let clone = open_tree(CWD, c"/proc", flags)?;
            if fstatfs(&clone)?.f_type as u64 == PROC_MAGIC { Ok(clone) } else { Err(Errno::PERM) }
        }
        other => other,
    }
}

fn mounted(context: BorrowedFd<'_>, attributes: u64) -> Result<OwnedFd, Errno> {
    let attributes = MountAttrFlags::from_bits_retain(attributes as u32);
    fsmount(context, FsMountFlags::FSMOUNT_CLOEXEC, attributes)
}

/// Why a filesystem was not made: an option that it refused, or something else.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    option: Option<usize>,
    errno: Errno,
}

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Self {
        Self { option: None, errno }
    }
}

impl Refusal {
    /// What it means for the mount at `index`.
    pub(super) fn at(self, index: usize) -> Fault {
        let (step, index) = self.option.map_or((Step::Mount, index), |option| (Step::MountOption, option));
        Fault { step, index: index as u16, errno: self.errno }
    }
}

/// Options, each named by its number from `first` on if the filesystem refuses it.
fn configure(
    context: BorrowedFd<'_>,
    data: &[(CString, Option<CString>)],
    first: usize,
) -> Result<(), Refusal> {
    for (number, (key, value)) in data.iter().enumerate() {
        match value {
            Some(value) => fsconfig_set_string(context, key.as_c_str(), value.as_c_str()),
            None => fsconfig_set_flag(context, key.as_c_str()),
        }
        .map_err(|errno| Refusal { option: Some(first + number), errno })?;
    }
    Ok(())
}

/// A filesystem as planned, attached nowhere.
pub(super) fn make(filesystem: &Filesystem, attributes: u64) -> Result<OwnedFd, Refusal> {
    let context = fsopen(filesystem.kind.as_c_str(), FsOpenFlags::FSOPEN_CLOEXEC)?;
    if let Some(source) = &filesystem.source {
        fsconfig_set_string(context.as_fd(), c"source", source.as_c_str())?;
    }
    configure(context.as_fd(), &filesystem.data, filesystem.first_option)?;
    fsconfig_create(context.as_fd())?;
    let waits = filesystem.read_only == ReadOnly::AtTheEnd;
    let made = mounted(context.as_fd(), if waits { attributes & !attr::RDONLY } else { attributes })?;
    if let Some(label) = &filesystem.root_label {
        set_label(&made, label)?;
    }
    Ok(made)
}

/// The SELinux label of a filesystem's root, where the filesystem takes none as an option.
fn set_label(root: &OwnedFd, label: &CStr) -> Result<(), Errno> {
    let directory = openat(root, c".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    fsetxattr(&directory, c"security.selinux", label.to_bytes(), XattrFlags::empty())
}

/// A filesystem of ours, attached nowhere.
pub(super) fn simple(kind: &CStr, options: &[(&CStr, &CStr)], attributes: u64) -> Result<OwnedFd, Errno> {
    let context = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
    for (key, value) in options {
        fsconfig_set_string(context.as_fd(), *key, *value)?;
    }
    fsconfig_create(context.as_fd())?;
    mounted(context.as_fd(), attributes)
}

/// Gives the filesystem that is mounted at `place` other options.
pub(super) fn reconfigure(place: &OwnedFd, data: &[(CString, Option<CString>)]) -> Result<(), Errno> {
    let flags = FsPickFlags::FSPICK_CLOEXEC | FsPickFlags::FSPICK_EMPTY_PATH;
    let context = fspick(place, c"", flags)?;
    configure(context.as_fd(), data, 0).map_err(|refusal| refusal.errno)?;
    fsconfig_reconfigure(context.as_fd())
}

/// Mounts at `point` with mount(2), whose flags say what fsconfig(2) has no words for. The host's /proc,
/// which is still ours to use, makes a path of the descriptor.
pub(super) fn make_old(
    filesystem: &Filesystem,
    (flags, options): (u32, &CStr),
    point: &OwnedFd,
) -> Result<(), Errno> {
    let mut path = [0; 32];
    write!(path.as_mut_slice(), "/proc/self/fd/{}", point.as_raw_fd()).map_err(|_| Errno::NAMETOOLONG)?;
    let path = CStr::from_bytes_until_nul(&path).map_err(|_| Errno::NAMETOOLONG)?;
    let source = filesystem.source.as_deref().unwrap_or(c"none");
    mount(source, path, filesystem.kind.as_c_str(), MountFlags::from_bits_retain(flags), options)
}

/// Most filesystems that are made ahead; those beyond are made when they are attached.
const EARLY: usize = 32;

/// What does not depend on the root is made while the parent still prepares it.
pub(super) struct Early {
    filesystems: [Option<OwnedFd>; EARLY],
    pub devices: super::devices::Defaults,
}

impl Early {
    pub(super) fn make(plan: &Plan) -> Result<Self, Fault> {
        let devices = match plan.nodes {
            Nodes::Bound => super::devices::open()?,
            Nodes::Made => Default::default(),
        };
        let mut early = Self { filesystems: [const { None }; EARLY], devices };
        for (index, (slot, mount)) in early.filesystems.iter_mut().zip(&plan.mounts).enumerate() {
            match &mount.source {
                // Those behind it are made behind it.
                Source::Tree(number) if plan.slot(*number).is_none() => break,
                Source::Filesystem(filesystem) if !mount.is_own_proc() && filesystem.old.is_none() => {
                    let made = make(filesystem, mount.options.set);
                    *slot = Some(made.map_err(|refusal| refusal.at(index))?);
                }
                _ => {}
            }
        }
        Ok(early)
    }

    pub(super) fn take(&mut self, index: usize) -> Option<OwnedFd> {
        self.filesystems.get_mut(index).and_then(Option::take)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_option_is_named_by_its_number() {
        let refusal = Refusal { option: Some(7), errno: Errno::INVAL };
        let fault = refusal.at(2);
        assert_eq!((fault.step, fault.index), (Step::MountOption, 7));
        assert_eq!(Refusal::from(Errno::PERM).at(2).step, Step::Mount);
    }
}
