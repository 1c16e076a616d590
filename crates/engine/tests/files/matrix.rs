//! Every kind of source and destination, against the entries that come of it.

use build::plan::{self, Source};

use crate::bench::{Archive, Bench, add, copy};

fn check(bench: &Bench, copy: &plan::Copy, expected: &str) {
    let expected: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(bench.outcome(copy), expected.join("\n"), "{copy:?}");
}

fn context() -> Bench {
    let bench = Bench::new();
    bench.file("a.txt", "a").mode("a.txt", 0o604).file("b.txt", "b").mode("b.txt", 0o644);
    bench.file("dir/one", "1").mode("dir/one", 0o755).file("dir/sub/two", "2").mode("dir/sub/two", 0o600);
    bench.mode("dir", 0o750).mode("dir/sub", 0o711).link("dir/link", "one").link("to-dir", "dir");
    bench
}

#[test]
fn privileged_files_go_where_dockers_rules_say() {
    let bench = context();
    for (copy, expected) in [
        (copy(&["a.txt"], "/new"), "f604 0:0 new a"),
        (copy(&["a.txt"], "/new/"), "d755 0:0 new\nf604 0:0 new/a.txt a"),
        (copy(&["a.txt"], "/x/y/z"), "d755 0:0 x\nd755 0:0 x/y\nf604 0:0 x/y/z a"),
        (copy(&["a.txt"], "/tmp"), "d1777 0:0 tmp\nf604 0:0 tmp/a.txt a"),
        (copy(&["a.txt"], "/home/app/"), "d755 0:0 home\nd700 1000:1000 home/app\nf604 0:0 home/app/a.txt a"),
        (copy(&["a.txt", "b.txt"], "/new/"), "d755 0:0 new\nf604 0:0 new/a.txt a\nf644 0:0 new/b.txt b"),
        (copy(&["a.txt", "b.txt"], "/new"), "E-build-several"),
        (copy(&["*.txt"], "/new"), "E-build-several"),
        (copy(&["*.txt"], "/tmp"), "d1777 0:0 tmp\nf604 0:0 tmp/a.txt a\nf644 0:0 tmp/b.txt b"),
        (copy(&["?.t[a-x]t"], "/n/"), "d755 0:0 n\nf604 0:0 n/a.txt a\nf644 0:0 n/b.txt b"),
        (copy(&["nothing*"], "/n/"), "-"),
        (copy(&["nothing"], "/n/"), "E-build-missing"),
        (copy(&["dir/s*/t?o"], "/n"), "f600 0:0 n 2"),
        (copy(&["[", "a.txt"], "/n/"), "E-build-pattern"),
        (copy(&["../a.txt"], "/n"), "f604 0:0 n a"),
        (copy(&["/a.txt"], "/"), "f604 0:0 a.txt a"),
    ] {
        check(&bench, &copy, expected);
    }
}

#[test]
fn privileged_of_directories_the_content_goes() {
    let bench = context();
    let content = "l 0:0 n/link -> one\nf755 0:0 n/one 1\nd711 0:0 n/sub\nf600 0:0 n/sub/two 2";
    for (copy, expected) in [
        (copy(&["dir"], "/n"), format!("d755 0:0 n\n{content}")),
        (copy(&["dir/"], "/n/"), format!("d755 0:0 n\n{content}")),
        (copy(&["to-dir"], "/n"), format!("d755 0:0 n\n{content}")),
        (copy(&["to-d*"], "/n"), format!("d755 0:0 n\n{content}")),
        (copy(&["dir/link"], "/n"), "f755 0:0 n 1".to_owned()),
        (copy(&["dir/sub"], "/tmp"), "d1777 0:0 tmp\nf600 0:0 tmp/two 2".to_owned()),
        (copy(&["dir"], "/etc/passwd"), "E-build-destination".to_owned()),
        (copy(&["dir"], "/etc/passwd/x"), "E-build-destination".to_owned()),
    ] {
        check(&bench, &copy, &expected);
    }
    bench.file("tree/usr/lib", "a file");
    check(&bench, &copy(&["tree"], "/"), "E-build-destination");
    bench.file("links/lib/new", "x");
    check(&bench, &copy(&["links"], "/"), "E-build-destination");
    bench.file("onto/lib", "a file");
    check(&bench, &copy(&["onto"], "/"), "f644 0:0 lib a file");
}

