//! What is left on the host of containers that should be gone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{find, until};
use crate::conversation::Session;

/// Controllers whose hierarchies a container may have a group in; the empty one is version 2's own.
const HIERARCHIES: [&str; 8] = ["", "memory", "pids", "cpu", "cpuset", "blkio", "freezer", "unified"];

/// The process of `/proc/PID` has given up everything, and runs as somebody whom this host does not know.
#[track_caller]
pub(crate) fn assert_no_rights(process: &Path) {
    let status = std::fs::read_to_string(process.join("status")).unwrap();
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        assert_eq!(field(set), "0000000000000000", "{set}");
    }
    assert_eq!((field("NoNewPrivs:"), field("Seccomp:"), field("Groups:")), ("1", "2", ""));
    // Ids that no user of this host has.
    assert!(field("Uid:").split('\t').all(|id| id.parse::<u32>().unwrap() >= 0x7000_0000));
}

/// A session's containers, also those whose directories are gone.
pub(crate) struct Traces<'a> {
    session: &'a Session,
    ids: BTreeSet<String>,
}

impl<'a> Traces<'a> {
    pub(crate) fn of(session: &'a Session) -> Self {
        Self { session, ids: BTreeSet::new() }
    }

    /// Remembers every container that there is, before a command looks after orphans.
    pub(crate) fn note(&mut self) {
        self.ids.extend(entries(&self.session.root().join("containers")));
    }

    /// Nothing of any container is left but what `ps -a` lists, once the kernel has cleared up.
    #[track_caller]
    pub(crate) fn are_gone(&mut self) {
        self.note();
        self.ids.extend(self.permitted());
        assert!(!self.ids.is_empty(), "there was nothing to leave a trace");
        until(&format!("{:?}", self.left()), || self.left().is_empty());
    }

    /// Control groups, processes and mounts that are still there.
    fn left(&self) -> Vec<String> {
        let groups = self.ids.iter().flat_map(|id| groups(id)).map(|path| path.display().to_string());
        groups.chain(self.processes()).chain(self.mounts()).collect()
    }

    /// Processes of containers, by their control group, and of commands, by their environment.
    fn processes(&self) -> Vec<String> {
        let root = self.session.root();
        let root = root.to_str().unwrap();
        let mut left = Vec::new();
        for pid in entries(Path::new("/proc")).into_iter().filter(|name| name.parse::<u32>().is_ok()) {
            let read = |file: &str| std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            let (groups, environment) = (read("cgroup"), read("environ"));
            let named =
                |text: &[u8], word: &str| text.windows(word.len()).any(|part| part == word.as_bytes());
            if self.ids.iter().any(|id| named(&groups, id)) || named(&environment, root) {
                left.push(format!("process {pid} {}", String::from_utf8_lossy(&read("cmdline"))));
            }
        }
        left
    }

    fn mounts(&self) -> Vec<String> {
        let containers = self.session.root().join("containers");
        let table = std::fs::read_to_string("/proc/self/mounts").unwrap();
        table.lines().filter(|line| line.contains(containers.to_str().unwrap())).map(str::to_owned).collect()
    }

    /// Ids of which the ledger knows.
    fn permitted(&self) -> BTreeSet<String> {
        let shown = self.session.coffer(["ledger", "show", "--format", "json"]);
        let entries: Vec<serde_json::Value> = serde_json::from_slice(&shown.stdout).unwrap_or_default();
        let ids = entries.iter().filter_map(|entry| find(entry, "container")?.as_str().map(str::to_owned));
        ids.collect()
    }
}

fn groups(id: &str) -> Vec<PathBuf> {
    let below = |controller| Path::new("/sys/fs/cgroup").join(controller).join("coffer").join(id);
    HIERARCHIES.into_iter().map(below).filter(|path| path.exists()).collect()
}

/// The containers on disk. The files of one that was removed go behind the command that removed it, so
/// they are waited for.
#[track_caller]
pub(crate) fn containers(session: &Session) -> BTreeSet<String> {
    let directory = session.root().join("containers");
    let mut found = BTreeSet::new();
    until("files of removed containers go", || {
        found = entries(&directory);
        !found.iter().any(|name| name.starts_with(".removing-"))
    });
    found
}

/// Names in a directory; none where there is no directory.
pub(crate) fn entries(directory: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
