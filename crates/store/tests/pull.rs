//! Images from afar: what comes is believed only whole, and what breaks off goes on.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests too, which clippy does not see"
)]

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use coffer_store::{Imported, Limits, Naming, Owner, Prune, Quiet, Result, Store, StoreError, fuzz};
use common::afar::{Afar, Shipment, Trick};
use common::{Bench, NOW, Tar, gzip, zstd};
use model::digest::Digest;

/// Files of both kinds that an unpacker meets, and enough of them to fill several buffers when packed.
fn layer(seed: u32) -> Vec<u8> {
    let mut noise = seed.wrapping_mul(2_654_435_761).max(1);
    let mut content = vec![0; 300_000];
    content.fill_with(|| {
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        noise as u8
    });
    let mut layer = Tar::new().long("large", &content).long("larger", &content.repeat(2));
    for number in 0..50 {
        layer = layer.file(&format!("d{}/f{number}", number % 7), format!("{seed}-{number}").as_bytes());
    }
    layer.program("bin/run", 0o755).bytes()
}

fn shipment() -> Shipment {
    let (first, second) = (layer(1), layer(2));
    Shipment::of(&[&first, &second], &[gzip(&first), zstd(&second)])
}

fn pull(store: &Store, shipment: &Shipment, afar: &Afar<'_>) -> Result<Imported> {
    let incoming = shipment.incoming(afar);
    store.pull(&incoming, &Naming::As(vec!["app:1".parse().unwrap()]), NOW, &mut Quiet)
}

fn files(path: PathBuf) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(path) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// No image; layers that were complete stay for the next try.
fn assert_no_image(bench: &Bench) {
    assert!(bench.store.list().unwrap().is_empty());
    assert!(files(bench.path("store/tmp")).is_empty());
    bench.assert_consistent();
}

/// No image; what is in the scratch space goes with the next pull.
fn assert_no_image_but_scratch(bench: &Bench) {
    assert!(bench.store.list().unwrap().is_empty());
    bench.assert_consistent();
}

/// Nothing of a pull that failed but what is kept on purpose.
fn assert_nothing_but(bench: &Bench, kept: &[&str]) {
    bench.assert_empty();
    for directory in ["partial", "evidence"] {
        let expected = kept.contains(&directory);
        assert_eq!(!files(bench.path("store").join(directory)).is_empty(), expected, "{directory}");
    }
}

#[test]
fn privileged_a_pulled_image_is_the_imported_one() {
    let (here, there) = (Bench::new(), Bench::new());
    let shipment = shipment();
    let afar = Afar::new(&shipment);
    let pulled = pull(&here.store, &shipment, &afar).unwrap();
    let archive = common::tar_files(&shipment.files);
    let imported = there.import_bytes("a.tar", &archive).unwrap();
    assert_eq!(pulled.image.digest, imported.image.digest);
    assert_eq!(pulled.image.layers, imported.image.layers);
    assert_eq!(pulled.image.facts, imported.image.facts);
    assert_eq!(pulled.image.names, ["app:1"]);
    assert!(!pulled.already);
    here.assert_consistent();
    assert!(files(here.path("store/partial")).is_empty() && files(here.path("store/tmp")).is_empty());
}

#[test]
fn privileged_what_is_here_is_not_asked_for_again() {
    let bench = Bench::new();
    let shipment = shipment();
    let afar = Afar::new(&shipment);
    pull(&bench.store, &shipment, &afar).unwrap();
    assert_eq!(afar.opened().len(), 2);
    assert!(pull(&bench.store, &shipment, &afar).unwrap().already);
    assert_eq!(afar.opened().len(), 2);
    // Another image over the same bottom layer.
    let (first, other) = (layer(1), layer(3));
    let second = Shipment::of(&[&first, &other], &[gzip(&first), gzip(&other)]);
    let afar = Afar::new(&second);
    pull(&bench.store, &second, &afar).unwrap();
    assert_eq!(afar.opened(), [(Digest::of(&gzip(&other)).into(), 0)]);
    bench.assert_consistent();
}