#[test]
fn privileged_destinations_are_followed_through_links_and_never_out_of_the_root() {
    let bench = context();
    for (copy, expected) in [
        (copy(&["a.txt"], "/lib/"), "d755 0:0 usr\nd755 0:0 usr/lib\nf604 0:0 usr/lib/a.txt a"),
        (copy(&["a.txt"], "/lib/old"), "d755 0:0 usr\nd755 0:0 usr/lib\nf604 0:0 usr/lib/old a"),
        (copy(&["a.txt"], "/outside/"), "d755 0:0 etc\nf604 0:0 etc/a.txt a"),
        (copy(&["a.txt"], "/nowhere/"), "d755 0:0 opt\nd755 0:0 opt/new\nf604 0:0 opt/new/a.txt a"),
        (copy(&["a.txt"], "/../../x"), "f604 0:0 x a"),
        (copy(&["a.txt"], "/circle/"), "E-build-read"),
    ] {
        check(&bench, &copy, expected);
    }
    let linked = plan::Copy { link: true, ..copy(&["a.txt"], "/lib/") };
    check(&bench, &linked, "d755 0:0 lib\nf604 0:0 lib/a.txt a");
    let first = bench.file("l/here", "x").layer(&copy(&["l"], "/lib")).unwrap().unwrap();
    assert!(bench.unpacked(&first).join("usr/lib/here").exists());
}

#[test]
fn privileged_owners_and_modes_are_given() {
    let bench = context();
    let owned = |owner: &str| plan::Copy { owner: owner.to_owned(), ..copy(&["a.txt"], "/n/") };
    for (owner, ids) in
        [("app", "1000:1001"), ("app:staff", "1000:50"), ("7", "7:7"), ("7:8", "7:8"), ("0:staff", "0:50")]
    {
        check(&bench, &owned(owner), &format!("d755 {ids} n\nf604 {ids} n/a.txt a"));
    }
    check(&bench, &owned("ghost"), "E-user-unknown");
    check(&bench, &owned("app:ghosts"), "E-user-unknown-group");
    let mode = |mode: &str| plan::Copy { mode: Some(mode.to_owned()), ..copy(&["dir"], "/n") };
    let with = |link: &str, one: &str, sub: &str, two: &str| {
        format!(
            "d755 0:0 n\nl 0:0 n/link -> {link}\nf{one} 0:0 n/one 1\nd{sub} 0:0 n/sub\nf{two} 0:0 n/sub/two 2"
        )
    };
    check(&bench, &mode("4755"), &with("one", "4755", "4755", "4755"));
    check(&bench, &mode("go=rX"), &with("one", "755", "755", "644"));
    check(&bench, &mode("999"), "E-build-mode");
}

