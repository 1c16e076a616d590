//! AppArmor profiles that processes of a container enter, where the kernel has them.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

/// A profile of this test's that forbids nothing, in force until it is dropped.
struct Profile(String);

impl Profile {
    fn load(name: &str) -> Self {
        let rules = "file, capability, network, mount, umount, pivot_root, ptrace, signal, unix,";
        let profile = Self(format!("profile {name} flags=(attach_disconnected) {{\n  {rules}\n}}\n"));
        profile.parser("--replace");
        profile
    }

    #[track_caller]
    fn parser(&self, what: &str) {
        let mut parser = Command::new("apparmor_parser");
        let mut parser = parser.args([what, "--skip-cache"]).stdin(Stdio::piped()).spawn().unwrap();
        parser.stdin.take().unwrap().write_all(self.0.as_bytes()).unwrap();
        assert!(parser.wait().unwrap().success(), "{what}: {}", self.0);
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        self.parser("--remove");
    }
}

/// A container of the host's programs, gone with this.
struct Container(tempfile::TempDir);

impl Container {
    /// Its program sleeps, and enters `profile` for that.
    fn new(profile: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("rootfs");
        std::fs::create_dir_all(root.join("usr")).unwrap();
        for name in ["lib", "lib64"] {
            std::os::unix::fs::symlink(format!("usr/{name}"), root.join(name)).unwrap();
        }
        let namespaces: Vec<_> = ["pid", "mount", "ipc"].iter().map(|kind| json!({ "type": kind })).collect();
        let spec = json!({
            "ociVersion": "1.3.0",
            "process": {
                "user": { "uid": 0, "gid": 0 }, "args": ["/usr/bin/sleep", "1000"], "cwd": "/",
                "noNewPrivileges": true, "apparmorProfile": profile,
            },
            "root": { "path": "rootfs" },
            "mounts": [{ "destination": "/usr", "type": "bind", "source": "/usr", "options": ["bind", "ro"] }],
            "linux": { "namespaces": namespaces },
        });
        std::fs::write(directory.path().join("config.json"), spec.to_string()).unwrap();
        Self(directory)
    }

    /// What it says goes to files, which the container inherits.
    fn runtime(&self, arguments: &[&str]) -> Output {
        let path = |name| self.0.path().join(name);
        let file = |name| std::fs::File::create(path(name)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_coffer-runtime"));
        command.arg("--root").arg(path("state")).args(arguments).current_dir(self.0.path());
        command.stdin(Stdio::null()).stdout(file("stdout")).stderr(file("stderr"));
        let status = command.status().unwrap();
        let read = |name| std::fs::read(path(name)).unwrap();
        Output { status, stdout: read("stdout"), stderr: read("stderr") }
    }

    #[track_caller]
    fn works(&self, arguments: &[&str]) -> String {
        let output = self.runtime(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What AppArmor says of its first process.
    fn first(&self, what: &str) -> String {
        let state: Value = serde_json::from_str(&self.works(&["state", "lab-labels"])).unwrap();
        said(what, &state["pid"].to_string())
    }

    /// What it says of one that enters with these options.
    fn later(&self, options: &[&str]) -> String {
        let file = self.0.path().join("pid");
        let arguments = ["exec", "--detach", "--pid-file", file.to_str().unwrap()];
        let program = ["lab-labels", "/usr/bin/sleep", "1000"];
        self.works(&[&arguments[..], options, &program].concat());
        said("current", &std::fs::read_to_string(file).unwrap())
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        self.runtime(&["delete", "--force", "lab-labels"]);
    }
}

fn said(what: &str, pid: &str) -> String {
    let path = Path::new("/proc").join(pid).join("attr/apparmor").join(what);
    std::fs::read_to_string(path).unwrap().trim().to_owned()
}

#[test]
#[ignore = "for the kernel lab: cargo xtask vm suite"]
fn privileged_a_container_and_who_enters_it_have_their_profiles() {
    let _profiles = ["lab-labels-first", "lab-labels-later"].map(Profile::load);
    let container = Container::new("lab-labels-first");
    container.works(&["create", "lab-labels"]);
    assert_eq!(container.first("exec"), "lab-labels-first (enforce)");
    container.works(&["start", "lab-labels"]);
    assert_eq!(container.first("current"), "lab-labels-first (enforce)");
    assert_eq!(container.later(&[]), "lab-labels-first (enforce)");
    assert_eq!(container.later(&["--apparmor", "lab-labels-later"]), "lab-labels-later (enforce)");
}

#[test]
#[ignore = "for the kernel lab: cargo xtask vm suite"]
fn privileged_a_container_may_ask_to_be_unconfined() {
    let container = Container::new("unconfined");
    container.works(&["create", "lab-labels"]);
    container.works(&["start", "lab-labels"]);
    assert_eq!(container.first("current"), "unconfined");
}

#[test]
#[ignore = "for the kernel lab: cargo xtask vm suite"]
fn privileged_a_profile_that_is_not_loaded_is_a_start_that_fails() {
    let container = Container::new("lab-labels-nobody-loaded");
    let output = container.runtime(&["create", "lab-labels"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("`lab-labels-nobody-loaded`"), "{said}");
    assert!(said.contains("apparmor_parser -r"), "{said}");
    assert!(!container.runtime(&["state", "lab-labels"]).status.success());
}
