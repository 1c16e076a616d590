//! Trees with everything that a layer may have, and what is learned of them.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, XattrFlags, mknodat};
use tempfile::TempDir;

use super::{Bounds, LockFiles, Scope, learn, survey};
use crate::facts::{LayerFacts, MOST_ODDITIES};
use crate::mark::Mark;

struct Tree(TempDir);

impl Tree {
    /// Files and what they hold; a path that ends with `/` is a directory.
    fn of(files: &[(&str, &str)]) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        for (path, content) in files {
            let path = tree.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if path.to_str().unwrap().ends_with('/') {
                fs::create_dir_all(path).unwrap();
            } else {
                fs::write(path, content).unwrap();
            }
        }
        tree
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn facts_by(&self, bounds: &Bounds, threads: usize) -> LayerFacts {
        use std::os::fd::AsFd as _;
        let root = OwnedFd::from(fs::File::open(self.path()).unwrap());
        let surveyed = survey(root.as_fd(), bounds, threads).unwrap();
        learn(root.as_fd(), surveyed, bounds, threads).unwrap()
    }

    fn facts(&self) -> LayerFacts {
        self.facts_by(&Bounds::default(), 2)
    }
}

const PACKAGE: &str = "Package: a\nStatus: install ok installed\nVersion: 1.0-1\n";

/// `path name` of everything found.
fn found(facts: &LayerFacts) -> Vec<String> {
    let sources = facts.sources.iter();
    sources
        .flat_map(|source| {
            source.packages.iter().map(move |filed| format!("{} {}", source.path, filed.found.name))
        })
        .collect()
}

#[test]
fn files_are_catalogued_and_everything_is_marked() {
    let tree = Tree::of(&[
        ("var/lib/dpkg/status", PACKAGE),
        ("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"),
        ("usr/share/empty/", ""),
    ]);
    symlink("/etc/passwd", tree.path().join("etc/link")).unwrap();
    let facts = tree.facts();
    assert_eq!(found(&facts), ["var/lib/dpkg/status a"]);
    assert_eq!(facts.releases[0].distribution.id, "debian");
    assert!(facts.gaps.is_empty(), "{:?}", facts.gaps);
    for leaf in ["var/lib/dpkg/status", "etc/os-release", "etc/link"] {
        assert!(facts.leaves.contains(Mark::of(leaf)), "{leaf}");
        assert!(!facts.directories.contains(Mark::of(leaf)), "{leaf}");
    }
    for directory in ["var", "var/lib/dpkg", "usr/share/empty"] {
        assert!(facts.directories.contains(Mark::of(directory)), "{directory}");
    }
}

#[test]
fn links_lead_nowhere() {
    let outside = Tree::of(&[("status", PACKAGE), ("os-release", "ID=outside\n")]);
    let tree = Tree::of(&[("var/lib/", ""), ("etc/", "")]);
    symlink(outside.path(), tree.path().join("var/lib/dpkg")).unwrap();
    symlink(outside.path().join("os-release"), tree.path().join("etc/os-release")).unwrap();
    let facts = tree.facts();
    assert!(facts.sources.is_empty() && facts.releases.is_empty() && facts.gaps.is_empty());
    assert!(facts.leaves.contains(Mark::of("var/lib/dpkg")));
}

#[test]
fn links_between_documents_are_known_by_what_they_say() {
    let tree = Tree::of(&[("usr/share/doc/base/", ""), ("usr/share/doc/own/", "")]);
    let place = tree.path().join("usr/share/doc");
    symlink("base", place.join("lib")).unwrap();
    symlink("../base/copyright", place.join("own/copyright")).unwrap();
    symlink("/etc/passwd", place.join("elsewhere")).unwrap();
    symlink("base", tree.path().join("usr/lib")).unwrap();
    let facts = tree.facts();
    let links: Vec<_> =
        facts.documents.iter().map(|link| (link.package.as_str(), link.of.as_str())).collect();
    assert_eq!(links, [("lib", "base"), ("own", "base")]);
}

