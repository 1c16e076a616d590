use std::collections::BTreeMap;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt, chown, lchown, symlink};
use std::path::Path;

use proptest::prelude::*;
use rustix::fs::{CWD, FileType, Mode, XattrFlags};

use super::*;
use crate::copy::Standing;
use crate::stamp::StampMode;
use crate::unpack::Owner;

/// Where the ids of the container begin on disk.
const FIRST: u32 = 165_536;

/// A container's directory with an `upper` in it, and the store beside.
struct Scene {
    root: tempfile::TempDir,
    changes: Vec<LayerChange>,
}

/// What an entry looks like, whatever made it.
#[derive(Debug, PartialEq, Eq)]
struct Looks {
    mode: u32,
    owner: (u32, u32),
    time: Option<(i64, i64)>,
    content: Vec<u8>,
    xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The first name of the same file.
    same: Option<String>,
}

impl Scene {
    fn new() -> Self {
        assert!(rustix::process::getuid().is_root(), "privileged tests run as root");
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("upper")).unwrap();
        Self { root, changes: Vec::new() }
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.root.path().join("upper").join(path)
    }

    fn say(&mut self, path: &str, standing: Standing) {
        self.changes.push(LayerChange { path: path.as_bytes().to_vec(), standing });
    }

    fn directory(&mut self, path: &str, standing: Standing) {
        std::fs::create_dir(self.path(path)).unwrap();
        self.give(path, 0);
        self.say(path, standing);
    }

    fn file(&mut self, path: &str, content: &[u8], mode: u32, id: u32) {
        std::fs::write(self.path(path), content).unwrap();
        self.give(path, id);
        std::fs::set_permissions(self.path(path), PermissionsExt::from_mode(mode)).unwrap();
        self.say(path, Standing::Over);
    }

    fn give(&self, path: &str, id: u32) {
        chown(self.path(path), Some(FIRST + id), Some(FIRST + id)).unwrap();
    }

    fn xattr(&self, path: &str, name: &str, value: &[u8]) {
        rustix::fs::setxattr(self.path(path), name, value, XattrFlags::empty()).unwrap();
    }

    /// Takes the layer into a new store; gives the layer and what is unpacked.
    fn take(
        mut self,
        stamp: Stamp,
        taking: Taking,
    ) -> (Layer, BTreeMap<String, Looks>, crate::listing::Listing) {
        self.changes.sort_by(|a, b| a.path.split(|c| *c == b'/').cmp(b.path.split(|c| *c == b'/')));
        let store = Store::open(self.root.path().join("images"), Owner::Root, Limits::default()).unwrap();
        let home = OwnedFd::from(File::open(self.root.path()).unwrap());
        let directory = OwnedFd::from(File::open(self.path("")).unwrap());
        let ids = |id: u32| id.checked_sub(FIRST).unwrap_or(65_534);
        let upper = Upper { directory: &directory, ids: &ids };
        let written = Written { upper, home: &home, name: "upper" };
        let (layer, _notices) = store.take_layer(&written, &self.changes, plain(stamp, taking)).unwrap();
        assert_eq!(self.path("").exists(), taking == Taking::Copied);
        // What holds the layer is left, and nothing of the work.
        let left = std::fs::read_dir(self.root.path().join("images/tmp")).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, [store.lease.get().unwrap().path()]);
        let bytes = std::fs::read(store.blob_path(&layer.blob)).unwrap();
        assert_eq!(Digest::of(&bytes), layer.blob);
        let listing = store.listing(&layer.diff_id).unwrap().unwrap();
        assert_eq!(listing.tar_bytes, bytes.len() as u64);
        (layer, looks(&store.layer_path(&layer.diff_id).join("fs")), listing)
    }
}

fn plain(stamp: Stamp, taking: Taking) -> Treating<'static> {
    Treating { stamp, taking, unwanted: &[] }
}

