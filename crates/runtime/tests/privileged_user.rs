//! A user who is not root, and has nothing but user namespaces.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod harness;

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::process::Command;

use harness::{Bundle, said, until};

const NOBODY: u32 = 65_534;

/// The runtime, where that user may execute it, with a place of theirs for containers.
fn runtime(bundle: &Bundle, words: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--no-new-privs"]);
    command.arg(bundle.path("runtime")).args(words).current_dir(bundle.path("bundle"));
    command.env("XDG_RUNTIME_DIR", bundle.path("run"));
    command
}

fn give(bundle: &Bundle) {
    std::fs::copy(env!("CARGO_BIN_EXE_coffer-runtime"), bundle.path("runtime")).unwrap();
    std::fs::create_dir(bundle.path("run")).unwrap();
    std::fs::set_permissions(bundle.path(""), Permissions::from_mode(0o755)).unwrap();
    for place in ["run", "bundle", "bundle/rootfs", "bundle/config.json"] {
        chown(bundle.path(place), Some(NOBODY), Some(NOBODY)).unwrap();
    }
}

#[test]
fn privileged_a_user_s_container_lives_as_root_s_does() {
    let bundle = Bundle::new(&["true"], |_| {});
    give(&bundle);
    let said_of = |words: &[&str]| {
        let output = bundle.output(runtime(&bundle, words));
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    std::fs::remove_file(bundle.path("bundle/config.json")).unwrap();
    said_of(&["spec", "--rootless"]);
    let arguments = |words: &str| {
        bundle.change(|spec| {
            spec["process"]["terminal"] = false.into();
            spec["process"]["args"] = format!("/bin/probe {words}").split(' ').collect();
        });
    };
    arguments("id");
    assert!(said_of(&["run", "one"]).starts_with("uid=0 gid=0 "));
    arguments("sleep 60");
    said_of(&["create", "two"]);
    said_of(&["start", "two"]);
    until("it runs", || said_of(&["state", "two"]).contains("\"running\""));
    assert_eq!(said_of(&["exec", "two", "/bin/probe", "echo", "in"]), "in\n");
    assert_eq!(said_of(&["list", "--quiet"]), "two\n");
    said_of(&["kill", "two", "KILL"]);
    until("it has ended", || said_of(&["state", "two"]).contains("\"stopped\""));
    said_of(&["delete", "two"]);
    assert_eq!(said_of(&["list", "--quiet"]), "");
}
