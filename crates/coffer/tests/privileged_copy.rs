//! `cp` against containers that do not want to be copied from or to: whatever they do, nothing of the host
//! is read or changed, nothing hangs, and nothing stays behind.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::io::{Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use conversation::Session;
use harness::{Canary, Rootfs, SECRET, Traces, done, pid_of, session, start, until, words};
use rustix::fs::{CWD, FileType, Mode, mknodat};

/// Starts `/bin/probe WORDS` as container `web`.
fn running(session: &Session, options: &str, probe: &str) -> Child {
    let line = format!("run --name web {options} probe:1 /bin/probe {probe}");
    let child = start(session, &line.replace("  ", " "));
    pid_of(session, "web");
    child
}

fn end(session: &Session, mut child: Child) {
    assert!(session.coffer(["rm", "-f", "web"]).status.success());
    child.wait().unwrap();
}

/// A container `web` that has ended.
fn ended(session: &Session) {
    assert!(session.coffer(["run", "--name", "web", "probe:1", "/bin/probe", "true"]).status.success());
}

#[track_caller]
fn cp(session: &Session, from: &str, to: &str) {
    let output = session.coffer(["cp", from, to]);
    assert!(output.status.success(), "cp {from} {to}: {}", session.said(&output));
}

/// `coffer cp - TO` with this archive.
fn stream_in(session: &Session, archive: &[u8], to: &str) -> Output {
    let mut command = session.command(["cp", "-a", "-", to]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // One that is refused is not read to its end.
    let _refused = child.stdin.take().unwrap().write_all(archive);
    child.wait_with_output().unwrap()
}

const RULES: &str = "
$ coffer cp one web:/to
$ coffer cp one web:/to/
coffer: in container web: `/to/` is not a directory [E-copy-kind]
  leave out the `/` at the end, or name a directory
exit 1
$ coffer cp one web:/none/
coffer: in container web: there is no `/none/` [E-copy-missing]
  check the path; directories above a destination are not made
exit 1
$ coffer cp one web:/none/to
coffer: in container web: there is no `/none` [E-copy-missing]
  check the path; directories above a destination are not made
exit 1
$ coffer cp one/ web:/to
coffer: `one/` is not a directory [E-copy-kind]
  leave out the `/` at the end, or name a directory
exit 1
$ coffer cp none web:/to
coffer: there is no `none` [E-copy-missing]
  check the path; directories above a destination are not made
exit 1
$ coffer cp tree web:/made
$ coffer cp tree web:/made
$ coffer cp tree/. web:/made
$ coffer cp one web:/made
$ coffer cp tree web:/to
coffer: in container web: `/to` is not a directory [E-copy-kind]
  leave out the `/` at the end, or name a directory
exit 1
$ coffer cp web:/to .
$ coffer cp web:/made .
$ coffer cp web:/made/. flat
$ coffer cp web:/made one
coffer: `one` is not a directory [E-copy-kind]
  leave out the `/` at the end, or name a directory
exit 1
$ coffer cp web:/none .
coffer: in container web: there is no `/none` [E-copy-missing]
  check the path; directories above a destination are not made
exit 1
$ coffer cp one web:/bin/
coffer: in container web: cannot write `one`: Read-only file system (os error 30) [E-copy-read-only]
  programs of an image and read-only mounts stay as they are: copy to another directory
exit 1
$ coffer cp one two
coffer: neither SOURCE nor DESTINATION of `coffer cp` is in a container [E-cli-usage]
  name one as CONTAINER:PATH, such as web:/etc
exit 2
$ coffer cp web:/to web:/made
coffer: `coffer cp` copies between a container and this host, not between two containers [E-cli-usage]
  go through a pipe: coffer cp ONE:/PATH - | coffer cp - OTHER:/DIRECTORY
exit 2
$ coffer cp nobody:/to .
coffer: there is no container `nobody` [E-state-unknown]
  `coffer ps -a` lists the containers
exit 1
";

fn rules_hold(session: &Session) {
    std::fs::write(session.work().join("one"), "1").unwrap();
    std::fs::create_dir_all(session.work().join("tree/below")).unwrap();
    std::fs::write(session.work().join("tree/below/two"), "2").unwrap();
    session.holds(RULES);
    let read = |path: &str| std::fs::read_to_string(session.work().join(path)).unwrap();
    assert_eq!(read("to"), "1");
    assert_eq!(read("made/below/two"), "2", "a directory that was not there becomes the source");
    assert_eq!(read("made/tree/below/two"), "2", "one that was there gets the source in it");
    assert_eq!(read("made/one"), "1");
    assert_eq!(read("flat/tree/below/two"), "2");
}

#[test]
fn privileged_destinations_are_decided_as_docker_decides_them() {
    let session = session();
    let child = running(&session, "", "sleep 600");
    rules_hold(&session);
    end(&session, child);
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_a_container_that_has_ended_is_copied_from_and_to_by_the_same_rules() {
    let session = session();
    ended(&session);
    rules_hold(&session);
    Traces::of(&session).are_gone();
    let again = session.coffer(["run", "--rm", "probe:1", "/bin/probe", "true"]);
    assert!(again.status.success(), "{}", session.said(&again));
}

#[test]
fn privileged_a_volume_is_copied_from_and_to_whether_its_container_runs_or_not() {
    let session = session();
    std::fs::write(session.work().join("one"), "1").unwrap();
    std::fs::create_dir(session.work().join("host")).unwrap();
    let child = running(&session, "-v data:/data -v ./host:/host:ro", "sleep 600");
    cp(&session, "one", "web:/data/");
    let refused = session.coffer(["cp", "one", "web:/host/"]);
    assert!(session.said(&refused).contains("[E-copy-read-only]"), "{}", session.said(&refused));
    assert!(session.coffer(["kill", "web"]).status.success());
    until("it has ended", || session.said(&session.coffer(["ps"])).lines().count() == 1);
    cp(&session, "web:/data/one", "back");
    cp(&session, "one", "web:/data/two");
    assert_eq!(std::fs::read(session.work().join("back")).unwrap(), b"1");
    assert!(session.root().join("volumes/data/two").exists());
    end(&session, child);
}

#[test]
fn privileged_a_container_that_swaps_directories_for_links_reaches_nothing_of_the_host() {
    let session = session();
    let canary = Canary::new();
    for target in [canary.path().to_owned(), canary.by_dots()] {
        let child = running(&session, "", &format!("swap /work/dir /work/link {target}"));
        // The trap is set: whoever goes by paths, as root of the host, falls into it.
        let id = harness::containers(&session).pop_first().unwrap();
        let naive = session.root().join("containers").join(id).join("upper/work/link/secret");
        until("the trap is open", || std::fs::read_to_string(&naive).is_ok_and(|text| text == SECRET));
        std::fs::write(session.work().join("secret"), "from a copy").unwrap();
        for round in 0..60 {
            session.coffer(["cp", "secret", "web:/work/dir/secret"]);
            session.coffer(["cp", "secret", "web:/work/dir/"]);
            session.coffer(["cp", "-L", "web:/work/dir", &format!("out-{round}")]);
            session.coffer(["cp", "web:/work/dir/secret", &format!("file-{round}")]);
        }
        canary.is_untouched(&target);
        end(&session, child);
    }
    let found =
        done(Command::new("grep").args(["-rlc", "--", "of the container", "."]).current_dir(session.work()));
    assert!(!found.is_empty(), "nothing was copied at all");
    let leaked =
        Command::new("grep").args(["-rq", SECRET, "."]).current_dir(session.work()).status().unwrap();
    assert_eq!(leaked.code(), Some(1), "a file of the host came out of a container");
}

#[test]
fn privileged_links_of_a_container_lead_nowhere_else() {
    let session = session();
    let canary = Canary::new();
    Rootfs::with_probe()
        .link("abs", canary.path())
        .link("dots", &canary.by_dots())
        .link("file", &format!("{}/secret", canary.path()))
        .link("proc-root", "/proc/self/root")
        .import(&session, "probe:1");
    std::fs::write(session.work().join("one"), "1").unwrap();
    let child = running(&session, "", "sleep 600");
    for target in ["web:/abs/secret", "web:/dots/", "web:/proc-root/tmp/x"] {
        let refused = session.coffer(["cp", "one", target]);
        assert_eq!(refused.status.code(), Some(1), "{target}: {}", session.said(&refused));
    }
    for source in ["web:/abs/.", "web:/dots/secret", "web:/proc-root/etc"] {
        let refused = session.coffer(["cp", "-L", source, "out"]);
        assert_eq!(refused.status.code(), Some(1), "{source}: {}", session.said(&refused));
    }
    let refused = session.coffer(["cp", "-L", "web:/file", "out"]);
    assert!(session.said(&refused).contains("[E-copy-missing]"), "{}", session.said(&refused));
    cp(&session, "web:/file", "link");
    let target = std::fs::read_link(session.work().join("link")).unwrap();
    assert_eq!(target, Path::new(&format!("{}/secret", canary.path())), "a link is copied as it is");
    canary.is_untouched("links");
    end(&session, child);
}

#[test]
fn privileged_what_breathes_or_waits_or_has_no_end_is_copied_in_time() {
    let session = session();
    let child = running(&session, "", "breathe /growing");
    cp(&session, "web:/growing", "growing");
    assert!(std::fs::metadata(session.work().join("growing")).unwrap().len() <= 16 << 20);
    let fifo = session.work().join("fifo");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RWXU, 0).unwrap();
    cp(&session, "fifo", "web:/fifo");
    session.holds(
        "
$ coffer cp web:/fifo out-of-it
coffer: left out `out-of-it`: a device, socket or fifo
$ coffer cp web:/dev/null null
coffer: in container web: `/dev/null` is a device or a socket, and has nothing to copy [E-copy-kind]
  name a file or a directory
exit 1
",
    );
    for source in ["web:/proc", "web:/sys", "web:/dev", "web:/"] {
        let output = session.coffer(["cp", source, "everything"]);
        let said = session.said(&output);
        assert!(output.status.success() || said.contains("[E-copy-"), "{source}: {said}");
    }
    cp(&session, "web:/proc/version", "version");
    assert!(std::fs::read_to_string(session.work().join("version")).unwrap().starts_with("Linux"));
    end(&session, child);
}

/// Everything that a tree can have, in one.
fn curious_tree(root: &Path) {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    std::fs::create_dir(root).unwrap();
    std::fs::write(root.join("two\nlines"), "n").unwrap();
    std::fs::write(root.join(OsStr::from_bytes(b"no \xff\xfe text")), "b").unwrap();
    std::fs::write(root.join("x".repeat(255)), "long").unwrap();
    std::fs::write(root.join("first"), "same").unwrap();
    std::fs::hard_link(root.join("first"), root.join("second")).unwrap();
    std::os::unix::fs::symlink("../nowhere", root.join("link")).unwrap();
    let sparse = std::fs::File::create(root.join("sparse")).unwrap();
    sparse.set_len(1 << 40).unwrap();
    sparse.write_all_at(b"end", (1 << 40) - 3).unwrap();
    rustix::fs::setxattr(root.join("first"), "user.note", b"kept", rustix::fs::XattrFlags::empty()).unwrap();
    let deep = (0..60).fold(root.join("deep"), |path, level| path.join(format!("level-{level}")));
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(deep.join("bottom"), "deep").unwrap();
    std::fs::set_permissions(root.join("first"), std::fs::Permissions::from_mode(0o640)).unwrap();
    std::fs::set_permissions(root.join("deep"), std::fs::Permissions::from_mode(0o555)).unwrap();
}

fn is_curious(root: &Path) {
    let meta = |name: &str| std::fs::symlink_metadata(root.join(name)).unwrap();
    assert_eq!(std::fs::read_to_string(root.join("two\nlines")).unwrap(), "n");
    assert_eq!(meta("first").ino(), meta("second").ino());
    assert_eq!(meta("first").mode() & 0o7777, 0o640);
    assert_eq!(meta("deep").mode() & 0o7777, 0o555);
    assert_eq!(std::fs::read_link(root.join("link")).unwrap(), Path::new("../nowhere"));
    let mut end = [0; 3];
    std::fs::File::open(root.join("sparse")).unwrap().read_exact_at(&mut end, (1 << 40) - 3).unwrap();
    assert_eq!((&end, meta("sparse").blocks() < 1000), (b"end", true));
    let mut note = [0_u8; 4];
    rustix::fs::getxattr(root.join("first"), "user.note", &mut note).unwrap();
    assert_eq!(&note, b"kept");
    assert_eq!(std::fs::read_dir(root).unwrap().count(), 8);
    let deep = (0..60).fold(root.join("deep"), |path, level| path.join(format!("level-{level}")));
    assert_eq!(std::fs::read_to_string(deep.join("bottom")).unwrap(), "deep");
}

#[test]
fn privileged_a_curious_tree_comes_back_as_it_went() {
    let session = session();
    curious_tree(&session.work().join("tree"));
    let child = running(&session, "", "sleep 600");
    cp(&session, "tree", "web:/kept");
    cp(&session, "web:/kept", "back");
    is_curious(&session.work().join("back"));
    end(&session, child);
}

#[test]
fn privileged_owners_are_the_container_s_root_or_those_that_were() {
    let session = session();
    let file = session.work().join("file");
    std::fs::write(&file, "x").unwrap();
    std::os::unix::fs::chown(&file, Some(12), Some(34)).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o4755)).unwrap();
    let child = running(&session, "", "sleep 600");
    cp(&session, "file", "web:/plain");
    assert!(session.coffer(["cp", "-a", "file", "web:/kept"]).status.success());
    let owners = |name: &str| {
        let output = session.coffer(["cp", &format!("web:{name}"), "-"]);
        let mut archive = tar::Archive::new(output.stdout.as_slice());
        let entry = archive.entries().unwrap().next().unwrap().unwrap();
        (entry.header().uid().unwrap(), entry.header().gid().unwrap(), entry.header().mode().unwrap())
    };
    assert_eq!(owners("/plain"), (0, 0, 0o4755));
    assert_eq!(owners("/kept"), (12, 34, 0o4755));
    assert!(session.coffer(["cp", "-a", "web:/kept", "back"]).status.success());
    cp(&session, "web:/kept", "mine");
    let meta = |name: &str| std::fs::metadata(session.work().join(name)).unwrap();
    assert_eq!((meta("back").uid(), meta("mine").uid()), (12, 0));
    assert_eq!((meta("back").mode() & 0o7777, meta("mine").mode() & 0o7777), (0o755, 0o755));
    end(&session, child);
}

