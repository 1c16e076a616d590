//! Where everything lives: the state directory, the runtime directory, and who is asking.

use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use model::verdict::Level;

use crate::state::StateError;

/// Where this invocation keeps its things; the binary makes it from the environment.
#[derive(Debug, Clone)]
pub struct Site {
    /// Survives reboots: images, containers, the ledger. `/var/lib/coffer` for root.
    pub state: PathBuf,
    /// May vanish at a reboot: `/run/coffer` for root.
    pub run: PathBuf,
    /// The level of requests that name none.
    pub level: Level,
    /// Who is asking.
    pub invoker: Invoker,
}

/// Who is asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invoker {
    /// Root of the host.
    Root,
    /// A user, by the ids they have on the host; the process is in a user namespace of theirs already.
    Rootless {
        /// Host user id.
        uid: u32,
        /// Host group id.
        gid: u32,
    },
}

/// What /etc/passwd calls a user; the number where it has none.
#[must_use]
pub fn user_name(uid: u32) -> String {
    crate::host::user_name(uid)
}

impl Site {
    /// Makes the directories that are missing, `0700`, and checks that they belong to the caller.
    ///
    /// # Errors
    /// [`StateError::NotOurs`] where another user could reach in; [`StateError::Io`].
    pub(crate) fn prepare(&self) -> Result<(), StateError> {
        private_dir(&self.state)?;
        private_dir(&self.run)?;
        for dir in [self.containers(), self.names(), self.ranges()] {
            make_dir(&dir)?;
        }
        Ok(())
    }

    /// One directory for each container.
    pub(crate) fn containers(&self) -> PathBuf {
        self.state.join("containers")
    }

    /// One symbolic link for each name, to the container's id.
    pub(crate) fn names(&self) -> PathBuf {
        self.state.join("names")
    }

    /// One symbolic link for each range of user ids in use, to the container's id.
    pub(crate) fn ranges(&self) -> PathBuf {
        self.state.join("ranges")
    }

    /// Volumes with names.
    pub(crate) fn volumes(&self) -> PathBuf {
        self.state.join("volumes")
    }

    /// Directories that outlive builds.
    pub(crate) fn caches(&self) -> PathBuf {
        self.state.join("caches")
    }

    /// Images and their unpacked layers.
    pub(crate) fn images(&self) -> PathBuf {
        self.state.join("images")
    }

    /// Processes that live in the invoker's session.
    pub(crate) fn session(&self) -> PathBuf {
        self.state.join("session")
    }

    /// What names in registries led to when they were pulled last.
    pub(crate) fn digests(&self) -> PathBuf {
        self.state.join("digests")
    }

    /// A registry that is served from here.
    pub(crate) fn registry(&self) -> PathBuf {
        self.state.join("registry")
    }

    /// What files held when builds looked at them.
    pub(crate) fn prints(&self) -> PathBuf {
        self.state.join("building/prints")
    }

    /// Advisories, as one database.
    pub(crate) fn advisories(&self) -> PathBuf {
        self.state.join("advisories")
    }

    /// Vulnerabilities that are accepted here, with reason and end.
    pub(crate) fn accepted(&self) -> PathBuf {
        self.state.join("ignore.toml")
    }

    /// Publishers who are pinned, and what they say.
    pub(crate) fn trust(&self) -> PathBuf {
        self.state.join("trust")
    }

    /// The transparency log.
    pub(crate) fn ledger(&self) -> PathBuf {
        self.state.join("ledger")
    }
}

/// A directory that only its owner can enter: below it lie set-user-id files of strangers.
fn private_dir(path: &Path) -> Result<(), StateError> {
    if !path.is_absolute() {
        return Err(StateError::Relative(path.to_owned()));
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(StateError::io("make the directory", path))?;
    let meta = std::fs::symlink_metadata(path).map_err(StateError::io("look at", path))?;
    let owner = rustix::process::geteuid().as_raw();
    if !meta.is_dir() || meta.uid() != owner || meta.mode() & 0o077 != 0 {
        return Err(StateError::NotOurs {
            path: path.to_owned(),
            owner: meta.uid(),
            mode: meta.mode() & 0o7777,
        });
    }
    Ok(())
}

fn make_dir(path: &Path) -> Result<(), StateError> {
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map_err(StateError::io("make the directory", path)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn site(root: &Path) -> Site {
        Site {
            state: root.join("state"),
            run: root.join("run"),
            level: Level::Baseline,
            invoker: Invoker::Root,
        }
    }

    #[test]
    fn directories_are_made_for_their_owner_alone() {
        let root = tempfile::tempdir().unwrap();
        let site = site(root.path());
        site.prepare().unwrap();
        site.prepare().unwrap();
        for dir in [&site.state, &site.run, &site.containers(), &site.names()] {
            assert_eq!(std::fs::metadata(dir).unwrap().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn a_directory_that_others_can_enter_is_refused_and_left_as_it_is() {
        let root = tempfile::tempdir().unwrap();
        let site = site(root.path());
        std::fs::create_dir(&site.state).unwrap();
        std::fs::set_permissions(&site.state, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(site.prepare(), Err(StateError::NotOurs { mode: 0o755, .. })));
        assert_eq!(std::fs::metadata(&site.state).unwrap().mode() & 0o777, 0o755);
    }

    #[test]
    fn a_link_to_a_directory_is_not_a_directory() {
        let root = tempfile::tempdir().unwrap();
        let site = site(root.path());
        std::fs::create_dir(root.path().join("real")).unwrap();
        std::os::unix::fs::symlink(root.path().join("real"), &site.state).unwrap();
        assert!(matches!(site.prepare(), Err(StateError::NotOurs { .. })));
    }
}
