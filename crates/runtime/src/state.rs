//! What is kept about a container between two commands: a directory for each, below `--root`.
//!
//! `config.json` is the bundle's own as it was, `state.json` the rest. Both are written beside their place and renamed into it, so that a reader finds the old text or the new one. Whoever changes
//! something holds flock(2) on the directory.

use std::collections::BTreeMap;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

use launch::LaunchError;
use launch::cgroup::{Group, Location, Manager};
use launch::gate::{self, Passage};
use model::spec::Spec;
use rustix::fs::{
    AtFlags, Dir, FlockOperation, Mode, OFlags, flock, fstat, mkdirat, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::bundle;
use crate::error::Failure;
use crate::json;
use crate::process::{self, Alive};

const RECORD: &str = "state.json";
const SPEC: &str = "config.json";
/// Longest name of a container; the kernel's for a file.
const LONGEST_NAME: usize = 255;

/// state.json.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Of this form.
    pub(crate) version: u32,
    pub(crate) id: String,
    pub(crate) bundle: String,
    /// RFC 3339.
    pub(crate) created: String,
    /// Who created it, as a number.
    pub(crate) owner: u32,
    /// Its first process; zero while there is none yet.
    pub(crate) pid: i32,
    /// When that was started, in ticks since boot.
    pub(crate) start: u64,
    /// Where its control group is.
    pub(crate) cgroup: Location,
    /// What its engine gave up of the confinement.
    pub(crate) weaknesses: Vec<String>,
}

/// The version written.
pub(crate) const VERSION: u32 = 1;
/// Of the runtime specification that is carried out.
pub(crate) const OCI_VERSION: &str = "1.3.0";

/// runtime.md "Lifecycle", and the pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Creating,
    Created,
    Running,
    Paused,
    Stopped,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
        }
    }
}

/// A container that is kept.
#[derive(Debug)]
pub(crate) struct Container {
    pub(crate) id: String,
    parent: OwnedFd,
    directory: OwnedFd,
}

/// runtime.md "State".
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct State<'a> {
    oci_version: &'a str,
    id: &'a str,
    status: &'a str,
    pid: i32,
    bundle: &'a str,
    annotations: &'a BTreeMap<String, String>,
}

/// Letters, digits and `_+-.`, as runc has it.
fn valid_name(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-.".contains(&byte);
    !matches!(id, "" | "." | "..") && id.len() <= LONGEST_NAME && id.bytes().all(plain)
}

/// Whether a container may be called so.
///
/// # Errors
/// [`Failure::Usage`].
pub(crate) fn check_name(id: &str) -> Result<(), Failure> {
    if valid_name(id) {
        return Ok(());
    }
    let why = format!("`{id}` is no name: letters, digits and `_+-.`, at most {LONGEST_NAME}");
    Err(Failure::Usage(why, "create"))
}

fn open_directory(at: BorrowedFd<'_>, path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    openat(at, path, flags, Mode::empty())
}

