//! What a build leaves for others: evidence beside the image, annotations in it, and files of it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::fs;
use std::path::Path;
use std::process::Command;

use conversation::Session;
use harness::{Rootfs, entries, session, works, write};
use serde_json::Value;

fn built(session: &Session, options: &str) -> Value {
    let line = format!("build -q --format json {options}");
    serde_json::from_str(&works(session, &format!("{} .", line.trim_end()))).unwrap()
}

/// The bytes that a digest names.
fn blob(session: &Session, digest: &Value) -> Vec<u8> {
    fs::read(session.root().join("images/images/blobs/sha256").join(hex(digest))).unwrap()
}

fn hex(digest: &Value) -> &str {
    digest.as_str().unwrap().strip_prefix("sha256:").unwrap()
}

fn parsed(session: &Session, digest: &Value) -> Value {
    serde_json::from_slice(&blob(session, digest)).unwrap()
}

/// The document of a kind that lies beside an image.
fn document(session: &Session, built: &Value, kind: &str) -> Value {
    let evidence = built["evidence"].as_array().unwrap();
    let found = evidence.iter().find(|one| one["kind"].as_str().unwrap().contains(kind)).unwrap();
    let beside = session.root().join("images/attached").join(hex(&built["digest"]));
    let manifest = fs::read(beside.join(hex(&found["digest"]))).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    parsed(session, manifest.pointer("/layers/0/digest").unwrap())
}

/// A base that knows a package, as Debian's do.
fn debian() -> Session {
    let status = b"Package: openssl\nStatus: install ok installed\nVersion: 3.0.11-1\nArchitecture: amd64\n";
    let release = b"ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n";
    let rootfs = ["var", "var/lib", "var/lib/dpkg"]
        .into_iter()
        .fold(Rootfs::with_shell(), |rootfs, directory| rootfs.directory(directory, 0o755));
    let session = session();
    let rootfs = rootfs.file("var/lib/dpkg/status", 0o644, status).file("etc/os-release", 0o644, release);
    rootfs.import(&session, "base:1");
    session
}

const FILE: &str = "\
FROM base:1 AS tools
COPY a /a
RUN --mount=type=bind,source=b,target=/b cat /b
FROM tools
LABEL of=tools
";

#[test]
fn privileged_evidence_tells_what_is_in_an_image_and_what_went_into_it() {
    let session = debian();
    write(&session, &[("Dockerfile", FILE), ("a", "1"), ("b", "2")]);
    let first = built(&session, "-t app:1");
    let bill = document(&session, &first, "cyclonedx");
    let purls: Vec<&str> =
        bill["components"].as_array().unwrap().iter().filter_map(|part| part["purl"].as_str()).collect();
    assert!(purls.iter().any(|purl| purl.starts_with("pkg:deb/debian/openssl@3.0.11-1")), "{purls:?}");

    let inputs = |built: &Value| {
        let statement = document(&session, built, "in-toto");
        let definition = &statement["predicate"]["buildDefinition"];
        let inputs = definition["resolvedDependencies"].as_array().unwrap().clone();
        let name =
            |input: &Value| input.get("uri").or(input.get("name")).unwrap().as_str().unwrap().to_owned();
        inputs.iter().map(|input| (name(input), input["digest"]["sha256"].clone())).collect::<Vec<_>>()
    };
    let names: Vec<String> = inputs(&first).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["pkg:docker/base@1?platform=linux%2Famd64", "context", "context"]);
    // What is taken from an earlier build was made of the same.
    write(&session, &[("Dockerfile", &FILE.replace("of=tools", "of=others"))]);
    let second = built(&session, "-t app:2");
    assert_eq!(second["cached"], second["steps"]);
    assert_eq!(inputs(&second), inputs(&first));
    write(&session, &[("b", "3")]);
    let third = built(&session, "-t app:3 --no-cache --label x=y");
    assert_ne!(inputs(&third), inputs(&first));
}

#[test]
fn privileged_an_image_says_what_it_is_built_on() {
    let session = debian();
    write(&session, &[("Dockerfile", FILE), ("a", "1"), ("b", "2")]);
    let base: Value = serde_json::from_str(&works(&session, "image inspect base:1")).unwrap();
    let annotations = |built: &Value| parsed(&session, &built["digest"])["annotations"].clone();
    let said = annotations(&built(&session, "-t app:1"));
    assert_eq!(said["org.opencontainers.image.base.name"], "docker.io/library/base:1");
    assert_eq!(said["org.opencontainers.image.base.digest"], base[0]["digest"]);
    let said = annotations(&built(&session, "--annotation org.opencontainers.image.base.name=mine"));
    assert_eq!(said["org.opencontainers.image.base.name"], "mine", "whoever builds has the last word");
    write(&session, &[("Dockerfile", "FROM scratch\nCOPY a /a\n")]);
    assert_eq!(annotations(&built(&session, "")), Value::Null, "nothing is below");
}

#[test]
fn privileged_who_wants_files_leaves_no_second_copy_of_them() {
    let session = debian();
    write(&session, &[("Dockerfile", FILE), ("a", "1"), ("b", "2")]);
    works(&session, "build -q .");
    let kept = |session: &Session| {
        ["layers", "images/blobs/sha256", "tmp"]
            .map(|place| entries(&session.root().join("images").join(place)))
    };
    let before = kept(&session);
    works(&session, "build -q -o out .");
    assert_eq!(fs::read_to_string(session.work().join("out/a")).unwrap(), "1");
    works(&session, "build -q -o type=tar,dest=out.tar .");
    assert_eq!(kept(&session), before);
}

#[test]
fn privileged_an_image_without_files_has_results_too() {
    let session = session();
    write(&session, &[("Dockerfile", "FROM scratch\nLABEL nothing=more\n")]);
    works(&session, "build -q -o type=tar,dest=empty.tar .");
    let listed = Command::new("tar").arg("-tf").arg(session.work().join("empty.tar")).output().unwrap();
    assert!(listed.status.success() && listed.stdout.is_empty(), "{listed:?}");
    assert_eq!(fs::read(session.work().join("empty.tar")).unwrap(), [0; 1024]);
    assert_eq!(session.coffer(["build", "-o", "-", "."]).stdout, [0; 1024]);
    works(&session, "build -q -o out .");
    assert!(entries(Path::new(&session.work().join("out"))).is_empty());
    for form in ["oci", "docker"] {
        let digest = works(&session, &format!("build -q -t nothing:1 -o type={form},dest={form}.tar ."));
        works(&session, "image rm nothing:1");
        let imported =
            works(&session, &format!("image import {form}-archive:{form}.tar nothing:1 --format json"));
        let imported: Value = serde_json::from_str(&imported).unwrap();
        let image = imported.as_array().map_or(&imported, |images| &images[0]);
        assert_eq!(image["config"]["labels"]["nothing"], "more", "{image}");
        if form == "oci" {
            assert_eq!(image["digest"], digest.trim());
        }
    }
}
