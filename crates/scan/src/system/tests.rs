//! What a distribution's own files say, well-formed and not.

use model::inventory::PackageKind;
use proptest::prelude::*;

use super::{CATALOGERS, read_release};
use crate::catalog::{Candidate, Found};
use crate::content::{Content, Flaw};

/// What is found in a file of that path, by whoever wants it.
fn read(path: &str, text: &[u8]) -> Result<Vec<Found>, Flaw> {
    let candidate = Candidate { path, size: text.len() as u64, executable: false };
    let mut found = Vec::new();
    for cataloger in CATALOGERS.iter().filter(|cataloger| (cataloger.wants)(&candidate)) {
        (cataloger.read)(&candidate, &Content::Bytes(text), &mut found)?;
    }
    Ok(found)
}

/// `name version architecture source`.
fn lines(found: &[Found]) -> Vec<String> {
    let source = |found: &Found| {
        found.source.as_ref().map_or(String::new(), |source| format!(" {} {}", source.name, source.version))
    };
    found
        .iter()
        .map(|found| format!("{} {} {}{}", found.name, found.version, found.architecture, source(found)))
        .collect()
}

const STATUS: &str = "\
Package: libc6
Status: install ok installed
Priority: optional
Architecture: amd64
Source: glibc
Version: 2.36-9+deb12u4
Description: GNU C Library
 Package: not-a-package

Package: bsdutils
Status: hold ok installed
Architecture: amd64
Source: util-linux (2.38.1-5+b1)
Version: 1:2.38.1-5+b2

Package: gone
Status: deinstall ok config-files
Version: 1.0

Package: half
Status: install ok half-configured
Version: 2.0
Architecture: all
";

#[test]
fn dpkg_lists_what_has_files_with_its_source() {
    let found = read("var/lib/dpkg/status", STATUS.as_bytes()).unwrap();
    assert_eq!(
        lines(&found),
        [
            "libc6 2.36-9+deb12u4 amd64 glibc 2.36-9+deb12u4",
            "bsdutils 1:2.38.1-5+b2 amd64 util-linux 2.38.1-5+b1",
            "half 2.0 all",
        ]
    );
    assert!(found.iter().all(|found| found.kind == PackageKind::Dpkg));
}

#[test]
fn distroless_images_have_a_file_for_each_package_without_a_status() {
    let control = b"Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all\n";
    assert_eq!(
        lines(&read("var/lib/dpkg/status.d/tzdata", control).unwrap()),
        ["tzdata 2024a-0+deb12u1 all"]
    );
    let sums = b"d41d8cd98f00b204e9800998ecf8427e  usr/share/zoneinfo/UTC\nno sum\n";
    let found = read("var/lib/dpkg/status.d/tzdata.md5sums", sums).unwrap();
    assert_eq!((found[0].name.as_str(), found[0].is_remark()), ("tzdata", true));
    assert_eq!(found[0].files, ["usr/share/zoneinfo/UTC"]);
    assert!(read("var/lib/dpkg/status.d/deep/er", control).unwrap().is_empty());
}

#[test]
fn a_list_of_files_is_a_remark_without_directories() {
    let list = b"/.\n/usr\n/usr/lib\n/usr/lib/libz.so.1\n/usr/share/doc\n/usr/share/doc/zlib1g\n/etc/z\xff\n";
    let found = read("var/lib/dpkg/info/zlib1g:amd64.list", list).unwrap();
    let [remark] = &found[..] else { panic!("{found:?}") };
    assert_eq!((remark.name.as_str(), remark.architecture.as_str()), ("zlib1g", "amd64"));
    assert!(remark.is_remark());
    assert_eq!(remark.files, [".", "usr/lib/libz.so.1", "usr/share/doc/zlib1g", r"etc/z\xff"]);
}

#[test]
fn a_status_that_names_no_package_is_none() {
    let flaw = read("var/lib/dpkg/status", b"<html>\n").unwrap_err();
    assert_eq!(flaw.to_string(), "it is no package database: its first paragraph names no package");
    assert!(read("var/lib/dpkg/status", b"").unwrap().is_empty());
}

const INSTALLED: &str = "\
C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=
P:alpine-baselayout
V:3.4.3-r2
A:x86_64
L:GPL-2.0-only
o:alpine-baselayout
F:etc
R:motd
a:0:0:644
F:

P:libcrypto3
V:3.1.4-r5
A:x86_64
L:Apache-2.0
o:openssl
F:lib
R:libcrypto.so.3
";

#[test]
fn apk_lists_packages_with_origin_licence_and_files() {
    for path in ["lib/apk/db/installed", "usr/lib/apk/db/installed"] {
        let found = read(path, INSTALLED.as_bytes()).unwrap();
        assert_eq!(
            lines(&found),
            ["alpine-baselayout 3.4.3-r2 x86_64", "libcrypto3 3.1.4-r5 x86_64 openssl 3.1.4-r5"]
        );
        assert_eq!(found[0].licences, ["GPL-2.0-only"]);
        assert_eq!(
            (found[0].files[0].as_str(), found[1].files[0].as_str()),
            ("etc/motd", "lib/libcrypto.so.3")
        );
    }
}

/// What is found in apk's database, and what is wrong with it.
fn apk(text: &[u8]) -> (Vec<Found>, Result<(), Flaw>) {
    let candidate = Candidate { path: "lib/apk/db/installed", size: text.len() as u64, executable: false };
    let mut found = Vec::new();
    let apk = CATALOGERS.iter().find(|cataloger| (cataloger.wants)(&candidate)).unwrap();
    let read = (apk.read)(&candidate, &Content::Bytes(text), &mut found);
    (found, read)
}

