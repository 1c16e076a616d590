//! The walls around the process that reads an image's files, tried from inside, and what becomes of it when it dies.
//!
//! A process is cloned from this program, which must have one thread then: each `inside_...` test is this program
//! anew, with one test and one thread, as root, as a user, or as a user in a namespace of their own.
#![cfg(test)]

use std::fs::{self, File};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use model::finding::Severity;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::net::{AddressFamily, SocketType};
use rustix::process::{Pid, Signal};
use scan::{Confining, Guard, Landlock, LayerFacts, Limits, ScanError, Scanner, all_secrets, merge, trial};
use sys::attempt::{self, Executable};

const TREE: &str = "COFFER_TEST_TREE";

/// Any user who is not root.
const SOMEBODY: u32 = 12_345;

const STATUS: &str =
    "Package: openssl\nStatus: install ok installed\nVersion: 3.0.11-1\nArchitecture: amd64\n";

struct Fixture {
    directory: tempfile::TempDir,
    program: PathBuf,
}

/// A tree, and this program where everybody may run it.
fn fixture() -> Fixture {
    assert!(rustix::process::getuid().is_root(), "privileged tests run as root");
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = directory.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let tree = directory.path().join("tree");
    let put = |path: &str, content: &str| {
        fs::create_dir_all(tree.join(path).parent().unwrap()).unwrap();
        fs::write(tree.join(path), content).unwrap();
    };
    put("var/lib/dpkg/status", STATUS);
    put("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n");
    for number in 0..500 {
        put(&format!("usr/share/{}/{number}", number % 7), "text that is of no interest\n");
    }
    Fixture { directory, program }
}

impl Fixture {
    fn tree(&self) -> PathBuf {
        self.directory.path().join("tree")
    }

    /// Gives the tree to somebody, who can then read it without rights over others.
    fn given_to_somebody(self) -> Self {
        let owner = Some(SOMEBODY);
        for path in walk(&self.tree()) {
            std::os::unix::fs::chown(path, owner, owner).unwrap();
        }
        self
    }

    fn inside(&self, test: &str, prefix: &[&str], uid: Option<u32>) {
        let (first, rest) = match prefix {
            [first, rest @ ..] => (PathBuf::from(first), rest),
            [] => (self.program.clone(), prefix),
        };
        let mut command = Command::new(first);
        command.args(rest);
        if !prefix.is_empty() {
            command.arg(&self.program);
        }
        command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
        command.env(TREE, self.tree()).current_dir("/");
        if let Some(uid) = uid {
            command.uid(uid).gid(uid);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("1 passed"), "{said}\n{complained}");
    }

    fn as_root(&self, test: &str) {
        self.inside(test, &[], None);
    }

    fn as_somebody(&self, test: &str) {
        self.inside(test, &[], Some(SOMEBODY));
    }

    fn as_root_of_a_namespace(&self, test: &str) {
        self.inside(test, &["unshare", "--user", "--map-root-user"], Some(SOMEBODY));
    }
}

fn walk(path: &Path) -> Vec<PathBuf> {
    let mut all = vec![path.to_owned()];
    if path.is_dir() {
        all.extend(fs::read_dir(path).unwrap().flat_map(|entry| walk(&entry.unwrap().path())));
    }
    all
}

/// The tree, in the program that runs one test.
fn tree() -> Option<PathBuf> {
    std::env::var_os(TREE).map(PathBuf::from)
}

fn open(path: &Path) -> OwnedFd {
    File::open(path).unwrap().into()
}

fn guard() -> Guard {
    let filter = launch::seccomp::compile(&scan::profile()).unwrap().program().to_vec();
    let is_root = rustix::process::getuid().is_root();
    let whole = fs::read_to_string("/proc/self/uid_map").unwrap().contains("4294967295");
    let identity = (is_root && whole).then_some((65_534, 65_534));
    Guard { filter, identity, landlock: Landlock::Needed }
}

fn scanner() -> Scanner {
    Scanner::new(guard(), Limits { threads: 2, ..Limits::default() })
}

fn facts(tree: &Path) -> Result<LayerFacts, ScanError> {
    scanner().scan("the tree", open(tree))
}

#[test]
fn privileged_a_confined_process_finds_what_is_there() {
    fixture().as_root("inside_a_scan_finds_what_is_there");
    fixture().given_to_somebody().as_somebody("inside_a_scan_finds_what_is_there");
    fixture().given_to_somebody().as_root_of_a_namespace("inside_a_scan_finds_what_is_there");
}

#[test]
fn inside_a_scan_finds_what_is_there() {
    let Some(tree) = tree() else { return };
    let facts = facts(&tree).unwrap();
    assert!(facts.gaps.is_empty(), "{:?}", facts.gaps);
    let inventory = merge(&[facts]);
    assert_eq!(inventory.packages.len(), 1);
    assert_eq!(inventory.packages[0].version, "3.0.11-1");
    assert_eq!(inventory.distribution.unwrap().id, "debian");
}

