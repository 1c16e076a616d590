//! Root filesystems made to lead the runtime astray: whatever they say, nothing of the host changes, and
//! the container either runs as any other or is refused with a code.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};

use conversation::Session;
use harness::{Canary, Rootfs, SECRET, Traces, session, text};
use rustix::fs::{CWD, RenameFlags, renameat_with};

/// How a hostile image has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It runs, and what it meant to reach is not there.
    Harmless,
    /// It does not start, with this code.
    Refused(&'static str),
}

/// A symbolic link in the image, and how a start ends.
struct Trap {
    link: &'static str,
    /// Below the canary, which stands for the host.
    to: &'static str,
    end: End,
}

const fn trap(link: &'static str, to: &'static str, end: End) -> Trap {
    Trap { link, to, end }
}

use End::{Harmless, Refused};

const TRAPS: [Trap; 12] = [
    trap("dev", "", Refused("E-launch-step")),
    trap("dev/null", "null", Harmless),
    trap("dev/pts", "pts", Harmless),
    trap("dev/shm", "shm", Harmless),
    trap("proc", "", Refused("E-launch-step")),
    trap("sys", "", Refused("E-launch-step")),
    trap("etc", "", Refused("E-launch-step")),
    trap("etc/hosts", "hosts", Harmless),
    trap("etc/hostname", "hostname", Harmless),
    trap("etc/resolv.conf", "resolv.conf", Harmless),
    trap("etc/passwd", "passwd", Harmless),
    trap("tmp", "", Harmless),
];

/// Starts what asks for every mount and file that the runtime makes, and prints what it sees.
fn run(session: &Session, image: &str, options: &[&str]) -> Output {
    let probe = [image, "/bin/probe", "attack", "masked-paths"];
    session.coffer(["run", "--rm"].into_iter().chain(options.iter().copied()).chain(probe))
}

#[track_caller]
fn ends(session: &Session, output: &Output, end: End, what: &str) {
    let said = session.said(output);
    assert!(!said.contains(SECRET), "{what} was read: {said}");
    match end {
        Harmless => assert!(output.status.success(), "{what}: {said}"),
        Refused(code) => {
            assert!(
                said.contains(&format!("[{code}]")) && output.status.code() == Some(125),
                "{what}: {said}"
            );
        }
    }
}