fn looks(root: &Path) -> BTreeMap<String, Looks> {
    let (mut found, mut names, mut waiting) = (BTreeMap::new(), BTreeMap::new(), vec![root.to_owned()]);
    while let Some(path) = waiting.pop() {
        let meta = std::fs::symlink_metadata(&path).unwrap();
        let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        let whiteout = meta.mode() & 0o170_000 == 0o020_000;
        let several = meta.is_file() && meta.nlink() > 1;
        let same = several.then(|| names.entry(meta.ino()).or_insert_with(|| name.clone()).clone());
        let content = match () {
            () if meta.is_file() => std::fs::read(&path).unwrap(),
            () if meta.is_symlink() => std::fs::read_link(&path).unwrap().as_os_str().as_bytes().to_vec(),
            () => Vec::new(),
        };
        if meta.is_dir() {
            let mut below: Vec<_> =
                std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
            below.sort();
            waiting.extend(below.into_iter().rev());
        }
        let looks = Looks {
            mode: meta.mode(),
            owner: (meta.uid(), meta.gid()),
            time: (!whiteout).then(|| (meta.mtime(), meta.mtime_nsec())),
            content,
            xattrs: xattrs(&path),
            same,
        };
        found.insert(name, looks);
    }
    found
}

fn xattrs(path: &Path) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let path = CString::new(path.as_os_str().as_bytes()).unwrap();
    let (mut names, mut value) = (vec![0; 65_536], vec![0; 65_536]);
    let length = rustix::fs::llistxattr(path.as_c_str(), names.as_mut_slice()).unwrap();
    let names = names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let mut found = BTreeMap::new();
    for name in names {
        let length = rustix::fs::lgetxattr(path.as_c_str(), name, value.as_mut_slice()).unwrap();
        found.insert(name.to_vec(), value[..length].to_vec());
    }
    found
}

/// One of everything that a step can leave behind.
fn everything() -> Scene {
    let mut scene = Scene::new();
    scene.directory("etc", Standing::Over);
    scene.file("etc/plain", b"text", 0o640, 7);
    scene.file("etc/suid", b"\x7fELF of a program", 0o4755, 0);
    scene.file("etc/empty", b"", 0o600, 65_000);
    scene.directory("etc/new", Standing::Over);
    scene.xattr("etc/new", "trusted.overlay.opaque", b"y");
    scene.directory("etc/replaced", Standing::Opaque);
    scene.xattr("etc/replaced", "trusted.overlay.opaque", b"y");
    scene.file("etc/replaced/deep", b"x", 0o644, 1);
    scene.xattr("etc/plain", "user.kept", b"value");
    scene.xattr("etc/plain", "trusted.overlay.origin", b"note");
    // Version 3, of the container's root, and of somebody else.
    let capability = |root: u32| {
        let mut value = vec![1, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        value.extend(root.to_le_bytes());
        value
    };
    scene.file("etc/capable", b"\x7fELF", 0o755, 0);
    scene.xattr("etc/capable", "security.capability", &capability(FIRST));
    scene.file("etc/pretender", b"\x7fELF", 0o755, 0);
    scene.xattr("etc/pretender", "security.capability", &capability(FIRST + 9));
    std::fs::hard_link(scene.path("etc/plain"), scene.path("etc/also")).unwrap();
    scene.say("etc/also", Standing::Over);
    symlink("../etc/plain", scene.path("link")).unwrap();
    lchown(scene.path("link"), Some(FIRST + 3), Some(FIRST + 4)).unwrap();
    scene.say("link", Standing::Over);
    let mode = Mode::from_raw_mode(0o622);
    rustix::fs::mknodat(CWD, scene.path("etc/fifo"), FileType::Fifo, mode, 0).unwrap();
    scene.give("etc/fifo", 2);
    scene.say("etc/fifo", Standing::Over);
    rustix::fs::mknodat(CWD, scene.path("etc/gone"), FileType::CharacterDevice, Mode::empty(), 0).unwrap();
    scene.say("etc/gone", Standing::Whiteout);
    let sparse = File::create(scene.path("sparse")).unwrap();
    sparse.set_len(1 << 22).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&sparse, b"middle", 1 << 20).unwrap();
    scene.give("sparse", 0);
    scene.say("sparse", Standing::Over);
    // Left out: a socket, a mount point that nobody says anything of, a whiteout of nothing.
    drop(std::os::unix::net::UnixListener::bind(scene.path("etc/socket")).unwrap());
    scene.say("etc/socket", Standing::Over);
    std::fs::create_dir_all(scene.path("mnt/point")).unwrap();
    rustix::fs::mknodat(CWD, scene.path("nothing"), FileType::CharacterDevice, Mode::empty(), 0).unwrap();
    scene.file("stranger", b"of an id that the container has not", 0o644, 0);
    lchown(scene.path("stranger"), Some(5), Some(6)).unwrap();
    scene
}

