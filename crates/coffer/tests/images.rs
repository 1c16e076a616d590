//! Images, from import to removal, as a person sees them.

mod conversation;

use conversation::{Session, rootfs};

fn session() -> Session {
    let session = Session::new();
    rootfs(&session.work().join("small.tar"));
    session
}

#[test]
fn an_image_comes_in_is_listed_tagged_and_removed() {
    let session = session();
    let output = session.coffer(["image", "import", "rootfs:small.tar", "small:1"]);
    let said = session.said(&output);
    assert!(said.starts_with("small:1  DIGEST  ") && said.ends_with("1 layer\n"), "{said}");
    session.holds(
        "
$ coffer image tag small:1 team/base
$ coffer image ls -q
DIGEST
$ coffer images -q --filter name=team/base
DIGEST
$ coffer images -q --filter name=other
$ coffer image rm team/base
untagged team/base:latest
$ coffer image inspect nobody
coffer: no image `nobody` [E-store-unknown]
  list the images with `coffer image ls`, or get it from a registry with `coffer pull`
exit 1
$ coffer image verify
✓ verified every byte of the store is what it was
",
    );
    let said = session.said(&session.coffer(["image", "rm", "small:1"]));
    assert!(said.starts_with("untagged small:1\ndeleted DIGEST, "), "{said}");
}

#[test]
fn a_table_has_aligned_columns_and_data_has_names() {
    let session = session();
    assert!(session.coffer(["image", "import", "rootfs:small.tar", "small:1"]).status.success());
    let said = session.said(&session.coffer(["image", "ls"]));
    let mut lines = said.lines();
    assert_eq!(lines.next(), Some("NAME     DIGEST               SIZE    LAYERS  IMPORTED"));
    assert!(lines.next().is_some_and(|line| line.starts_with("small:1  DIGEST")), "{said}");
    let json = session.coffer(["image", "ls", "--format", "json"]);
    let images: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(images[0]["names"], serde_json::json!(["small:1"]));
    assert!(images[0]["imported"].as_str().unwrap().ends_with('Z'));
    assert!(images[0]["digest"].as_str().unwrap().starts_with("sha256:"));
}

#[test]
fn what_is_saved_comes_in_again_with_the_same_digest() {
    let session = session();
    let import = |file: &str, name: &str| {
        let output = session.coffer(["image", "import", "-q", file, name]);
        String::from_utf8(output.stdout).unwrap()
    };
    let first = import("rootfs:small.tar", "small:1");
    assert!(session.coffer(["save", "small:1", "-o", "saved.tar"]).status.success());
    assert!(session.coffer(["rmi", "small:1"]).status.success());
    assert_eq!(import("saved.tar", "again:1"), first);
}

#[test]
fn standard_input_is_a_source() {
    let session = session();
    let mut command = session.command(["load", "-i", "-", "--tag", "piped:1"]);
    let file = std::fs::File::open(session.work().join("small.tar")).unwrap();
    let output = command.stdin(file).output().unwrap();
    assert!(session.said(&output).starts_with("piped:1  DIGEST  "), "{}", session.said(&output));
}

#[test]
fn the_image_of_the_binary_can_be_kept() {
    let session = Session::new();
    let said = session.said(&session.coffer(["image", "import", "demo:"]));
    assert!(said.starts_with("coffer-demo:latest  DIGEST  "), "{said}");
    let said = session.said(&session.coffer(["image", "history", "demo:"]));
    assert!(said.starts_with("LAYER "), "{said}");
}

#[test]
fn what_is_no_image_is_refused_and_leaves_nothing() {
    let session = Session::new();
    std::fs::write(session.work().join("noise.tar"), vec![7; 4096]).unwrap();
    for (source, code) in [
        ("noise.tar", "[E-store-format]"),
        ("missing.tar", "[E-cli-file]"),
        ("docker-archive:missing.tar", "[E-store-read]"),
        ("oci:", "[E-image-reference]"),
        ("UPPER", "[E-image-reference]"),
    ] {
        let output = session.coffer(["image", "import", source]);
        let said = session.said(&output);
        assert!(said.contains(code), "{source}: {said}");
        assert_eq!(output.status.code(), Some(1), "{source}");
    }
    session.holds("$ coffer image ls -q\n");
}

#[test]
fn damage_of_the_store_is_found_and_named() {
    let session = session();
    assert!(session.coffer(["image", "import", "rootfs:small.tar", "small:1"]).status.success());
    let blobs = session.root().join("images/images/blobs/sha256");
    let largest = std::fs::read_dir(&blobs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .max_by_key(|path| path.metadata().unwrap().len())
        .unwrap();
    let mut bytes = std::fs::read(&largest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::remove_file(&largest).unwrap();
    std::fs::write(&largest, bytes).unwrap();
    let output = session.coffer(["image", "verify"]);
    let said = session.said(&output);
    assert!(said.starts_with("✗ damaged small:1  "), "{said}");
    assert_eq!(output.status.code(), Some(1));
}
