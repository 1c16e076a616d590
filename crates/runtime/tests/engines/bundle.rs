//! Bundles for the runtime alone, confined as Docker confines by default but for its system call filter.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::{Image, RUNTIME, Scratch, bounded, done};

/// Docker's fourteen.
const CAPABILITIES: [&str; 14] = [
    "CAP_AUDIT_WRITE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];

/// A directory with a config.json that may still be changed, and a root filesystem.
pub(crate) struct Bundle<'a> {
    scratch: &'a Scratch,
    id: String,
    pub(crate) config: Value,
}

impl<'a> Bundle<'a> {
    /// Container `id`, which runs `/bin/probe WORDS` in `image`.
    pub(crate) fn new(scratch: &'a Scratch, id: &str, image: &Image, program: &[&str]) -> Self {
        let args: Vec<&str> = ["/bin/probe"].iter().chain(program).copied().collect();
        let all = json!(CAPABILITIES);
        let spaces = ["mount", "network", "uts", "pid", "ipc"].map(|kind| json!({"type": kind}));
        let config = json!({
            "ociVersion": "1.0.2",
            "process": {
                "user": {"uid": 0, "gid": 0}, "args": args, "cwd": "/", "env": ["PATH=/bin"],
                "capabilities": {"bounding": all, "effective": all, "permitted": all},
            },
            "root": {"path": image.root()},
            "hostname": id,
            "mounts": mounts(),
            "linux": {
                "cgroupsPath": format!("/{}/{id}", scratch.name()),
                "namespaces": spaces,
                "resources": {"devices": [{"allow": false, "access": "rwm"}]},
                "sysctl": {"net.ipv4.ip_unprivileged_port_start": "0"},
                "maskedPaths": ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
                "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
            },
        });
        Self { scratch, id: id.to_owned(), config }
    }

    /// One capability more.
    pub(crate) fn with_capability(mut self, name: &str) -> Self {
        for set in ["bounding", "effective", "permitted"] {
            self.config["process"]["capabilities"][set].as_array_mut().unwrap().push(json!(name));
        }
        self
    }

    fn directory(&self) -> PathBuf {
        self.scratch.directory(&format!("bundle-{}", self.id))
    }

    /// `coffer-runtime --root ... WORDS`
    pub(crate) fn runtime(&self, arguments: &[&str]) -> Command {
        let mut command = bounded(RUNTIME);
        command.arg("--root").arg(self.scratch.path().join("state")).args(arguments);
        command
    }

    /// `coffer-runtime VERB OPTIONS --bundle ... ID`
    pub(crate) fn command(&self, verb: &str, options: &[&str]) -> Command {
        let directory = self.directory();
        std::fs::write(directory.join("config.json"), self.config.to_string()).unwrap();
        let mut command = self.runtime(&[verb]);
        command.args(options).arg("--bundle").arg(directory).arg(&self.id);
        command
    }

    pub(crate) fn run(&self) -> Output {
        self.command("run", &[]).output().unwrap()
    }

    /// `coffer-runtime exec ID /bin/probe WORDS`
    pub(crate) fn exec(&self, program: &[&str]) -> Output {
        self.runtime(&["exec", &self.id, "/bin/probe"]).args(program).output().unwrap()
    }

    /// Starts it in the background; what it prints goes into a file, whose path this gives.
    #[track_caller]
    pub(crate) fn start(&self) -> PathBuf {
        let path = self.scratch.path().join(format!("{}.log", self.id));
        let log = File::create(&path).unwrap();
        let mut create = self.command("create", &[]);
        let created = create.stdout(log.try_clone().unwrap()).stderr(log).status().unwrap();
        assert!(created.success(), "{}", std::fs::read_to_string(&path).unwrap());
        done(self.runtime(&["start", &self.id]));
        path
    }

    /// Its first process on the host; zero once that has ended.
    pub(crate) fn pid(&self) -> i32 {
        let state: Value = serde_json::from_str(&done(self.runtime(&["state", &self.id]))).unwrap();
        i32::try_from(state["pid"].as_i64().unwrap()).unwrap()
    }
}

impl Drop for Bundle<'_> {
    fn drop(&mut self) {
        drop(self.runtime(&["delete", "--force", &self.id]).output());
    }
}

fn mounts() -> Value {
    let mount = |path: &str, kind: &str, options: &[&str]| json!({"destination": path, "type": kind, "source": kind, "options": options});
    let plain = ["nosuid", "noexec", "nodev"];
    json!([
        mount("/proc", "proc", &plain),
        mount("/dev", "tmpfs", &["nosuid", "strictatime", "mode=755", "size=65536k"]),
        mount("/dev/pts", "devpts", &["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]),
        mount("/sys", "sysfs", &["nosuid", "noexec", "nodev", "ro"]),
        mount("/sys/fs/cgroup", "cgroup", &["ro", "nosuid", "noexec", "nodev"]),
        mount("/dev/mqueue", "mqueue", &plain),
        mount("/dev/shm", "tmpfs", &["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
    ])
}