#[test]
fn what_apk_lists_before_a_damaged_line_counts() {
    let text = [INSTALLED.as_bytes(), b"\nP:more\nnonsense\n"].concat();
    let (found, read) = apk(&text);
    assert_eq!((found.len(), read.is_err()), (2, true));
}

#[test]
fn licences_are_read_from_what_is_for_machines_and_from_references() {
    let path = "usr/share/doc/zlib1g/copyright";
    let machine = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n\
        Files: *\nLicense: Zlib\n\nFiles: debian/*\nLicense: GPL-2+ or Artistic\n\nLicense: Zlib\n Text: of it\n";
    assert_eq!(read(path, machine.as_bytes()).unwrap()[0].licences, ["GPL-2+ or Artistic", "Zlib"]);
    let people = "On Debian systems, see `/usr/share/common-licenses/GPL-3' and\n\
        /usr/share/common-licenses/LGPL-2.1.\nLicense: of no machine\n";
    assert_eq!(read(path, people.as_bytes()).unwrap()[0].licences, ["GPL-3", "LGPL-2.1"]);
    assert!(read(path, b"All rights reserved.\n").unwrap().is_empty());
}

fn release(path: &str, text: &str) -> Option<model::inventory::Distribution> {
    let candidate = Candidate { path, size: text.len() as u64, executable: false };
    read_release(&candidate, &Content::Bytes(text.as_bytes())).unwrap()
}

#[test]
fn os_release_is_read_as_a_shell_would_but_nothing_of_it_runs() {
    let text = "# comment\nNAME=\"Rocky Linux\"\nID='rocky'\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.3\"\n\
        PRETTY_NAME=\"Rocky \\\"Linux\\\" 9.3 $(id)\"\nVERSION_CODENAME=\n";
    let distribution = release("etc/os-release", text).unwrap();
    assert_eq!((distribution.id.as_str(), distribution.version.as_str()), ("rocky", "9.3"));
    assert_eq!(distribution.like, ["rhel", "centos", "fedora"]);
    assert_eq!(distribution.name, "Rocky \"Linux\" 9.3 $(id)");
    assert_eq!(distribution.codename, "");
    assert_eq!(release("etc/os-release", "NAME=nameless\n"), None);
}

#[test]
fn releases_that_are_older_than_os_release_have_one_line() {
    let of = |text| release("etc/redhat-release", text).map(|found| (found.id, found.version));
    assert_eq!(of("CentOS release 6.10 (Final)\n"), Some(("centos".to_owned(), "6.10".to_owned())));
    let rhel = "Red Hat Enterprise Linux Server release 7.9 (Maipo)";
    assert_eq!(of(rhel), Some(("rhel".to_owned(), "7.9".to_owned())));
    assert_eq!(of("Something else\n"), None);
}

#[test]
fn where_packages_come_from_says_whether_an_alpine_is_edge() {
    for (text, is_edge) in [
        ("https://dl-cdn.alpinelinux.org/alpine/edge/main\n", true),
        ("https://mirror.example/v3.19/main\nhttps://mirror.example/edge/main/\r\n", true),
        ("https://mirror.example/v3.19/main\nhttps://mirror.example/edge/community\n", false),
        ("https://mirror.example/v3.19/main\n@edge https://mirror.example/edge/main\n", false),
        ("# https://mirror.example/edge/main\n", false),
        ("/media/edge/main", true),
        ("main", false),
        ("", false),
    ] {
        let expected = is_edge.then_some(("alpine".to_owned(), "edge".to_owned()));
        let found = release("etc/apk/repositories", text).map(|found| (found.id, found.codename));
        assert_eq!(found, expected, "{text}");
    }
}

const PATHS: [&str; 9] = [
    "var/lib/dpkg/status",
    "var/lib/dpkg/status.d/x",
    "var/lib/dpkg/status.d/x.md5sums",
    "var/lib/dpkg/info/x:amd64.list",
    "usr/share/doc/x/copyright",
    "lib/apk/db/installed",
    "etc/os-release",
    "etc/centos-release",
    "etc/apk/repositories",
];

fn read_everything(bytes: &[u8]) {
    for path in PATHS {
        let _understood = read(path, bytes);
        let candidate = Candidate { path, size: bytes.len() as u64, executable: false };
        let _understood = read_release(&candidate, &Content::Bytes(bytes));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        read_everything(&bytes);
    }

    #[test]
    fn damaged_databases_are_read_without_a_panic(
        which in 0..3,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        end in any::<prop::sample::Index>(),
    ) {
        let mut bytes = [STATUS, INSTALLED, "ID=\"x\\\"\nVERSION_ID='1"][which as usize].as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(end.index(bytes.len() + 1));
        read_everything(&bytes);
    }
}

#[test]
fn a_directory_that_many_files_name_has_an_end() {
    let long = format!("P:a\nV:1\nF:{}\n{}", "x/".repeat(4000), "R:y\n".repeat(1000));
    let (found, read) = apk(long.as_bytes());
    assert_eq!((found.len(), found[0].files.len(), read.is_ok()), (1, 0, true), "longer than any path");
    let many = format!("P:a\nV:1\nF:{}\n{}\nP:b\nV:2\n", "x/".repeat(2000), "R:y\n".repeat(50_000));
    let (found, read) = apk(many.as_bytes());
    assert_eq!(read.unwrap_err().to_string(), "it has more than 134217728 bytes of paths");
    assert_eq!(found.len(), 2, "what follows is found all the same");
    let bytes: usize = found.iter().flat_map(|found| &found.files).map(String::len).sum();
    assert!(bytes <= 128 << 20, "{bytes}");
}
