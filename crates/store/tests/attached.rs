//! Signatures, attestations and inventories beside images: put there, found by subject, gone with the image.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests too, which clippy does not see"
)]

mod common;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::PathBuf;

use coffer_store::{
    Artifact, ArtifactContent, Attached, Beside, Brought, Format, Limits, Naming, Prune, Quiet, Removal,
};
use common::afar::{Afar, Shipment};
use common::{Bench, NOW, Tar, gzip, oci_files, write_files};
use model::digest::{ClaimedDigest, Digest};
use model::image::Image;
use model::oci::{Annotations, Descriptor, Index, Manifest, OCI_EMPTY, OCI_INDEX, OCI_MANIFEST};
use model::reference::ImageName;

const SBOM: &str = "application/spdx+json";

fn content(bytes: &[u8]) -> ArtifactContent {
    let annotations = Annotations::from([("title".to_owned(), "bom.json".to_owned())]);
    ArtifactContent { media_type: SBOM.to_owned(), bytes: bytes.to_vec(), annotations }
}

fn artifact(bytes: &[u8]) -> Artifact {
    Artifact {
        artifact_type: SBOM.to_owned(),
        config: None,
        layers: vec![content(bytes)],
        annotations: Annotations::from([("made-by".to_owned(), "a test".to_owned())]),
    }
}

fn image(bench: &Bench, name: &str) -> Image {
    bench.import_layers(name, &[&Tar::new().file("name", name.as_bytes()).bytes()]).unwrap().image
}

fn beside(bench: &Bench, image: &Image) -> Vec<Attached> {
    bench.store.attached(&image.digest.into()).unwrap()
}

fn blobs(bench: &Bench) -> BTreeSet<String> {
    let blobs = std::fs::read_dir(bench.path("store/images/blobs/sha256")).unwrap();
    blobs.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Where something is kept.
fn path(bench: &Bench, attached: &Attached) -> PathBuf {
    let name = attached.tag.clone().unwrap_or_else(|| attached.digest.hex());
    bench.path("store/attached").join(attached.subject.hex()).join(name)
}

/// cosign's old layout: an artifact that does not say what it is about.
fn tagged(image: &Image, payload: &[u8]) -> Beside {
    let manifest = Manifest { subject: None, artifact_type: None, ..manifest(image, payload) };
    let tag = Some(format!("sha256-{}.sig", image.digest.hex()));
    let manifest = serde_json::to_vec(&manifest).unwrap();
    Beside { subject: image.digest.into(), tag, manifest, blobs: vec![payload.to_vec(), b"{}".to_vec()] }
}

fn manifest(image: &Image, payload: &[u8]) -> Manifest {
    about(&Descriptor::new(OCI_MANIFEST, image.digest.into(), 1), payload).0
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Descriptor {
    Descriptor::new(media_type, Digest::of(bytes).into(), bytes.len() as u64)
}

#[test]
fn privileged_an_artifact_is_found_by_what_it_is_about_and_read() {
    let bench = Bench::new();
    let (one, two) = (image(&bench, "one:1"), image(&bench, "two:1"));
    let digest = bench.store.attach(&one, &artifact(b"bom")).unwrap();
    assert_eq!(bench.store.attach(&one, &artifact(b"bom")).unwrap(), digest, "the same one is one");
    let found = beside(&bench, &one);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].digest, found[0].artifact_type()), (digest, SBOM));
    assert_eq!(found[0].annotations()["made-by"], "a test");
    let subject = found[0].manifest.subject.clone().unwrap();
    assert_eq!((subject.digest, subject.media_type.as_str()), (one.digest.into(), OCI_MANIFEST));
    let descriptor = found[0].descriptor();
    assert_eq!(descriptor.artifact_type.as_deref(), Some(SBOM));
    assert_eq!((descriptor.digest, descriptor.size), (digest.into(), found[0].bytes.len() as u64));
    let layer = &found[0].manifest.layers[0];
    assert_eq!(layer.annotation("title"), Some("bom.json"));
    assert_eq!(bench.store.attached_blob(layer).unwrap(), b"bom");
    assert_eq!(bench.store.attached_blob(&found[0].manifest.config).unwrap(), b"{}");
    assert!(beside(&bench, &two).is_empty());
    bench.assert_consistent();
}