#[test]
fn privileged_parents_are_made_and_what_is_excluded_is_not() {
    let bench = context();
    let parents = |source: &str| plan::Copy { parents: true, ..copy(&[source], "/n/") };
    for (copy, expected) in [
        (parents("dir/sub/two"), "d755 0:0 n\nd750 0:0 n/dir\nd711 0:0 n/dir/sub\nf600 0:0 n/dir/sub/two 2"),
        (parents("dir/./sub/two"), "d755 0:0 n\nd711 0:0 n/sub\nf600 0:0 n/sub/two 2"),
        (parents("dir/*/two"), "d755 0:0 n\nd750 0:0 n/dir\nd711 0:0 n/dir/sub\nf600 0:0 n/dir/sub/two 2"),
        (parents("**/t*o"), "d755 0:0 n\nd750 0:0 n/dir\nd711 0:0 n/dir/sub\nf600 0:0 n/dir/sub/two 2"),
        (parents("dir/nothing"), "E-build-missing"),
    ] {
        check(&bench, &copy, expected);
    }
    let without = |patterns: &[&str]| plan::Copy {
        exclude: patterns.iter().map(|pattern| (*pattern).to_owned()).collect(),
        ..copy(&["dir"], "/n")
    };
    check(&bench, &without(&["sub"]), "d755 0:0 n\nl 0:0 n/link -> one\nf755 0:0 n/one 1");
    check(&bench, &without(&["**", "!**/two"]), "d755 0:0 n\nd711 0:0 n/sub\nf600 0:0 n/sub/two 2");
    check(&bench, &without(&["*"]), "d755 0:0 n");
}

#[test]
fn privileged_dockerignore_decides_what_there_is() {
    let bench = context();
    bench.file(".dockerignore", "*\n!dir\ndir/link\ndir/sub\n!dir/sub/two\n");
    check(
        &bench,
        &copy(&["."], "/n"),
        "d755 0:0 n\nd750 0:0 n/dir\nf755 0:0 n/dir/one 1\nd711 0:0 n/dir/sub\nf600 0:0 n/dir/sub/two 2",
    );
    check(&bench, &copy(&["a.txt"], "/n"), "E-build-missing");
    check(&bench, &copy(&["*.txt"], "/n/"), "-");
    bench.file("Dockerfile.dockerignore", "dir");
    check(&bench, &copy(&["a.txt"], "/n"), "f604 0:0 n a");
    check(&bench, &copy(&["dir/one"], "/n"), "E-build-missing");
}

#[test]
fn privileged_texts_become_files() {
    let bench = context();
    let text = |destination: &str| plan::Copy {
        sources: vec![Source::Text { name: "script".into(), content: "echo".into() }],
        ..copy(&[], destination)
    };
    check(&bench, &text("/n/"), "d755 0:0 n\nf644 0:0 n/script echo");
    check(&bench, &plan::Copy { mode: Some("u+x".into()), ..text("/s") }, "f744 0:0 s echo");
}

#[test]
fn privileged_archives_are_unpacked_where_add_says_so() {
    let bench = context();
    let mut archive = Archive::new();
    archive.owned("lib/new", b"n", 5);
    archive.hard_link("lib/also", "lib/new");
    archive.directory("etc", 0o711, 3);
    archive.file("usr", b"over a directory");
    archive.link("up", "../../..");
    archive.file("up/there", b"t");
    let bytes = archive.bytes();
    bench.bytes("a.tar", &bytes).bytes("not.tar", b"text");
    for (name, packer) in [("a.tar.gz", "gzip"), ("a.tar.xz", "xz"), ("a.tar.bz2", "bzip2")] {
        bench.bytes(name, &packed(packer, &bytes));
    }
    bench.bytes("broken.tar.bz2", b"BZh9rest");
    bench.bytes("window.tar.xz", include_bytes!("../../../store/tests/fixtures/window.xz"));
    let unpacked = "d755 0:0 n\nd711 3:3 n/etc\nd755 0:0 n/lib\nf644 5:5 n/lib/also n\nf644 5:5 n/lib/new n
        f644 0:0 n/usr over a directory\nl 0:0 n/up -> ../../..\nf644 0:0 there t";
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
        lines.sort();
        lines
    };
    for name in ["a.tar", "a.tar.gz", "a.tar.xz", "a.tar.bz2"] {
        assert_eq!(sorted(&bench.outcome(&add(&[name], "/n"))), sorted(unpacked), "{name}");
    }
    check(&bench, &add(&["not.tar"], "/n"), "f644 0:0 n text");
    check(&bench, &add(&["broken.tar.bz2"], "/n"), "f644 0:0 n BZh9rest");
    // A window of 1 GiB is no reason to copy the archive as it is.
    check(&bench, &add(&["window.tar.xz"], "/n"), "E-store-limit");
    let copied = bench.layer(&copy(&["a.tar"], "/n")).unwrap().unwrap();
    assert_eq!(std::fs::read(bench.unpacked(&copied).join("n")).unwrap(), bytes);
    let mut onto = Archive::new();
    onto.file("lib/x", b"x");
    onto.file("etc", b"a file over a directory");
    bench.bytes("onto.tar", &onto.bytes());
    check(
        &bench,
        &add(&["onto.tar"], "/"),
        "f644 0:0 etc a file over a directory\nd755 0:0 usr\nd755 0:0 usr/lib\nf644 0:0 usr/lib/x x",
    );
    let owned = plan::Copy { owner: "7".into(), ..add(&["onto.tar"], "/n") };
    check(
        &bench,
        &owned,
        "d755 7:7 n\nf644 7:7 n/etc a file over a directory\nd755 7:7 n/lib\nf644 7:7 n/lib/x x",
    );
}