fn assert_same(
    one: (Layer, BTreeMap<String, Looks>, crate::listing::Listing),
    other: (Layer, BTreeMap<String, Looks>, crate::listing::Listing),
) {
    assert_eq!(one.0, other.0);
    assert_eq!(one.1.keys().collect::<Vec<_>>(), other.1.keys().collect::<Vec<_>>());
    for (name, looks) in &one.1 {
        assert_eq!(looks, &other.1[name], "{name}");
    }
    assert_eq!(one.2, other.2);
}

/// Two scenes cannot be made at the same instant.
const ALL: Stamp = Stamp { epoch: Some(1_700_000_000), mode: StampMode::All };

#[test]
fn privileged_a_directory_that_is_moved_is_what_its_archive_would_have_made() {
    let moved = everything().take(ALL, Taking::Moved);
    let looks = &moved.1;
    for absent in ["etc/socket", "mnt", "nothing"] {
        assert!(!looks.contains_key(absent), "{absent}");
    }
    assert_eq!((looks["etc/suid"].mode & 0o7777, looks["etc/plain"].owner), (0o4755, (7, 7)));
    assert_eq!((looks["stranger"].owner, looks["link"].owner), ((65_534, 65_534), (3, 4)));
    assert_eq!(looks["etc/also"].same, looks["etc/plain"].same);
    assert_eq!(looks["etc/capable"].xattrs[b"security.capability".as_slice()].len(), 20);
    assert!(looks["etc/pretender"].xattrs.is_empty() && looks["etc/new"].xattrs.is_empty());
    assert!(looks["etc/replaced"].xattrs.contains_key(b"trusted.overlay.opaque".as_slice()));
    assert_eq!(looks["etc/plain"].xattrs.keys().collect::<Vec<_>>(), [b"user.kept"]);
    assert_same(moved, everything().take(ALL, Taking::Copied));
}

#[test]
fn privileged_access_lists_go_and_modes_stay() {
    let scene = || {
        let mut scene = Scene::new();
        scene.file("listed", b"x", 0o640, 0);
        // Version 2: the owner, user 1, the group, the mask and others, each tag, permissions and id.
        let entries: [(u16, u16, u32); 5] =
            [(1, 6, u32::MAX), (2, 7, FIRST + 1), (4, 4, u32::MAX), (16, 7, u32::MAX), (32, 0, u32::MAX)];
        let mut list = 2_u32.to_le_bytes().to_vec();
        for (tag, permissions, id) in entries {
            list.extend(
                tag.to_le_bytes().into_iter().chain(permissions.to_le_bytes()).chain(id.to_le_bytes()),
            );
        }
        scene.xattr("listed", "system.posix_acl_access", &list);
        scene
    };
    let moved = scene().take(ALL, Taking::Moved);
    assert!(moved.1["listed"].xattrs.is_empty());
    assert_same(moved, scene().take(ALL, Taking::Copied));
}

