//! Copies between directories of this host: what was copied is what there was, and what a stranger sends
//! never lands beside where it was to go.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests too, which clippy does not see"
)]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
use std::path::{Path, PathBuf};

use coffer_store::copy::{
    CopyError, Destination, Links, Naming, Owners, Rules, Selection, Trust, TypedPath, View, collect, extract,
};
use proptest::prelude::*;

const RULES: Rules = Rules { owners: Owners::Maker, trust: Trust::Stranger };

fn typed(path: &Path) -> TypedPath {
    TypedPath::new(path.as_os_str().as_bytes())
}

fn collected(path: &Path, naming: Naming) -> Result<Vec<u8>, CopyError> {
    let selection = Selection { path: typed(path), links: Links::Kept, naming };
    let mut stream = Vec::new();
    collect(View::Host, &selection, &mut stream, &mut |_| {}).map(|_| stream)
}

fn extracted(stream: &[u8], to: Destination) -> Result<(), CopyError> {
    extract(View::Host, &to, stream, RULES, &mut |_| {}).map(drop)
}

#[derive(Debug, Clone)]
enum Item {
    File(Vec<u8>, u32),
    Link(String),
    Directory(u32),
}

/// Files, links and directories by path; what lies under something that is no directory is left out.
fn tree() -> impl Strategy<Value = BTreeMap<Vec<u8>, Item>> {
    let name = prop::collection::vec(prop::sample::select(b"ab\n\xff .".to_vec()), 1..4)
        .prop_filter("a name", |name| !matches!(name.as_slice(), b"." | b".."));
    let path = prop::collection::vec(name, 1..4).prop_map(|names| names.join(&b'/'));
    let item = prop_oneof![
        (prop::collection::vec(any::<u8>(), 0..3000), 0o400_u32..0o777)
            .prop_map(|(data, mode)| Item::File(data, mode)),
        "[a-z./]{1,9}".prop_map(Item::Link),
        (0o700_u32..0o777).prop_map(Item::Directory),
    ];
    prop::collection::btree_map(path, item, 0..12)
}

fn make(root: &Path, items: &BTreeMap<Vec<u8>, Item>) {
    std::fs::create_dir(root).unwrap();
    for (path, item) in items {
        let path = root.join(OsStr::from_bytes(path));
        let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        // A file may stand in the way.
        if std::fs::create_dir_all(path.parent().unwrap()).is_err()
            || std::fs::symlink_metadata(&path).is_ok()
        {
            continue;
        }
        match item {
            Item::File(data, bits) => {
                std::fs::write(&path, data).unwrap();
                mode(*bits);
            }
            Item::Link(target) => std::os::unix::fs::symlink(target, &path).unwrap(),
            Item::Directory(bits) => {
                std::fs::create_dir(&path).unwrap();
                mode(*bits);
            }
        }
    }
}

type Sight = BTreeMap<PathBuf, (u32, i64, i64, Vec<u8>)>;

fn sight(root: &Path) -> Sight {
    let mut sight = Sight::new();
    look(root, root, &mut sight);
    sight
}

fn look(root: &Path, path: &Path, sight: &mut Sight) {
    let meta = std::fs::symlink_metadata(path).unwrap();
    let content = match meta.file_type() {
        kind if kind.is_symlink() => std::fs::read_link(path).unwrap().as_os_str().as_bytes().to_vec(),
        kind if kind.is_file() => std::fs::read(path).unwrap(),
        _ => Vec::new(),
    };
    let seen = (meta.mode(), meta.mtime(), meta.mtime_nsec(), content);
    sight.insert(path.strip_prefix(root).unwrap().to_owned(), seen);
    if meta.is_dir() {
        std::fs::read_dir(path).unwrap().for_each(|entry| look(root, &entry.unwrap().path(), sight));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_copied_is_what_there_was(items in tree()) {
        let home = tempfile::tempdir().unwrap();
        let (from, to) = (home.path().join("from"), home.path().join("to"));
        make(&from, &items);
        let stream = collected(&from, Naming::Bare).unwrap();
        prop_assert_eq!(&stream, &collected(&from, Naming::Bare).unwrap(), "the same tree, another stream");
        extracted(&stream, Destination::Copy { path: typed(&to), name: Some(b"from".to_vec()) }).unwrap();
        prop_assert_eq!(sight(&from), sight(&to));
    }

    #[test]
    fn nothing_that_a_stranger_sends_lands_elsewhere(entries in prop::collection::vec(entry(), 0..12)) {
        let home = tempfile::tempdir().unwrap();
        let into = home.path().join("into");
        std::fs::create_dir(&into).unwrap();
        std::fs::create_dir(home.path().join("outside")).unwrap();
        std::os::unix::fs::symlink("../outside", into.join("lure")).unwrap();
        let before = sight(&home.path().join("outside"));
        let stream = [entries.concat(), vec![0; 1024]].concat();
        let _refused = extracted(&stream, Destination::Directory(typed(&into)));
        let named = Destination::Copy { path: typed(&into), name: Some(b"top".to_vec()) };
        let _refused = extracted(&stream, named);
        prop_assert_eq!(sight(&home.path().join("outside")), before);
        prop_assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 2);
    }

    #[test]
    fn no_bytes_are_more_than_refused(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let home = tempfile::tempdir().unwrap();
        let _refused = extracted(&bytes, Destination::Directory(typed(home.path())));
    }
}