#[test]
fn pipes_and_devices_are_not_opened() {
    let tree = Tree::of(&[("var/lib/dpkg/", "")]);
    let pipe = tree.path().join("var/lib/dpkg/status");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR, 0).unwrap();
    let facts = tree.facts();
    assert!(facts.leaves.contains(Mark::of("var/lib/dpkg/status")) && facts.gaps.is_empty());
}

#[test]
fn privileged_whiteouts_are_leaves_and_opaque_directories_are_known() {
    let tree = Tree::of(&[("a/b/", ""), ("c/", "")]);
    mknodat(CWD, tree.path().join("gone"), FileType::CharacterDevice, Mode::empty(), 0).unwrap();
    let set = |path, name| {
        rustix::fs::setxattr(tree.path().join(path), name, b"y", XattrFlags::empty()).unwrap();
    };
    set("a/b", "trusted.overlay.opaque");
    set("c", "user.overlay.opaque");
    let facts = tree.facts();
    assert!(facts.leaves.contains(Mark::of("gone")));
    assert!(facts.opaque.contains(Mark::of("a/b")) && facts.opaque.contains(Mark::of("c")));
    assert!(!facts.opaque.contains(Mark::of("a")));
}

#[test]
fn a_file_of_several_names_is_read_once_by_the_first_that_is_wanted() {
    let tree = Tree::of(&[("opt/copy", PACKAGE), ("var/lib/dpkg/status.d/", "")]);
    let database = tree.path().join("var/lib/dpkg");
    for name in ["status.d/b", "status.d/a", "unwanted"] {
        fs::hard_link(tree.path().join("opt/copy"), database.join(name)).unwrap();
    }
    assert_eq!(found(&tree.facts()), ["var/lib/dpkg/status.d/a a"]);
}

#[test]
fn facts_do_not_depend_on_who_learned_them() {
    let names: Vec<String> = (0..300).map(|number| format!("var/lib/dpkg/status.d/p{number}")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), PACKAGE)).collect();
    let tree = Tree::of(&files);
    let alone = tree.facts_by(&Bounds::default(), 1);
    assert_eq!(alone.sources.len(), 300);
    assert_eq!(tree.facts_by(&Bounds::default(), 4), alone);
}

#[test]
fn lock_files_count_where_a_source_tree_is_looked_at() {
    let tree = Tree::of(&[
        ("src/yarn.lock", "a@^1:\n  version \"1.0.0\"\n"),
        ("src/node_modules/b/package.json", "{\"name\": \"b\", \"version\": \"1.0.0\"}"),
    ]);
    assert_eq!(found(&tree.facts()), ["src/node_modules/b/package.json b"]);
    let facts = tree.facts_by(&Bounds { lock_files: LockFiles::Counted, ..Bounds::default() }, 1);
    assert_eq!(found(&facts), ["src/node_modules/b/package.json b", "src/yarn.lock a"]);
}

#[test]
fn packages_alone_are_the_same_packages_and_nothing_else() {
    let tree = Tree::of(&[
        ("var/lib/dpkg/status", PACKAGE),
        ("etc/os-release", "ID=debian\n"),
        ("app/node_modules/b/package.json", "{\"name\": \"b\", \"version\": \"1.0.0\"}"),
        ("app/node_modules/b/index.js", "key"),
        ("root/.netrc", "machine a login b password q8Zk3vTn5RbW7yXc\n"),
    ]);
    fs::set_permissions(tree.path().join("root/.netrc"), fs::Permissions::from_mode(0o666)).unwrap();
    symlink("etc", tree.path().join("link")).unwrap();
    let lean = tree.facts_by(&Bounds { scope: Scope::Packages, ..Bounds::default() }, 2);
    let whole = tree.facts();
    assert_eq!((whole.secrets.len(), whole.oddities.len()), (1, 1));
    let expected = LayerFacts { scope: Scope::Packages, secrets: vec![], oddities: vec![], ..whole };
    assert_eq!(lean, expected);
}

