//! Disks that are full or read-only, and files that are damaged: an error that says what and what next,
//! nothing half done, and work goes on once the cause is gone.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use conversation::Session;
use harness::{Rootfs, Traces, containers, done, entries, session, text, until, words, works};

/// A filesystem of its own at the session's root, for as long as the value lives.
struct Disk(PathBuf);

impl Disk {
    fn new(session: &Session, megabytes: u32) -> Self {
        std::fs::create_dir(session.root()).unwrap();
        let options = format!("size={megabytes}m,mode=700");
        done(Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(session.root()));
        Self(session.root())
    }

    fn remount(&self, mode: &str) {
        done(Command::new("mount").args(["-o", &format!("remount,{mode}")]).arg(&self.0));
    }

    /// Leaves `bytes` free; the file can be removed again.
    fn fill(&self, bytes: u64) -> PathBuf {
        let path = self.0.join("ballast");
        let stat = rustix::fs::statvfs(&self.0).unwrap();
        let size = (stat.f_bavail * stat.f_bsize).saturating_sub(bytes);
        let file = OpenOptions::new().create(true).truncate(true).write(true).open(&path).unwrap();
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, size).unwrap();
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _gone_with_the_machine = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn unmounted() -> Session {
    assert!(rustix::process::getuid().is_root(), "privileged tests run as root");
    Session::new()
}

/// One sentence with a code, and the next step below it.
#[track_caller]
fn explains(session: &Session, output: &Output, code: u8, expected: &[&str]) {
    let said = session.said(output);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(output.status.code(), Some(i32::from(code)), "{said}");
    assert!(expected.iter().any(|code| said.contains(&format!("[{code}]"))), "{expected:?}: {said}");
    assert!(lines.len() >= 3 && lines.iter().any(|line| line.starts_with("  ")), "no next step: {said}");
}

#[test]
fn privileged_an_import_on_a_full_disk_leaves_nothing_and_works_when_there_is_room() {
    let session = unmounted();
    let disk = Disk::new(&session, 16);
    Rootfs::with_probe().import(&session, "probe:1");
    let images = works(&session, "image ls -q");
    let big = Rootfs::with_probe().file("big", 0o644, &vec![7; 2_000_000]).bytes();
    std::fs::write(session.work().join("big.tar"), big).unwrap();
    let import = ["image", "import", "rootfs:big.tar", "big:1"];
    for free in [4096, 64 << 10, 512 << 10, 1 << 20, 2 << 20, 3 << 20] {
        let ballast = disk.fill(free);
        explains(&session, &session.coffer(import), 1, &["E-store-space", "E-ledger-space"]);
        assert_eq!(works(&session, "image ls -q"), images, "{free} bytes free");
        std::fs::remove_file(ballast).unwrap();
        works(&session, "image verify");
        works(&session, "ledger verify");
    }
    works(&session, "image import rootfs:big.tar big:1");
    works(&session, "run --rm big:1 /bin/probe true");
}

#[test]
fn privileged_a_run_on_a_full_disk_is_an_error_and_leaves_nothing() {
    let session = unmounted();
    let disk = Disk::new(&session, 16);
    Rootfs::with_probe().import(&session, "probe:1");
    works(&session, "run --rm probe:1 /bin/probe true");
    for free in [0, 4096, 8192, 16384, 32768] {
        let ballast = disk.fill(free);
        let output = session.coffer(["run", "--name", "web", "probe:1", "/bin/probe", "true"]);
        if !output.status.success() {
            explains(
                &session,
                &output,
                125,
                &["E-state-full", "E-ledger-space", "E-store-space", "E-launch-step"],
            );
        }
        std::fs::remove_file(ballast).unwrap();
        works(&session, "ps -a");
        works(&session, "ledger verify");
        session.coffer(["rm", "web"]);
        assert_eq!(containers(&session).len(), 0, "{free} bytes free");
        works(&session, "run --rm --name web probe:1 /bin/probe true");
    }
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_a_full_disk_holds_no_container_up_for_ever_and_the_log_says_what_is_missing() {
    let session = unmounted();
    let disk = Disk::new(&session, 64);
    Rootfs::with_probe().import(&session, "probe:1");
    works(&session, "run -d --name web probe:1 /bin/probe tick");
    until("it prints", || works(&session, "logs web").lines().count() > 2);
    let ballast = disk.fill(0);
    let length = || std::fs::metadata(log_of(&session)).unwrap().len();
    let mut before = length();
    until("nothing fits any more", || {
        std::thread::sleep(Duration::from_secs(1));
        before == std::mem::replace(&mut before, length())
    });
    // Its output waits for ten seconds, and goes on without being kept.
    std::thread::sleep(Duration::from_secs(11));
    std::fs::remove_file(ballast).unwrap();
    let said = || session.said(&session.coffer(["logs", "web"]));
    until("the log says so", || said().contains("bytes of output were lost"));
    works(&session, "rm -f web");
}

fn log_of(session: &Session) -> PathBuf {
    let id = works(session, "ps -q --no-trunc");
    session.root().join("containers").join(id.trim()).join("log.json")
}

#[test]
fn privileged_a_read_only_disk_is_an_error_that_names_it_and_reading_goes_on() {
    let session = unmounted();
    let disk = Disk::new(&session, 16);
    Rootfs::with_probe().import(&session, "probe:1");
    works(&session, "run --name web probe:1 /bin/probe true");
    disk.remount("ro");
    for line in ["run --rm probe:1 /bin/probe true", "image import rootfs:rootfs.tar two:1", "rm web"] {
        let output = session.coffer(words(line));
        let code = if line.starts_with("run") { 125 } else { 1 };
        let said = session.said(&output).to_lowercase();
        assert_eq!(output.status.code(), Some(code), "{line}: {said}");
        assert!(said.contains("read-only") && said.contains("[e-"), "{line}: {said}");
    }
    for line in ["image ls", "image inspect probe:1", "inspect web", "ps -a", "ledger show", "ledger verify"]
    {
        works(&session, line);
    }
    disk.remount("rw");
    works(&session, "run --rm probe:1 /bin/probe true");
    works(&session, "rm web");
}

/// Changes one byte in the middle.
fn damage(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes.iter_mut().skip(middle).take(1).for_each(|byte| *byte ^= 0x20);
    std::fs::write(path, bytes).unwrap();
}

/// The largest file below the directory.
fn largest(directory: &Path) -> PathBuf {
    let files = entries(directory).into_iter().map(|name| directory.join(name));
    files.max_by_key(|path| path.metadata().unwrap().len()).unwrap()
}

#[test]
fn privileged_a_damaged_blob_is_found_and_named_and_repaired_by_another_import() {
    let session = session();
    let blob = largest(&session.root().join("images/images/blobs/sha256"));
    damage(&blob);
    let digest = blob.file_name().unwrap().to_str().unwrap().chars().take(12).collect::<String>();
    let output = session.coffer(["image", "verify"]);
    let said = format!("{}{}", text(&output), String::from_utf8_lossy(&output.stderr));
    assert!(!output.status.success() && said.contains(&digest), "{digest}: {said}");
    works(&session, "image import rootfs:rootfs.tar probe:1");
    works(&session, "image verify");
    works(&session, "run --rm probe:1 /bin/probe true");
}

#[test]
fn privileged_a_damaged_ledger_stops_runs_and_says_which_entry() {
    let session = session();
    works(&session, "run --rm probe:1 /bin/probe true");
    let tail = session.root().join("ledger/tail");
    let mut bytes = std::fs::read(&tail).unwrap();
    let place = bytes.windows(6).position(|window| window == b"permit").unwrap();
    bytes.iter_mut().skip(place).take(1).for_each(|byte| *byte = b'P');
    std::fs::write(&tail, bytes).unwrap();
    explains(&session, &session.coffer(["ledger", "verify"]), 1, &["E-ledger-damaged"]);
    std::fs::write(&tail, b"").unwrap();
    let output = session.coffer(["ledger", "verify"]);
    explains(&session, &output, 1, &["E-ledger-damaged", "E-ledger-shortened"]);
    explains(
        &session,
        &session.coffer(["run", "--rm", "probe:1", "/bin/probe", "true"]),
        125,
        &["E-ledger-damaged", "E-ledger-shortened"],
    );
    assert_eq!(containers(&session).len(), 0);
}

#[test]
fn privileged_damaged_records_are_named_and_do_not_stop_others() {
    let session = session();
    for content in ["", "{", "null", "[1]", "{\"version\":1}", "{\"version\":99}", "\u{0}\u{0}"] {
        works(&session, "run --name broken probe:1 /bin/probe true");
        let container = containers(&session).into_iter().next().unwrap();
        let directory = session.root().join("containers").join(container);
        std::fs::write(directory.join("container.json"), content).unwrap();
        works(&session, "run --rm probe:1 /bin/probe true");
        works(&session, "ps -a");
        works(&session, "image ls");
        explains(&session, &session.coffer(["inspect", "broken"]), 1, &["E-state-damaged", "E-state-newer"]);
        if content.contains("99") {
            std::fs::remove_dir_all(&directory).unwrap();
        } else {
            works(&session, "rm -f broken");
        }
        assert_eq!(containers(&session).len(), 0, "{content:?}");
        works(&session, "ps -a");
    }
}
