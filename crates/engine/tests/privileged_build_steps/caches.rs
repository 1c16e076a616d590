//! Directories that outlive their steps, and what hostile steps make of them.

use std::os::unix::fs::MetadataExt as _;

use build::plan::{Mount, Origin, Sharing};
use coffer_engine as engine;
use engine::building::{CacheEntry, CacheKind, CachePrune, Output};
use engine::containers::{Force, Which};
use engine::state::Ended;

use crate::scene::{Given, assert_said, bind, cache, fixture, open, step, wait_for, with};

#[test]
fn privileged_a_cache_outlives_its_steps_and_is_in_no_layer() {
    let f = fixture();
    let given = Given::on(&f.base);
    let apt = || cache("apt", "/var/cache/apt", Sharing::Locked);
    let (layer, _) =
        f.succeed(&with(vec![apt()], &["write /var/cache/apt/p package", "own 7 /var/cache/apt/p"]), &given);
    assert_eq!(layer, None);
    let things = [
        "read /var/cache/apt/p",
        "stat /var/cache/apt/p",
        "copy /test /var/cache/apt/t",
        "run /var/cache/apt/t",
    ];
    let (_, printed) = f.succeed(&with(vec![apt()], &things), &given);
    let expected =
        ["read /var/cache/apt/p = package", "stat /var/cache/apt/p = 644 7:7", "run /var/cache/apt/t = true"];
    assert_said(&printed, &expected);
    let filled = Mount::Cache {
        id: "filled".into(),
        origin: Origin::Step(1),
        source: "srv".into(),
        target: "/filled".into(),
        readonly: true,
        sharing: Sharing::Private,
        mode: 0o700,
        owner: (3, 3),
    };
    let (_, printed) = f.succeed(&with(vec![filled], &["list /filled", "write /filled/x y"]), &given);
    assert_said(&printed, &["list /filled = below,doomed", "write /filled/x y ! ReadOnlyFilesystem"]);
    let owned = Mount::Cache {
        id: "owned".into(),
        origin: Origin::Scratch,
        source: String::new(),
        target: "/owned".into(),
        readonly: false,
        sharing: Sharing::Shared,
        mode: 0o711,
        owner: (1000, 1001),
    };
    let (_, printed) = f.succeed(&with(vec![owned], &["stat /owned"]), &given);
    assert_said(&printed, &["stat /owned = 711 1000:1001"]);
    let caches = f.caches_at_rest();
    assert_eq!(
        caches.iter().map(|cache| cache.title.as_str()).collect::<Vec<_>>(),
        ["apt", "filled", "owned"]
    );
    assert!(caches[0].bytes > 7 && caches[0].created.is_some_and(|made| caches[0].last_used >= made));
    let meant = |entry: &CacheEntry| entry.title == "apt";
    let pruned = f.engine.prune_build_cache(CachePrune { meant: &meant, keep: None }).unwrap();
    assert_eq!((pruned.removed, pruned.bytes), (vec![caches[0].clone()], caches[0].bytes));
    let (_, printed) = f.succeed(&with(vec![apt()], &["list /var/cache/apt"]), &given);
    assert_said(&printed, &["list /var/cache/apt ="]);
    f.caches_at_rest();
    let all = CachePrune { meant: &|_| true, keep: None };
    assert!(f.engine.prune_build_cache(all).unwrap().removed.iter().any(|gone| gone.title == "owned"));
    assert_eq!(
        std::fs::read_dir(f.root.join("state/caches")).unwrap().count(),
        0,
        "nothing is left of an id"
    );
}

#[test]
fn privileged_the_oldest_goes_until_so_much_is_left() {
    let f = fixture();
    let given = Given::on(&f.base);
    for (id, age) in [("old", 200), ("older", 300), ("new", 100)] {
        f.succeed(&with(vec![cache(id, "/c", Sharing::Shared)], &["copy /test /c/t"]), &given);
        f.used_ago(id, age);
    }
    let bytes: u64 = f.caches_at_rest().iter().map(|cache| cache.bytes).sum();
    let keep = Some(bytes - 1);
    let pruned = f.engine.prune_build_cache(CachePrune { meant: &|_| true, keep }).unwrap();
    assert_eq!(pruned.removed.iter().map(|gone| gone.title.as_str()).collect::<Vec<_>>(), ["older"]);
    let meant = |entry: &CacheEntry| entry.kind != CacheKind::Mount || entry.title == "new";
    let pruned = f.engine.prune_build_cache(CachePrune { meant: &meant, keep: Some(0) }).unwrap();
    assert_eq!(pruned.removed.iter().map(|gone| gone.title.as_str()).collect::<Vec<_>>(), ["new"]);
    assert_eq!(f.caches().iter().map(|cache| cache.title.as_str()).collect::<Vec<_>>(), ["old"]);
}