#[test]
fn privileged_root_reads_what_nobody_else_may_and_sees_its_own_opaque_directories() {
    let fixture = fixture();
    let status = fixture.tree().join("var/lib/dpkg/status");
    fs::set_permissions(&status, fs::Permissions::from_mode(0)).unwrap();
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(fixture.tree().join("usr"), "trusted.overlay.opaque", b"y", flags).unwrap();
    let key = ["-----BEGIN RSA ", "PRIVATE KEY-----"].concat();
    fs::write(fixture.tree().join("etc/passwd.pgpass"), key).unwrap();
    fixture.as_root("inside_a_scan_finds_what_is_there");
    fixture.as_root("inside_opaque_directories_are_seen");
}

#[test]
fn inside_opaque_directories_are_seen() {
    let Some(tree) = tree() else { return };
    let facts = facts(&tree).unwrap();
    assert!(facts.opaque.contains(scan::Mark::of("usr")));
    assert!(all_secrets(&[facts]).iter().all(|secret| secret.severity != Severity::Unknown));
}

/// What is tried of the tree and the keeper, and whether it was done.
type Attempt = (&'static str, fn(BorrowedFd<'_>, Pid) -> bool);

const READ: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC);

/// The one call that opens files and is allowed, without what the walk asks it for.
fn opens(at: BorrowedFd<'_>, path: &str, flags: OFlags) -> bool {
    let mode = if flags.contains(OFlags::CREATE) { Mode::RWXU } else { Mode::empty() };
    openat2(at, path, flags | OFlags::CLOEXEC, mode, ResolveFlags::empty()).is_ok()
}

const ATTEMPTS: &[Attempt] = &[
    ("open a file elsewhere", |_, _| opens(CWD, "/etc/passwd", READ)),
    ("list a directory elsewhere", |_, _| opens(CWD, "/", READ | OFlags::DIRECTORY)),
    ("go upwards", |tree, _| opens(tree, "../test", READ)),
    ("look at the host's processes", |_, _| opens(CWD, "/proc/self/status", READ)),
    ("open a file of the tree for writing", |tree, _| {
        opens(tree, "etc/os-release", OFlags::WRONLY | OFlags::CLOEXEC)
    }),
    ("truncate a file of the tree", |tree, _| opens(tree, "etc/os-release", OFlags::RDONLY | OFlags::TRUNC)),
    ("make a file in the tree", |tree, _| {
        opens(tree, "new", OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC)
    }),
    ("open the old way", |tree, _| openat(tree, "etc/os-release", READ, Mode::empty()).is_ok()),
    ("remove a file", |tree, _| rustix::fs::unlinkat(tree, "etc/os-release", AtFlags::empty()).is_ok()),
    ("change a mode", |tree, _| {
        rustix::fs::chmodat(tree, "etc/os-release", Mode::RWXU, AtFlags::empty()).is_ok()
    }),
    ("make a socket", |_, _| rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).is_ok()),
    ("make a local socket", |_, _| {
        rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).is_ok()
    }),
    ("signal its keeper", |_, keeper| rustix::process::kill_process(keeper, Signal::CONT).is_ok()),
    ("trace its keeper", |_, keeper| attempt::seize(keeper).is_ok()),
    ("read its keeper's memory", |_, keeper| attempt::read_memory(keeper).is_ok()),
    ("make a process", |_, _| match sys::clone::clone3(0, None) {
        Ok(sys::clone::Cloned::Child) => sys::exec::exit(0),
        made => made.is_ok(),
    }),
    ("make a process the old way", |_, _| attempt::clone_into_user_namespace(attempt::Clone::Old).is_ok()),
    ("map a file to run it", |tree, _| {
        let flags = READ;
        let file = openat2(tree, "etc/os-release", flags, Mode::empty(), ResolveFlags::BENEATH);
        file.is_ok_and(|file| {
            [Executable::FromTheStart, Executable::Later]
                .into_iter()
                .any(|when| attempt::map_executable(file.as_fd(), when).is_ok())
        })
    }),
    ("let others trace it", |_, _| {
        rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::Dumpable).is_ok()
    }),
    ("be root again", |_, _| rustix::thread::set_thread_uid(rustix::fs::Uid::ROOT).is_ok()),
    ("have more rights again", |_, _| {
        use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
        let all = CapabilitySet::SYS_ADMIN | CapabilitySet::DAC_OVERRIDE;
        let sets = CapabilitySets { effective: all, permitted: all, inheritable: CapabilitySet::empty() };
        set_capabilities(None, sets).is_ok()
    }),
    ("see opaque directories of root", |tree, _| {
        rustix::fs::fgetxattr(tree, "trusted.coffer", &mut [0_u8; 1][..]).is_ok()
    }),
];

