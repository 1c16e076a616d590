//! Layers that are made here: what goes in is what is unpacked, and what stays is what is needed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests too, which clippy does not see"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use coffer_store::{
    Assembly, Attributes, Content, Kept, LayerMaker, Limits, Owner, Prune, Result, Store, StoreError,
};
use common::{Bench, NOW};
use model::digest::{ClaimedDigest, Digest};
use model::image::{HistoryEntry, Image, ImageConfig, Layer};
use proptest::prelude::*;

const STORE: &str = "COFFER_TEST_STORE";

fn attributes(mode: u32) -> Attributes {
    Attributes { mode, uid: 7, gid: 8, mtime: 1_500_000_000, xattrs: Vec::new() }
}

fn file(maker: &mut LayerMaker, path: &str, content: &[u8]) -> Result<()> {
    maker.add(path.as_bytes(), &attributes(0o640), Content::File(content.len() as u64, &mut &*content))
}

fn one_file(store: &Store, content: &[u8]) -> Layer {
    store.make_layer("a layer", |maker| file(maker, "file", content)).unwrap()
}

fn key(text: &str) -> ClaimedDigest {
    Digest::of(text.as_bytes()).into()
}

/// A tree: directories have no content.
type Tree = BTreeMap<String, (u32, Option<Vec<u8>>)>;

fn tree() -> impl Strategy<Value = Tree> {
    let name = prop::sample::select(vec!["a", "a-b", "b", "long name with spaces", "\u{e9}", "z.txt"]);
    let path = prop::collection::vec(name, 1..5);
    let content = prop::option::of(prop::collection::vec(any::<u8>(), 0..2000));
    prop::collection::vec((path, 0_u32..0o10000, content), 0..30).prop_map(|entries| {
        let mut tree = Tree::new();
        for (path, mode, content) in entries {
            let parents: Vec<String> = (1..path.len()).map(|end| path[..end].join("/")).collect();
            if parents.iter().any(|parent| tree.get(parent).is_some_and(|(_, content)| content.is_some())) {
                continue;
            }
            for parent in parents {
                tree.entry(parent).or_insert((0o755, None));
            }
            let _kept = tree.entry(path.join("/")).or_insert((mode, content));
        }
        tree
    })
}

fn made(store: &Store, tree: &Tree) -> Layer {
    let mut paths: Vec<&String> = tree.keys().collect();
    paths.sort_by_key(|path| path.split('/').collect::<Vec<_>>());
    let fill = |maker: &mut LayerMaker| {
        for path in paths {
            let (mode, content) = &tree[path];
            match content {
                Some(content) => {
                    let content = Content::File(content.len() as u64, &mut &**content);
                    maker.add(path.as_bytes(), &attributes(*mode), content)?;
                }
                None => maker.add(path.as_bytes(), &attributes(*mode), Content::Directory)?,
            }
        }
        Ok::<_, StoreError>(())
    };
    store.make_layer("a tree", fill).unwrap()
}