/// CVE-2024-9675 and CVE-2024-23651: what is in a cache, and what it is called, is somebody else's.
#[test]
fn privileged_a_hostile_cache_leads_nowhere() {
    let f = fixture();
    let given = Given::on(&f.base);
    let up = "../".repeat(20);
    for id in [format!("{up}etc"), "/etc".into(), "..".into(), "a\0b".into(), "x".repeat(5000), String::new()]
    {
        let (_, printed) =
            f.succeed(&with(vec![cache(&id, "/c", Sharing::Shared)], &["list /c", "write /c/x y"]), &given);
        assert_said(&printed, &["list /c =", "write /c/x y ="]);
    }
    assert_eq!(f.caches().len(), 6);
    // One step fills it with links out; another mounts a part of it.
    let poison = ["link / /c/sub", "link /etc/passwd /c/file", "make /c/dir"];
    f.succeed(&with(vec![cache("evil", "/c", Sharing::Shared)], &poison), &given);
    let part = Mount::Cache {
        id: "evil".into(),
        origin: Origin::Step(1),
        source: "sub".into(),
        target: "/c".into(),
        readonly: false,
        sharing: Sharing::Shared,
        mode: 0o755,
        owner: (0, 0),
    };
    let (_, printed) = f.succeed(&with(vec![part], &["list /c", "list /c/sub/srv"]), &given);
    // All of the cache is mounted, and its links lead into the step's own root.
    assert_said(&printed, &["list /c = dir,file,sub", "list /c/sub/srv = below,doomed"]);
    let within =
        with(vec![cache("evil", "/c", Sharing::Shared), bind("srv", "/c/sub/x", false)], &["list /x"]);
    let (_, printed) = f.succeed(&within, &given);
    assert_said(&printed, &["list /x = below,doomed"]);
    f.assert_empty();
}

#[test]
fn privileged_caches_are_shared_as_they_say() {
    let f = fixture();
    let root = f.root.to_owned();
    for (sharing, others) in
        [(Sharing::Locked, "later"), (Sharing::Private, "another"), (Sharing::Shared, "same")]
    {
        let (output, stdout) = std::io::pipe().unwrap();
        let (root, base) = (root.clone(), f.base.clone());
        let first = std::thread::spawn(move || {
            let things = ["write /c/first x", "wait"];
            let stderr = tempfile::tempfile().unwrap().into();
            let output = Output { stdout: stdout.into(), stderr };
            step(&open(&root), &with(vec![cache(others, "/c", sharing)], &things), &Given::on(&base), output)
        });
        wait_for(output, "waiting");
        let running = f.engine.containers(Which::Running).unwrap();
        assert!(running[0].name.starts_with("build-"), "a step is a container like any other");
        assert!(f.caches().iter().any(|cache| cache.title == others && cache.busy));
        let all = CachePrune { meant: &|_| true, keep: None };
        assert!(f.engine.prune_build_cache(all).unwrap().removed.iter().all(|gone| gone.title != others));
        let second = || {
            f.succeed(
                &with(
                    vec![cache(others, "/c", sharing)],
                    &["list /c", "inode /test", "copy /test /t", "inode /t"],
                ),
                &Given::on(&f.base),
            )
        };
        let end = || f.engine.remove(running[0].id.as_str(), Force::Kill).unwrap();
        let (layer, printed) = if sharing == Sharing::Locked {
            std::thread::scope(|scope| {
                let second = scope.spawn(second);
                std::thread::sleep(std::time::Duration::from_millis(300));
                assert!(!second.is_finished(), "it waits for the first");
                end();
                second.join().unwrap()
            })
        } else {
            let done = second();
            end();
            done
        };
        let seen = if sharing == Sharing::Private { "list /c =" } else { "list /c = first" };
        assert_said(&printed, &[seen]);
        // A file that a step with company has written is another one in the store: somebody may hold it open.
        let inode = std::fs::metadata(f.unpacked(&layer.unwrap()).join("t")).unwrap().ino();
        let same = printed.contains(&format!("inode /t = {inode}\n"));
        assert_eq!(same, sharing != Sharing::Shared, "{printed} {inode}");
        assert_eq!(first.join().unwrap().unwrap().ended, Ended::Signal { signal: 9 });
    }
}
