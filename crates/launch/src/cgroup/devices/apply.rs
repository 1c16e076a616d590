//! The rules in force.

use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use model::spec::DeviceRule;
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use sys::bpf::{Program, attached};

use super::program::program;
use super::{Devices, Exceptions, rules};
use crate::cgroup::{Group, Version, fault};
use crate::error::LaunchError;
use crate::idmap::in_initial_user_namespace;

/// How we know our own program among those of others.
const NAME: &[u8; 16] = b"coffer_devices\0\0";

impl Group {
    /// Filters the use of devices in the group, from now on.
    ///
    /// # Errors
    /// [`LaunchError::Spec`] for a rule that is none, [`LaunchError::Controller`], [`LaunchError::Host`].
    pub(in super::super) fn filter_devices(&self, asked: &[DeviceRule]) -> Result<Devices, LaunchError> {
        let rules = rules(asked)?;
        let directory = self.needed("devices")?;
        let filtered = match self.version() {
            Version::V2 => replace(&directory, &program(&rules)).map_err(refusal(&directory)),
            _ => write_list(&directory, &Exceptions::of(&rules)?),
        };
        match filtered {
            Err(LaunchError::Host { errno: Errno::PERM | Errno::ACCESS, .. })
                if !in_initial_user_namespace() =>
            {
                Ok(Devices::Unprivileged)
            }
            done => done.map(|()| Devices::Filtered),
        }
    }
}

fn refusal(directory: &Path) -> impl FnOnce(Errno) -> LaunchError {
    fault("filter the use of devices in the control group", directory)
}

/// The new program takes the old one's place in one step: there is no moment without.
fn replace(directory: &Path, program: &[sys::bpf::Instruction]) -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let group = rustix::fs::openat(CWD, directory, flags, Mode::empty())?;
    let program = Program::load_device(program, NAME)?;
    let ours = |program: &Program| program.name().is_ok_and(|name| name == *NAME);
    let old = attached(group.as_fd())?.into_iter().find(ours);
    program.attach(group.as_fd(), old.as_ref())
}

fn write_list(directory: &Path, wanted: &Exceptions) -> Result<(), LaunchError> {
    let list = std::fs::read_to_string(directory.join("devices.list"))
        .map_err(|_| LaunchError::Controller { controller: "devices".into() })?;
    // Each line is a write of its own; those to one file come one after the other.
    let mut open: Option<(PathBuf, OwnedFd)> = None;
    for (file, line) in Exceptions::changes(Exceptions::listed(&list).as_ref(), wanted) {
        let path = directory.join(file);
        let (path, file) = match open.take() {
            Some((same, file)) if same == path => (same, file),
            _ => {
                let flags = OFlags::WRONLY | OFlags::CLOEXEC;
                let file = rustix::fs::openat(CWD, &path, flags, Mode::empty()).map_err(refusal(&path))?;
                (path, file)
            }
        };
        rustix::io::write(&file, line.as_bytes()).map_err(refusal(&path))?;
        open = Some((path, file));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cgroup::tests::{inside, open_in};
    use crate::cgroup::{Cgroup, Door, Entrance, Tenure};

    const REFUSED: i32 = 1;

    /// The kernel has just one version 2 hierarchy, which can be mounted beside all others.
    #[test]
    fn privileged_a_program_filters_devices_on_version_2() {
        let mount = tempfile::tempdir().unwrap();
        let flags = rustix::mount::MountFlags::empty();
        rustix::mount::mount("cgroup2", mount.path(), "cgroup2", flags, None).unwrap();
        let path = mount.path().join(format!("coffer-test-{}-bpf", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        let group = std::fs::File::open(&path).unwrap();
        let door = Door::Clone(group.try_clone().unwrap().into());
        let mut cgroup = Cgroup::none(Tenure::Guest);
        cgroup.entrances.push(Entrance { controllers: Vec::new(), path: path.clone(), door });
        let open = |path| inside(&cgroup, || open_in(path));
        assert_eq!((open(c"/dev/null"), open(c"/dev/kmsg")), (0, 0));

        let rule = |allow, minor| {
            let (kind, access) = ("c".into(), "rw".into());
            DeviceRule { allow, kind, major: Some(1), minor, access }
        };
        let filter = |asked: &[DeviceRule]| replace(&path, &program(&rules(asked).unwrap())).unwrap();
        // What version 1 cannot say: an exception from an exception.
        filter(&[rule(true, None), rule(false, Some(11))]);
        assert_eq!((open(c"/dev/null"), open(c"/dev/kmsg")), (0, REFUSED));
        assert_eq!(open(c"/dev/console"), REFUSED);
        filter(&[rule(true, Some(11))]);
        assert_eq!((open(c"/dev/kmsg"), open(c"/dev/console")), (0, REFUSED));
        assert_eq!(attached(group.as_fd()).unwrap().len(), 1, "one took the other's place");
        for program in attached(group.as_fd()).unwrap() {
            program.detach(group.as_fd()).unwrap();
        }
        assert_eq!(open(c"/dev/console"), 0);

        drop((group, cgroup));
        std::fs::remove_dir(&path).unwrap();
        rustix::mount::unmount(mount.path(), rustix::mount::UnmountFlags::empty()).unwrap();
    }
}