#[test]
fn privileged_it_goes_with_its_image_and_no_earlier() {
    let bench = Bench::new();
    let (one, two) = (image(&bench, "one:1"), image(&bench, "two:1"));
    let before = blobs(&bench);
    for image in [&one, &two] {
        bench.store.attach(image, &artifact(b"of both")).unwrap();
        bench.store.attach(image, &artifact(image.digest.hex().as_bytes())).unwrap();
    }
    bench.store.prune(&BTreeSet::new(), Prune::Dangling).unwrap();
    assert_eq!(beside(&bench, &one).len(), 2, "an image with a name keeps everything");
    let name: ImageName = "one:1".parse().unwrap();
    let removed = bench.store.remove(&name, &BTreeSet::new(), Removal::Careful).unwrap();
    assert!(removed.bytes > 0);
    assert!(beside(&bench, &one).is_empty());
    for attached in beside(&bench, &two) {
        attached.blobs().for_each(|blob| drop(bench.store.attached_blob(blob).unwrap()));
    }
    assert_eq!(beside(&bench, &two).len(), 2);
    assert_eq!(bench.store.attach(&one, &artifact(b"late")).unwrap_err().code(), "E-store-unknown");
    bench.assert_consistent();
    bench.store.prune(&BTreeSet::new(), Prune::Unused).unwrap();
    assert!(blobs(&bench).is_empty() && !before.is_empty());
    assert_eq!(std::fs::read_dir(bench.path("store/attached")).unwrap().count(), 0);
}

#[test]
fn privileged_a_tag_holds_one_artifact_that_says_nothing_itself() {
    let bench = Bench::new();
    let image = image(&bench, "one:1");
    bench.store.keep_beside(&tagged(&image, b"first")).unwrap();
    let second = Beside { blobs: vec![b"second".to_vec()], ..tagged(&image, b"second") };
    bench.store.keep_beside(&second).unwrap();
    let found = beside(&bench, &image);
    assert_eq!(found.len(), 1, "and the empty configuration was there");
    assert_eq!(found[0].tag, second.tag);
    assert_eq!(bench.store.attached_blob(&found[0].manifest.layers[0]).unwrap(), b"second");
    bench.assert_consistent();
}

#[test]
fn privileged_what_is_about_something_else_or_not_complete_is_refused() {
    let bench = Bench::new();
    let (one, two) = (image(&bench, "one:1"), image(&bench, "two:1"));
    let code = |beside: &Beside| bench.store.keep_beside(beside).unwrap_err().code();
    let tagged = tagged(&one, b"payload");
    let of = |manifest: &Manifest| Beside {
        tag: None,
        manifest: serde_json::to_vec(manifest).unwrap(),
        ..tagged.clone()
    };
    assert_eq!(code(&of(&manifest(&two, b"payload"))), "E-store-format", "about another image");
    assert_eq!(code(&Beside { tag: None, ..tagged.clone() }), "E-store-format", "about nothing");
    let foreign = Some(format!("sha256-{}.sig", two.digest.hex()));
    assert_eq!(code(&Beside { tag: foreign, ..tagged.clone() }), "E-store-format");
    for tag in ["../../records/x", "latest", &one.digest.hex()] {
        assert_eq!(code(&Beside { tag: Some(tag.to_owned()), ..tagged.clone() }), "E-store-format", "{tag}");
    }
    assert_eq!(code(&Beside { manifest: b"{".to_vec(), ..tagged.clone() }), "E-store-format");
    assert_eq!(code(&Beside { blobs: Vec::new(), ..tagged.clone() }), "E-store-format", "without its blobs");
    let mut longer = manifest(&one, b"payload");
    longer.layers[0].size += 1;
    assert_eq!(code(&of(&longer)), "E-store-size");
    let absent = Digest::of(b"no image");
    assert_eq!(code(&Beside { subject: absent.into(), ..tagged.clone() }), "E-store-unknown");
    assert!(beside(&bench, &one).is_empty());
    bench.assert_consistent();
}

#[test]
fn privileged_what_lies_beside_one_image_is_bounded() {
    let bench = Bench::with(Limits { attached: 2, ..Limits::default() });
    let (one, two) = (image(&bench, "one:1"), image(&bench, "two:1"));
    bench.store.attach(&one, &artifact(b"1")).unwrap();
    bench.store.attach(&one, &artifact(b"2")).unwrap();
    let error = bench.store.attach(&one, &artifact(b"3")).unwrap_err();
    assert_eq!(error.code(), "E-store-crowded");
    assert!(error.to_string().contains("2 artifacts"), "{error}");
    bench.store.attach(&one, &artifact(b"2")).unwrap();
    bench.store.attach(&two, &artifact(b"3")).unwrap();
    let bench = Bench::with(Limits { attached_bytes: 2000, ..Limits::default() });
    let one = image(&bench, "one:1");
    bench.store.attach(&one, &artifact(&[b'x'; 1000])).unwrap();
    let error = bench.store.attach(&one, &artifact(&[b'y'; 1000])).unwrap_err();
    assert!(error.to_string().contains("2000 bytes"), "{error}");
    assert_eq!(beside(&bench, &one).len(), 1);
}