#[test]
fn privileged_links_in_the_place_of_mount_points_lead_nowhere() {
    let (session, canary) = (session(), Canary::new());
    for trap in &TRAPS {
        for target in [format!("{}/{}", canary.path(), trap.to), format!("{}/{}", canary.by_dots(), trap.to)]
        {
            let what = format!("/{} -> {target}", trap.link);
            Rootfs::with_probe().link(trap.link, &target).import(&session, "evil:1");
            ends(&session, &run(&session, "evil:1", &[]), trap.end, &what);
            canary.is_untouched(&what);
        }
    }
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_links_to_what_the_image_has_are_followed_inside_it_or_refused() {
    let session = session();
    for trap in &TRAPS {
        let place = format!("srv/{}", trap.to);
        let root = Rootfs::with_probe().link(trap.link, &format!("/{place}"));
        let root = if matches!(trap.to, "" | "pts" | "shm") {
            root.directory(&place, 0o777)
        } else {
            root.file(&place, 0o666, b"of the image")
        };
        root.import(&session, "evil:1");
        let end = if trap.link.starts_with("etc") { Harmless } else { trap.end };
        ends(&session, &run(&session, "evil:1", &[]), end, trap.link);
    }
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_files_in_the_place_of_mount_points_are_refused_or_covered() {
    let session = session();
    for (path, end) in [
        ("proc", Refused("E-launch-step")),
        ("dev", Refused("E-launch-step")),
        ("sys", Refused("E-launch-step")),
        ("etc", Refused("E-launch-step")),
        ("tmp", Harmless),
    ] {
        Rootfs::with_probe().file(path, 0o666, b"").import(&session, "evil:1");
        ends(&session, &run(&session, "evil:1", &[]), end, path);
    }
    Rootfs::with_probe().directory("etc/hosts", 0o755).import(&session, "evil:1");
    ends(&session, &run(&session, "evil:1", &[]), Refused("E-launch-step"), "/etc/hosts, a directory");
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_a_link_in_the_place_of_a_volume_s_target_stays_in_the_image() {
    let (session, canary) = (session(), Canary::new());
    std::fs::create_dir(session.work().join("data")).unwrap();
    std::fs::write(session.work().join("data/mine"), "shared").unwrap();
    for target in [canary.path().to_owned(), canary.by_dots(), "/etc".to_owned(), "..".to_owned()] {
        Rootfs::with_probe().directory("etc", 0o755).link("data", &target).import(&session, "evil:1");
        for options in [["-v", "./data:/data"], ["-v", "kept:/data/sub"], ["--tmpfs", "/data/tmp"]] {
            let output = run(&session, "evil:1", &options);
            let said = session.said(&output);
            let refused = said.contains("[E-launch-step]") && output.status.code() == Some(125);
            assert!(output.status.success() || refused, "{target} {options:?}: {said}");
            canary.is_untouched(&target);
        }
    }
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_a_new_volume_copies_nothing_of_the_host_that_a_link_of_the_image_names() {
    let (session, canary) = (session(), Canary::new());
    let links = [("data", canary.path().to_owned()), ("data", canary.by_dots())];
    let inner = [("data/secret", format!("{}/secret", canary.path())), ("data/in", canary.path().to_owned())];
    for (link, target) in links.into_iter().chain(inner) {
        Rootfs::with_probe().link(link, &target).import(&session, "evil:1");
        let volume = format!("copy-{}:/data", link.len() + target.len());
        run(&session, "evil:1", &["-v", &volume]);
        assert!(!holds(&session.root().join("volumes"), SECRET), "{link} -> {target}");
        canary.is_untouched(&target);
    }
}

/// Whether a file below the directory has the text in it; links are not followed.
fn holds(directory: &Path, text: &str) -> bool {
    std::fs::read_dir(directory).into_iter().flatten().any(|entry| {
        let entry = entry.unwrap();
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => holds(&entry.path(), text),
            kind if kind.is_file() => {
                std::fs::read_to_string(entry.path()).unwrap_or_default().contains(text)
            }
            _ => false,
        }
    })
}

/// Allowed where it was looked at, forbidden where it leads.
#[test]
fn privileged_a_volume_s_source_is_judged_by_where_it_leads() {
    let session = session();
    for (link, target) in [("direct", "/etc"), ("deep", "/etc/ssh"), ("dots", "../../../../../../etc")] {
        std::os::unix::fs::symlink(target, session.work().join(link)).unwrap();
        let volume = format!("./{link}:/mnt");
        let output =
            session.coffer(["run", "--rm", "-v", &volume, "probe:1", "/bin/probe", "cat", "/mnt/passwd"]);
        let said = session.said(&output);
        assert!(said.contains("[E-policy-refused]") || said.contains("[E-run-host-path]"), "{link}: {said}");
        assert!(!text(&output).contains("root:"), "{link}: {said}");
    }
}

#[test]
fn privileged_a_volume_s_source_that_is_swapped_for_a_link_meanwhile_shows_nothing_else() {
    let session = session();
    let (allowed, link) = (session.work().join("allowed"), session.work().join("link"));
    std::fs::create_dir(&allowed).unwrap();
    std::os::unix::fs::symlink("/etc", &link).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                renameat_with(CWD, &allowed, CWD, &link, RenameFlags::EXCHANGE).unwrap();
            }
        });
        for _ in 0..30 {
            let read = ["probe:1", "/bin/probe", "cat", "/mnt/passwd"];
            let output = session.coffer(["run", "--rm", "-v", "./allowed:/mnt"].into_iter().chain(read));
            if text(&output).contains("root:") || output.status.success() {
                done.store(true, Ordering::Relaxed);
                panic!("the host's /etc was mounted: {}", session.said(&output));
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_a_working_directory_through_a_magic_link_is_refused() {
    let session = session();
    Rootfs::with_probe()
        .link("self-root", "/proc/self/root")
        .link("descriptor", "/proc/self/fd/7")
        .link("directory", "/proc/self/cwd/../..")
        .import(&session, "evil:1");
    let numbered = (0..24).map(|number| format!("/proc/self/fd/{number}"));
    let links =
        ["/proc/self/root", "/proc/1/root/..", "/proc/self/cwd", "/proc/thread-self/root", "/self-root"];
    let more = ["/descriptor", "/directory", "/self-root/../..", "/proc/self/fd/3/../../.."];
    for directory in numbered.chain(links.into_iter().chain(more).map(str::to_owned)) {
        let attack = ["evil:1", "/bin/probe", "attack", "cwd-escape"];
        let script = ["exec 3</ 5</ 7</ 8</; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_coffer")];
        let mut command = Command::new("sh");
        command.arg("-c").args(script).args(["run", "--rm", "-w", &directory]).args(attack);
        let output = command.env("COFFER_ROOT", session.root()).output().unwrap();
        let said = session.said(&output);
        let refused = ["[E-launch-step]", "[E-policy-request]"].iter().any(|code| said.contains(code));
        assert!(refused && output.status.code() == Some(125), "{directory}: {said}");
    }
    Traces::of(&session).are_gone();
}

/// How the image's own runtime could be reached, by links and by the first lines of scripts.
const RUNTIMES: [&str; 7] = [
    "/proc/self/exe",
    "/proc/1/exe",
    "/proc/thread-self/exe",
    "/bin/runtime",
    "/bin/script",
    "/bin/thread",
    "/bin/by-link",
];

#[test]
fn privileged_an_entry_point_that_is_the_runtime_itself_is_not_executed() {
    let session = session();
    Rootfs::with_probe()
        .link("bin/runtime", "/proc/self/exe")
        .file("bin/script", 0o755, b"#!/proc/self/exe\n")
        .file("bin/thread", 0o755, b"#!/proc/thread-self/exe run\n")
        .file("bin/by-link", 0o755, b"#!/bin/runtime\n")
        .file("bin/nested", 0o755, b"#!/bin/script\n")
        .import(&session, "evil:1");
    for program in RUNTIMES.into_iter().chain(["/bin/nested"]) {
        is_refused(&session, &[], program);
        // Whoever may mount is without Landlock, and is held by a look at the program.
        is_refused(&session, &["--policy", "open", "--cap-add", "SYS_ADMIN"], program);
        is_refused(&session, &["--policy", "open", "--privileged"], program);
    }
    Traces::of(&session).are_gone();
}

#[track_caller]
fn is_refused(session: &Session, options: &[&str], program: &str) {
    let words = ["run", "--rm"].into_iter().chain(options.iter().copied());
    let output = session.coffer(words.chain(["evil:1", program, "version"]));
    let said = session.said(&output);
    assert!(said.contains("[E-launch-not-executable]"), "{options:?} {program}: {said}");
    assert_eq!(output.status.code(), Some(126), "{options:?} {program}: {said}");
}
