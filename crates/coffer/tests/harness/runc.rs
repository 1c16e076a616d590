//! The same attacks under runc with a bundle that confines nothing: what succeeds there shows that the
//! attack can succeed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::find;
use super::image::Rootfs;

/// A bundle with every capability that this host has to give, the host's namespaces, no filter and no
/// masks but one, which is there to be taken away.
pub(crate) struct Bundle {
    directory: TempDir,
    /// Of the host, bound into the root: from and to.
    pub(crate) binds: Vec<(PathBuf, &'static str)>,
    /// `NAME=value`
    pub(crate) env: Vec<String>,
}

impl Bundle {
    pub(crate) fn new(rootfs: Rootfs) -> Self {
        let directory = tempfile::Builder::new().prefix("coffer-runc-").tempdir().unwrap();
        let root = directory.path().join("rootfs");
        tar::Archive::new(rootfs.bytes().as_slice()).unpack(&root).unwrap();
        for name in ["tmp", "proc", "dev", "sys", "run"] {
            std::fs::create_dir_all(root.join(name)).unwrap();
        }
        Self { directory, binds: Vec::new(), env: Vec::new() }
    }

    /// Runs `/bin/probe` with these words, and one descriptor above 2 that the runtime passes on.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let path = self.directory.path();
        std::fs::write(path.join("config.json"), self.spec(arguments).to_string()).unwrap();
        let name = path.file_name().unwrap();
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "exec 3</ && exec runc --root \"$1\" run --preserve-fds 1 --bundle \"$2\" \"$3\"",
            "sh",
        ]);
        command.arg(path.join("state")).arg(path).arg(name).stdin(Stdio::null());
        command.output().unwrap()
    }

    fn spec(&self, arguments: &[&str]) -> Value {
        let args: Vec<&str> = std::iter::once("/bin/probe").chain(arguments.iter().copied()).collect();
        let mount = |path: &str, kind: &str| json!({"destination": path, "type": kind, "source": kind});
        let bind = |(from, to): &(PathBuf, &str)| bound(from, to);
        let kernel = [("/proc", "proc"), ("/dev", "tmpfs"), ("/dev/shm", "tmpfs"), ("/sys", "sysfs")];
        let mounts: Vec<Value> = kernel
            .into_iter()
            .map(|(path, kind)| mount(path, kind))
            .chain(self.binds.iter().map(bind))
            .collect();
        let all = capabilities();
        json!({
            "ociVersion": "1.0.2",
            "process": {
                "user": {"uid": 0, "gid": 0}, "args": args, "cwd": "/", "env": self.env,
                "capabilities": {"bounding": all, "effective": all, "permitted": all},
            },
            "root": {"path": "rootfs"},
            "mounts": mounts,
            "linux": {
                "namespaces": [{"type": "mount"}],
                "maskedPaths": ["/proc/keys"],
                "resources": {"devices": [{"allow": true, "access": "rwm"}]},
            },
        })
    }
}

fn bound(from: &Path, to: &str) -> Value {
    json!({"destination": to, "type": "bind", "source": from, "options": ["bind"]})
}

/// Those that this process has: runc refuses to give what it lacks.
fn capabilities() -> Vec<String> {
    let output = Command::new(env!("PROBE_PATH")).args(["report", "--json"]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names = find(&report, "permitted").and_then(Value::as_array).unwrap();
    names.iter().filter_map(Value::as_str).map(|name| format!("CAP_{}", name.to_uppercase())).collect()
}
