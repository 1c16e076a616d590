//! Which stages the target needs, what each begins with, and which images that takes.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{PlanError, Problem, shown};
use super::globals::Globals;
use super::options::{Bases, NamedContext, Options};
use super::platform::Platform;
use super::reader::Reader;
use super::triggers;
use crate::MountError;
use crate::instruction::{Dockerfile, Instruction, Located, Mount, Stage};
use crate::parse::nearest;

/// No image has a longer name: that of a registry, a repository, a tag and a digest.
const LONGEST: usize = 1024;

/// Names of images that are compared with those of stages.
const MOST_COMPARED: usize = 10;

/// An image that a target needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BaseNeeded {
    /// As written, variables replaced.
    pub reference: String,
    /// `linux/amd64`
    pub platform: String,
    /// A stage of a similar name, which may have been meant if there is no such image.
    pub meant: Option<String>,
}

/// The images that a target needs and that are not there. What a base brings along as `ONBUILD` can need further ones,
/// so it is asked again, with what was got, until nothing is missing.
///
/// # Errors
///
/// [`PlanError`]: the instruction that cannot be carried out, and why.
pub fn needs(file: &Dockerfile, options: &Options, bases: &dyn Bases) -> Result<Vec<BaseNeeded>, PlanError> {
    Ok(Graph::of(file, options, bases)?.needed().collect())
}

/// Where files come from, or what a stage begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Another stage, by its number.
    Stage(usize),
    /// An image.
    Image {
        /// As written, variables replaced.
        reference: String,
        /// `linux/amd64`
        platform: String,
    },
    /// A context of `--build-context`.
    Files(String),
    /// Nothing.
    Scratch,
}

/// A stage that the target needs.
pub(super) struct Node<'a> {
    /// Its place in the file.
    pub(super) index: usize,
    pub(super) stage: &'a Stage,
    pub(super) base: Place,
    /// Whether `--build-context` says what it is: then none of its instructions counts.
    pub(super) is_replaced: bool,
    /// What the base's `ONBUILD` asks for.
    pub(super) triggers: Vec<Located<Instruction>>,
}

impl Node<'_> {
    /// What is done in it: first what its base asks for, which is marked, and then its own.
    pub(super) fn instructions(&self) -> impl Iterator<Item = (&Located<Instruction>, &'static str)> {
        let own = self.stage.instructions.iter().filter(|_| !self.is_replaced);
        let triggers = self.triggers.iter().map(|located| (located, "ONBUILD "));
        triggers.chain(own.map(|located| (located, "")))
    }
}

/// The stages that a target needs, in the order of the file: each uses only those before it.
pub(super) struct Graph<'a> {
    pub(super) file: &'a Dockerfile,
    pub(super) options: &'a Options,
    pub(super) globals: Globals,
    pub(super) reader: Reader,
    pub(super) target: usize,
    pub(super) nodes: BTreeMap<usize, Node<'a>>,
    /// Images that are not there yet; while there are any, `ONBUILD` may still ask for more.
    missing: BTreeSet<(String, String)>,
    /// Whether files are taken from images that no stage begins with.
    pub(super) is_foreign: bool,
    names: BTreeMap<&'a str, Vec<usize>>,
    triggered: usize,
}

