//! The session that all commands of a user share: what one of them started, the others can look into, end
//! and outlive.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::path::PathBuf;
use std::process::{Child, Command};

use harness::{User, until};
use rustix::process::{Pid, Signal, kill_process};

/// The process that looks after a container: the parent of its first process.
fn keeper(pid: i32) -> i32 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap();
    parent.trim().parse().unwrap()
}

fn namespaces(pid: i32) -> [PathBuf; 2] {
    ["user", "mnt"].map(|kind| std::fs::read_link(format!("/proc/{pid}/ns/{kind}")).unwrap())
}

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

fn ended(children: Vec<Child>) {
    for mut child in children {
        child.wait().unwrap();
    }
}

#[test]
fn privileged_commands_of_a_user_share_a_session() {
    let user = User::new(4301);
    let first = user.starts("run --name one probe:1 /bin/probe sleep 600");
    let a = user.pid_of("one");
    let second = user.starts("run --name two probe:1 /bin/probe sleep 600");
    let b = user.pid_of("two");
    assert_eq!(namespaces(keeper(a)), namespaces(keeper(b)));
    assert_ne!(namespaces(a)[0], namespaces(b)[0], "each container has a user namespace of its own");
    assert_ne!(namespaces(keeper(a)), namespaces(std::process::id().cast_signed()));

    let explained = user.does("explain one");
    assert!(explained.contains("the kernel, now"), "{explained}");
    assert_eq!(user.does("rm -f one two"), "one\ntwo\n");
    ended(vec![first, second]);
    assert_eq!(user.does("ps -aq"), "");
}

#[test]
fn privileged_a_session_outlives_the_command_that_made_it() {
    let user = User::new(4302);
    let first = user.starts("run --rm --name one probe:1 /bin/probe sleep 600");
    let session = namespaces(keeper(user.pid_of("one")));
    let second = user.starts("run --rm --name two probe:1 /bin/probe sleep 600");
    user.pid_of("two");
    user.does("rm -f one");
    ended(vec![first]);
    let third = user.starts("run --rm --name three probe:1 /bin/probe sleep 600");
    assert_eq!(namespaces(keeper(user.pid_of("three"))), session);
    user.does("rm -f two three");
    ended(vec![second, third]);
}

#[test]
fn privileged_a_killed_keeper_leaves_no_session_behind() {
    let user = User::new(4303);
    let first = user.starts("run --name one probe:1 /bin/probe sleep 600");
    let pid = user.pid_of("one");
    let killed = keeper(pid);
    kill(killed);
    ended(vec![first]);
    until("the container ends with its keeper", || !PathBuf::from(format!("/proc/{pid}")).exists());
    let second = user.starts("run --name two probe:1 /bin/probe sleep 600");
    user.pid_of("two");
    let listed = user.does("ps -a --filter status=exited");
    assert!(listed.contains(" one\n"), "{listed}");
    let list = std::fs::read_to_string(user.session().root().join("session")).unwrap();
    assert!(!list.lines().any(|line| line.starts_with(&format!("{killed} "))), "{list}");
    user.does("rm -f one two");
    ended(vec![second]);
}

#[test]
fn privileged_twenty_first_commands_at_once_end_up_in_one_session() {
    let user = User::new(4304);
    let names: Vec<String> = (0..20).map(|number| format!("n{number}")).collect();
    let start = |name: &String| user.starts(&format!("run --name {name} probe:1 /bin/probe sleep 600"));
    let children: Vec<Child> = names.iter().map(start).collect();
    let sessions: std::collections::BTreeSet<_> =
        names.iter().map(|name| namespaces(keeper(user.pid_of(name)))).collect();
    assert_eq!(sessions.len(), 1);
    user.does(&format!("rm -f {}", names.join(" ")));
    ended(children);
}

/// After `sudo -u`, or with a path that is not there in the session.
#[test]
fn privileged_a_session_is_joined_from_any_directory_and_left_where_one_was() {
    let user = User::new(4305);
    let first = user.starts("run --name one probe:1 /bin/probe sleep 600");
    user.pid_of("one");
    let closed = user.session().work().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let from = |directory: &PathBuf, line: &str| user.command(line).current_dir(directory).output().unwrap();
    let output = from(&closed, "ps -q");
    assert!(output.status.success() && output.stdout.len() == 13, "{output:?}");
    let output = from(&closed, "image import -q rootfs:../rootfs.tar other:1");
    assert!(!output.status.success(), "a path is looked up where the caller may not be");
    let output = from(&user.session().work(), "image import -q rootfs:rootfs.tar other:1");
    assert!(output.status.success(), "{output:?}");
    user.does("rm -f one");
    ended(vec![first]);
}

/// As on a host whose administrator allows none: the two that the test needs are the last.
#[test]
fn privileged_a_host_without_user_namespaces_says_which_setting_it_is() {
    let user = User::new(4306);
    let last = "echo 1 > /proc/sys/user/max_user_namespaces && exec unshare --user --map-user=4306 ./coffer";
    let coffer = |line: &str| {
        let mut command = user.as_user();
        command.args(["unshare", "--user", "--map-root-user", "sh", "-c", &format!("{last} {line}")]);
        user.session().said(&command.output().unwrap())
    };
    assert_eq!(
        coffer("run --rm probe:1 /bin/probe true"),
        "coffer: users get no user namespaces on this host: user.max_user_namespaces leaves none [E-launch-session]\n  \
         sudo sysctl -w user.max_user_namespaces=15000\nexit 125\n"
    );
    let check = coffer("system check --format json");
    let missing = "\"state\": \"missing\",\n      \"found\": \"user.max_user_namespaces leaves none\"";
    assert!(check.contains(missing), "{check}");
}

/// In a container around us: its root directory alone makes the kernel refuse.
#[test]
fn privileged_a_refusal_that_no_setting_explains_comes_from_around_us() {
    let user = User::new(4307);
    let mut command = Command::new("chroot");
    command.args(["--userspec=4307:4307"]).arg(user.session().work()).args(["/coffer", "ps"]);
    let said = user.session().said(&command.env("COFFER_ROOT", "/own").output().unwrap());
    assert!(said.contains("a container around us forbids them [E-launch-session]"), "{said}");
    assert!(said.ends_with("exit 1\n"), "{said}");
}
