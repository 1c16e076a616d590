//! Random sequences of pushes, deletions, mounts and collections, beside a model that knows what must be there.

use std::collections::{BTreeMap, BTreeSet};

use coffer_registry::server::names::RepositoryName;
use coffer_registry::server::shelf::ContentDigest;
use proptest::prelude::*;

use crate::site::{Site, manifest, name, sha256};

/// Three repositories, four blobs, and an image for each pair of them.
#[derive(Debug, Clone)]
enum Step {
    Upload(usize, usize),
    Mount(usize, usize, usize),
    Push(usize, usize, usize, Option<usize>),
    DeleteManifest(usize, usize, usize),
    DeleteBlob(usize, usize),
    DeleteTag(usize, usize),
    Collect,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (repository, blob, tag) = (0..3usize, 0..4usize, 0..2usize);
    let step = prop_oneof![
        3 => (repository.clone(), blob.clone()).prop_map(|(r, b)| Step::Upload(r, b)),
        1 => (repository.clone(), repository.clone(), blob.clone()).prop_map(|(f, r, b)| Step::Mount(f, r, b)),
        4 => (repository.clone(), blob.clone(), blob.clone(), prop::option::of(tag.clone()))
            .prop_map(|(r, c, l, t)| Step::Push(r, c, l, t)),
        2 => (repository.clone(), blob.clone(), blob.clone()).prop_map(|(r, c, l)| Step::DeleteManifest(r, c, l)),
        1 => (repository.clone(), blob).prop_map(|(r, b)| Step::DeleteBlob(r, b)),
        1 => (repository, tag).prop_map(|(r, t)| Step::DeleteTag(r, t)),
        1 => Just(Step::Collect),
    ];
    prop::collection::vec(step, 1..40)
}

/// What must be there. A repository's hold on a blob may outlive its reason until the next collection.
#[derive(Default)]
struct Model {
    held: BTreeSet<(usize, usize)>,
    manifests: BTreeSet<(usize, usize, usize)>,
    tags: BTreeMap<(usize, usize), (usize, usize)>,
}

impl Model {
    fn needs(&self, repository: usize, blob: usize) -> bool {
        self.manifests.iter().any(|(r, c, l)| *r == repository && (*c == blob || *l == blob))
    }

    fn collect(&mut self) {
        let kept = self.held.iter().copied().filter(|(r, b)| self.needs(*r, *b)).collect();
        self.held = kept;
    }
}

fn repository(number: usize) -> RepositoryName {
    name(["one", "team/two", "team/two/three"][number])
}

fn blob(number: usize) -> Vec<u8> {
    format!("blob {number}").into_bytes()
}

fn digest(number: usize) -> ContentDigest {
    sha256(&blob(number))
}

fn image(config: usize, layer: usize) -> ContentDigest {
    sha256(&manifest(&digest(config), &[digest(layer)]))
}

async fn step(site: &Site, model: &mut Model, step: &Step) {
    let now = site.ticks.now();
    match *step {
        Step::Upload(r, b) => {
            site.upload(&repository(r), &blob(b)).await.unwrap();
            model.held.insert((r, b));
        }
        Step::Mount(from, to, b) => {
            let mounted =
                site.depot.mount(&repository(from), &repository(to), &digest(b), now).await.unwrap();
            assert_eq!(mounted, model.held.contains(&(from, b)));
            if mounted {
                model.held.insert((to, b));
            }
        }
        Step::Push(r, c, l, tag) => {
            let tags = tag.map(|tag| ["a", "b"][tag]);
            let pushed = site.push(&repository(r), &digest(c), &[digest(l)], tags.as_slice()).await;
            let whole = model.held.contains(&(r, c)) && model.held.contains(&(r, l));
            assert_eq!(pushed.is_ok(), whole, "{pushed:?}");
            if whole {
                model.manifests.insert((r, c, l));
                if let Some(tag) = tag {
                    model.tags.insert((r, tag), (c, l));
                }
            }
        }
        Step::DeleteManifest(r, c, l) => {
            let deleted = site.depot.delete_manifest(&repository(r), &image(c, l), now).await;
            assert_eq!(deleted.is_ok(), model.manifests.remove(&(r, c, l)));
            model.tags.retain(|(repository, _), image| *repository != r || *image != (c, l));
        }
        Step::DeleteBlob(r, b) => {
            let deleted = site.depot.delete_blob(&repository(r), &digest(b), now).await;
            let may = model.held.contains(&(r, b)) && !model.needs(r, b);
            assert_eq!(deleted.is_ok(), may, "{deleted:?}");
            if may {
                model.held.remove(&(r, b));
            }
        }
        Step::DeleteTag(r, t) => {
            let deleted = site.depot.delete_tag(&repository(r), &["a", "b"][t].parse().unwrap(), now).await;
            assert_eq!(deleted.is_ok(), model.tags.remove(&(r, t)).is_some());
        }
        Step::Collect => {
            site.collect().await;
            model.collect();
        }
    }
}

async fn compare(site: &Site, model: &Model) {
    for (r, c, l) in &model.manifests {
        assert!(site.is_whole(&repository(*r), &image(*c, *l)).await, "{r} {c} {l}");
    }
    for (r, b) in &model.held {
        assert!(site.depot.blob(&repository(*r), &digest(*b)).await.is_ok(), "{r} {b}");
    }
    for ((r, t), (c, l)) in &model.tags {
        let tag = site.depot.tag(&repository(*r), &["a", "b"][*t].parse().unwrap()).await.unwrap();
        assert_eq!(tag, Some(image(*c, *l)));
    }
}

/// After two collections nothing is left that nothing needs.
async fn end(site: &Site, model: &mut Model) {
    for _ in 0..2 {
        site.collect().await;
        model.collect();
    }
    compare(site, model).await;
    for b in 0..4 {
        let needed = model.held.iter().any(|(_, held)| *held == b);
        assert_eq!(site.is_on_shelf(&digest(b)).await, needed, "{b}");
        for l in 0..4 {
            let needed = model.manifests.iter().any(|(_, c, layer)| (*c, *layer) == (b, l));
            assert_eq!(site.is_on_shelf(&image(b, l)).await, needed, "{b} {l}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_the_model_keeps_is_there_and_nothing_else_is_in_the_end(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (site, mut model) = (Site::new(), Model::default());
            for one in &steps {
                step(&site, &mut model, one).await;
            }
            compare(&site, &model).await;
            end(&site, &mut model).await;
        });
    }
}
