//! Digests of what is taken: the same for the same files, another one for everything that matters.

use std::fs::{File, FileTimes};
use std::time::{Duration, SystemTime};

use build::plan;
use coffer_engine::building::{CacheEntry, CacheKind, CachePrune, Stamp, StampMode};
use model::digest::Digest;
use rustix::fs::inotify;

use crate::bench::{Bench, Change, copy};

fn digest(bench: &Bench, copy: &plan::Copy) -> Digest {
    bench.taken(copy).unwrap().digest
}

fn filled() -> Bench {
    let bench = Bench::new();
    bench.file("dir/a", "a").file("dir/b/c", "c").link("dir/link", "a");
    bench
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn privileged_the_same_files_elsewhere_and_at_another_time_are_the_same() {
    let (one, two) = (filled(), filled());
    let file = File::options().write(true).open(two.path("dir/a")).unwrap();
    file.set_times(FileTimes::new().set_modified(at(1_000_000_000))).unwrap();
    let copy = copy(&["dir"], "/n/");
    assert_eq!(digest(&one, &copy), digest(&two, &copy));
    let layer = |bench: &Bench, mode| {
        let stamp = Stamp { epoch: Some(1_234_567_890), mode };
        bench.engine.copy(&copy, &bench.taken(&copy).unwrap(), &bench.base, stamp).unwrap().unwrap()
    };
    assert_eq!(layer(&one, StampMode::All), layer(&two, StampMode::All));
    assert_ne!(layer(&one, StampMode::Keep), layer(&two, StampMode::Keep));
}

#[test]
fn privileged_everything_that_matters_makes_another_digest() {
    let copy = copy(&["dir"], "/n");
    let original = digest(&filled(), &copy);
    let changes: [(&str, Change<'_>); 6] = [
        ("content", &|bench| {
            bench.file("dir/a", "A");
        }),
        ("mode", &|bench| {
            bench.mode("dir/a", 0o600);
        }),
        ("name", &|bench| std::fs::rename(bench.path("dir/a"), bench.path("dir/z")).unwrap()),
        ("another file", &|bench| {
            bench.file("dir/more", "");
        }),
        ("a directory", &|bench| std::fs::create_dir(bench.path("dir/empty")).unwrap()),
        ("a link's target", &|bench| {
            std::fs::remove_file(bench.path("dir/link")).unwrap();
            bench.link("dir/link", "b");
        }),
    ];
    for (name, change) in changes {
        let bench = filled();
        change(&bench);
        assert_ne!(digest(&bench, &copy), original, "{name}");
    }
    assert_eq!(digest(&filled(), &copy), original);
    let (two_files, two_names) = (filled(), filled());
    two_files.file("dir/again", "a");
    std::fs::hard_link(two_names.path("dir/a"), two_names.path("dir/again")).unwrap();
    assert_ne!(digest(&two_files, &copy), digest(&two_names, &copy));
    let owned = plan::Copy { owner: "app".into(), ..copy.clone() };
    assert_ne!(digest(&filled(), &owned), original, "an owner by name is another one on another root");
}

#[test]
fn privileged_what_has_not_changed_is_not_read_again() {
    let bench = filled();
    let copy = copy(&["dir"], "/n");
    let before = digest(&bench, &copy);
    let index = std::fs::read_dir(bench.root.path().join("state/building/prints")).unwrap().count();
    assert_eq!(index, 1);
    let watcher = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    inotify::add_watch(&watcher, bench.path("dir/a"), inotify::WatchFlags::OPEN).unwrap();
    let opened = || rustix::io::read(&watcher, &mut [0; 1024][..]).is_ok();
    assert_eq!(digest(&bench, &copy), before);
    assert!(!opened());
    let modified = std::fs::metadata(bench.path("dir/a")).unwrap().modified().unwrap();
    std::fs::write(bench.path("dir/a"), "b").unwrap();
    let file = File::options().write(true).open(bench.path("dir/a")).unwrap();
    file.set_times(FileTimes::new().set_modified(modified)).unwrap();
    assert!(opened());
    assert_ne!(
        digest(&bench, &copy),
        before,
        "size and time are what they were, but the kernel knows better"
    );
    assert!(opened());
    let meant = |entry: &CacheEntry| entry.kind == CacheKind::Internal;
    let pruned = bench.engine.prune_build_cache(CachePrune { meant: &meant, keep: None }).unwrap();
    assert!(pruned.removed.len() == 1 && pruned.bytes > 0);
    assert_eq!(std::fs::read_dir(bench.root.path().join("state/building/prints")).unwrap().count(), 0);
}
