//! Images on disk, read and written as manifests and blobs.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests too, which clippy does not see"
)]

mod common;

use std::io::Read;
use std::path::Path;

use coffer_store::StoreError;
use coffer_store::carrier::{Layout, LayoutWriter};
use common::{Bench, Tar, docker_archive, gzip, oci_files, tar_files, write_files, zstd};
use model::digest::Digest;
use model::oci::{Descriptor, Index, Manifest, OCI_INDEX, OCI_MANIFEST, Platform};
use model::reference::{ArchiveSource, Reference};

fn source(text: &str) -> ArchiveSource {
    match text.parse().unwrap() {
        Reference::Archive(source) => source,
        other => unreachable!("{other} is no archive"),
    }
}

fn blob(layout: &Layout, descriptor: &Descriptor) -> Vec<u8> {
    let mut bytes = Vec::new();
    layout.blob(&descriptor.digest).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// Everything below a manifest or an index.
fn below(bytes: &[u8], top: &Descriptor) -> Vec<Descriptor> {
    if top.is_index() {
        return serde_json::from_slice::<Index>(bytes).unwrap().manifests;
    }
    let manifest: Manifest = serde_json::from_slice(bytes).unwrap();
    [manifest.layers, vec![manifest.config]].concat()
}

/// What `copy` does: leaves first.
fn copy(from: &Layout, to: &LayoutWriter, bytes: &[u8], top: &Descriptor) {
    for descriptor in below(bytes, top) {
        if descriptor.is_manifest() || descriptor.is_index() {
            copy(from, to, &from.manifest(&descriptor).unwrap(), &descriptor);
        }
        if !to.has(&descriptor.digest) {
            to.blob(&descriptor, &mut *from.blob(&descriptor.digest).unwrap()).unwrap();
        }
    }
}

fn carry(bench: &Bench, from: &str, to: &str, name: Option<&str>) -> Result<Descriptor, StoreError> {
    let from = source(from);
    let layout = Layout::open(&bench.store, &from)?;
    let (top, bytes) = layout.top(from.selector.as_deref())?;
    let writer = LayoutWriter::create(&source(to))?;
    copy(&layout, &writer, &bytes, &top);
    writer.finish(name, &top, &bytes, &[])?;
    Ok(top)
}

fn layers() -> [Vec<u8>; 2] {
    let noise: Vec<u8> = (0..70_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    [Tar::new().long("x", &noise).bytes(), Tar::new().file("y", b"hello").bytes()]
}

/// A bench with the layout `in`, of one image called `app:1`.
fn bench() -> Bench {
    let bench = Bench::new();
    let [first, second] = layers();
    let files = oci_files(Some("app:1"), &[&first, &second], &[gzip(&first), zstd(&second)]);
    write_files(&bench.path("in"), &files);
    bench
}

fn leftovers(bench: &Bench) -> Vec<String> {
    let names = std::fs::read_dir(bench.directory.path()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with('.')).collect()
}

#[test]
fn privileged_an_image_survives_every_kind_of_place() {
    let bench = bench();
    let at = |kind: &str, name: &str| format!("{kind}:{}", bench.path(name).display());
    let direct = bench.import(&at("oci", "in")).unwrap().image;
    let way = [("oci", "a"), ("oci-archive", "b.tar"), ("dir", "c"), ("oci", "d")];
    let mut last = at("oci", "in");
    for (kind, name) in way {
        let next = at(kind, name);
        let top = carry(&bench, &last, &next, Some("app:1")).unwrap();
        assert_eq!(top.digest, direct.digest.into(), "{next}");
        assert!(bench.import(&next).unwrap().already, "{next}");
        last = next;
    }
    // A docker-archive has no manifest, and is the same image all the same.
    let docker = format!("{}:app:2", at("docker-archive", "e.tar"));
    carry(&bench, &last, &docker, Some("other")).unwrap();
    let loaded = bench.import(&docker).unwrap().image;
    assert_eq!(loaded.config_digest, direct.config_digest);
    assert_eq!(loaded.names, ["app:2"], "the destination's own name comes first");
    carry(&bench, &docker, &at("oci", "f"), None).unwrap();
    assert_eq!(bench.import(&at("oci", "f")).unwrap().image.config_digest, direct.config_digest);
    bench.assert_consistent();
    assert!(leftovers(&bench).is_empty());
}

#[test]
fn a_docker_archive_with_packed_layers_is_read_by_diff_id() {
    let bench = Bench::new();
    let layer = Tar::new().file("x", b"hello").bytes();
    let archive = docker_archive("a:1", &[&layer]);
    std::fs::write(bench.path("plain.tar"), &archive).unwrap();
    std::fs::write(bench.path("packed.tar.gz"), gzip(&archive)).unwrap();
    for name in ["plain.tar", "packed.tar.gz"] {
        let path = format!("docker-archive:{}", bench.path(name).display());
        let layout = Layout::open(&bench.store, &source(&path)).unwrap();
        let (top, bytes) = layout.top(None).unwrap();
        let manifest: Manifest = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(layout.manifest(&top).unwrap(), bytes);
        assert_eq!(manifest.layers[0].digest, Digest::of(&layer).into());
        assert_eq!(manifest.layers[0].size, layer.len() as u64);
        assert_eq!(blob(&layout, &manifest.layers[0]), layer);
        assert_eq!(Digest::of(&blob(&layout, &manifest.config)), {
            manifest.config.digest.confirm(Digest::of(&blob(&layout, &manifest.config))).unwrap()
        });
        assert_eq!(layout.blob(&Digest::of(b"none").into()).err().unwrap().code(), "E-store-format");
    }
    assert_eq!(std::fs::read_dir(bench.path("store/tmp")).unwrap().count(), 0);
}

#[test]
fn an_index_is_copied_whole_with_every_platform() {
    let bench = Bench::new();
    let [first, second] = layers();
    let mut files = oci_files(None, &[&first], &[gzip(&first)]);
    let mut manifests = Vec::new();
    for (layer, architecture) in [(&first, "amd64"), (&second, "arm64")] {
        let image = oci_files(None, &[layer], &[gzip(layer)]);
        let manifest = &image.last().unwrap().1;
        let digest = Digest::of(manifest).into();
        let platform = Platform {
            architecture: architecture.into(),
            os: "linux".into(),
            variant: None,
            os_version: None,
        };
        let descriptor = Descriptor::new(OCI_MANIFEST, digest, manifest.len() as u64);
        manifests.push(Descriptor { platform: Some(platform), ..descriptor });
        files.extend(image.into_iter().skip(2));
    }
    let index = serde_json::to_vec(&Index::of(manifests.clone())).unwrap();
    let top = Descriptor::new(OCI_INDEX, Digest::of(&index).into(), index.len() as u64);
    files.push((format!("blobs/sha256/{}", top.digest.hex()), index.clone()));
    files[1].1 = serde_json::to_vec(&Index::of(vec![top.clone()])).unwrap();
    write_files(&bench.path("in"), &files);
    let at = |kind: &str, name: &str| format!("{kind}:{}", bench.path(name).display());
    for (from, to) in [(at("oci", "in"), at("dir", "a")), (at("dir", "a"), at("oci-archive", "b.tar"))] {
        assert_eq!(carry(&bench, &from, &to, None).unwrap().digest, top.digest);
        let layout = Layout::open(&bench.store, &source(&to)).unwrap();
        let (found, bytes) = layout.top(None).unwrap();
        assert_eq!((found.digest, &bytes), (top.digest, &index));
        for manifest in below(&bytes, &found) {
            for leaf in below(&layout.manifest(&manifest).unwrap(), &manifest) {
                leaf.digest.confirm(Digest::of(&blob(&layout, &leaf))).unwrap();
            }
        }
    }
    let refused = carry(&bench, &at("oci", "in"), &at("docker-archive", "c.tar"), None).unwrap_err();
    assert!(refused.to_string().ends_with("choose a platform"), "{refused}");
    assert!(!bench.path("c.tar").exists() && leftovers(&bench).is_empty());
    // Platforms that a layout lists side by side are one index too.
    files[1].1 = serde_json::to_vec(&Index::of(manifests)).unwrap();
    write_files(&bench.path("flat"), &files);
    let layout = Layout::open(&bench.store, &source(&at("oci", "flat"))).unwrap();
    assert_eq!(layout.top(None).unwrap().0.media_type, OCI_INDEX);
}

#[test]
fn a_layout_that_is_there_is_added_to_and_the_others_stay() {
    let bench = bench();
    let other = Tar::new().file("other", b"").bytes();
    let mut files = oci_files(Some("kept:1"), &[&other], &[gzip(&other)]);
    let mut index: serde_json::Value = serde_json::from_slice(&files[1].1).unwrap();
    index["manifests"][0]["urls"] = serde_json::json!(["https://example.org"]);
    index["annotations"] = serde_json::json!({"whose": "somebody's"});
    files[1].1 = serde_json::to_vec(&index).unwrap();
    write_files(&bench.path("out"), &files);
    let at = |name: &str| format!("oci:{}", bench.path(name).display());
    for _ in 0..2 {
        carry(&bench, &at("in"), &format!("{}:new:1", at("out")), None).unwrap();
    }
    let now: serde_json::Value =
        serde_json::from_slice(&std::fs::read(bench.path("out/index.json")).unwrap()).unwrap();
    assert_eq!(now["annotations"]["whose"], "somebody's");
    assert_eq!(now["manifests"].as_array().unwrap().len(), 2, "one name, one entry");
    assert_eq!(now["manifests"][0], index["manifests"][0]);
    let layout = Layout::open(&bench.store, &source(&at("out"))).unwrap();
    assert!(layout.top(Some("new:1")).is_ok() && layout.top(Some("kept:1")).is_ok());
    assert_eq!(layout.top(None).unwrap_err().code(), "E-store-several");
    assert_eq!(layout.top(Some("none")).unwrap_err().code(), "E-store-format");
}

fn tree(path: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![path.to_owned()];
    while let Some(path) = open.pop() {
        for entry in std::fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            found.push(path.display().to_string());
            if path.is_dir() {
                open.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn what_is_not_finished_was_never_there() {
    let bench = bench();
    std::fs::create_dir(bench.path("work")).unwrap();
    write_files(&bench.path("work/there"), &oci_files(None, &[], &[]));
    let before = tree(&bench.path("work"));
    let layout = Layout::open(&bench.store, &source(&format!("oci:{}", bench.path("in").display()))).unwrap();
    let (top, bytes) = layout.top(None).unwrap();
    let places = ["oci:new", "oci:there", "oci-archive:a.tar", "dir:flat", "docker-archive:d.tar"];
    for place in places {
        let (kind, name) = place.split_once(':').unwrap();
        let place = source(&format!("{kind}:{}", bench.path("work").join(name).display()));
        let writer = LayoutWriter::create(&place).unwrap();
        copy(&layout, &writer, &bytes, &top);
        drop(writer);
        let after: Vec<String> =
            tree(&bench.path("work")).into_iter().filter(|path| !path.ends_with("sha256")).collect();
        let before: Vec<&String> = before.iter().filter(|path| !path.ends_with("sha256")).collect();
        assert_eq!(after.iter().collect::<Vec<_>>(), before, "{place}");
    }
}

#[test]
fn blobs_that_are_not_what_they_should_be_are_refused_and_can_come_again() {
    let bench = bench();
    let layout = Layout::open(&bench.store, &source(&format!("oci:{}", bench.path("in").display()))).unwrap();
    let (top, bytes) = layout.top(None).unwrap();
    let layer = below(&bytes, &top).remove(0);
    let honest = blob(&layout, &layer);
    let mut flipped = honest.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let longer = [&honest[..], b"x"].concat();
    let tricks: [(&[u8], &str); 4] = [
        (&flipped, "E-store-digest"),
        (&longer, "E-store-size"),
        (&honest[1..], "E-store-size"),
        (b"", "E-store-size"),
    ];
    for kind in ["oci", "dir", "docker-archive"] {
        let place = format!("{kind}:{}", bench.path(&format!("to-{kind}")).display());
        let writer = LayoutWriter::create(&source(&place)).unwrap();
        for (bytes, code) in tricks {
            let error = writer.blob(&layer, &mut &*bytes).unwrap_err();
            assert_eq!(error.code(), code, "{kind}: {error}");
            assert!(!writer.has(&layer.digest));
        }
        copy(&layout, &writer, &bytes, &top);
        writer.finish(Some("app:1"), &top, &bytes, &[]).unwrap();
        let copied = Layout::open(&bench.store, &source(&place)).unwrap();
        let (top, bytes) = copied.top(None).unwrap();
        for leaf in below(&bytes, &top) {
            leaf.digest.confirm(Digest::of(&blob(&copied, &leaf))).unwrap();
        }
    }
    // A tar stream cannot go back: the whole archive is refused.
    for (bytes, code) in tricks {
        let writer =
            LayoutWriter::create(&source(&format!("oci-archive:{}", bench.path("b.tar").display()))).unwrap();
        assert_eq!(writer.blob(&layer, &mut &*bytes).unwrap_err().code(), code);
        assert!(writer.blob(&layer, &mut &*honest).is_err());
        assert!(writer.finish(None, &top, bytes, &[]).is_err());
        assert!(!bench.path("b.tar").exists() && leftovers(&bench).is_empty());
    }
}

#[test]
fn places_of_another_kind_are_left_alone() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("home")).unwrap();
    std::fs::write(bench.path("home/letter"), b"dear").unwrap();
    for kind in ["oci", "dir"] {
        let place = source(&format!("{kind}:{}", bench.path("home").display()));
        let error = LayoutWriter::create(&place).err().unwrap();
        assert!(error.to_string().contains("is there already"), "{error}");
    }
    let place = source(&format!("rootfs:{}", bench.path("x").display()));
    assert_eq!(LayoutWriter::create(&place).err().unwrap().code(), "E-store-format");
    assert_eq!(Layout::open(&bench.store, &place).err().unwrap().code(), "E-store-read");
    let bare = source(&format!("rootfs:{}", bench.path("home").display()));
    let error = Layout::open(&bench.store, &bare).err().unwrap();
    assert!(error.to_string().contains("bare root filesystem"), "{error}");
    assert_eq!(tree(&bench.path("home")).len(), 1);
    let files = oci_files(Some("a"), &[], &[]);
    assert!(bench.import_bytes("still.tar", &tar_files(&files)).is_ok());
}