fn open_root(root: &Path) -> Result<OwnedFd, Errno> {
    rustix::fs::open(root, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

impl Container {
    /// Makes the directory of a new one, and holds its lock.
    pub(crate) fn reserve(root: &Path, id: &str) -> Result<Self, Failure> {
        check_name(id)?;
        let fault = |errno| Failure::system("make the directory", root.display().to_string())(errno);
        let parent = match open_root(root) {
            Err(Errno::NOENT) => {
                std::fs::create_dir_all(root).map_err(Failure::io("make", root.display().to_string()))?;
                rustix::fs::chmod(root, Mode::from_raw_mode(0o700)).map_err(fault)?;
                open_root(root).map_err(fault)?
            }
            other => other.map_err(fault)?,
        };
        match mkdirat(&parent, id, Mode::from_raw_mode(0o700)) {
            Err(Errno::EXIST) => return Err(Failure::Exists(id.to_owned())),
            other => other.map_err(fault)?,
        }
        let directory = open_directory(parent.as_fd(), Path::new(id)).map_err(fault)?;
        let container = Self { id: id.to_owned(), parent, directory };
        container.lock()?;
        Ok(container)
    }

    /// One that is there.
    pub(crate) fn find(root: &Path, id: &str) -> Result<Self, Failure> {
        let missing = || Failure::Missing(id.to_owned());
        if !valid_name(id) {
            return Err(missing());
        }
        let fault = |errno| match errno {
            Errno::NOENT | Errno::NOTDIR => missing(),
            errno => Failure::system("open the directory of container", id)(errno),
        };
        let parent = open_root(root).map_err(fault)?;
        let directory = open_directory(parent.as_fd(), Path::new(id)).map_err(fault)?;
        Ok(Self { id: id.to_owned(), parent, directory })
    }

    /// All that are there, by name.
    pub(crate) fn all(root: &Path) -> Result<Vec<Self>, Failure> {
        let fault = |errno| Failure::system("list", root.display().to_string())(errno);
        let parent = match open_root(root) {
            Err(Errno::NOENT) => return Ok(Vec::new()),
            other => other.map_err(fault)?,
        };
        let mut names = Vec::new();
        for entry in Dir::read_from(&parent).map_err(fault)? {
            let entry = entry.map_err(fault)?;
            names.extend(entry.file_name().to_str().ok().filter(|name| valid_name(name)).map(str::to_owned));
        }
        names.sort_unstable();
        // One that is deleted meanwhile is not there.
        Ok(names.into_iter().filter_map(|id| Self::find(root, &id).ok()).collect())
    }

    /// Waits for whoever changes it, and keeps the others out until the value is dropped.
    ///
    /// # Errors
    /// [`Failure::Missing`] if it was deleted meanwhile, even if there is another of its name.
    pub(crate) fn lock(&self) -> Result<(), Failure> {
        let fault = |errno| Failure::system("lock container", &self.id)(errno);
        loop {
            match flock(&self.directory, FlockOperation::LockExclusive) {
                Err(Errno::INTR) => {}
                other => break other.map_err(fault)?,
            }
        }
        let ours = fstat(&self.directory).map_err(fault)?;
        match statat(&self.parent, self.id.as_str(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(named) if (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino) => Ok(()),
            Ok(_) | Err(Errno::NOENT) => Err(Failure::Missing(self.id.clone())),
            Err(errno) => Err(fault(errno)),
        }
    }

    /// Its record, if it is in one of `states`; else the error says that `action` cannot be done.
    pub(crate) fn expect(&self, action: &'static str, states: &[Status]) -> Result<Record, Failure> {
        let record = self.record()?;
        let status = self.status(record.as_ref())?;
        match record {
            Some(record) if states.contains(&status) => Ok(record),
            _ if status == Status::Stopped => Err(Failure::NotRunning(self.id.clone())),
            _ => Err(Failure::State { action, id: self.id.clone(), status: status.as_str() }),
        }
    }

    /// Its directory.
    pub(crate) fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// What is known of it; one whose creation was cut short has nothing.
    pub(crate) fn record(&self) -> Result<Option<Record>, Failure> {
        match self.read(RECORD)? {
            Some(bytes) => json::parse("state", &self.id, &bytes).map(Some),
            None => Ok(None),
        }
    }

    /// Its specification.
    pub(crate) fn spec(&self, record: &Record) -> Result<Spec, Failure> {
        let text = self.read(SPEC)?.ok_or_else(|| Failure::Missing(self.id.clone()))?;
        bundle::parse(Path::new(&record.bundle), &self.id, &text)
    }

    fn read(&self, name: &'static str) -> Result<Option<Vec<u8>>, Failure> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        match openat(&self.directory, name, flags, Mode::empty()) {
            Err(Errno::NOENT) => Ok(None),
            other => {
                let file = other.map_err(Failure::system("read the state of container", &self.id))?;
                json::read("state", &self.id, file).map(Some)
            }
        }
    }

    pub(crate) fn write_record(&self, record: &Record) -> Result<(), Failure> {
        // Text and numbers: there is nothing in it that has no JSON.
        self.write(RECORD, &serde_json::to_vec(record).unwrap_or_default())
    }

    /// Keeps the bundle's config.json.
    pub(crate) fn write_spec(&self, text: &[u8]) -> Result<(), Failure> {
        self.write(SPEC, text)
    }

    fn write(&self, name: &'static str, text: &[u8]) -> Result<(), Failure> {
        let fault = |errno| Failure::system("write the state of container", &self.id)(errno);
        let draft = format!(".{name}");
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file =
            openat(&self.directory, draft.as_str(), flags, Mode::from_raw_mode(0o600)).map_err(fault)?;
        std::io::Write::write_all(&mut std::fs::File::from(file), text)
            .map_err(Failure::io("write the state of container", &self.id))?;
        renameat(&self.directory, draft.as_str(), &self.directory, name).map_err(fault)
    }

    /// Its first process, if it runs.
    pub(crate) fn process(&self, record: &Record) -> Result<Option<Alive>, Failure> {
        Alive::find(record.pid, record.start).map_err(Failure::system("look at container", &self.id))
    }

    /// How it stands, as the kernel says.
    pub(crate) fn status(&self, record: Option<&Record>) -> Result<Status, Failure> {
        let Some(record) = record.filter(|record| record.pid != 0) else {
            return Ok(if self.is_locked() { Status::Creating } else { Status::Stopped });
        };
        if self.process(record)?.is_none() {
            return Ok(Status::Stopped);
        }
        if gate::passage(self.directory.as_fd())? == Passage::Awaited {
            return Ok(Status::Created);
        }
        let frozen = record.group().is_some_and(|group| group.is_frozen());
        Ok(if frozen { Status::Paused } else { Status::Running })
    }

    /// Whether somebody else changes it right now.
    fn is_locked(&self) -> bool {
        // Another opening, or our own lock would be in the way of nobody.
        let own = open_directory(self.parent.as_fd(), Path::new(&self.id));
        own.is_ok_and(|own| flock(&own, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK))
    }

    /// Takes the directory away.
    pub(crate) fn remove(self) -> Result<(), Failure> {
        let fault = |errno| Failure::system("remove the state of container", &self.id)(errno);
        for entry in Dir::read_from(&self.directory).map_err(fault)? {
            let entry = entry.map_err(fault)?;
            if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                unlinkat(&self.directory, entry.file_name(), AtFlags::empty()).map_err(fault)?;
            }
        }
        unlinkat(&self.parent, self.id.as_str(), AtFlags::REMOVEDIR).map_err(fault)
    }
}

impl Record {
    /// Of a container that is about to be made.
    pub(crate) fn new(id: &str, bundle: &Path, cgroup: Location) -> Self {
        Self {
            version: VERSION,
            id: id.to_owned(),
            bundle: bundle.to_string_lossy().into_owned(),
            created: crate::clock::now(),
            owner: rustix::process::getuid().as_raw(),
            pid: 0,
            start: 0,
            cgroup,
            weaknesses: Vec::new(),
        }
    }

    /// What there is to take away of one whose record makes no sense: its group is where its specification
    /// says.
    pub(crate) fn remains(container: &Container, manager: Manager) -> Self {
        let mut record = Self::new(&container.id, Path::new("/"), Location::default());
        let path = container.spec(&record).map(|spec| spec.linux.cgroups_path).unwrap_or_default();
        // Where no group can be called so, none was made.
        record.cgroup = Location::of(&path, &container.id, manager).unwrap_or_default();
        record
    }

    /// Whoever lives where its group is to be would end with it.
    pub(crate) fn expect_free_group(&self) -> Result<(), Failure> {
        if self.group().is_none_or(|group| group.processes().is_empty()) {
            return Ok(());
        }
        let why = "processes live in that group already";
        Err(LaunchError::Spec { what: "cgroupsPath", value: format!("/{}", self.cgroup.path()), why }.into())
    }

    /// Its control group, if it has one.
    pub(crate) fn group(&self) -> Option<Group> {
        Group::of(&self.cgroup)
    }

    /// Notes the first process.
    pub(crate) fn started(&mut self, pid: i32) -> Result<(), Failure> {
        self.start = process::start_time(pid).map_err(Failure::system("look at container", &self.id))?;
        self.pid = pid;
        Ok(())
    }

    /// The state as the specification has it, which hooks read.
    pub(crate) fn state<'a>(&'a self, spec: &'a Spec, status: Status) -> State<'a> {
        State {
            oci_version: &spec.oci_version,
            id: &self.id,
            status: status.as_str(),
            pid: if status == Status::Stopped { 0 } else { self.pid },
            bundle: &self.bundle,
            annotations: &spec.annotations,
        }
    }
}

impl State<'_> {
    pub(crate) fn to_json(&self) -> Vec<u8> {
        // Text and numbers: there is nothing in it that has no JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_name_of_one_file() {
        for good in ["c1", "a.b", "_", "0123456789abcdef+-"] {
            assert!(valid_name(good), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "a b", "é", &"x".repeat(256)] {
            assert!(!valid_name(bad), "{bad}");
        }
    }

    #[test]
    fn a_reserved_name_is_taken_until_it_is_removed() {
        let root = tempfile::tempdir().unwrap();
        let first = Container::reserve(root.path(), "c1").unwrap();
        assert!(matches!(Container::reserve(root.path(), "c1"), Err(Failure::Exists(_))));
        assert_eq!(Container::find(root.path(), "c1").unwrap().status(None).unwrap(), Status::Creating);
        let record = Record::new("c1", Path::new("/b"), Location::default());
        first.write_record(&record).unwrap();
        assert_eq!(first.record().unwrap().unwrap().bundle, "/b");
        first.remove().unwrap();
        assert!(matches!(Container::find(root.path(), "c1"), Err(Failure::Missing(_))));
        assert!(Container::all(root.path()).unwrap().is_empty());
    }
}