#[test]
fn privileged_damage_is_found_and_mended_by_the_same_artifact() {
    let bench = Bench::new();
    let image = image(&bench, "one:1");
    bench.store.attach(&image, &artifact(b"bom")).unwrap();
    let attached = beside(&bench, &image).remove(0);
    let blob = bench.path("store/images/blobs/sha256").join(attached.manifest.layers[0].digest.hex());
    for file in [path(&bench, &attached), blob] {
        let whole = std::fs::read(&file).unwrap();
        std::fs::write(&file, &whole[1..]).unwrap();
        let findings = bench.store.verify(&mut Quiet).unwrap();
        assert_eq!(findings.len(), 1);
        assert_eq!((&findings[0].file, &findings[0].images), (&file, &vec!["one:1".to_owned()]));
        bench.store.attach(&image, &artifact(b"bom")).unwrap();
        bench.assert_consistent();
    }
    std::fs::write(path(&bench, &attached), "torn").unwrap();
    assert_eq!(bench.store.attached(&image.digest.into()).unwrap_err().code(), "E-store-corrupt");
    // Nobody knows any more what it named, and nothing else suffers.
    bench.store.prune(&BTreeSet::new(), Prune::Dangling).unwrap();
    assert_eq!(bench.resolve("one:1").unwrap().digest, image.digest);
}

#[test]
fn privileged_what_a_power_cut_has_torn_beside_an_image_is_gone_and_the_image_whole() {
    let bench = Bench::new();
    let image = image(&bench, "one:1");
    bench.assert_consistent();
    assert_eq!(std::fs::read_dir(bench.path("store/unsynced")).unwrap().count(), 0);
    bench.store.attach(&image, &artifact(b"kept")).unwrap();
    let torn = bench.store.attach(&image, &artifact(b"torn")).unwrap();
    let note = bench.path("store/unsynced").join(image.digest.hex());
    assert!(note.exists(), "what is new beside it may be torn");
    std::fs::write(note, "another boot").unwrap();
    let attached = beside(&bench, &image).into_iter().find(|attached| attached.digest == torn).unwrap();
    std::fs::write(path(&bench, &attached), "").unwrap();
    assert_eq!(bench.resolve("one:1").unwrap().digest, image.digest);
    let left = beside(&bench, &image);
    assert_eq!(left.len(), 1);
    assert_eq!(bench.store.attached_blob(&left[0].manifest.layers[0]).unwrap(), b"kept");
    bench.assert_consistent();
}

#[test]
fn privileged_what_lies_beside_an_image_is_saved_and_imported_with_it() {
    let bench = Bench::new();
    let image = image(&bench, "one:1");
    bench.store.attach(&image, &artifact(b"bom")).unwrap();
    bench.store.attach(&image, &artifact(b"another")).unwrap();
    bench.store.keep_beside(&tagged(&image, b"signature")).unwrap();
    let kept = |bench: &Bench| {
        let beside = bench.store.attached(&image.digest.into()).unwrap();
        beside.into_iter().map(|one| (one.tag, one.digest)).collect::<BTreeSet<_>>()
    };
    bench.store.save_layout(&image, &bench.path("layout")).unwrap();
    let mut archive = File::create(bench.path("archive.tar")).unwrap();
    bench.store.save(&image, Format::OciArchive, &mut archive).unwrap();
    for saved in ["layout", "archive.tar"] {
        let other = Bench::new();
        let brought = other.import(bench.path(saved).to_str().unwrap()).unwrap();
        assert_eq!(brought.image.digest, image.digest, "{saved}: what is beside an image is no other image");
        assert_eq!(brought.beside, Brought { kept: 3, left: 0 });
        assert_eq!(kept(&other), kept(&bench));
        assert!(other.import(bench.path(saved).to_str().unwrap()).unwrap().already);
        other.assert_consistent();
    }
}

/// An OCI layout of one image, listed within an index, with artifacts beside the image and the index.
fn layout_with(
    beside: impl Fn(&Descriptor, &Descriptor) -> Vec<(Manifest, Vec<u8>)>,
) -> Vec<(String, Vec<u8>)> {
    let layer = Tar::new().file("x", b"hello").bytes();
    let mut files = oci_files(Some("app"), &[&layer], &[gzip(&layer)]);
    let listed: Index = serde_json::from_slice(&files[1].1).unwrap();
    let image = Descriptor { annotations: None, ..listed.manifests[0].clone() };
    let inner = serde_json::to_vec(&Index::of(vec![image.clone()])).unwrap();
    let index = descriptor(OCI_INDEX, &inner);
    let mut top = vec![index.clone()];
    let mut blobs = vec![inner];
    for (manifest, payload) in beside(&image, &index) {
        let bytes = serde_json::to_vec(&manifest).unwrap();
        let entry = descriptor(OCI_MANIFEST, &bytes);
        top.push(Descriptor { artifact_type: manifest.artifact_type, ..entry });
        blobs.extend([bytes, payload, b"{}".to_vec()]);
    }
    files[1].1 = serde_json::to_vec(&Index::of(top)).unwrap();
    files
        .extend(blobs.into_iter().map(|bytes| (format!("blobs/sha256/{}", Digest::of(&bytes).hex()), bytes)));
    files
}