#[test]
fn privileged_nothing_leads_out_of_a_confined_process() {
    let fixture = fixture();
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(fixture.tree(), "trusted.coffer", b"y", flags).unwrap();
    fixture.as_root("inside_every_attempt_fails");
    let fixture = fixture.given_to_somebody();
    fixture.as_somebody("inside_every_attempt_fails");
    fixture.as_root_of_a_namespace("inside_every_attempt_fails");
}

#[test]
fn inside_every_attempt_fails() {
    let Some(tree) = tree() else { return };
    let keeper = rustix::process::getpid();
    let tried =
        |tree: BorrowedFd<'_>| ATTEMPTS.iter().map(|(_, attempt)| u8::from(attempt(tree, keeper))).collect();
    let done = trial::within(&scanner(), open(&tree), tried).unwrap();
    assert_eq!(done.len(), ATTEMPTS.len());
    let done = ATTEMPTS.iter().zip(done).filter(|(_, done)| *done != 0);
    let done: Vec<&str> = done.map(|((what, _), _)| *what).collect();
    assert!(done.is_empty(), "{done:?}");
}

/// The attempts are attempts: without walls they succeed, as far as this user could ever do them.
#[test]
fn privileged_without_walls_the_same_attempts_succeed() {
    fixture().as_root("inside_without_walls_attempts_succeed");
}

#[test]
fn inside_without_walls_attempts_succeed() {
    let Some(tree) = tree() else { return };
    let opened = open(&tree);
    let harmless = [
        "open a file elsewhere",
        "list a directory elsewhere",
        "go upwards",
        "open the old way",
        "look at the host's processes",
        "make a socket",
        "make a local socket",
        "signal its keeper",
        "make a file in the tree",
        "change a mode",
        "map a file to run it",
        "make a process the old way",
        "let others trace it",
    ];
    for (what, attempt) in ATTEMPTS.iter().filter(|(what, _)| harmless.contains(what)) {
        assert!(attempt(opened.as_fd(), rustix::process::getpid()), "{what}");
    }
}

#[test]
fn privileged_a_process_that_dies_hangs_or_says_too_much_is_an_error_that_names_the_tree() {
    fixture().as_root("inside_ends_are_told");
}

#[test]
fn inside_ends_are_told() {
    let Some(tree) = tree() else { return };
    let brief = Limits { time: Duration::from_millis(300), ..Limits::default() };
    let hangs = |_: BorrowedFd<'_>| loop {
        std::thread::yield_now();
    };
    let error = trial::within(&Scanner::new(guard(), brief), open(&tree), hangs).unwrap_err();
    assert!(matches!(error, ScanError::Slow { .. }), "{error}");
    let aborts = |_: BorrowedFd<'_>| -> Vec<u8> { std::process::abort() };
    let error = trial::within(&scanner(), open(&tree), aborts).unwrap_err();
    assert_eq!(error.to_string(), "the process that looked into the trial was killed by signal 6");
    let ends = |_: BorrowedFd<'_>| -> Vec<u8> { sys::exec::exit(0) };
    let silent = trial::within(&scanner(), open(&tree), ends).unwrap();
    assert!(LayerFacts::decode(&silent).is_err(), "an end without a word is no fact");
    let greedy = |_: BorrowedFd<'_>| vec![1; 8 << 30];
    let error = trial::within(&scanner(), open(&tree), greedy).unwrap_err();
    assert!(matches!(error, ScanError::Died { .. }), "{error}");
    let talks = |_: BorrowedFd<'_>| vec![1; scan::MOST_BYTES + 1];
    let error = trial::within(&scanner(), open(&tree), talks).unwrap_err();
    assert!(matches!(error, ScanError::Answer { .. }), "{error}");
}

#[test]
fn privileged_a_wall_that_cannot_be_built_ends_the_scan() {
    let fixture = fixture();
    fixture.as_root("inside_walls_are_needed");
    fs::create_dir(fixture.tree().join("closed")).unwrap();
    fs::set_permissions(fixture.tree().join("closed"), fs::Permissions::from_mode(0)).unwrap();
    fixture.as_somebody("inside_walls_are_needed");
}

#[test]
fn inside_walls_are_needed() {
    let Some(tree) = tree() else { return };
    let step = |guard: Guard, tree: OwnedFd| match Scanner::new(guard, Limits::default()).scan("it", tree) {
        Err(ScanError::Confine { step, .. }) => step,
        other => panic!("{other:?}"),
    };
    assert_eq!(step(Guard { filter: Vec::new(), ..guard() }, open(&tree)), Confining::Seccomp);
    assert_eq!(step(guard(), open(&tree.join("etc/os-release"))), Confining::Landlock);
    if !rustix::process::getuid().is_root() {
        assert_eq!(step(Guard { identity: Some((1, 1)), ..guard() }, open(&tree)), Confining::Rights);
        let closed = tree.join("closed");
        assert_eq!(
            step(guard(), openat(CWD, &closed, OFlags::PATH, Mode::empty()).unwrap()),
            Confining::Tree
        );
    }
}