#[test]
fn privileged_an_image_answers_to_the_digest_of_its_index() {
    let bench = Bench::new();
    let shipment = shipment();
    let index = Digest::of(b"an index");
    let pin = format!("registry.example/team/app@{index}");
    let afar = Afar::new(&shipment);
    let mut incoming = shipment.incoming(&afar);
    incoming.pins = vec![pin.parse().unwrap()];
    let naming = Naming::As(vec![pin.parse().unwrap()]);
    let image = bench.store.pull(&incoming, &naming, NOW, &mut Quiet).unwrap().image;
    assert!(image.names.is_empty(), "a digest is no tag");
    assert_eq!(bench.resolve(&pin).unwrap().digest, image.digest);
    assert_eq!(bench.store.pins(&image).unwrap(), [pin.as_str()]);
    assert_eq!(bench.store.holds(&index.into()).unwrap().unwrap().digest, image.digest);
    assert_eq!(bench.store.holds(&image.digest.into()).unwrap().unwrap().digest, image.digest);
    assert!(bench.store.holds(&Digest::of(b"another").into()).unwrap().is_none());
    bench.store.prune(&BTreeSet::new(), Prune::Unused).unwrap();
    assert_eq!(bench.resolve(&pin).unwrap_err().code(), "E-store-unknown");
    assert!(files(bench.path("store/pins")).is_empty());
}

#[test]
fn privileged_a_transfer_that_breaks_off_goes_on_where_it_was() {
    let shipment = shipment();
    let blob = shipment.layers[0].clone();
    // Within the magic, at and around a buffer's end, and one before the last.
    for cut in [0, 1, 3, 511, (256 << 10) - 1, 256 << 10, (256 << 10) + 1, blob.size - 1] {
        let bench = Bench::new();
        let afar = Afar::new(&shipment).with(blob.digest, Trick::Cut(cut));
        let error = pull(&bench.store, &shipment, &afar).unwrap_err();
        let StoreError::Fetch { blob: named, cause } = &error else { panic!("{cut}: {error}") };
        assert_eq!((named, cause.to_string()), (&blob.digest.to_string(), "cut".to_owned()));
        assert_no_image(&bench);
        let honest = Afar::new(&shipment);
        pull(&bench.store, &shipment, &honest).unwrap();
        let from = honest.opened().iter().find(|(digest, _)| *digest == blob.digest).unwrap().1;
        assert_eq!(from, cut, "exactly what had come was kept");
        bench.assert_consistent();
        assert!(files(bench.path("store/partial")).is_empty());
    }
}

#[test]
fn privileged_a_whole_blob_that_was_not_placed_is_not_fetched_again() {
    let bench = Bench::new();
    let shipment = shipment();
    let blob = &shipment.layers[0];
    bench.store.holds(&blob.digest).unwrap();
    let partial = bench.path("store/partial");
    std::fs::create_dir_all(&partial).unwrap();
    std::fs::write(partial.join(blob.digest.hex()), shipment.bytes(&blob.digest)).unwrap();
    let afar = Afar::new(&shipment);
    pull(&bench.store, &shipment, &afar).unwrap();
    assert!(afar.opened().iter().all(|(digest, _)| *digest != blob.digest));
    bench.assert_consistent();
}

#[test]
fn privileged_a_damaged_beginning_is_fetched_again_and_accuses_nobody() {
    let shipment = shipment();
    let blob = &shipment.layers[0];
    for damage in [vec![0; 100_000], vec![0; usize::try_from(blob.size).unwrap() + 5]] {
        let bench = Bench::new();
        std::fs::create_dir_all(bench.path("store/partial")).unwrap();
        std::fs::write(bench.path("store/partial").join(blob.digest.hex()), &damage).unwrap();
        let afar = Afar::new(&shipment);
        pull(&bench.store, &shipment, &afar).unwrap();
        assert!(afar.opened().contains(&(blob.digest, 0)));
        assert!(files(bench.path("store/evidence")).is_empty());
        bench.assert_consistent();
    }
}

#[test]
fn privileged_other_bytes_than_promised_are_kept_as_evidence_and_not_as_an_image() {
    let shipment = shipment();
    for (number, descriptor) in shipment.layers.iter().enumerate() {
        let honest = shipment.bytes(&descriptor.digest);
        let mut flipped = honest.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 1;
        let other = Tar::new().file("evil", b"").bytes();
        let wrong = [
            (flipped, "E-store-digest"),
            (vec![b'x'; honest.len()], "E-store-digest"),
            ([&honest[..], b"x"].concat(), "E-store-size"),
            (honest[..honest.len() - 1].to_vec(), "E-store-size"),
            (gzip(&other), "E-store-size"),
            (Vec::new(), "E-store-size"),
        ];
        for (sent, code) in wrong {
            let bench = Bench::new();
            let afar = Afar::new(&shipment).with(descriptor.digest, Trick::Other(sent.clone()));
            let error = pull(&bench.store, &shipment, &afar).unwrap_err();
            assert_eq!(error.code(), code, "layer {number}: {error}");
            let (StoreError::Digest { evidence, .. } | StoreError::Size { evidence, .. }) = &error else {
                panic!("{error}")
            };
            let kept = evidence.clone().unwrap();
            assert!(error.to_string().ends_with(&format!("is kept in `{}`", kept.display())), "{error}");
            let seen = sent.get(..honest.len() + 1).unwrap_or(&sent);
            assert_eq!(std::fs::read(&kept).unwrap(), seen);
            assert_no_image(&bench);
            assert!(!bench.path("store/images/blobs/sha256").join(descriptor.digest.hex()).exists());
            // And nothing of it stands in the way of honest bytes.
            pull(&bench.store, &shipment, &Afar::new(&shipment)).unwrap();
            bench.assert_consistent();
        }
    }
}