fn about(subject: &Descriptor, payload: &[u8]) -> (Manifest, Vec<u8>) {
    let manifest = Manifest {
        schema_version: 2,
        media_type: OCI_MANIFEST.to_owned(),
        artifact_type: Some(SBOM.to_owned()),
        config: descriptor(OCI_EMPTY, b"{}"),
        layers: vec![descriptor(SBOM, payload)],
        subject: Some(subject.clone()),
        annotations: None,
    };
    (manifest, payload.to_vec())
}

#[test]
fn privileged_a_layout_gives_what_is_about_its_image_and_its_index_and_no_more() {
    let bench = Bench::new();
    let files = layout_with(|image, index| {
        let other = descriptor(OCI_MANIFEST, b"another image");
        vec![about(image, b"of the image"), about(index, b"of the index"), about(&other, b"of another")]
    });
    write_files(&bench.path("layout"), &files);
    let brought = bench.import(bench.path("layout").to_str().unwrap()).unwrap();
    assert_eq!(brought.beside, Brought { kept: 2, left: 0 });
    let subjects = bench.store.subjects(&brought.image).unwrap();
    let said: Vec<Vec<u8>> = subjects
        .iter()
        .flat_map(|subject| bench.store.attached(subject).unwrap())
        .map(|attached| bench.store.attached_blob(&attached.manifest.layers[0]).unwrap())
        .collect();
    assert_eq!(said, [b"of the image".to_vec(), b"of the index".to_vec()]);
    assert!(bench.store.pins(&brought.image).unwrap().is_empty(), "no repository was named");
    bench.assert_consistent();
}

#[test]
fn privileged_what_is_broken_or_too_much_beside_an_image_keeps_nothing_else_away() {
    let bench = Bench::with(Limits { attached: 3, attached_bytes: 10_000, ..Limits::default() });
    let mut files = layout_with(|image, _| {
        let mut longer = about(image, b"longer than said");
        longer.0.layers[0].size -= 1;
        let large = about(image, &[b'x'; 20_000]);
        let many = (0..4_u8).map(|number| about(image, &[number]));
        [longer, large, about(image, b"altered"), about(image, b"missing")].into_iter().chain(many).collect()
    });
    let blob = |bytes: &[u8]| format!("blobs/sha256/{}", Digest::of(bytes).hex());
    files.retain(|(name, _)| *name != blob(b"missing"));
    files.iter_mut().filter(|(name, _)| *name == blob(b"altered")).for_each(|file| file.1[0] ^= 1);
    write_files(&bench.path("layout"), &files);
    let brought = bench.import(bench.path("layout").to_str().unwrap()).unwrap();
    assert_eq!(brought.beside, Brought { kept: 3, left: 5 });
    assert_eq!(beside(&bench, &brought.image).len(), 3);
    bench.assert_consistent();
}

#[test]
fn privileged_what_is_about_the_index_of_an_image_is_about_the_image() {
    let bench = Bench::new();
    let layer = Tar::new().file("x", b"hello").bytes();
    let shipment = Shipment::of(&[&layer], &[gzip(&layer)]);
    let afar = Afar::new(&shipment);
    let index: ClaimedDigest = Digest::of(b"the index").into();
    let pin: ImageName = format!("registry.example/app@{index}").parse().unwrap();
    let mut incoming = shipment.incoming(&afar);
    incoming.pins = vec![pin];
    let naming = Naming::As(vec!["app:1".parse().unwrap()]);
    let image = bench.store.pull(&incoming, &naming, NOW, &mut Quiet).unwrap().image;
    assert_eq!(bench.store.subjects(&image).unwrap(), [image.digest.into(), index]);
    let mut manifest = manifest(&image, b"of all platforms");
    manifest.subject.as_mut().unwrap().digest = index;
    let manifest = serde_json::to_vec(&manifest).unwrap();
    let came = vec![b"of all platforms".to_vec(), b"{}".to_vec()];
    bench.store.keep_beside(&Beside { subject: index, tag: None, manifest, blobs: came }).unwrap();
    bench.store.prune(&BTreeSet::new(), Prune::Dangling).unwrap();
    assert_eq!(bench.store.attached(&index).unwrap().len(), 1);
    bench.assert_consistent();
    bench.store.prune(&BTreeSet::new(), Prune::Unused).unwrap();
    assert!(bench.store.attached(&index).unwrap().is_empty() && blobs(&bench).is_empty());
}
