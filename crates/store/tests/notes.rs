//! What others have learned of layers and images: kept, replaced, gone with what it is about.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests too, which clippy does not see"
)]

mod common;

use std::collections::BTreeSet;
use std::path::PathBuf;

use coffer_store::{About, Prune, Removal};
use common::{Bench, Tar};
use model::reference::ImageName;

fn layer(content: &[u8]) -> Vec<u8> {
    Tar::new().file("file", content).bytes()
}

fn notes(bench: &Bench) -> Vec<PathBuf> {
    ["layers", "images", "judgements"]
        .into_iter()
        .flat_map(|kind| std::fs::read_dir(bench.path("store/notes").join(kind)).into_iter().flatten())
        .map(|entry| entry.unwrap().path())
        .collect()
}

#[test]
fn privileged_a_note_is_kept_until_what_it_is_about_goes() {
    let bench = Bench::new();
    let (shared, own) = (layer(b"shared"), layer(b"own"));
    let one = bench.import_layers("one:1", &[&shared, &own]).unwrap().image;
    let two = bench.import_layers("two:1", &[&shared]).unwrap().image;
    assert_eq!(bench.store.recall(About::Image(&one)), None);
    for layer in &one.layers {
        bench.store.remember(About::Layer(layer), b"older").unwrap();
        bench.store.remember(About::Layer(layer), layer.diff_id.hex().as_bytes()).unwrap();
    }
    bench.store.remember(About::Image(&one), b"").unwrap();
    bench.store.remember(About::Image(&two), b"two").unwrap();
    assert_eq!(
        bench.store.recall(About::Layer(&one.layers[1])).unwrap(),
        one.layers[1].diff_id.hex().into_bytes()
    );
    assert_eq!(bench.store.recall(About::Image(&one)).unwrap(), b"");
    let name: ImageName = "one:1".parse().unwrap();
    bench.store.remove(&name, &BTreeSet::new(), Removal::Careful).unwrap();
    assert_eq!(bench.store.recall(About::Layer(&one.layers[1])), None);
    assert_eq!(bench.store.recall(About::Image(&one)), None);
    assert!(bench.store.recall(About::Layer(&two.layers[0])).is_some(), "another image has it");
    // Nobody will ask for it again.
    bench.store.remember(About::Image(&one), b"late").unwrap();
    bench.store.remember(About::Layer(&one.layers[1]), b"late").unwrap();
    bench.store.remember(About::Judgement(&two), b"fine").unwrap();
    assert_eq!(bench.store.recall(About::Judgement(&two)).unwrap(), b"fine");
    assert_eq!(notes(&bench).len(), 3);
    bench.store.prune(&BTreeSet::new(), Prune::Unused).unwrap();
    assert_eq!(notes(&bench), Vec::<PathBuf>::new());
    bench.assert_consistent();
}

#[test]
fn privileged_a_note_that_is_not_whole_is_none() {
    let bench = Bench::new();
    let image = bench.import_layers("one:1", &[&layer(b"one")]).unwrap().image;
    bench.store.remember(About::Image(&image), b"what was learned").unwrap();
    let path = notes(&bench).remove(0);
    let bytes = std::fs::read(&path).unwrap();
    let mut altered = bytes.clone();
    altered[3] ^= 1;
    let zeros = vec![0; bytes.len()];
    for damaged in [&bytes[..bytes.len() - 1], &altered, &zeros, b"abc", b""] {
        std::fs::write(&path, damaged).unwrap();
        assert_eq!(bench.store.recall(About::Image(&image)), None, "{damaged:?}");
    }
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(bench.store.recall(About::Image(&image)).unwrap(), b"what was learned");
}
