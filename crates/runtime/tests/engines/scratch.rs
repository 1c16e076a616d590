//! A directory for an engine, and what an engine leaves behind when it is killed in the middle of a test.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::mount::{UnmountFlags, unmount};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Its name is also that of the control group for the engine's containers, and part of the command line or the
/// environment of every process that the engine starts.
pub(crate) struct Scratch {
    directory: TempDir,
}

impl Scratch {
    /// Short, because sockets in it have a longest name.
    pub(crate) fn new() -> Self {
        assert!(rustix::process::getuid().is_root(), "privileged tests run as root");
        Self { directory: tempfile::Builder::new().prefix("coffer-rt-").tempdir_in("/tmp").unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// One below it.
    pub(crate) fn directory(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    /// For control groups.
    pub(crate) fn name(&self) -> String {
        self.path().file_name().unwrap().to_string_lossy().into_owned()
    }

    /// Processes that were started with a path below it, as an argument or in a variable.
    fn processes(&self) -> Vec<Pid> {
        let path = self.path().as_os_str().as_encoded_bytes().to_vec();
        let tells = |pid: &Pid, what: &str| {
            let text = std::fs::read(format!("/proc/{}/{what}", pid.as_raw_nonzero()));
            text.is_ok_and(|text| text.windows(path.len()).any(|piece| piece == path))
        };
        let ours = |pid: &Pid| tells(pid, "cmdline") || tells(pid, "environ");
        let number = |entry: std::fs::DirEntry| entry.file_name().to_str()?.parse().ok();
        let all = std::fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(number);
        all.filter_map(Pid::from_raw).filter(|pid| *pid != rustix::process::getpid()).filter(ours).collect()
    }

    /// Whether one of them has this in its command line.
    pub(crate) fn has_process_with(&self, text: &str) -> bool {
        let line = |pid: Pid| std::fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero()));
        let lines = self.processes().into_iter().filter_map(|pid| line(pid).ok());
        lines.into_iter().any(|line| String::from_utf8_lossy(&line).contains(text))
    }

    /// Directories of its control group, the deepest first.
    fn groups(&self) -> Vec<PathBuf> {
        let hierarchies = std::fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten();
        let places = hierarchies.map(|entry| entry.path()).chain([PathBuf::from("/sys/fs/cgroup")]);
        let mut groups: Vec<PathBuf> =
            places.map(|place| place.join(self.name())).filter(|group| group.is_dir()).collect();
        let mut index = 0;
        while let Some(group) = groups.get(index).cloned() {
            let below = std::fs::read_dir(group).into_iter().flatten().flatten().map(|entry| entry.path());
            groups.extend(below.filter(|path| path.is_dir()));
            index += 1;
        }
        groups.reverse();
        groups
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        for _ in 0..50 {
            let left = self.processes();
            if left.is_empty() {
                break;
            }
            left.into_iter().for_each(kill);
            std::thread::sleep(Duration::from_millis(50));
        }
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        for place in mounts.lines().rev().filter_map(|line| line.split(' ').nth(4)) {
            if Path::new(place).starts_with(self.path()) {
                let _gone_already = unmount(place, UnmountFlags::DETACH);
            }
        }
        for group in self.groups() {
            let members = std::fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
            for pid in members.lines().filter_map(|line| Pid::from_raw(line.parse().ok()?)) {
                kill(pid);
            }
            for _ in 0..50 {
                match std::fs::remove_dir(&group) {
                    Err(error) if error.kind() == std::io::ErrorKind::ResourceBusy => {
                        std::thread::sleep(Duration::from_millis(20));
                    }
                    _ => break,
                }
            }
        }
    }
}

fn kill(pid: Pid) {
    let _gone_already = kill_process(pid, Signal::KILL);
}