#[test]
fn privileged_a_file_that_would_be_a_deletion_elsewhere_is_refused() {
    for name in [".wh.passwd", ".wh..wh..opq"] {
        let mut scene = Scene::new();
        scene.file(name, b"", 0o644, 0);
        let store = Store::open(scene.root.path().join("images"), Owner::Root, Limits::default()).unwrap();
        let home = OwnedFd::from(File::open(scene.root.path()).unwrap());
        let directory = OwnedFd::from(File::open(scene.path("")).unwrap());
        let upper = Upper { directory: &directory, ids: &|id| id };
        let written = Written { upper, home: &home, name: "upper" };
        let refused = store.take_layer(&written, &scene.changes, plain(ALL, Taking::Moved));
        assert!(matches!(refused, Err(StoreError::Path { .. })), "{name}");
        assert!(scene.path(name).exists(), "nothing is touched");
    }
}

#[test]
fn privileged_more_than_a_layer_may_hold_is_refused_before_anything_is_moved() {
    let mut scene = Scene::new();
    let deep = (0..300).map(|_| "d").collect::<Vec<_>>();
    std::fs::create_dir_all(scene.path(&deep.join("/"))).unwrap();
    scene.say(&deep.join("/"), Standing::Over);
    let limit = check(&scene.changes, LABEL, &Limits::default()).unwrap_err();
    assert_eq!(limit.code(), "E-store-limit");
    let many = vec![scene.changes[0].clone(); 3];
    let limits = Limits { entries: 2, depth: 1000, ..Limits::default() };
    assert!(matches!(check(&many, LABEL, &limits), Err(StoreError::Limit { limit: "entries", .. })));
}

/// What a random tree is made of: below which directory, what, with which mode and owner.
type Piece = (prop::sample::Index, u8, u32, u32, Vec<u8>);

fn tree(pieces: &[Piece]) -> Scene {
    let mut scene = Scene::new();
    let (mut directories, mut files) = (vec![String::new()], Vec::<String>::new());
    for (number, (parent, kind, mode, id, content)) in pieces.iter().enumerate() {
        let parent = parent.get(&directories).clone();
        let path = if parent.is_empty() { format!("n{number}") } else { format!("{parent}/n{number}") };
        match (kind % 6, files.first()) {
            (0 | 1, _) => {
                let standing = if kind % 2 == 0 { Standing::Over } else { Standing::Opaque };
                scene.directory(&path, standing);
                scene.xattr(&path, "trusted.overlay.opaque", b"y");
                std::fs::set_permissions(scene.path(&path), PermissionsExt::from_mode(*mode)).unwrap();
                directories.push(path);
            }
            (2, Some(first)) => {
                std::fs::hard_link(scene.path(first), scene.path(&path)).unwrap();
                scene.say(&path, Standing::Over);
            }
            (3, _) => {
                symlink(format!("to{id}"), scene.path(&path)).unwrap();
                lchown(scene.path(&path), Some(FIRST + id), Some(FIRST)).unwrap();
                scene.say(&path, Standing::Over);
            }
            (4, _) => {
                let mode = Mode::empty();
                rustix::fs::mknodat(CWD, scene.path(&path), FileType::CharacterDevice, mode, 0).unwrap();
                scene.say(&path, Standing::Whiteout);
            }
            _ => {
                scene.file(&path, content, *mode, *id);
                files.push(path);
            }
        }
    }
    scene
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn privileged_both_ways_give_one_tree(
        pieces in prop::collection::vec(
            (any::<prop::sample::Index>(), any::<u8>(), 0_u32..0o10000, 0_u32..65_536, prop::collection::vec(any::<u8>(), 0..64)),
            0..30,
        ),
    ) {
        assert_same(tree(&pieces).take(ALL, Taking::Moved), tree(&pieces).take(ALL, Taking::Copied));
    }
}