fn packed(packer: &str, bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let mut child =
        Command::new(packer).arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    child.wait_with_output().unwrap().stdout
}

#[test]
fn privileged_from_a_root_owners_links_and_hidden_files_are_as_it_shows_them() {
    let bench = context();
    bench.file("top/two", "second").file("top/three", "3");
    std::fs::hard_link(bench.path("top/three"), bench.path("top/four")).unwrap();
    let lower =
        bench.layer(&plan::Copy { owner: "app".into(), ..copy(&["dir/sub"], "/s") }).unwrap().unwrap();
    let upper = bench.layer(&copy(&["top"], "/s")).unwrap().unwrap();
    let root = [lower, upper];
    let expected = "d755 0:0 n\nf644 0:0 n/four 3\nf644 0:0 n/three 3\nf644 0:0 n/two second";
    assert_eq!(bench.outcome_from(&copy(&["s"], "/n"), &root), expected);
    let only_lower = bench.outcome_from(&copy(&["s/two"], "/n"), &[lower]);
    assert_eq!(only_lower, "f600 1000:1001 n 2", "whoever owns it in the stage owns it here");
    let whiteout = bench.unpacked(&upper).join("s/two");
    std::fs::remove_file(&whiteout).unwrap();
    let kind = rustix::fs::FileType::CharacterDevice;
    rustix::fs::mknodat(rustix::fs::CWD, &whiteout, kind, rustix::fs::Mode::empty(), 0).unwrap();
    let made = bench.outcome_from(&copy(&["s"], "/n"), &root);
    assert_eq!(made, "d755 0:0 n\nf644 0:0 n/four 3\nf644 0:0 n/three 3");
    assert_eq!(bench.outcome_from(&copy(&["s/two"], "/n"), &root), "E-build-missing");
}

#[test]
fn privileged_a_working_directory_is_made_where_it_is_missing() {
    use coffer_engine::building::Stamp;
    let bench = context();
    let made = |path: &str, owner: &str| {
        let directory = plan::Directory { path: path.to_owned(), owner: owner.to_owned() };
        match bench.engine.directory(&directory, &bench.base, Stamp::default()) {
            Ok(layer) => layer.map_or("-".to_owned(), |layer| bench.listing(&layer)),
            Err(error) => error.code().to_owned(),
        }
    };
    assert_eq!(made("/", ""), "-");
    assert_eq!(made("/home/app", ""), "-");
    assert_eq!(made("/lib", ""), "-");
    assert_eq!(made("/lib/x", "app"), "d755 0:0 usr\nd755 0:0 usr/lib\nd755 1000:1001 usr/lib/x");
    assert_eq!(made("/outside/x", ""), "d755 0:0 etc\nd755 0:0 etc/x");
    assert_eq!(made("/etc/passwd", ""), "E-build-destination");
}
