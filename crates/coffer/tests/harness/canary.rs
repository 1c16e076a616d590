//! Files of the host that no container may change, and that anybody could.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// What the canary's files say; whoever prints it has read a file of the host.
pub(crate) const SECRET: &str = "the-host-s-own";

/// A directory of the host that every user may write to, with names that a mount point or a copy could
/// hit.
pub(crate) struct Canary {
    directory: TempDir,
    before: Sight,
}

/// Mode, owner, group, time of the last change of status, and content.
type Sight = BTreeMap<PathBuf, (u32, u32, u32, i64, i64, Vec<u8>)>;

impl Canary {
    pub(crate) fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("coffer-canary-").tempdir().unwrap();
        for name in ["pts", "shm", "self", "self/attr", "net", "fs"] {
            std::fs::create_dir(directory.path().join(name)).unwrap();
        }
        for name in ["null", "hosts", "hostname", "resolv.conf", "passwd", "pts/ptmx", "secret", "probe"] {
            std::fs::write(directory.path().join(name), SECRET).unwrap();
        }
        open_to_all(directory.path());
        let before = sight(directory.path());
        Self { directory, before }
    }

    pub(crate) fn path(&self) -> &str {
        self.directory.path().to_str().unwrap()
    }

    /// The same directory from a root that is not deep: `../../..` and so on.
    pub(crate) fn by_dots(&self) -> String {
        format!("{}{}", "../".repeat(12), self.path().trim_start_matches('/'))
    }

    #[track_caller]
    pub(crate) fn is_untouched(&self, after: &str) {
        assert_eq!(sight(self.directory.path()), self.before, "{after}");
    }
}

fn open_to_all(path: &Path) {
    let mode = if path.is_dir() { 0o777 } else { 0o666 };
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    for entry in std::fs::read_dir(path).into_iter().flatten() {
        open_to_all(&entry.unwrap().path());
    }
}

fn sight(directory: &Path) -> Sight {
    let mut sight = Sight::new();
    look(directory, &mut sight);
    sight
}

fn look(path: &Path, sight: &mut Sight) {
    let meta = std::fs::symlink_metadata(path).unwrap();
    let content = if meta.is_file() { std::fs::read(path).unwrap() } else { Vec::new() };
    let seen = (meta.mode(), meta.uid(), meta.gid(), meta.ctime(), meta.ctime_nsec(), content);
    sight.insert(path.to_owned(), seen);
    for entry in std::fs::read_dir(path).into_iter().flatten() {
        look(&entry.unwrap().path(), sight);
    }
}
