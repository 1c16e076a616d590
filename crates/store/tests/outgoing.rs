//! Images on their way out: as they came, or with their plain layers packed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests too, which clippy does not see"
)]

mod common;

use std::fs::File;
use std::io::Read;

use coffer_store::{Outgoing, Packing};
use common::{Bench, Tar, gzip, oci_files, tar_files};
use model::digest::Digest;
use model::oci::{Manifest, OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD};

fn bytes(mut file: File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

/// The manifest lists what is to be sent, and every blob is what its descriptor says.
fn check(outgoing: &Outgoing, blob: impl Fn(&model::digest::ClaimedDigest) -> File) {
    let manifest: Manifest = serde_json::from_slice(&outgoing.manifest).unwrap();
    assert_eq!((&manifest.layers, &manifest.config), (&outgoing.layers, &outgoing.config));
    assert_eq!(manifest.media_type, outgoing.media_type);
    for descriptor in outgoing.layers.iter().chain([&outgoing.config]) {
        let bytes = bytes(blob(&descriptor.digest));
        assert_eq!(bytes.len() as u64, descriptor.size);
        descriptor.digest.confirm(Digest::of(&bytes)).unwrap();
    }
}

#[test]
fn privileged_an_image_goes_out_as_it_came() {
    let bench = Bench::new();
    let layer = Tar::new().file("x", b"hello").bytes();
    let files = oci_files(Some("x"), &[&layer], &[gzip(&layer)]);
    let image = bench.import_bytes("a.tar", &tar_files(&files)).unwrap().image;
    let outgoing = bench.store.outgoing(&image).unwrap();
    assert_eq!(outgoing.manifest, files.last().unwrap().1);
    check(&outgoing, |digest| bench.store.blob(digest).unwrap());
    let packed = bench.store.packed(&image, Packing::Zstd).unwrap();
    assert_eq!(packed.outgoing.manifest, outgoing.manifest, "what is packed stays as it is");
    assert_eq!(bench.store.blob(&Digest::of(b"none").into()).unwrap_err().code(), "E-store-corrupt");
}

#[test]
fn privileged_plain_layers_are_packed_the_same_way_every_time() {
    let bench = Bench::new();
    let layers = [Tar::new().long("x", &[b'x'; 200_000]).bytes(), Tar::new().file("y", b"").bytes()];
    let image = bench.import_layers("plain", &[&layers[0], &layers[1]]).unwrap().image;
    let plain = bench.store.outgoing(&image).unwrap();
    assert!(plain.layers.iter().all(|layer| layer.media_type == OCI_LAYER));
    check(&plain, |digest| bench.store.blob(digest).unwrap());
    for (packing, media_type) in [(Packing::Gzip, OCI_LAYER_GZIP), (Packing::Zstd, OCI_LAYER_ZSTD)] {
        let packed = bench.store.packed(&image, packing).unwrap();
        assert!(packed.outgoing.layers.iter().all(|layer| layer.media_type == media_type));
        assert_eq!(packed.outgoing.config.digest, plain.config.digest);
        assert!(packed.outgoing.layers[0].size < 10_000);
        check(&packed.outgoing, |digest| packed.blob(digest).unwrap());
        let again = bench.store.packed(&image, packing).unwrap();
        assert_eq!(again.outgoing.manifest, packed.outgoing.manifest);
        for (descriptor, layer) in packed.outgoing.layers.iter().zip(&layers) {
            let bytes = bytes(packed.blob(&descriptor.digest).unwrap());
            let unpacked = match packing {
                Packing::Gzip => {
                    let mut unpacked = Vec::new();
                    flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).unwrap();
                    unpacked
                }
                Packing::Zstd => ::zstd::decode_all(&bytes[..]).unwrap(),
            };
            assert_eq!(&unpacked, layer);
        }
    }
    bench.assert_consistent();
    assert_eq!(std::fs::read_dir(bench.path("store/tmp")).unwrap().count(), 0, "the copies are gone");
}

#[test]
fn privileged_a_layer_that_was_damaged_is_not_packed() {
    let bench = Bench::new();
    let image = bench.import_layers("plain", &[&Tar::new().file("x", b"hello").bytes()]).unwrap().image;
    let path = bench.path("store/images/blobs/sha256").join(image.layers[0].blob.hex());
    let mut damaged = std::fs::read(&path).unwrap();
    damaged[600] ^= 1;
    std::fs::write(&path, damaged).unwrap();
    let error = bench.store.packed(&image, Packing::Gzip).err().unwrap();
    assert_eq!(error.code(), "E-store-corrupt");
}
