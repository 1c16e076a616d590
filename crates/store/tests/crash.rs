//! Imports that die and imports that meet.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests too, which clippy does not see"
)]

mod common;

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use coffer_store::{Imported, Limits, Naming, Owner, Quiet, Store};
use common::{Bench, NOW, Tar, docker_archive};
use model::reference::ArchiveSource;

const STORE: &str = "COFFER_TEST_STORE";
const ARCHIVE: &str = "COFFER_TEST_ARCHIVE";

/// Two layers of some hundred small files and a few large ones, so that there is something to interrupt.
fn archive() -> Vec<u8> {
    let layer = |seed: u8| {
        let mut layer = Tar::new();
        for number in 0..300 {
            layer = layer.file(&format!("d{}/f{number}", number % 17), &[seed; 700]);
        }
        for number in 0..4 {
            layer = layer.long(&format!("large{number}"), &vec![seed; 2 << 20]);
        }
        layer.program("bin/run", 0o755).bytes()
    };
    docker_archive("victim", &[&layer(1), &layer(2)])
}

fn import(store: &Path, archive: &Path) -> Imported {
    let owner = if rustix::process::geteuid().is_root() { Owner::Root } else { Owner::SingleUser };
    let store = Store::open(store, owner, Limits::default()).unwrap();
    let source = ArchiveSource { transport: None, path: archive.to_owned(), selector: None };
    store.import(&source, &Naming::FromSource, NOW, &mut Quiet).unwrap()
}

/// Itself a test; and with the variables set, the child of the others.
#[test]
fn privileged_an_import_in_a_process_of_its_own_succeeds() {
    let told = |variable| std::env::var_os(variable).map(std::path::PathBuf::from);
    if let (Some(store), Some(archive)) = (told(STORE), told(ARCHIVE)) {
        import(&store, &archive);
        return;
    }
    let bench = Bench::new();
    std::fs::write(bench.path("archive.tar"), archive()).unwrap();
    assert!(child(&bench).wait().unwrap().success());
    assert_eq!(bench.resolve("victim").unwrap().facts.exec_dirs[0].path, "/bin");
    bench.assert_consistent();
}

fn child(bench: &Bench) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "privileged_an_import_in_a_process_of_its_own_succeeds"])
        .env(STORE, bench.path("store"))
        .env(ARCHIVE, bench.path("archive.tar"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn privileged_an_import_killed_at_any_instant_leaves_a_consistent_store() {
    let bench = Bench::new();
    std::fs::write(bench.path("archive.tar"), archive()).unwrap();
    let (mut killed, mut instant) = (0, Duration::from_millis(2));
    for _ in 0..40 {
        let mut child = child(&bench);
        std::thread::sleep(instant);
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
        bench.assert_consistent();
        if bench.store.list().unwrap().is_empty() {
            instant = instant * 5 / 4;
        } else {
            // It got through: start again with nothing, and somewhat faster.
            let nobody = std::collections::BTreeSet::new();
            bench.store.prune(&nobody, coffer_store::Prune::Unused).unwrap();
            instant /= 3;
        }
    }
    assert!(killed > 10, "only {killed} of 40 imports were interrupted");
    let imported = import(&bench.path("store"), &bench.path("archive.tar"));
    assert_eq!(imported.image.layers.len(), 2);
    bench.assert_consistent();
    assert_eq!(std::fs::read_dir(bench.path("store/tmp")).unwrap().count(), 0, "what the dead left is gone");
}

#[test]
fn privileged_somebody_without_any_privilege_imports_too() {
    use std::os::unix::fs::{PermissionsExt, chown};
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65534;
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::copy(std::env::current_exe().unwrap(), path("test")).unwrap();
    // An owner that cannot be given, an entry twice, and a whiteout.
    let layer =
        Tar::new().pax("uid", b"33").file("shut/in/x", b"").file("shut/in/x", b"again").file(".wh.gone", b"");
    std::fs::write(path("archive.tar"), docker_archive("plain", &[&layer.bytes()])).unwrap();
    std::fs::create_dir(path("home")).unwrap();
    chown(path("home"), Some(NOBODY), Some(NOBODY)).unwrap();
    let status = Command::new(path("test"))
        .args(["--exact", "privileged_an_import_in_a_process_of_its_own_succeeds"])
        .env(STORE, path("home/store"))
        .env(ARCHIVE, path("archive.tar"))
        .current_dir("/")
        .uid(NOBODY)
        .gid(NOBODY)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let store = Store::open(path("home/store"), Owner::SingleUser, Limits::default()).unwrap();
    let image = store.list().unwrap().remove(0);
    assert!(image.facts.flattened_owners);
    let file = store.layer_dir(&image.layers[0]).join("shut/in/x").metadata().unwrap();
    assert_eq!((file.uid(), file.len()), (NOBODY, 5));
    assert!(store.verify(&mut Quiet).unwrap().is_empty());
}

#[test]
fn privileged_two_imports_of_one_image_at_once_do_the_work_once() {
    let bench = Bench::new();
    std::fs::write(bench.path("archive.tar"), archive()).unwrap();
    let (store, archive) = (bench.path("store"), bench.path("archive.tar"));
    let layers = store.join("layers");
    let inodes = || {
        let mut inodes: Vec<u64> = std::fs::read_dir(&layers)
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().ino())
            .collect();
        inodes.sort_unstable();
        inodes
    };
    std::thread::scope(|scope| {
        let first = scope.spawn(|| import(&store, &archive));
        let second = scope.spawn(|| import(&store, &archive));
        let third = child(&bench).wait().unwrap();
        let (first, second) = (first.join().unwrap(), second.join().unwrap());
        assert!(third.success());
        assert_eq!(first.image.digest, second.image.digest);
    });
    let before = inodes();
    assert_eq!(before.len(), 2);
    assert!(import(&store, &archive).already);
    assert_eq!(inodes(), before, "nothing was unpacked again");
    bench.assert_consistent();
}
