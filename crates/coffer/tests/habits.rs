//! What people type out of habit, and what they hear: either it works, or they are told what does.

mod conversation;

use conversation::{Session, rootfs};

fn session() -> Session {
    let session = Session::new();
    rootfs(&session.work().join("small.tar"));
    assert!(session.coffer(["image", "import", "rootfs:small.tar", "small:1"]).status.success());
    session
}

#[test]
fn commands_of_other_tools_are_answered_with_what_to_do_here() {
    Session::new().holds(
        "
$ coffer build .
coffer: there is no `Dockerfile` in . [E-build-no-dockerfile]
  name it: `coffer build -f FILE CONTEXT`
exit 1
$ coffer run --platform linux/arm64 alpine
coffer: `coffer run` has no option `--platform` [E-cli-usage]
  pull it first: `coffer pull --platform linux/arm64 IMAGE`
exit 125
$ coffer system prune
coffer: `coffer system prune` asks before it removes anything, and there is nobody to ask [E-cli-confirm]
  say it beforehand: `coffer system prune --force`
exit 1
",
    );
}

#[test]
fn options_of_other_tools_are_answered_with_what_to_do_here() {
    Session::new().holds(
        "
$ coffer run --expose=80 alpine
coffer: `coffer run` has no option `--expose` [E-cli-usage]
  it has no network but loopback, into which `-p` leads; `--network outbound` lets connections out, and is recorded
exit 125
$ coffer run --ipc shareable alpine
coffer: `shareable` does not work for `--ipc`: it is not known [E-cli-value]
  right would be: one of private, host
exit 125
$ coffer run --device fuse alpine
coffer: `fuse` does not work for `--device`: it is no absolute path [E-cli-value]
  right would be: a device of this host, such as /dev/fuse
exit 125
",
    );
}

#[test]
fn values_that_nothing_can_have_are_refused() {
    Session::new().holds(
        "
$ coffer ps --filter status=dead
coffer: `status=dead` does not work for `--filter`: `dead` is no status [E-cli-value]
  right would be: one of created, starting, running, paused, restarting, exited
exit 2
$ coffer image ls --filter dangling=maybe
coffer: `dangling=maybe` does not work for `--filter`: `maybe` is no dangling [E-cli-value]
  right would be: one of true, false
exit 2
$ coffer ledger show -n some
coffer: `some` does not work for `--last`: it is no count [E-cli-value]
  right would be: a number such as 20
exit 2
$ coffer run --mount type=foo alpine
coffer: `type=foo` does not work for `--mount`: `foo` is no type of mount [E-cli-value]
  right would be: type=bind|tmpfs|volume,source=...,target=/path[,readonly][,exec]
exit 125
$ coffer image import nothing.tar 'a b'
coffer: `NAME`: `a b` is not a repository name: lower-case letters, digits and single `.`, `_`, `-` within, separated by `/` [E-cli-value]
  see coffer image import --help
exit 2
",
    );
}

#[test]
fn an_archive_of_another_kind_than_was_said_is_answered_with_the_way_to_find_out() {
    session().holds(
        "
$ coffer run --rm oci-archive:small.tar true
coffer: `small.tar` is not an image: it has no `index.json` [E-store-format]
  if it is an image of another kind, `coffer image import FILE` finds out which
exit 125
$ coffer inspect small:1
coffer: there is no container `small:1` [E-state-unknown]
  it is an image: `coffer image inspect small:1`
exit 1
$ coffer import rootfs:small.tar again:1
again:1  DIGEST  1.5 MB  1 layer
",
    );
}

#[test]
fn a_topic_comes_before_another_spelling_of_a_command() {
    let session = Session::new();
    let said = session.said(&session.coffer(["help", "images"]));
    assert!(said.starts_with("images\n\nAn image is named in one of these ways"), "{said}");
}

#[test]
fn notes_of_help_are_wrapped_once() {
    let session = Session::new();
    let said = session.said(&session.coffer(["run", "--help"]));
    let (_, notes) = said.split_once("Everything that is not asked for").unwrap();
    let short = notes.lines().filter(|line| !line.is_empty() && line.chars().count() < 20);
    assert!(short.count() <= 2, "only paragraphs end early:\n{notes}");
}

#[test]
fn privileged_a_namespace_may_be_called_private() {
    session().holds(
        "
$ coffer run --rm --ipc private --cgroupns private small:1 /probe true
",
    );
}

#[test]
fn privileged_volumes_stay_until_they_are_removed() {
    let session = session();
    session.holds(
        "
$ coffer volume ls -q
$ coffer run --rm -v data:/data small:1 /probe true
$ coffer run --name holder -v data:/data small:1 /probe true
$ coffer run --rm -v spare:/data small:1 /probe true
$ coffer volume ls
NAME   CHANGED  CONTAINERS
data   TIME  holder
spare  TIME
$ coffer volume rm data
coffer: volume `data` is in use by holder [E-volume-in-use]
  remove what has it first: `coffer rm holder`
exit 1
$ coffer volume prune
spare
$ coffer rm holder
holder
$ coffer volume rm data
data
$ coffer volume rm data
coffer: there is no volume `data` [E-volume-unknown]
  `coffer volume ls` lists the volumes
exit 1
$ coffer volume rm ../containers
coffer: there is no volume `../containers` [E-volume-unknown]
  `coffer volume ls` lists the volumes
exit 1
",
    );
    let left = std::fs::read_dir(session.root().join("volumes")).unwrap().count();
    assert_eq!(left, 0);
}

#[test]
fn privileged_the_demo_leaves_nothing_behind() {
    let session = Session::new();
    let temporary = session.work().join("temporary");
    std::fs::create_dir(&temporary).unwrap();
    for _ in 0..5 {
        let demo = session.command(["demo"]).env("TMPDIR", &temporary).output().unwrap();
        assert!(demo.status.success(), "{}", session.said(&demo));
        assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
    }
}