#[test]
fn privileged_evidence_is_bounded_and_the_oldest_goes_first() {
    let bench = Bench::new();
    let shipment = shipment();
    let digest = shipment.layers[0].digest;
    let mut kept = Vec::new();
    for number in 0..20_u8 {
        let sent = vec![number; 10];
        let afar = Afar::new(&shipment).with(digest, Trick::Other(sent));
        let StoreError::Size { evidence, .. } = pull(&bench.store, &shipment, &afar).unwrap_err() else {
            panic!("the size is wrong")
        };
        kept.push(evidence.unwrap());
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(kept[..4].iter().all(|path| !path.exists()));
    assert!(kept[4..].iter().all(|path| path.exists()));
}

#[test]
fn privileged_a_layer_that_does_not_hold_what_the_configuration_says_is_refused() {
    let (claimed, real) = (layer(1), layer(2));
    for packed in [gzip(&real), zstd(&real), real.clone()] {
        let bench = Bench::new();
        let shipment = Shipment::of(&[&claimed], &[packed]);
        let error = pull(&bench.store, &shipment, &Afar::new(&shipment)).unwrap_err();
        assert_eq!(error.code(), "E-store-digest");
        assert!(error.to_string().contains("(uncompressed)"), "{error}");
        assert_nothing_but(&bench, &["evidence"]);
    }
}

#[test]
fn privileged_what_is_promised_and_harmful_is_refused_without_a_trace() {
    let check = |layer: &[u8], packed: Vec<u8>, limits: Limits, code: &str| {
        let bench = Bench::with(limits);
        let shipment = Shipment::of(&[layer], &[packed]);
        let error = pull(&bench.store, &shipment, &Afar::new(&shipment)).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert_nothing_but(&bench, &[]);
    };
    let limits = Limits { ratio_floor: 4 << 20, ..Limits::default() };
    let zeros = Tar::new().long("zeros", &vec![0; 128 << 20]).bytes();
    check(&zeros, gzip(&zeros), limits, "E-store-limit");
    check(&zeros, zstd(&zeros), limits, "E-store-limit");
    let upwards = Tar::new().file("../x", b"x").bytes();
    check(&upwards, gzip(&upwards), Limits::default(), "E-store-path");
    let noise = vec![7; 100_000];
    check(&noise, noise.clone(), Limits::default(), "E-store-format");
    let good = layer(1);
    let half = gzip(&good)[..10_000].to_vec();
    check(&good, half, Limits::default(), "E-store-truncated");
    check(&good, gzip(&good), Limits { layer_bytes: 1000, ..Limits::default() }, "E-store-limit");
}

#[test]
fn hostile_manifests_are_refused_before_anything_is_asked_for() {
    let layer = layer(1);
    let shipment = Shipment::of(&[&layer], &[gzip(&layer)]);
    let check = |change: &dyn Fn(&mut serde_json::Value), limits: Limits, code: &str| {
        let bench = Bench::with(limits);
        let afar = Afar::new(&shipment);
        let mut incoming = shipment.incoming(&afar);
        let mut manifest = serde_json::from_slice(&incoming.manifest).unwrap();
        change(&mut manifest);
        incoming.manifest = serde_json::to_vec(&manifest).unwrap();
        let error = bench.store.pull(&incoming, &Naming::FromSource, NOW, &mut Quiet).unwrap_err();
        assert_eq!(error.code(), code, "{manifest}: {error}");
        assert!(afar.opened().is_empty());
        bench.assert_empty();
    };
    let usual = Limits::default();
    check(&|manifest| manifest["schemaVersion"] = 1.into(), usual, "E-store-format");
    check(&|manifest| manifest["layers"] = serde_json::json!([]), usual, "E-store-format");
    check(&|manifest| manifest["layers"][0]["size"] = (-1).into(), usual, "E-store-format");
    check(&|manifest| manifest["layers"][0]["size"] = u64::MAX.into(), usual, "E-store-limit");
    check(&|manifest| manifest["layers"][0]["digest"] = "sha256:../../x".into(), usual, "E-store-format");
    check(&|manifest| manifest["layers"][0]["mediaType"] = "text/plain".into(), usual, "E-store-compression");
    check(&|manifest| manifest["config"]["size"] = 1.into(), usual, "E-store-size");
    let another = Digest::of(b"another").to_string();
    check(&|manifest| manifest["config"]["digest"] = another.as_str().into(), usual, "E-store-digest");
    check(&|_| {}, Limits { manifest: 9, ..usual }, "E-store-limit");
    check(&|_| {}, Limits { config: 9, ..usual }, "E-store-limit");
    check(&|_| {}, Limits { layers: 0, ..usual }, "E-store-limit");
}

#[test]
fn privileged_many_pulls_of_one_image_at_once_do_the_work_once() {
    let bench = Bench::new();
    let shipment = shipment();
    let afar = Afar::new(&shipment);
    let stores: Vec<Store> =
        (0..40).map(|_| Store::open(bench.path("store"), Owner::Root, Limits::default()).unwrap()).collect();
    std::thread::scope(|scope| {
        for store in &stores {
            scope.spawn(|| pull(store, &shipment, &afar).unwrap());
        }
    });
    assert_eq!(afar.opened().len(), 2, "each layer was asked for once");
    bench.assert_consistent();
}

#[test]
fn privileged_beginnings_go_with_a_prune_and_after_a_week() {
    let shipment = shipment();
    let interrupted = || {
        let bench = Bench::new();
        let digest = shipment.layers[0].digest;
        let afar = Afar::new(&shipment).with(digest, Trick::Cut(70_000));
        pull(&bench.store, &shipment, &afar).unwrap_err();
        let path = bench.path("store/partial").join(digest.hex());
        assert!(path.exists());
        (bench, path)
    };
    let (bench, path) = interrupted();
    // The other layer may have been stopped on its way too.
    let left = files(bench.path("store/partial")).iter().map(|path| path.metadata().unwrap().len()).sum();
    assert_eq!(bench.store.beginnings().unwrap(), left);
    let pruned = bench.store.prune(&BTreeSet::new(), Prune::Dangling).unwrap();
    assert_eq!(bench.store.beginnings().unwrap(), 0);
    assert!(left >= 70_000 && pruned.bytes >= left && !path.exists());
    let (bench, path) = interrupted();
    let small = Tar::new().file("x", b"").bytes();
    let other = Shipment::of(&[&small], &[gzip(&small)]);
    let afar = Afar::new(&other);
    let later = |days: i64| {
        let now = i64::try_from(
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(),
        )
        .unwrap();
        let now = now + days * 24 * 3600;
        bench.store.pull(&other.incoming(&afar), &Naming::FromSource, now, &mut Quiet).unwrap();
        path.exists()
    };
    assert!(later(6));
    assert!(!later(8));
}

#[test]
fn privileged_a_full_disk_fails_a_pull_and_gets_its_space_back() {
    let bench = Bench::new();
    let small = bench.path("small");
    std::fs::create_dir(&small).unwrap();
    let _mounted = Tmpfs::mount(&small, "size=2m");
    let store = Store::open(small.join("store"), Owner::Root, Limits::default()).unwrap();
    let shipment = shipment();
    let error = pull(&store, &shipment, &Afar::new(&shipment)).unwrap_err();
    assert_eq!(error.code(), "E-store-space", "{error}");
    assert!(store.list().unwrap().is_empty());
    for directory in ["tmp", "layers", "records"] {
        assert!(files(small.join("store").join(directory)).is_empty(), "{directory}");
    }
    store.prune(&BTreeSet::new(), Prune::Unused).unwrap();
    let little = Tar::new().file("x", b"x").bytes();
    let little = Shipment::of(&[&little], &[gzip(&little)]);
    pull(&store, &little, &Afar::new(&little)).unwrap();
    assert!(store.verify(&mut Quiet).unwrap().is_empty());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 12, failure_persistence: None, ..Default::default() })]

    #[test]
    fn privileged_however_often_a_transfer_breaks_off_the_image_is_the_same(
        cuts in proptest::collection::vec(0_u64..400_000, 1..5),
    ) {
        let bench = Bench::new();
        let layer = layer(7);
        let shipment = Shipment::of(&[&layer], &[gzip(&layer)]);
        let digest = shipment.layers[0].digest;
        let mut from = 0;
        for cut in cuts {
            let afar = Afar::new(&shipment).with(digest, Trick::Cut(cut));
            if from + cut < shipment.layers[0].size {
                assert_eq!(pull(&bench.store, &shipment, &afar).unwrap_err().code(), "E-store-fetch");
                assert_eq!(afar.opened(), [(digest, from)]);
                from += cut;
            }
        }
        pull(&bench.store, &shipment, &Afar::new(&shipment)).unwrap();
        bench.assert_consistent();
    }
}

