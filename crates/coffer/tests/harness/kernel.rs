//! A container's limits as the kernel's own files say, whichever version of control groups the host has.

use std::path::{Path, PathBuf};

/// The control groups of one process.
pub(crate) struct Controls {
    /// `/proc/PID/cgroup`, line by line: controllers and path.
    groups: Vec<(String, String)>,
}

impl Controls {
    pub(crate) fn of(pid: i32) -> Self {
        let text = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
        let fields = |line: &str| {
            let mut fields = line.splitn(3, ':').skip(1);
            Some((fields.next()?.to_owned(), fields.next()?.to_owned()))
        };
        Self { groups: text.lines().filter_map(fields).collect() }
    }

    /// The content of the controller's file, by its name on version 1 or else on version 2.
    #[track_caller]
    pub(crate) fn read(&self, controller: &str, version_1: &str, version_2: &str) -> String {
        let candidates = [self.directory(controller).join(version_1), self.directory("").join(version_2)];
        let found = candidates.iter().find_map(|path| std::fs::read_to_string(path).ok());
        assert!(found.is_some(), "none of {candidates:?}");
        found.unwrap_or_default().trim().to_owned()
    }

    fn directory(&self, controller: &str) -> PathBuf {
        let group =
            self.groups.iter().find(|(controllers, _)| controllers.split(',').any(|c| c == controller));
        let path = group.map_or("", |(_, path)| path.trim_start_matches('/'));
        Path::new("/sys/fs/cgroup").join(controller).join(path)
    }
}
