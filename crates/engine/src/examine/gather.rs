//! What is to be learned of a subject, whatever kind of thing it is.

use model::image::Image;
use scan::{Bounds, LayerFacts, LockFiles, Scope};
use store::{Naming, Progress};

use super::known::Known;
use super::learn::{Tree, of_layers, open};
use super::{ExamineError, Layer, Subject, Target, TargetKind, bill, describe};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::place::UPPER;

/// What was learned of a subject, before anybody judges it.
pub(super) struct Learned {
    pub(super) target: Target,
    pub(super) known: Known,
    pub(super) image: Option<Image>,
    /// To look files up, where that is wished for: trees, bottom first, and the facts of each.
    pub(super) trees: Vec<Tree>,
    pub(super) facts: Vec<LayerFacts>,
}

/// Whether files are looked up, for which their trees are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Files {
    Needed,
    NotNeeded,
}

impl Engine {
    pub(super) fn learn(
        &self,
        subject: &Subject,
        (scope, files): (Scope, Files),
        progress: &mut dyn Progress,
    ) -> Result<Learned, EngineError> {
        match subject {
            Subject::Image(name) => {
                self.learn_image(name, self.admit(name, progress)?, (scope, files), progress)
            }
            Subject::Archive(source) => {
                let image = self.import(source, &Naming::As(Vec::new()), progress)?.image;
                self.learn_image(&source.to_string(), image, (scope, files), progress)
            }
            Subject::Container(name) => self.learn_container(name, scope, progress),
            Subject::Directory(path) => {
                let target = Target { kind: TargetKind::Directory, ..named(path.display().to_string()) };
                let tree = || Ok::<_, ExamineError>(Tree { name: target.name.clone(), root: open(path)? });
                let bounds = Bounds { lock_files: LockFiles::Counted, ..of_layers(scope) };
                let mut facts = Vec::new();
                self.look_into(vec![tree()?], bounds, progress, |_, learned, _| {
                    facts.push(learned);
                })?;
                let (trees, known) = (vec![tree()?], Known::of(&facts, None));
                Ok(Learned { target, known, image: None, trees, facts })
            }
            Subject::Bill(path) => {
                let (target, inventory) = bill::read(path)?;
                let known = Known { inventory, ..Known::default() };
                Ok(Learned { target, known, image: None, trees: Vec::new(), facts: Vec::new() })
            }
        }
    }

    fn learn_image(
        &self,
        name: &str,
        image: Image,
        (scope, files): (Scope, Files),
        progress: &mut dyn Progress,
    ) -> Result<Learned, EngineError> {
        let known = self.known(name, &image, scope, progress)?;
        let (mut trees, mut facts) = (Vec::new(), Vec::new());
        if files == Files::Needed {
            trees = self.layer_trees(name, &image)?;
            facts = self.layer_facts(name, &image, scope, progress)?;
        }
        Ok(Learned { target: describe::image(name, &image), known, image: Some(image), trees, facts })
    }

    /// What a container has written is one more layer, which changes while it is looked at.
    fn learn_container(
        &self,
        name: &str,
        scope: Scope,
        progress: &mut dyn Progress,
    ) -> Result<Learned, EngineError> {
        let record = self.container(name)?;
        let image = self.image_of(&record)?;
        let mut facts = self.layer_facts(&record.image_name, &image, scope, progress)?;
        let mut trees = self.layer_trees(&record.image_name, &image)?;
        let upper = self.containers.path(&record.id).join(UPPER);
        let mut target = describe::image(&record.name, &image);
        if upper.exists() {
            let tree = || Ok::<_, ExamineError>(Tree { name: record.name.clone(), root: open(&upper)? });
            self.look_into(vec![tree()?], of_layers(scope), progress, |_, learned, _| facts.push(learned))?;
            trees.push(tree()?);
            let made_by = "what the container has written".to_owned();
            target.layers.push(Layer { digest: String::new(), made_by });
        }
        let known = Known::of(&facts, Some(&image));
        Ok(Learned { target, known, image: Some(image), trees, facts })
    }

    fn layer_trees(&self, name: &str, image: &Image) -> Result<Vec<Tree>, EngineError> {
        let layers = (1_usize..).zip(&image.layers);
        layers.map(|(number, layer)| Ok(self.layer_tree(name, number, layer)?)).collect()
    }
}

fn named(name: String) -> Target {
    Target { name, ..Target::default() }
}