#[test]
fn privileged_archives_that_lead_out_are_refused() {
    let session = session();
    let child = running(&session, "", "sleep 600");
    let mut header = tar::Header::new_ustar();
    header.set_size(4);
    header.as_old_mut().name[..9].copy_from_slice(b"../escape");
    header.set_mode(0o644);
    header.set_cksum();
    let archive = [header.as_bytes().as_slice(), b"evil", &[0; 508 + 1024]].concat();
    let said = session.said(&stream_in(&session, &archive, "web:/tmp"));
    let wanted = "coffer: in container web: the archive's entry `../escape` leads upwards [E-copy-entry]";
    assert!(said.starts_with(wanted) || said.contains("[E-copy-missing]"), "{said}");
    let said = session.said(&stream_in(&session, &archive, "web:/"));
    assert!(said.starts_with(wanted), "{said}");
    let said = session.said(&stream_in(&session, b"no archive at all".repeat(99).as_slice(), "web:/"));
    assert!(said.contains("[E-copy-archive]"), "{said}");
    end(&session, child);
}

#[test]
fn privileged_a_full_disk_on_either_side_is_said_and_leaves_no_half_file() {
    let session = session();
    std::fs::write(session.work().join("big"), vec![7; 4 << 20]).unwrap();
    let child = running(&session, "--tmpfs /small:size=1m", "sleep 600");
    cp(&session, "big", "web:/big");
    let said = session.said(&session.coffer(["cp", "big", "web:/small/"]));
    assert!(said.contains("[E-copy-full]"), "{said}");
    let listed = session.coffer(["cp", "web:/small", "-"]);
    assert_eq!(tar::Archive::new(listed.stdout.as_slice()).entries().unwrap().count(), 1);
    let small = session.work().join("small");
    std::fs::create_dir(&small).unwrap();
    let place = small.to_str().unwrap();
    done(Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "small", place]));
    let said = session.said(&session.coffer(["cp", "web:/big", "small/"]));
    let left = std::fs::read_dir(&small).unwrap().count();
    done(Command::new("umount").arg(place));
    assert!(said.contains("[E-copy-full]"), "{said}");
    assert_eq!(left, 0);
    end(&session, child);
}

#[test]
fn privileged_a_copy_that_is_killed_leaves_nothing_behind() {
    let session = session();
    std::fs::write(session.work().join("big"), vec![7; 8 << 20]).unwrap();
    ended(&session);
    cp(&session, "big", "web:/big");
    let mut command = session.command(words("cp web:/big -"));
    let mut copy = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut first = [0; 4096];
    copy.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    copy.kill().unwrap();
    copy.wait().unwrap();
    drop(copy);
    Traces::of(&session).are_gone();
    cp(&session, "web:/big", "back");
    assert_eq!(std::fs::metadata(session.work().join("back")).unwrap().len(), 8 << 20);
}
