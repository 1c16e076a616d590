//! Bad input: one sentence with the thing, the cause and the next step; nothing is lost or half done.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use conversation::{Session, rootfs, tarball};

fn session() -> Session {
    let session = Session::new();
    rootfs(&session.work().join("small.tar"));
    assert!(session.coffer(["image", "import", "rootfs:small.tar", "small:1"]).status.success());
    session
}

#[test]
fn an_unknown_image_is_named() {
    session().holds(
        "
$ coffer run --rm --pull never nobody true
coffer: no image `nobody` [E-store-unknown]
  list the images with `coffer image ls`, or get it from a registry with `coffer pull`
exit 125
$ coffer assess nobody
coffer: no image `nobody` [E-store-unknown]
  list the images with `coffer image ls`, or get it from a registry with `coffer pull`
exit 1
$ coffer run --rm oci-archive:missing.tar true
coffer: cannot read `missing.tar`: No such file or directory (os error 2) [E-store-read]
  check that the path exists and can be read
exit 125
$ coffer image tag nobody other
coffer: no image `nobody` [E-store-unknown]
  list the images with `coffer image ls`, or get it from a registry with `coffer pull`
exit 1
",
    );
}

#[test]
fn an_ambiguous_id_is_answered_with_what_it_could_be() {
    let session = Session::new();
    // Seventeen ids, sixteen digits: at least two begin alike.
    let mut firsts = Vec::new();
    let shared = (0..17).find_map(|number| {
        tarball(&session.work().join("tiny.tar"), "number", number.to_string().as_bytes());
        let name = format!("tiny:{number}");
        let output = session.coffer(["image", "import", "-q", "rootfs:tiny.tar", &name]);
        let first = String::from_utf8(output.stdout).unwrap().chars().nth("sha256:".len()).unwrap();
        if firsts.contains(&first) {
            Some(first)
        } else {
            firsts.push(first);
            None
        }
    });
    let output = session.coffer(["image", "inspect", &shared.unwrap().to_string()]);
    let said = session.said(&output);
    assert!(said.contains("[E-store-ambiguous]"), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_state_directory_that_is_not_ours_alone_is_refused() {
    let session = Session::new();
    std::fs::create_dir(session.root()).unwrap();
    std::fs::set_permissions(session.root(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let said = session.said(&session.coffer(["ps"]));
    assert!(said.contains("[E-state-not-ours]") && said.ends_with("exit 1\n"), "{said}");
    let output = session.command(["ps"]).env("COFFER_ROOT", "relative").output().unwrap();
    assert!(session.said(&output).contains("[E-state-relative]"), "{}", session.said(&output));
    assert!(!session.work().join("relative").exists());
}

#[test]
fn a_truncated_archive_leaves_nothing_behind() {
    let session = session();
    assert!(session.coffer(["save", "small:1", "-o", "whole.tar"]).status.success());
    let whole = std::fs::read(session.work().join("whole.tar")).unwrap();
    std::fs::write(session.work().join("half.tar"), &whole[..whole.len() / 2]).unwrap();
    let before = session.said(&session.coffer(["image", "ls", "-q"]));
    let output = session.coffer(["image", "import", "oci-archive:half.tar", "half:1"]);
    assert_eq!(output.status.code(), Some(1), "{}", session.said(&output));
    assert_eq!(session.said(&session.coffer(["image", "ls", "-q"])), before);
    assert!(session.coffer(["image", "verify"]).status.success());
}

#[test]
fn a_file_that_cannot_be_written_is_named_and_not_half_written() {
    let session = session();
    let output = session.coffer(["save", "small:1", "-o", "missing/small.tar"]);
    let said = session.said(&output);
    assert!(said.contains("`missing/small.tar`") && said.contains("[E-cli-file]"), "{said}");
    std::fs::write(session.work().join("kept.tar"), "kept").unwrap();
    assert!(!session.coffer(["save", "nobody", "-o", "kept.tar"]).status.success());
    assert_eq!(std::fs::read_to_string(session.work().join("kept.tar")).unwrap(), "kept");
}

#[test]
fn privileged_an_image_in_use_stays_unless_forced() {
    let session = session();
    assert!(session.coffer(["run", "--name", "web", "small:1", "/probe", "true"]).status.success());
    let said = session.said(&session.coffer(["image", "rm", "small:1"]));
    assert!(said.contains("[E-store-in-use]") && said.ends_with("exit 1\n"), "{said}");
    assert!(session.coffer(["image", "rm", "-f", "small:1"]).status.success());
    assert!(session.coffer(["rm", "web"]).status.success());
}

#[test]
fn privileged_a_damaged_record_is_named_and_others_are_not_affected() {
    let session = session();
    for name in ["sound", "broken"] {
        assert!(session.coffer(["run", "--name", name, "small:1", "/probe", "true"]).status.success());
    }
    let id =
        String::from_utf8(session.coffer(["ps", "-aq", "--no-trunc", "-f", "name=broken"]).stdout).unwrap();
    let record = session.root().join("containers").join(id.trim()).join("container.json");
    std::fs::write(record, "{\"version\":1,").unwrap();
    let said = session.said(&session.coffer(["inspect", "broken"]));
    assert!(said.contains("[E-state-damaged]") && said.ends_with("exit 1\n"), "{said}");
    session.holds(
        "
$ coffer ps -aq
ID
$ coffer rm -f broken
broken
$ coffer ps -aq
ID
",
    );
}

#[test]
fn privileged_a_full_disk_is_said_and_what_was_there_stays() {
    let session = Session::new();
    rootfs(&session.work().join("small.tar"));
    std::fs::create_dir(session.root()).unwrap();
    let disk = Disk::new(session.root());
    let said = session.said(&session.coffer(["image", "import", "rootfs:small.tar", "small:1"]));
    assert!(said.contains("[E-store-space]") && said.ends_with("exit 1\n"), "{said}");
    session.holds("$ coffer image ls -q\n");
    drop(disk);
}

/// A filesystem of 1 MB, for as long as the value lives.
struct Disk(PathBuf);

impl Disk {
    fn new(path: PathBuf) -> Self {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs"]).arg(&path);
        assert!(mount.status().unwrap().success());
        Self(path)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _gone_with_the_machine = Command::new("umount").arg(&self.0).status();
    }
}