/// Entries of every kind with names that collide, climb and point at each other and at what is there.
fn entry() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(vec![
        ".",
        "a",
        "a/b",
        "../x",
        "/a",
        "a/../../x",
        "lure",
        "lure/x",
        "lure/sub/x",
        "link",
        "link/x",
        "",
        "a/",
    ]);
    let link = prop::sample::select(vec!["a", "lure", "..", "../outside", "/tmp", "lure/x", "../../outside"]);
    let kind = prop::sample::select(b"0123456".to_vec());
    let content = prop::collection::vec(any::<u8>(), 0..600);
    (name, link, kind, content, any::<u16>()).prop_map(|(name, link, kind, content, mode)| {
        let mut header = tar::Header::new_ustar();
        let old = header.as_old_mut();
        old.name[..name.len()].copy_from_slice(name.as_bytes());
        old.linkname[..link.len()].copy_from_slice(link.as_bytes());
        old.linkflag = [kind];
        header.set_mode(u32::from(mode) & 0o7777);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1);
        header.set_size(content.len() as u64);
        header.set_cksum();
        let padding = vec![0; content.len().wrapping_neg() % 512];
        [header.as_bytes().as_slice(), &content, &padding].concat()
    })
}

#[test]
fn a_stranger_s_set_id_bits_stay_behind_and_a_directory_that_is_there_stays_as_it_is() {
    let home = tempfile::tempdir().unwrap();
    let (from, to) = (home.path().join("from"), home.path().join("to"));
    std::fs::create_dir_all(from.join("sub")).unwrap();
    std::fs::create_dir_all(to.join("sub")).unwrap();
    let mode = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    std::fs::write(from.join("sub/program"), "x").unwrap();
    mode(&from.join("sub/program"), 0o6755);
    mode(&from.join("sub"), 0o1777);
    mode(&to.join("sub"), 0o700);
    let stream = collected(&from, Naming::Bare).unwrap();
    extracted(&stream, Destination::Copy { path: typed(&to), name: None }).unwrap();
    let bits = |path: &str| to.join(path).metadata().unwrap().mode() & 0o7777;
    assert_eq!((bits("sub/program"), bits("sub")), (0o755, 0o700));
}

#[test]
fn a_link_is_a_way_to_a_destination_also_to_one_that_is_not_there() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name);
    std::fs::write(path("file"), "x").unwrap();
    std::os::unix::fs::symlink("made", path("link")).unwrap();
    std::os::unix::fs::symlink("round", path("round")).unwrap();
    let stream = collected(&path("file"), Naming::Bare).unwrap();
    let to = |name: &str| Destination::Copy { path: typed(&path(name)), name: Some(b"file".to_vec()) };
    extracted(&stream, to("link")).unwrap();
    assert_eq!(std::fs::read(path("made")).unwrap(), b"x");
    assert_eq!(extracted(&stream, to("round")).unwrap_err().code(), "E-copy-kernel");
    assert_eq!(extracted(&stream, to("none/x")).unwrap_err().code(), "E-copy-missing");
    assert_eq!(extracted(&stream, to("file/x")).unwrap_err().code(), "E-copy-kind");
}

#[test]
fn a_stream_that_is_cut_leaves_no_half_file() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name);
    std::fs::write(path("file"), vec![1; 100_000]).unwrap();
    let stream = collected(&path("file"), Naming::Bare).unwrap();
    let to = Destination::Copy { path: typed(&path("to")), name: Some(b"file".to_vec()) };
    assert!(extracted(&stream[..50_000], to.clone()).is_err());
    assert!(!path("to").exists());
    assert_eq!(extracted(&[], to), Err(CopyError::Cut));
}