#[test]
fn a_manifest_cut_anywhere_is_refused() {
    let layer = layer(1);
    let shipment = Shipment::of(&[&layer], &[gzip(&layer)]);
    let limits = Limits::default();
    assert_eq!(fuzz::incoming(&shipment.manifest, &shipment.config, &limits).unwrap(), 1);
    for end in 0..shipment.manifest.len() {
        fuzz::incoming(&shipment.manifest[..end], &shipment.config, &limits).unwrap_err();
    }
    for end in 0..shipment.config.len() {
        fuzz::incoming(&shipment.manifest, &shipment.config[..end], &limits).unwrap_err();
    }
}

struct Tmpfs(PathBuf);

impl Tmpfs {
    fn mount(path: &Path, options: &str) -> Self {
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(path).status();
        assert!(status.unwrap().success());
        Self(path.to_owned())
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _status = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

const STORE: &str = "COFFER_TEST_PULL_STORE";
const DIES_AFTER: &str = "COFFER_TEST_PULL_DIES_AFTER";

/// Itself a test; and with the variables set, the child of the next ones: that takes its time, or dies.
#[test]
fn privileged_a_pull_in_a_process_of_its_own_succeeds() {
    let shipment = shipment();
    if let Some(store) = std::env::var_os(STORE) {
        let store = Store::open(store, Owner::Root, Limits::default()).unwrap();
        let dies_after = std::env::var(DIES_AFTER).ok().map(|bytes| bytes.parse().unwrap());
        let trick = || dies_after.map_or(Trick::Slow, Trick::Kill);
        let afar = Afar::new(&shipment);
        let afar = shipment.layers.iter().fold(afar, |afar, layer| afar.with(layer.digest, trick()));
        pull(&store, &shipment, &afar).unwrap();
        return;
    }
    let bench = Bench::new();
    assert!(child(&bench).status().unwrap().success());
    assert_eq!(bench.resolve("app:1").unwrap().layers.len(), 2);
    bench.assert_consistent();
}

fn child(bench: &Bench) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "privileged_a_pull_in_a_process_of_its_own_succeeds"])
        .env(STORE, bench.path("store"))
        .stdout(Stdio::null());
    command
}