#[test]
fn what_exceeds_the_bounds_is_a_gap() {
    let tree = Tree::of(&[("a/b/c/d/file", ""), ("e", ""), ("f", "")]);
    let gaps = |bounds: Bounds| tree.facts_by(&bounds, 1).gaps;
    let deep = gaps(Bounds { depth: 2, ..Bounds::default() });
    assert_eq!((deep.len(), deep[0].location.as_str()), (1, "a/b/c"));
    assert_eq!(gaps(Bounds { entries: 3, ..Bounds::default() }).len(), 1);
    assert_eq!(gaps(Bounds { name_bytes: 2, ..Bounds::default() }).len(), 1);
    assert!(gaps(Bounds::default()).is_empty());
}

#[test]
fn more_packages_than_a_layer_may_have_are_a_gap_that_names_the_file() {
    let names = ["status", "status.d/a", "status.d/b"].map(|name| format!("var/lib/dpkg/{name}"));
    let tree = Tree::of(&names.each_ref().map(|name| (name.as_str(), PACKAGE)));
    let facts = tree.facts_by(&Bounds { packages: 2, ..Bounds::default() }, 2);
    assert_eq!((facts.sources.len(), facts.gaps.len()), (2, 1));
    assert_eq!(facts.gaps[0].location, names[2]);
}

#[test]
fn a_damaged_database_is_a_gap_and_so_is_one_that_is_too_large() {
    let tree = Tree::of(&[("var/lib/dpkg/status", "no database\n")]);
    let gaps = tree.facts().gaps;
    assert!(gaps[0].reason.starts_with("dpkg: it is no package database"), "{gaps:?}");
    fs::File::options()
        .write(true)
        .open(tree.path().join("var/lib/dpkg/status"))
        .unwrap()
        .set_len(1 << 33)
        .unwrap();
    let gaps = tree.facts().gaps;
    assert!(gaps[0].reason.contains("are the most that are read"), "{gaps:?}");
}

#[test]
fn names_that_are_no_text_are_told_apart() {
    use std::os::unix::ffi::OsStrExt as _;
    let tree = Tree::of(&[]);
    fs::write(tree.path().join(std::ffi::OsStr::from_bytes(b"a\xff")), "").unwrap();
    let facts = tree.facts();
    assert!(facts.leaves.contains(Mark::of(r"a\xff")));
    assert!(!facts.leaves.contains(Mark::of(r"a\\xff")));
}

#[test]
fn a_file_that_nobody_may_read_is_read_by_root_and_else_a_gap() {
    let tree = Tree::of(&[("var/lib/dpkg/status", PACKAGE)]);
    let path = tree.path().join("var/lib/dpkg/status");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let facts = tree.facts();
    assert_eq!(facts.sources.len() + facts.gaps.len(), 1);
    assert_eq!(facts.gaps.is_empty(), fs::read(&path).is_ok());
}

#[test]
fn of_many_odd_files_the_first_are_told() {
    let names: Vec<String> =
        (0..MOST_ODDITIES + 50).map(|number| format!("d{:02}/{number:06}", number % 20)).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let tree = Tree::of(&files);
    for (path, _) in &files {
        fs::set_permissions(tree.path().join(path), fs::Permissions::from_mode(0o666)).unwrap();
    }
    let facts = tree.facts_by(&Bounds::default(), 4);
    assert_eq!((facts.oddities.len(), facts.gaps.len()), (MOST_ODDITIES, 1), "{:?}", facts.gaps);
    assert_eq!(tree.facts_by(&Bounds::default(), 1), facts);
}

#[test]
fn names_that_terminals_obey_are_none_and_said_so() {
    let tree = Tree::of(&[("var/lib/rpmmanifest/container-manifest-2", RPM_MANIFEST)]);
    let facts = tree.facts();
    assert_eq!(found(&facts), ["var/lib/rpmmanifest/container-manifest-2 sound"]);
    assert_eq!(facts.gaps[0].reason, "rpm-manifest: it is no list of packages: a name is no word");
    let tree = Tree::of(&[("a\x1b[31m/.env", "X=1\n")]);
    assert!(tree.facts().oddities.iter().all(|odd| odd.path == r"a\x1b[31m/.env"));
}

const RPM_MANIFEST: &str = "sound\t1-1\t1\t1\tv\t0\t1\tx86_64\t0\ta-1-1.src.rpm\n\
                            \x1b[2Jevil\t1-1\t1\t1\tv\t0\t1\tx86_64\t0\ta-1-1.src.rpm\n";
