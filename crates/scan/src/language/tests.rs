//! One whole file of each kind, and what becomes of it when it is damaged.

use proptest::prelude::*;

use super::zip::tests::{Packing, archive};
use super::*;
use crate::catalog::Candidate;
use crate::content::Content;

/// A path that each cataloger wants, and a file as it may lie there.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let metadata = b"Metadata-Version: 2.1\nName: a\nVersion: 1.0\nLicense: MIT\n\ntext\n".to_vec();
    let pom = b"groupId=org.a\nartifactId=lib\nversion=1.0\n".as_slice();
    let jar = archive(
        &[
            ("META-INF/MANIFEST.MF", b"Implementation-Version: 1.0\n"),
            ("META-INF/maven/org.a/lib/pom.properties", pom),
            ("META-INF/maven/org.a/lib/pom.xml", b"<project><artifactId>lib</artifactId></project>"),
        ],
        Packing::Deflated,
    );
    let war = archive(&[("WEB-INF/lib/lib-1.0.jar", &jar)], Packing::Stored);
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("usr/lib/python3/site-packages/a-1.0.dist-info/METADATA", metadata.clone()),
        ("usr/lib/python3/site-packages/a.egg-info/PKG-INFO", metadata.clone()),
        (
            "usr/lib/python3/site-packages/a.egg",
            archive(&[("EGG-INFO/PKG-INFO", &metadata)], Packing::Deflated),
        ),
        ("app/node_modules/a/package.json", text(r#"{"name": "a", "version": "1.0.0", "license": ["MIT"]}"#)),
        (
            "gems/specifications/a-1.0.gemspec",
            text("# stub: a 1.0 ruby lib\ns.name = \"a\"\ns.licenses = ['MIT']\n"),
        ),
        ("app/app.war", war),
        ("app/vendor/composer/installed.json", text(r#"{"packages": [{"name": "a/b", "version": "1.0"}]}"#)),
        ("app/app.deps.json", text(r#"{"libraries": {"A/1.0": {"type": "package"}}}"#)),
        ("src/requirements.txt", text("a==1.0 # why\n")),
        ("src/Pipfile.lock", text(r#"{"default": {"a": {"version": "==1.0"}}}"#)),
        ("src/poetry.lock", text("[[package]]\nname = \"a\"\nversion = \"1.0\"\n")),
        ("src/package-lock.json", text(r#"{"packages": {"node_modules/a": {"version": "1.0.0"}}}"#)),
        ("src/yarn.lock", text("a@^1:\n  version \"1.0.0\"\n")),
        ("src/pnpm-lock.yaml", text("packages:\n\n  a@1.0.0:\n    x: y\n")),
        ("src/bun.lock", text(r#"{"packages": {"a": ["a@1.0.0", "",],},}"#)),
        ("src/Gemfile.lock", text("GEM\n  specs:\n    a (1.0)\n")),
        ("src/gradle.lockfile", text("org.a:b:1.0=x\n")),
        (
            "src/composer.lock",
            text(r#"{"packages": [{"name": "a/b", "version": "1.0", "license": ["MIT"]}]}"#),
        ),
        ("src/packages.lock.json", text(r#"{"dependencies": {"net8.0": {"A": {"resolved": "1.0"}}}}"#)),
        ("src/packages.config", text(r#"<packages><package id="A" version="1.0"/></packages>"#)),
        ("src/Cargo.lock", text("[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"x\"\n")),
        ("src/go.mod", text("require example.org/a v1.0.0\n")),
    ]
}

fn wanted(path: &str) -> Vec<&'static Cataloger> {
    let candidate = Candidate { path, size: 1, executable: false };
    CATALOGERS.iter().chain(MANIFESTS).filter(|cataloger| (cataloger.wants)(&candidate)).collect()
}

fn read(path: &str, bytes: &[u8]) -> (usize, Option<Flaw>) {
    let candidate = Candidate { path, size: bytes.len() as u64, executable: false };
    let mut found = Vec::new();
    let flaws = wanted(path)
        .into_iter()
        .map(|cataloger| (cataloger.read)(&candidate, &Content::Bytes(bytes), &mut found).err());
    let flaw = flaws.flatten().next();
    (found.len(), flaw)
}

#[test]
fn every_cataloger_has_a_sample_and_finds_one_package_in_it() {
    let mut names = Vec::new();
    for (path, bytes) in samples() {
        let catalogers = wanted(path);
        let [cataloger] = catalogers.as_slice() else { panic!("{path} is wanted by {catalogers:?}") };
        names.push(cataloger.name);
        assert!(matches!(read(path, &bytes), (1, None)), "{path}: {:?}", read(path, &bytes));
    }
    let all: Vec<_> = CATALOGERS.iter().chain(MANIFESTS).map(|cataloger| cataloger.name).collect();
    assert_eq!(names, all);
}

#[test]
fn what_is_no_such_file_at_all_is_a_flaw_or_names_nothing() {
    for (path, _) in samples() {
        for bytes in [b"\0\xff\xfe".as_slice(), b"[", b"{\"packages\"", b"PK\x05\x06", &[b'['; 4096]] {
            assert_eq!(read(path, bytes).0, 0, "{path}: {bytes:?}");
        }
    }
}

#[test]
fn names_have_limits() {
    assert!(package(PackageKind::Npm, &"a".repeat(LONGEST_NAME), "1").is_some());
    for name in ["", " ", "a b", "a\u{1b}[31m", &"a".repeat(LONGEST_NAME + 1)] {
        assert!(package(PackageKind::Npm, name, "1").is_none(), "{name:?}");
        assert!(package(PackageKind::Npm, "a", name).is_none(), "{name:?}");
    }
}

#[test]
fn packages_have_a_limit() {
    let text = "a==1\n".repeat(MOST_PACKAGES + 1);
    let (found, flaw) = read("requirements.txt", text.as_bytes());
    assert_eq!(found, MOST_PACKAGES);
    assert!(matches!(flaw, Some(Flaw::TooMany { what: "packages", .. })), "{flaw:?}");
}

proptest! {
    #[test]
    fn damage_gives_an_answer(
        sample in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        length in any::<prop::sample::Index>(),
    ) {
        let samples = samples();
        let (path, mut bytes) = samples[sample.index(samples.len())].clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _whole = read(path, &bytes);
        bytes.truncate(length.index(bytes.len() + 1));
        let _cut = read(path, &bytes);
    }

    #[test]
    fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        for (path, _) in samples() {
            let _answer = read(path, &bytes);
        }
    }

    #[test]
    fn any_file_name_gives_an_answer(name in "[a-z0-9.é_-]{0,40}") {
        let _answer = read(&format!("{name}.jar"), &archive(&[], Packing::Stored));
        let _answer = read(&format!("specifications/{name}.gemspec"), b"");
    }
}