#[test]
fn privileged_a_pull_that_is_killed_goes_on_where_it_was() {
    let shipment = shipment();
    for after in [0, 1000, 300_000, 600_000] {
        let bench = Bench::new();
        assert!(!child(&bench).env(DIES_AFTER, after.to_string()).status().unwrap().success());
        assert_no_image_but_scratch(&bench);
        let come = |digest: &model::digest::ClaimedDigest| {
            let path = bench.path("store/partial").join(digest.hex());
            path.metadata().map_or(0, |metadata| metadata.len())
        };
        let expected: Vec<_> =
            shipment.layers.iter().map(|layer| (layer.digest, come(&layer.digest))).collect();
        if after == 600_000 {
            assert!(expected.iter().any(|(_, length)| *length > 0), "whole buffers are kept");
        }
        let afar = Afar::new(&shipment);
        pull(&bench.store, &shipment, &afar).unwrap();
        let mut opened = afar.opened();
        opened.sort_unstable();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(opened, expected);
        bench.assert_consistent();
        assert!(files(bench.path("store/tmp")).is_empty() && files(bench.path("store/partial")).is_empty());
    }
}

#[test]
fn privileged_a_pull_killed_at_any_instant_leaves_a_consistent_store() {
    let bench = Bench::new();
    let shipment = shipment();
    let (mut killed, mut instant) = (0, Duration::from_millis(5));
    for _ in 0..30 {
        let mut child = child(&bench).spawn().unwrap();
        std::thread::sleep(instant);
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
        bench.assert_consistent();
        if bench.store.list().unwrap().is_empty() {
            instant = instant * 5 / 4;
        } else {
            bench.store.prune(&BTreeSet::new(), Prune::Unused).unwrap();
            instant /= 3;
        }
    }
    assert!(killed > 8, "only {killed} of 30 pulls were interrupted");
    pull(&bench.store, &shipment, &Afar::new(&shipment)).unwrap();
    bench.assert_consistent();
    assert!(files(bench.path("store/tmp")).is_empty() && files(bench.path("store/partial")).is_empty());
}