impl<'a> Graph<'a> {
    pub(super) fn of(
        file: &'a Dockerfile,
        options: &'a Options,
        bases: &dyn Bases,
    ) -> Result<Self, PlanError> {
        let mut names: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, stage) in file.stages.iter().enumerate() {
            if let Some(name) = &stage.name {
                names.entry(name).or_default().push(index);
            }
        }
        let target = target(file, options, &names)?;
        let target_name =
            options.target.as_deref().or(file.stages.get(target).and_then(|s| s.name.as_deref()));
        let reader = Reader::of(file, options);
        let globals = Globals::of(file, options, target_name.unwrap_or("default"), &reader)?;
        let (nodes, missing) = (BTreeMap::new(), BTreeSet::new());
        let (is_foreign, triggered) = (false, 0);
        let mut graph =
            Self { file, options, globals, reader, target, nodes, missing, is_foreign, names, triggered };
        graph.reach(bases)?;
        Ok(graph)
    }

    fn reach(&mut self, bases: &dyn Bases) -> Result<(), PlanError> {
        let mut waiting = vec![self.target];
        while let Some(index) = waiting.pop() {
            let Some(stage) = self.file.stages.get(index).filter(|_| !self.nodes.contains_key(&index)) else {
                continue;
            };
            let at = Problem::at(stage.lines);
            let (base, is_replaced) = self.base(index, stage).map_err(&at)?;
            self.want(&base, bases, &mut waiting);
            let triggers =
                if is_replaced { Vec::new() } else { self.triggers(stage, &base, bases).map_err(at)? };
            let own = stage.instructions.iter().filter(|_| !is_replaced);
            for located in triggers.iter().chain(own) {
                let at = Problem::at(located.lines);
                for from in takes(&located.what).map_err(|error| at(error.into()))? {
                    let place = self.place(index, &from).map_err(&at)?;
                    self.is_foreign |= matches!(place, Place::Image { .. });
                    self.want(&place, bases, &mut waiting);
                }
            }
            self.nodes.insert(index, Node { index, stage, base, is_replaced, triggers });
        }
        Ok(())
    }

    /// The images that are not there. Comparing each with every stage takes time, so that is done for some.
    pub(super) fn needed(&self) -> impl Iterator<Item = BaseNeeded> {
        self.missing.iter().enumerate().map(|(index, (reference, platform))| {
            let lower = reference.to_ascii_lowercase();
            let meant =
                (index < MOST_COMPARED).then(|| nearest(&lower, self.names.keys().copied())).flatten();
            let (reference, platform) = (reference.clone(), platform.clone());
            BaseNeeded { reference, platform, meant: meant.map(str::to_owned) }
        })
    }

    fn want(&mut self, place: &Place, bases: &dyn Bases, waiting: &mut Vec<usize>) {
        match place {
            Place::Stage(index) => waiting.push(*index),
            Place::Image { reference, platform } if bases.base(reference, platform).is_none() => {
                self.missing.insert((reference.clone(), platform.clone()));
            }
            Place::Image { .. } | Place::Files(_) | Place::Scratch => {}
        }
    }

    /// What a stage begins with, and whether that is all of it.
    fn base(&self, index: usize, stage: &Stage) -> Result<(Place, bool), Problem> {
        let name = self.reader.scope(self.globals.values()).expanded(&stage.base)?;
        if name.text.is_empty() {
            let near = name.unmatched.iter().find_map(|name| nearest(name, self.globals.names()));
            return Err(Problem::BlankBase { written: shown(&stage.base), near: near.map(str::to_owned) });
        }
        if name.text.len() > LONGEST {
            return Err(Problem::LongBase(LONGEST));
        }
        let platform = self.platform(stage)?;
        if let Some(place) = stage.name.as_ref().and_then(|own| self.context(own, &platform)) {
            return Ok((place, true));
        }
        Ok((self.named(index, &name.text, &platform), false))
    }

    fn platform(&self, stage: &Stage) -> Result<Platform, Problem> {
        let Some(written) = &stage.platform else { return Ok(self.options.platform.clone()) };
        Ok(self.reader.scope(self.globals.values()).word(written)?.parse::<Platform>()?)
    }

    /// What `FROM` names: a stage before it, or an image.
    fn named(&self, index: usize, name: &str, platform: &Platform) -> Place {
        match self.before(index, &name.to_ascii_lowercase()) {
            _ if name == "scratch" => Place::Scratch,
            Some(stage) => Place::Stage(stage),
            None => self.context(name, platform).unwrap_or_else(|| image(name, platform)),
        }
    }

    /// What `from=` names: a stage by name or number, a context, or an image.
    pub(super) fn place(&self, index: usize, from: &str) -> Result<Place, Problem> {
        if from.trim_end_matches('$').contains('$') {
            return Err(Problem::FromVariable(shown(from)));
        }
        if from.is_empty() {
            return Err(Problem::BlankFrom("from=".to_owned()));
        }
        let name = from.to_ascii_lowercase();
        if let Some(stage) = self.before(index, &name) {
            return Ok(Place::Stage(stage));
        }
        if let Ok(number) = name.parse::<usize>() {
            let is_before = number < index;
            return if is_before { Ok(Place::Stage(number)) } else { Err(Problem::NoStage(number)) };
        }
        let stages = self.names.get(name.as_str()).map_or(&[][..], Vec::as_slice);
        match stages.first() {
            Some(stage) if *stage == index => Err(Problem::OwnStage(name)),
            Some(_) => Err(Problem::LaterStage(name)),
            None if name == "scratch" => Ok(Place::Scratch),
            None => {
                let platform = &self.options.platform;
                Ok(self.context(from, platform).unwrap_or_else(|| image(from, platform)))
            }
        }
    }

    /// The last stage of this name before another.
    fn before(&self, index: usize, name: &str) -> Option<usize> {
        let stages = self.names.get(name)?;
        let later = stages.partition_point(|stage| *stage < index);
        stages.get(later.checked_sub(1)?).copied()
    }

    /// What `--build-context` says that a name is.
    fn context(&self, name: &str, platform: &Platform) -> Option<Place> {
        let (name, context) = self.options.context(name)?;
        Some(match context {
            NamedContext::Image(reference) if reference == "scratch" => Place::Scratch,
            NamedContext::Image(reference) => image(reference, platform),
            NamedContext::Files => Place::Files(name.to_owned()),
        })
    }

    fn triggers(
        &mut self,
        stage: &Stage,
        base: &Place,
        bases: &dyn Bases,
    ) -> Result<Vec<Located<Instruction>>, Problem> {
        let triggers = match base {
            Place::Stage(index) => match self.file.stages.get(*index) {
                Some(base) => triggers::of_stage(base, stage.lines, &self.reader)?,
                None => Vec::new(),
            },
            Place::Image { reference, platform } => match bases.base(reference, platform) {
                Some(base) => {
                    let texts = &base.config.on_build;
                    triggers::of_image(texts, stage.lines, &self.options.limits, &self.reader)?
                }
                None => Vec::new(),
            },
            Place::Files(_) | Place::Scratch => Vec::new(),
        };
        self.triggered += triggers.len();
        let most = self.options.limits.instructions;
        if self.triggered > most { Err(Problem::Triggers(most)) } else { Ok(triggers) }
    }
}

fn image(reference: &str, platform: &Platform) -> Place {
    Place::Image { reference: reference.to_owned(), platform: platform.to_string() }
}

fn target(
    file: &Dockerfile,
    options: &Options,
    names: &BTreeMap<&str, Vec<usize>>,
) -> Result<usize, PlanError> {
    let last = file.stages.len().checked_sub(1).ok_or(PlanError::Empty)?;
    let Some(target) = &options.target else { return Ok(last) };
    let named = names.get(target.to_ascii_lowercase().as_str()).and_then(|stages| stages.last().copied());
    let numbered = || target.parse::<usize>().ok().filter(|number| *number <= last);
    named.or_else(numbered).ok_or_else(|| {
        let near = nearest(&target.to_ascii_lowercase(), names.keys().copied()).map(str::to_owned);
        PlanError::Target { target: shown(target), near }
    })
}

/// What an instruction names with `from`.
fn takes(instruction: &Instruction) -> Result<Vec<String>, MountError> {
    match instruction {
        Instruction::Copy(copy) => Ok(copy.from.iter().cloned().collect()),
        Instruction::Run(run) => {
            run.mounts.iter().filter_map(|mount| Mount::from(mount).transpose()).collect()
        }
        _ => Ok(Vec::new()),
    }
}
