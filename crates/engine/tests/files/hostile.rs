//! Contexts that want out, or that change while they are read.

use std::os::unix::net::UnixListener;

use coffer_engine::building::{Incoming, Stamp};
use rustix::fs::{CWD, FileType, Mode};

use crate::bench::{Archive, Bench, Change, copy};

#[test]
fn privileged_links_of_a_context_lead_nowhere_else() {
    let bench = Bench::new();
    let secret = bench.root.path().join("secret");
    std::fs::write(&secret, "host").unwrap();
    bench.file("dir/file", "x").link("absolute", &secret).link("climbing", "../secret");
    bench.link("dir-out", bench.root.path()).link("magic", "/proc/self/root");
    for path in ["absolute", "climbing", "dir-out/secret", "magic/etc/passwd", "d*-out/secret", "../secret"] {
        let made = bench.outcome(&copy(&[path], "/n/"));
        assert!(matches!(made.as_str(), "E-build-missing" | "-"), "{path}: {made}");
    }
    // Within a directory that is copied, a link stays the link that it is.
    let all = bench.outcome(&copy(&["."], "/n"));
    assert!(all.contains("n/climbing -> ../secret") && !all.contains("host"), "{all}");
}

#[test]
fn privileged_sockets_are_left_out_and_devices_refused() {
    let bench = Bench::new();
    bench.file("file", "x");
    let _socket = UnixListener::bind(bench.path("socket")).unwrap();
    rustix::fs::mknodat(CWD, bench.path("pipe"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    assert_eq!(bench.outcome(&copy(&["."], "/n")), "d755 0:0 n\nf644 0:0 n/file x\np600 0:0 n/pipe");
    let device = rustix::fs::makedev(1, 1);
    rustix::fs::mknodat(CWD, bench.path("memory"), FileType::CharacterDevice, Mode::RUSR, device).unwrap();
    assert_eq!(bench.outcome(&copy(&["."], "/n")), "E-build-device");
    bench.file(".dockerignore", "memory");
    assert!(bench.outcome(&copy(&["."], "/n")).contains("n/file x"));
}

#[test]
fn privileged_a_file_that_hides_another_is_refused() {
    let bench = Bench::new();
    bench.file("dir/.wh.passwd", "");
    assert_eq!(bench.outcome(&copy(&["dir"], "/etc")), "E-store-path");
}

#[test]
fn privileged_what_changes_between_listing_and_reading_is_an_error() {
    let secret = "host";
    let changes: [(&str, Change<'_>); 5] = [
        ("grows", &|bench| std::fs::write(bench.path("dir/file"), "longer than it was").unwrap()),
        ("shrinks", &|bench| std::fs::write(bench.path("dir/file"), "").unwrap()),
        ("goes", &|bench| std::fs::remove_file(bench.path("dir/file")).unwrap()),
        ("becomes a link", &|bench| {
            std::fs::remove_file(bench.path("dir/file")).unwrap();
            bench.link("dir/file", bench.root.path().join("secret"));
        }),
        ("is in a link", &|bench| {
            std::fs::rename(bench.path("dir"), bench.path("old")).unwrap();
            bench.link("dir", bench.root.path());
        }),
    ];
    for (name, change) in changes {
        let bench = Bench::new();
        std::fs::write(bench.root.path().join("secret"), secret).unwrap();
        std::fs::write(bench.root.path().join("file"), secret).unwrap();
        bench.file("dir/file", "content");
        let copy = copy(&["dir"], "/n");
        let taken = bench.taken(&copy).unwrap();
        change(&bench);
        let error = bench.engine.copy(&copy, &taken, &bench.base, Stamp::default()).unwrap_err();
        assert_eq!(error.code(), "E-build-changed", "{name}");
    }
}

#[test]
fn privileged_a_context_that_is_too_deep_is_refused() {
    let bench = Bench::new();
    let mut at = rustix::fs::open(bench.path(""), rustix::fs::OFlags::PATH, Mode::empty()).unwrap();
    for _ in 0..300 {
        rustix::fs::mkdirat(&at, "d", Mode::RWXU).unwrap();
        at = rustix::fs::openat(&at, "d", rustix::fs::OFlags::PATH, Mode::empty()).unwrap();
    }
    assert_eq!(bench.outcome(&copy(&["."], "/n")), "E-build-limit");
}

#[test]
fn privileged_streams_are_archives_or_dockerfiles() {
    let bench = Bench::new();
    let incoming = |bytes: &[u8]| bench.engine.incoming(bytes, "standard input");
    let Incoming::Dockerfile(text) = incoming(b"FROM scratch\n").unwrap() else { panic!("an archive?") };
    assert_eq!(text, b"FROM scratch\n");
    let mut archive = Archive::new();
    archive.file("Dockerfile", b"FROM scratch\n");
    archive.file("dir/file", b"x");
    let Incoming::Files(context) = incoming(&archive.bytes()).unwrap() else { panic!("a Dockerfile?") };
    assert_eq!(context.read("Dockerfile", 100).unwrap().unwrap(), b"FROM scratch\n");
    assert_eq!(context.read("dir", 100).unwrap(), None);
    let mut hostile = Archive::new();
    hostile.link("out", "/");
    hostile.file("out/escaped", b"x");
    assert!(incoming(&hostile.bytes()).is_err());
    assert!(!std::path::Path::new("/escaped").exists());
    let window = include_bytes!("../../../store/tests/fixtures/window.xz");
    assert_eq!(incoming(window).unwrap_err().code(), "E-copy-limit");
    assert!(incoming(b"\xfd7zXZ\0rest").is_err());
    assert_eq!(incoming(&vec![b'x'; 5 << 20]).unwrap_err().code(), "E-build-limit");
}