fn unpacked(root: &Path, prefix: &str, tree: &mut Tree) {
    for entry in std::fs::read_dir(root).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        let metadata = entry.metadata().unwrap();
        assert_eq!((metadata.uid(), metadata.gid(), metadata.mtime()), (7, 8, 1_500_000_000), "{path}");
        let mode = metadata.mode() & 0o7777;
        if metadata.is_dir() {
            unpacked(&entry.path(), &format!("{path}/"), tree);
            tree.insert(path, (mode, None));
        } else {
            tree.insert(path, (mode, Some(std::fs::read(entry.path()).unwrap())));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn privileged_what_goes_in_is_what_is_unpacked(tree in tree()) {
        let bench = Bench::new();
        let expected = tree.clone();
        let layer = made(&bench.store, &tree);
        let mut found = Tree::new();
        unpacked(&bench.store.layer_dir(&layer), "", &mut found);
        prop_assert_eq!(found, expected);
        let elsewhere = Bench::new();
        prop_assert_eq!(made(&elsewhere.store, &tree), layer, "the same tree is the same layer");
    }
}

#[test]
fn privileged_every_kind_of_entry_is_unpacked() {
    let bench = Bench::new();
    let capability = b"\x01\0\0\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    let able =
        Attributes { xattrs: vec![(b"security.capability".to_vec(), capability)], ..attributes(0o755) };
    let layer = bench.store.make_layer("a layer", |maker| {
        maker.add(b"bin", &attributes(0o1777), Content::Directory)?;
        maker.add(b"bin/ping", &able, Content::File(4, &mut &b"\x7fELF"[..]))?;
        maker.add(b"bin/ping6", &able, Content::HardLink(b"bin/ping"))?;
        maker.add(b"link", &attributes(0o777), Content::Symlink(b"bin/ping"))?;
        maker.add(b"pipe", &attributes(0o600), Content::Fifo)
    });
    let layer = layer.unwrap();
    let root = bench.store.layer_dir(&layer);
    let ping = root.join("bin/ping").metadata().unwrap();
    assert_eq!(ping.ino(), root.join("bin/ping6").metadata().unwrap().ino());
    assert_eq!(root.join("bin").metadata().unwrap().mode() & 0o7777, 0o1777);
    assert_eq!(root.join("link").read_link().unwrap(), Path::new("bin/ping"));
    let assembly = Assembly {
        base: None,
        layers: &[layer],
        config: ImageConfig { architecture: "amd64".into(), os: "linux".into(), ..ImageConfig::default() },
        history: vec![HistoryEntry { created_by: "COPY".into(), ..HistoryEntry::default() }],
        author: String::new(),
        created: Some(0),
        annotations: BTreeMap::new(),
    };
    let image = bench.store.assemble(assembly, vec!["made".parse().unwrap()], NOW).unwrap().image;
    assert_eq!(image.facts.capability_files, ["/bin/ping", "/bin/ping6"]);
    assert_eq!((image.created, image.history[0].created_by.as_str()), (Some(0), "COPY"));
    bench.assert_consistent();
}

#[test]
fn privileged_the_same_parts_make_the_same_image_on_a_base() {
    let made = |name: &str| {
        let bench = Bench::new();
        let base = bench.import_layers("base", &[&common::Tar::new().file("a", b"a").bytes()]).unwrap().image;
        let layer = one_file(&bench.store, b"new");
        let layers = [base.layers.clone(), vec![layer]].concat();
        let assembly = Assembly {
            base: Some(&base),
            layers: &layers,
            config: ImageConfig { env: vec!["A=b".into()], ..base.config.clone() },
            history: vec![
                HistoryEntry { created_by: "ENV A=b".into(), empty_layer: true, ..HistoryEntry::default() },
                HistoryEntry { created_by: "COPY".into(), created: Some(5), ..HistoryEntry::default() },
            ],
            author: "somebody".into(),
            created: Some(9),
            annotations: [("key".to_owned(), "value".to_owned())].into(),
        };
        let image = bench.store.assemble(assembly, vec![name.parse().unwrap()], NOW).unwrap().image;
        assert_eq!(image.layers, layers);
        let lines: Vec<&str> = image.history.iter().map(|line| line.created_by.as_str()).collect();
        assert_eq!(lines, ["test", "ENV A=b", "COPY"]);
        bench.assert_consistent();
        image.digest
    };
    assert_eq!(made("one"), made("two"));
}

#[test]
fn privileged_names_that_would_hide_something_are_refused_and_nothing_is_left() {
    let bench = Bench::new();
    for path in [".wh.x", "a/.wh..wh..opq"] {
        let error = bench.store.make_layer("a layer", |maker| file(maker, path, b"")).unwrap_err();
        assert_eq!(error.code(), "E-store-path", "{path}");
    }
    let short = bench.store.make_layer("a layer", |maker| {
        maker.add(b"f", &attributes(0o644), Content::File(9, &mut &b"short"[..]))
    });
    assert_eq!(short.unwrap_err().code(), "E-store-truncated");
    let twisted = bench.store.make_layer("a layer", |maker| file(maker, "../up", b""));
    assert_eq!(twisted.unwrap_err().code(), "E-store-path");
    let many = Bench::with(Limits { entries: 3, ..Limits::default() });
    let error = many.store.make_layer("a layer", |maker| {
        (0..100_000).try_for_each(|number| file(maker, &format!("f{number}"), b"content"))
    });
    assert_eq!(error.unwrap_err().code(), "E-store-limit", "whoever unpacks is to blame, not the pipe");
    bench.assert_empty();
    many.assert_empty();
}

#[test]
fn privileged_layers_stay_while_they_are_held_or_kept() {
    let bench = Bench::new();
    let nobody = BTreeSet::new();
    let other = Store::open(bench.path("store"), Owner::Root, Limits::default()).unwrap();
    let layer = one_file(&bench.store, b"held");
    other.prune(&nobody, Prune::Unused).unwrap();
    assert!(bench.store.layer_dir(&layer).exists(), "whoever made it is still there");
    let kept = Kept { record: b"how".to_vec(), layers: vec![layer] };
    bench.store.keep(&key("step"), &kept, NOW).unwrap();
    drop(bench.store);
    other.prune(&nobody, Prune::Unused).unwrap();
    assert_eq!(other.kept(&key("step")).unwrap(), Some(kept.clone()));
    assert_eq!(other.kept(&key("another")).unwrap(), None);
    let [entry] = other.list_kept().unwrap().try_into().unwrap();
    assert_eq!((entry.key, entry.kept, entry.last_used), (key("step"), kept, NOW));
    assert!(entry.bytes > layer.size);
    other.touch_kept(&key("step"), NOW + 60).unwrap();
    assert_eq!(other.list_kept().unwrap()[0].last_used, NOW + 60);
    let pruned = other.forget(&[key("step")]).unwrap();
    assert_eq!((pruned.layers, pruned.blobs), (1, 1));
    assert_eq!(other.list_kept().unwrap(), []);
    assert!(!other.layer_dir(&layer).exists());
}

/// An image of that layer alone.
fn assembled(store: &Store, layer: Layer, name: &str) -> Image {
    let config = ImageConfig { os: "linux".into(), architecture: "amd64".into(), ..ImageConfig::default() };
    let assembly = Assembly {
        base: None,
        layers: &[layer],
        config,
        history: vec![HistoryEntry { created_by: "COPY".into(), ..HistoryEntry::default() }],
        author: String::new(),
        created: None,
        annotations: BTreeMap::new(),
    };
    store.assemble(assembly, vec![name.parse().unwrap()], NOW).unwrap().image
}

#[test]
fn privileged_an_image_that_is_built_on_may_be_removed_meanwhile() {
    let bench = Bench::new();
    let base = assembled(&bench.store, one_file(&bench.store, b"base"), "base");
    let open = || Store::open(bench.path("store"), Owner::Root, Limits::default()).unwrap();
    let (builder, other) = (open(), open());
    drop(bench.store);
    builder.hold_images([&base]).unwrap();
    assert_eq!(other.prune(&BTreeSet::new(), Prune::Unused).unwrap().images, [base.digest]);
    let assembly = Assembly {
        base: Some(&base),
        layers: &base.layers,
        config: base.config.clone(),
        history: Vec::new(),
        author: String::new(),
        created: None,
        annotations: BTreeMap::new(),
    };
    let image = builder.assemble(assembly, vec!["made".parse().unwrap()], NOW).unwrap().image;
    assert_eq!(image.layers, base.layers);
}

#[test]
fn privileged_what_was_found_stays_for_whoever_found_it() {
    let bench = Bench::new();
    let layer = one_file(&bench.store, b"found");
    bench.store.keep(&key("step"), &Kept { record: Vec::new(), layers: vec![layer] }, NOW).unwrap();
    let open = || Store::open(bench.path("store"), Owner::Root, Limits::default()).unwrap();
    let (finder, other) = (open(), open());
    drop(bench.store);
    assert_eq!(finder.hold_kept(&key("another")).unwrap(), None);
    assert_eq!(finder.hold_kept(&key("step")).unwrap().unwrap().layers, [layer]);
    other.forget(&[key("step")]).unwrap();
    assert_eq!(finder.hold_kept(&key("step")).unwrap(), None);
    assert!(finder.layer_dir(&layer).exists(), "somebody goes on from it");
    drop(finder);
    other.prune(&BTreeSet::new(), Prune::Unused).unwrap();
    assert!(!other.layer_dir(&layer).exists());
}

#[test]
fn privileged_a_layer_of_several_counts_for_the_one_that_was_used_last() {
    let bench = Bench::new();
    let layer = one_file(&bench.store, &[7; 5000]);
    for (name, used) in [("late", NOW + 1), ("early", NOW)] {
        bench.store.keep(&key(name), &Kept { record: Vec::new(), layers: vec![layer] }, used).unwrap();
    }
    let [early, late] = bench.store.list_kept().unwrap().try_into().unwrap();
    assert_eq!((early.key, late.key), (key("early"), key("late")));
    assert!(early.bytes < 1000 && late.bytes > layer.size, "{} {}", early.bytes, late.bytes);
    assert!(!early.shared && !late.shared, "no image has it");
}

#[test]
fn privileged_what_nobody_needs_is_discarded_unless_somebody_is_at_work() {
    let bench = Bench::new();
    let (old, needed) = (one_file(&bench.store, b"old"), one_file(&bench.store, b"needed"));
    bench.store.keep(&key("step"), &Kept { record: Vec::new(), layers: vec![needed] }, NOW).unwrap();
    let open = || Store::open(bench.path("store"), Owner::Root, Limits::default()).unwrap();
    let (worker, other) = (open(), open());
    other.discard(&[old]).unwrap();
    assert!(other.layer_dir(&old).exists(), "whoever made it is still there");
    let passing = one_file(&bench.store, b"passing");
    bench.store.release(&passing).unwrap();
    assert!(!other.layer_dir(&passing).exists(), "whoever made it has given it up");
    bench.store.release(&needed).unwrap();
    assert!(other.layer_dir(&needed).exists(), "somebody keeps it");
    drop(bench.store);
    let made = worker.make_layer("a layer", |maker| {
        other.discard(&[old])?;
        file(maker, "file", b"meanwhile")
    });
    made.unwrap();
    assert!(other.layer_dir(&old).exists(), "it waits for nobody");
    other.discard(&[old, needed]).unwrap();
    assert!(!other.layer_dir(&old).exists() && other.layer_dir(&needed).exists());
    assert!(other.archive_of(&old).is_err() && other.archive_of(&needed).is_ok());
}

#[test]
fn privileged_what_is_gone_or_torn_is_not_kept() {
    let bench = Bench::new();
    let layer = one_file(&bench.store, b"layer");
    let missing = Layer { diff_id: Digest::of(b"nothing"), ..layer };
    let kept = Kept { record: Vec::new(), layers: vec![missing] };
    assert_eq!(bench.store.keep(&key("step"), &kept, NOW).unwrap_err().code(), "E-store-corrupt");
    let image = assembled(&bench.store, layer, "whole");
    bench.store.hold_images([&image]).unwrap();
    assert!(bench.store.hold_images([&Image { layers: vec![missing], ..image }]).is_err());
    bench.store.keep(&key("step"), &Kept { layers: vec![layer], ..kept }, NOW).unwrap();
    let path = bench.path("store/kept").join(key("step").hex());
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(bench.store.kept(&key("step")).unwrap(), None);
    bench.store.prune(&BTreeSet::new(), Prune::Dangling).unwrap();
    assert!(!path.exists());
}

#[test]
fn privileged_after_a_restart_layers_are_looked_at_before_they_are_believed() {
    let bench = Bench::new();
    let (whole, damaged) = (one_file(&bench.store, b"whole"), one_file(&bench.store, b"damaged"));
    for (name, layer) in [("whole", whole), ("damaged", damaged)] {
        bench.store.keep(&key(name), &Kept { record: Vec::new(), layers: vec![layer] }, NOW).unwrap();
        // As if the boot that wrote it were another one: the record begins with its name.
        let path = bench.path("store/kept").join(key(name).hex());
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.truncate(bytes.len() - 4);
        bytes[..36].fill(b'0');
        let checksum = crc32fast::hash(&bytes).to_le_bytes();
        bytes.extend(checksum);
        std::fs::write(&path, bytes).unwrap();
    }
    std::fs::write(bench.path("store/boot"), "another").unwrap();
    std::fs::write(bench.store.layer_dir(&damaged).join("file"), "changed").unwrap();
    assert!(bench.store.kept(&key("whole")).unwrap().is_some());
    assert_eq!(bench.store.kept(&key("damaged")).unwrap(), None);
    assert_eq!(one_file(&bench.store, b"damaged"), damaged, "it is made again");
    assert_eq!(std::fs::read(bench.store.layer_dir(&damaged).join("file")).unwrap(), b"damaged");
}

/// Itself a test; and with the variable set, the child of another one.
#[test]
fn privileged_a_large_layer_is_made_in_a_process_of_its_own() {
    let bench = Bench::new();
    let path = std::env::var_os(STORE).unwrap_or_else(|| bench.path("store").into());
    let store = Store::open(path, Owner::Root, Limits::default()).unwrap();
    let layer = store.make_layer("a layer", |maker| {
        (0..2000).try_for_each(|number| file(maker, &format!("f{number}"), &[7; 3000]))
    });
    assert_eq!(layer.unwrap().size % 512, 0);
}

#[test]
fn privileged_whoever_is_killed_leaves_nothing_half_made() {
    let bench = Bench::new();
    let mut killed = 0;
    for round in 0..20 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "privileged_a_large_layer_is_made_in_a_process_of_its_own"])
            .env(STORE, bench.path("store"))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(3 + 7 * round));
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
        for layer in std::fs::read_dir(bench.path("store/layers")).unwrap() {
            let root = layer.unwrap().path().join("fs");
            assert_eq!(
                std::fs::read_dir(root).unwrap().count(),
                2000,
                "a layer is there whole or not at all"
            );
        }
    }
    assert!(killed > 3, "only {killed} of 20 were interrupted");
    bench.store.prune(&BTreeSet::new(), Prune::Unused).unwrap();
    bench.assert_empty();
}

#[test]
fn privileged_a_full_disk_is_called_by_its_name() {
    let bench = Bench::new();
    let small = bench.path("small");
    std::fs::create_dir(&small).unwrap();
    let mount = |arguments: &[&str]| {
        assert!(Command::new("mount").args(arguments).arg(&small).status().unwrap().success());
    };
    mount(&["-t", "tmpfs", "-o", "size=1m", "none"]);
    let made = Store::open(small.join("store"), Owner::Root, Limits::default())
        .unwrap()
        .make_layer("a layer", |maker| {
            (0..100).try_for_each(|number| file(maker, &format!("f{number}"), &[7; 100_000]))
        });
    assert!(Command::new("umount").arg(&small).status().unwrap().success());
    assert_eq!(made.unwrap_err().code(), "E-store-space");
}
