//! Where the kernel has AppArmor, and where a setting of Debian's takes user namespaces from users.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use conversation::Session;
use harness::{Traces, User, done, session, words, works};

/// A profile of this test's, in force until it is dropped.
struct Profile(String);

impl Profile {
    fn load(text: String) -> Self {
        parser("--replace", &text);
        Self(text)
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        parser("--remove", &self.0);
    }
}

#[track_caller]
fn parser(what: &str, text: &str) {
    let mut parser =
        Command::new("apparmor_parser").args([what, "--skip-cache"]).stdin(Stdio::piped()).spawn().unwrap();
    parser.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(parser.wait().unwrap().success(), "{text}");
}

/// A copy of `coffer` that only the session's profile is about.
fn confined(session: &Session, line: &str) -> Output {
    let mut command = Command::new(session.work().join("coffer"));
    command.args(words(line)).env_clear().env("COFFER_ROOT", session.root()).current_dir(session.work());
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").output().unwrap()
}

/// Everything, and then what `rule` says.
fn profile(session: &Session, rule: &str) -> Profile {
    let program = session.work().join("coffer");
    std::fs::copy(env!("CARGO_BIN_EXE_coffer"), &program).unwrap();
    let all = "file, capability, network, mount, remount, umount, pivot_root, ptrace, signal, unix, dbus,";
    Profile::load(format!(
        "profile lab-coffer \"{}\" flags=(attach_disconnected) {{\n  {all}\n  {rule}\n}}\n",
        program.display()
    ))
}

#[test]
#[ignore = "for the kernel lab: cargo xtask vm suite"]
fn privileged_apparmor_is_found_and_containers_run_beside_it() {
    let session = session();
    let data: serde_json::Value =
        serde_json::from_str(&works(&session, "system check --format json")).unwrap();
    let checks = data["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["id"] == "access-control").unwrap();
    assert_eq!((&check["state"], &check["found"]), (&"present".into(), &"apparmor".into()));
    let profile = profile(&session, "");
    let output = confined(&session, "run --rm probe:1 /bin/probe exit 3");
    assert_eq!(output.status.code(), Some(3), "{}", session.said(&output));
    drop(profile);
    Traces::of(&session).are_gone();
}

#[test]
#[ignore = "for the kernel lab: cargo xtask vm suite"]
fn privileged_a_profile_that_forbids_mounts_stops_the_start() {
    let session = session();
    let _profile = profile(&session, "deny mount,");
    let output = confined(&session, "run --rm probe:1 /bin/probe exit 3");
    let said = session.said(&output);
    let first = said.lines().next().unwrap();
    assert_eq!(
        first,
        "coffer: could not mount the image's layers `overlay`: permission denied [E-launch-host]"
    );
    assert_eq!(output.status.code(), Some(125));
    Traces::of(&session).are_gone();
}

/// Nobody else in the guest needs them meanwhile: tests run there one after the other.
#[test]
#[ignore = "for the kernel lab: cargo xtask vm suite"]
fn privileged_a_user_is_told_which_switch_it_is_and_it_is_that_one() {
    let user = User::new(4401);
    let switch = "kernel.unprivileged_userns_clone";
    done(Command::new("sysctl").arg("-w").arg(format!("{switch}=0")));
    let said = user.session().said(&user.coffer("run --rm probe:1 /bin/probe exit 3"));
    let remedy = format!("sysctl -w {switch}=1");
    assert!(said.contains(&format!("{switch} is 0 [E-launch-session]\n  sudo {remedy}\n")), "{said}");
    done(Command::new("sh").args(["-c", &remedy]));
    assert_eq!(user.coffer("run --rm probe:1 /bin/probe exit 3").status.code(), Some(3));
}
