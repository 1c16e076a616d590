//! From a draft to an image in the store.

use std::collections::BTreeMap;

use build::plan::{HistoryLine, Plan, Step, StepId};
use model::digest::Digest;
use model::image::{HistoryEntry, Image};
use model::reference::{ImageName, Reference};
use store::{Assembly, Imported};

use super::Watcher;
use super::cache::place;
use super::carry::Kept;
use super::draft::Draft;
use super::error::BuildError;
use super::evidence::Made;
use super::request::{Settings, Times};
use super::solve::{Root, Site, solve};
use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::foreground::Interruptions;

/// An image that was built.
#[derive(Debug)]
pub struct Built {
    /// As the store has it.
    pub image: Image,
    /// Whether the store had it before.
    pub already: bool,
    /// How many steps there were, images that stages begin with left out.
    pub steps: usize,
    /// How many of them were taken from earlier builds.
    pub cached: usize,
    /// What lies beside it now: its kind, and the digest of its manifest.
    pub evidence: Vec<(String, Digest)>,
    /// Every step, for whoever wants to carry them elsewhere.
    pub(super) kept: Vec<Kept>,
}

/// The name and digest of what an image was built on (image-spec, annotations.md).
const BASE_NAME: &str = "org.opencontainers.image.base.name";
const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";

impl Engine {
    /// Does what a draft says. It may be turned to another platform afterwards. While steps are done, whoever interrupts
    /// us has them end first.
    ///
    /// # Errors
    /// [`BuildError`](super::BuildError) where a step is not done, the store's where there is no room.
    pub fn build(
        &self,
        draft: &mut Draft,
        interruptions: Interruptions,
        watcher: &mut dyn Watcher,
    ) -> Result<Built, BuildError> {
        let begun = self.now();
        let plan = draft.plan()?;
        plan.remarks.iter().for_each(|remark| watcher.remark(remark));
        let bases = draft.bases(&plan);
        let epoch = epoch(draft.request.times, &plan, &bases);
        let settings = Settings { steps: &draft.request.steps, epoch };
        // Who cannot write history down finds out before anything is done.
        drop(self.book()?);
        let title = |step: &Step| format!("{}{}", draft.prefix, step.title);
        watcher.planned(&plan.steps.iter().map(title).collect::<Vec<_>>());
        let (contexts, settings, fresh) = (&draft.contexts, &settings, &draft.fresh);
        let site = Site {
            engine: self,
            plan: &plan,
            settings,
            contexts,
            bases: &bases,
            fresh,
            interruptions: &interruptions,
        };
        // From here on nobody takes away what the steps begin with.
        self.store.hold_images(bases.values())?;
        let solved = solve(&site, watcher);
        drop(interruptions);
        let roots = solved.inspect_err(|error| draft.point_at(error, watcher))?;
        watcher.waiting("putting the image together");
        let Imported { image, already, .. } = self.assembled(draft, &plan, &bases, &roots, epoch)?;
        if !already {
            let name = draft.request.names.first().map(ToString::to_string).unwrap_or_default();
            let entry = Entry::image(Kind::Build, Some(image.digest), name, self.now());
            self.note(&entry.with("dockerfile", Digest::of(&draft.file.bytes).to_string()))?;
        }
        watcher.waiting("writing down what is in it");
        let made = Made { draft, plan: &plan, bases: &bases, roots: &roots, begun };
        let evidence = self.testify(&made, &image)?;
        // An image that a stage begins with is no step: nobody does it.
        let done: Vec<&Root> = roots.iter().filter(|root| !root.is_base).collect();
        let (steps, cached) = (done.len(), done.iter().filter(|root| root.is_cached).count());
        let own = roots.iter().zip(&plan.steps).filter(|(root, _)| !root.is_base);
        let kept = own.map(|(root, step)| Kept::of(root, place(&root.key, epoch), &step.title)).collect();
        draft.fresh.extend(roots.iter().map(|root| root.key));
        Ok(Built { image, already, steps, cached, evidence, kept })
    }

    fn assembled(
        &self,
        draft: &Draft,
        plan: &Plan,
        bases: &BTreeMap<StepId, Image>,
        roots: &[Root],
        epoch: Option<i64>,
    ) -> Result<Imported, BuildError> {
        let root = plan.outcome.root.and_then(|id| roots.get(id));
        let bottom = plan.outcome.root.and_then(|id| bottom(plan, id));
        let base = bottom.and_then(|id| bases.get(&id));
        let last = roots.iter().filter(|root| !root.is_base).map(|root| root.made).max();
        let assembly = Assembly {
            base,
            layers: root.map_or(&[], |root| &root.layers),
            config: plan.outcome.config.clone(),
            history: plan.outcome.history.iter().map(|line| entry(line, roots, epoch)).collect(),
            author: plan.outcome.author.clone(),
            created: epoch.or(last).or_else(|| base.and_then(|base| base.created)),
            annotations: annotations(draft, plan, bottom.zip(base)),
        };
        let names: Vec<ImageName> = draft.request.names.clone();
        Ok(self.store.assemble(assembly, names, self.now())?)
    }
}

/// The time that goes into what is made, if it is not that at which it is made.
fn epoch(times: Times, plan: &Plan, bases: &BTreeMap<StepId, Image>) -> Option<i64> {
    match (times, plan.epoch) {
        (_, Some(epoch)) | (Times::At(epoch), None) => Some(epoch),
        (Times::Real, None) => None,
        (Times::OfBase, None) => {
            Some(bases.values().filter_map(|image| image.created).max().unwrap_or_default())
        }
    }
}

/// The step at the bottom of a root.
fn bottom(plan: &Plan, mut id: StepId) -> Option<StepId> {
    while let Some(below) = plan.steps.get(id)?.below {
        id = below;
    }
    Some(id)
}

fn entry(line: &HistoryLine, roots: &[Root], epoch: Option<i64>) -> HistoryEntry {
    let root = line.step.and_then(|id| roots.get(id));
    HistoryEntry {
        created: epoch.or_else(|| root.map(|root| root.made)),
        created_by: line.created_by.clone(),
        comment: "coffer build".to_owned(),
        empty_layer: !root.is_some_and(|root| root.own),
    }
}

fn annotations(draft: &Draft, plan: &Plan, base: Option<(StepId, &Image)>) -> BTreeMap<String, String> {
    let on = base.and_then(|(id, image)| Some(built_on(&draft.need(plan, id)?.reference, image)));
    on.into_iter().flatten().chain(draft.request.annotations.clone()).collect()
}

/// What an image says of the one that it is built on: as Buildah, the whole name, since who reads it is elsewhere.
pub(super) fn built_on(reference: &str, image: &Image) -> [(String, String); 2] {
    let is_id = |name: &ImageName| name.may_be_id() && image.digest.hex().starts_with(&name.repository);
    let name = match reference.parse() {
        Ok(Reference::Name(name)) if !is_id(&name) => name.whole(),
        Ok(Reference::Remote(name)) => name.whole(),
        _ => reference.to_owned(),
    };
    [(BASE_NAME.to_owned(), name), (BASE_DIGEST.to_owned(), image.digest.to_string())]
}
