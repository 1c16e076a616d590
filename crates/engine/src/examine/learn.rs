//! Facts of trees: those of layers are learned once and kept beside them, several layers at a time.

use std::collections::{BTreeMap, VecDeque};
use std::os::fd::OwnedFd;
use std::path::Path;

use launch::LaunchError;
use model::digest::Digest;
use model::image::{Image, Layer};
use rustix::fs::{Mode, OFlags};
use scan::{Bounds, Guard, Landlock, LayerFacts, Limits, Scanner, Scope};
use store::{About, Progress};

use super::ExamineError;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::idspace;
use crate::site::Invoker;

/// The user and group that reads, where we are root: nobody.
const NOBODY: u32 = 65_534;

/// A tree that is to be looked into, and its name in errors.
pub(super) struct Tree {
    pub(super) name: String,
    pub(super) root: OwnedFd,
}

impl Engine {
    /// The facts of an image's layers, bottom first, at least those that `scope` asks for. This process must have no
    /// other thread.
    pub(super) fn layer_facts(
        &self,
        name: &str,
        image: &Image,
        scope: Scope,
        progress: &mut dyn Progress,
    ) -> Result<Vec<LayerFacts>, EngineError> {
        let mut known: BTreeMap<Digest, LayerFacts> = BTreeMap::new();
        let mut unknown: Vec<(&Layer, Tree)> = Vec::new();
        for (number, layer) in (1_usize..).zip(&image.layers) {
            if known.contains_key(&layer.diff_id) || unknown.iter().any(|(it, _)| it.diff_id == layer.diff_id)
            {
                continue;
            }
            if let Some(facts) = self.kept_facts(layer).filter(|facts| facts.scope >= scope) {
                known.insert(layer.diff_id, facts);
            } else {
                unknown.push((layer, self.layer_tree(name, number, layer)?));
            }
        }
        let (layers, trees): (Vec<&Layer>, Vec<Tree>) = unknown.into_iter().unzip();
        if !trees.is_empty() {
            progress.started(&layers.iter().map(|layer| layer.size).collect::<Vec<_>>());
        }
        self.look_into(trees, of_layers(scope), progress, |index, facts, progress| {
            if let Some(layer) = layers.get(index) {
                progress.advanced(index, layer.size);
                progress.finished(index);
                self.keep_facts(layer, &facts);
                known.insert(layer.diff_id, facts);
            }
        })?;
        Ok(image.layers.iter().filter_map(|layer| known.get(&layer.diff_id).cloned()).collect())
    }

    /// The tree of a layer, by its number from the bottom.
    pub(super) fn layer_tree(&self, name: &str, number: usize, layer: &Layer) -> Result<Tree, ExamineError> {
        Ok(Tree { name: format!("layer {number} of {name}"), root: open(&self.store.layer_dir(layer))? })
    }

    /// What was learned of a layer before. Facts that cannot be read are learned anew.
    fn kept_facts(&self, layer: &Layer) -> Option<LayerFacts> {
        LayerFacts::decode(&self.store.recall(About::Layer(layer))?).ok()
    }

    /// Where they cannot be kept, only the next one pays for it.
    fn keep_facts(&self, layer: &Layer, facts: &LayerFacts) {
        let encoded = facts.encode().ok();
        let _next_time = encoded.map(|bytes| self.store.remember(About::Layer(layer), &bytes));
    }

    /// Learns what is in trees, as many at a time as there are processors; tells each by its number.
    pub(super) fn look_into(
        &self,
        trees: Vec<Tree>,
        bounds: Bounds,
        progress: &mut dyn Progress,
        mut tell: impl FnMut(usize, LayerFacts, &mut dyn Progress),
    ) -> Result<(), EngineError> {
        if trees.is_empty() {
            return Ok(());
        }
        let limits = Limits { bounds, ..Limits::default() };
        let scanner = Scanner::new(self.guard()?, limits);
        let mut running = VecDeque::new();
        for (index, tree) in trees.into_iter().enumerate() {
            if running.len() >= limits.threads
                && let Some((index, scan)) = running.pop_front()
            {
                tell(index, finish(scan, progress)?, progress);
            }
            running.push_back((index, scanner.start(&tree.name, tree.root).map_err(ExamineError::from)?));
        }
        for (index, scan) in running {
            tell(index, finish(scan, progress)?, progress);
        }
        Ok(())
    }

    /// What confines those who read.
    pub(super) fn guard(&self) -> Result<Guard, EngineError> {
        match self.guard.get() {
            Some(guard) => Ok(guard.clone()),
            None => self.made_guard().map(|guard| self.guard.get_or_init(|| guard).clone()),
        }
    }

    fn made_guard(&self) -> Result<Guard, EngineError> {
        let filter = launch::seccomp::compile(&scan::profile()).map_err(LaunchError::from)?;
        let has_nobody = || idspace::session_size().is_ok_and(|size| size > NOBODY);
        let is_root = self.site.invoker == Invoker::Root;
        let identity = (is_root && has_nobody()).then_some((NOBODY, NOBODY));
        Ok(Guard { filter: filter.program().to_vec(), identity, landlock: Landlock::Needed })
    }
}

/// What is looked for in layers, where lock files say nothing.
pub(super) fn of_layers(scope: Scope) -> Bounds {
    Bounds { scope, ..Bounds::default() }
}

fn finish(scan: scan::Scan, progress: &mut dyn Progress) -> Result<LayerFacts, ExamineError> {
    let what = format!("looking into {}", scan.name());
    Ok(scan.finish(&mut || progress.waiting(&what))?)
}

/// Opens the directory at the root of a tree.
pub(super) fn open(path: &Path) -> Result<OwnedFd, ExamineError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| ExamineError::read(path)(errno.into()))
}
