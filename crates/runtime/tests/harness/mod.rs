//! What the tests of the runtime share: bundles whose only program is the probe, and what they leave.

// Each test file is a crate of its own and uses what it needs.
#![allow(dead_code, reason = "shared between test crates")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../engines/probe.rs"]
mod program;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

pub(crate) use program::probe;

/// How long anything may take on a machine that is busy with something else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A bundle, and a place of its own for containers. Whatever runs of it ends with this.
pub(crate) struct Bundle {
    home: tempfile::TempDir,
    /// The container that is meant where nothing else is said.
    pub(crate) id: String,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Bundle {
    /// With `change` made to what `spec` writes; it runs the probe with these arguments, without a terminal.
    pub(crate) fn new(arguments: &[&str], change: impl FnOnce(&mut Value)) -> Self {
        assert!(rustix::process::getuid().is_root(), "privileged tests run as root");
        let home = tempfile::Builder::new().prefix("coffer-runtime-test-").tempdir().unwrap();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let bundle = Self { home, id: format!("test-{}-{number}", std::process::id()) };
        for directory in ["bundle/rootfs/bin", "bundle/rootfs/etc", "bundle/rootfs/tmp"] {
            std::fs::create_dir_all(bundle.path(directory)).unwrap();
        }
        // Whoever has it open for writing, as a program that another thread starts just then would, keeps it
        // from being executed.
        let mut copy = Command::new("cp");
        copy.arg(probe()).arg(bundle.path("bundle/rootfs/bin/probe"));
        assert!(copy.status().unwrap().success());
        bundle.works(&["spec", "--bundle", bundle.path("bundle").to_str().unwrap()]);
        bundle.change(|spec| {
            spec["process"]["terminal"] = false.into();
            spec["process"]["args"] =
                std::iter::once("/bin/probe").chain(arguments.iter().copied()).collect();
            change(spec);
        });
        bundle
    }

    /// Somewhere in its place.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Changes config.json.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Value)) {
        let path = self.path("bundle/config.json");
        let mut spec = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        change(&mut spec);
        std::fs::write(path, spec.to_string()).unwrap();
    }

    /// The runtime with these words, called from the bundle.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coffer-runtime"));
        command.arg("--root").arg(self.path("state")).args(words).current_dir(self.path("bundle"));
        command.stdin(Stdio::null());
        command
    }

    /// What it says goes to files: a container inherits them, and would hold a pipe open as long as it lives.
    pub(crate) fn output(&self, mut command: Command) -> Output {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let places = ["out", "err"].map(|name| self.path(&format!("{name}-{number}")));
        let [out, err] = places.each_ref().map(|place| std::fs::File::create(place).unwrap());
        let status = command.stdout(out).stderr(err).status().unwrap();
        let [stdout, stderr] = places.map(|place| std::fs::read(place).unwrap());
        Output { status, stdout, stderr }
    }

    pub(crate) fn runtime(&self, words: &[&str]) -> Output {
        self.output(self.command(words))
    }

    /// What a command printed that has to work.
    #[track_caller]
    pub(crate) fn works(&self, words: &[&str]) -> String {
        let output = self.runtime(words);
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command complained about that must not work, but for its name.
    #[track_caller]
    pub(crate) fn fails(&self, words: &[&str]) -> String {
        let output = self.runtime(words);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {}", said(&output));
        let said = String::from_utf8(output.stderr).unwrap();
        said.trim_end().strip_prefix("coffer-runtime: ").unwrap_or(&said).to_owned()
    }

    /// Creates and starts the container, and waits until its program is there.
    #[track_caller]
    pub(crate) fn running(&self) -> &Self {
        self.works(&["create", &self.id]);
        self.works(&["start", &self.id]);
        self
    }

    pub(crate) fn state(&self) -> Value {
        serde_json::from_str(&self.works(&["state", &self.id])).unwrap()
    }

    pub(crate) fn status(&self) -> String {
        self.state()["status"].as_str().unwrap().to_owned()
    }

    pub(crate) fn pid(&self) -> i32 {
        self.state()["pid"].as_i64().unwrap().try_into().unwrap()
    }

    /// Every directory of the container's control group that is there.
    pub(crate) fn groups(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        find(Path::new("/sys/fs/cgroup"), &self.id, 6, &mut found);
        found
    }

    /// No files, no group, and so no process.
    #[track_caller]
    pub(crate) fn expect_nothing(&self) {
        assert_eq!(self.works(&["list", "--quiet"]), "");
        assert!(self.groups().is_empty(), "{:?}", self.groups());
    }

    #[track_caller]
    pub(crate) fn wait_for(&self, status: &str) {
        until(&format!("{} is {status}", self.id), || self.status() == status);
    }
}

impl Drop for Bundle {
    fn drop(&mut self) {
        let containers = self.runtime(&["list", "--quiet"]).stdout;
        for id in String::from_utf8_lossy(&containers).lines() {
            let output = self.runtime(&["delete", "--force", id]);
            assert!(output.status.success() || std::thread::panicking(), "{}", said(&output));
        }
    }
}

fn find(directory: &Path, name: &str, depth: usize, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        if entry.file_name().to_str().is_some_and(|own| own == name) {
            found.push(entry.path());
        } else if depth > 0 {
            find(&entry.path(), name, depth - 1, found);
        }
    }
}

/// Waits until it holds.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn said(output: &Output) -> String {
    format!("{} {}", String::from_utf8_lossy(&output.stderr), output.status)
}

/// Whether there is a process of that number that has not ended.
pub(crate) fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// Ends it as nothing else would.
pub(crate) fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}
