//! From a file to its plan: stage by stage, each instruction with the state that those before it left.

use std::collections::{BTreeMap, HashMap};

use model::digest::Digest;

use super::error::{PlanError, Problem, shown};
use super::graph::{Graph, Node, Place};
use super::mounts::Mounts;
use super::options::{Bases, Options};
use super::stage::Stage;
use super::title::{self, Titles};
use super::transfer::{self, Verb};
use super::{
    Act, Caching, Copy, Directory, Mount, Origin, Outcome, Plan, Source, Step, StepId, globals, key, paths,
    running, settings, weight,
};
use crate::instruction::{self, Dockerfile, Instruction, Lines, Located, MountKind, Transfer};

impl Plan {
    /// What has to be done for a target, and nothing else.
    ///
    /// # Errors
    ///
    /// [`PlanError::Missing`] if an image was not got before: [`super::needs`] says which. Otherwise the instruction
    /// that cannot be carried out, and why.
    pub fn make(file: &Dockerfile, options: &Options, bases: &dyn Bases) -> Result<Self, PlanError> {
        let graph = Graph::of(file, options, bases)?;
        if let Some(missing) = graph.needed().next() {
            return Err(PlanError::Missing(missing));
        }
        let mut maker = Maker::new(&graph, bases);
        for node in graph.nodes.values() {
            let stage = maker.stage(node)?;
            maker.stages.insert(node.index, stage);
        }
        maker.finish()
    }
}

struct Maker<'a> {
    graph: &'a Graph<'a>,
    bases: &'a dyn Bases,
    proxies: Vec<String>,
    steps: Vec<Step>,
    /// Steps by what they do, so that none is done twice.
    known: HashMap<Digest, StepId>,
    stages: BTreeMap<usize, Stage>,
    remarks: Vec<String>,
}

/// The instruction at hand, and whose it is.
struct Hand<'a> {
    node: &'a Node<'a>,
    located: &'a Located<Instruction>,
    /// `ONBUILD ` if it is the base's.
    prefix: &'static str,
}

impl<'a> Maker<'a> {
    fn new(graph: &'a Graph<'a>, bases: &'a dyn Bases) -> Self {
        Self {
            graph,
            bases,
            proxies: globals::proxies(graph.options),
            steps: Vec::new(),
            known: HashMap::new(),
            stages: BTreeMap::new(),
            remarks: Vec::new(),
        }
    }

    fn stage(&mut self, node: &Node<'_>) -> Result<Stage, PlanError> {
        let mut titles = Titles::of(node, self.graph);
        let mut stage = self.begin(node, &mut titles).map_err(Problem::at(node.stage.lines))?;
        for (located, prefix) in node.instructions() {
            let hand = Hand { node, located, prefix };
            self.instruction(&hand, &mut stage, &mut titles).map_err(Problem::at(located.lines))?;
        }
        Ok(stage)
    }

    fn begin(&mut self, node: &Node<'_>, titles: &mut Titles) -> Result<Stage, Problem> {
        let lines = node.stage.lines;
        match &node.base {
            Place::Scratch => Ok(Stage::empty(&self.graph.options.platform)),
            Place::Stage(index) => {
                let Some(base) = self.stages.get(index) else { return Err(Problem::NoStage(*index)) };
                self.graph.reader.budget.charge(base.bytes())?;
                Ok(Stage::of_stage(base))
            }
            Place::Image { reference, platform } => {
                let known = self.bases.base(reference, platform);
                let mut stage = known.map(Stage::of_image).unwrap_or_default();
                self.graph.reader.budget.charge(stage.bytes())?;
                stage.top =
                    Some(self.image(reference, platform, titles.next(&format!("FROM {reference}")), lines));
                Ok(stage)
            }
            Place::Files(name) => {
                let mut stage = Stage::empty(&self.graph.options.platform);
                let act = Act::Copy(whole(Origin::Context(Some(name.clone()))));
                let title = titles.next(&format!("FROM {name}"));
                let caching = Caching::Allowed;
                stage.top = Some(self.add(Step { title, lines, below: None, caching, act }));
                Ok(stage)
            }
        }
    }

    fn instruction(
        &mut self,
        hand: &Hand<'_>,
        stage: &mut Stage,
        titles: &mut Titles,
    ) -> Result<(), Problem> {
        match &hand.located.what {
            Instruction::Add(transfer) => self.copy(Verb::Add, transfer, hand, stage, titles),
            Instruction::Copy(transfer) => self.copy(Verb::Copy, transfer, hand, stage, titles),
            Instruction::Run(run) => self.run(run, hand, stage, titles),
            Instruction::Workdir(path) => self.directory(path, hand, stage, titles),
            other => settings::apply(stage, other, self.graph),
        }
    }

    fn copy(
        &mut self,
        verb: Verb,
        transfer: &Transfer,
        hand: &Hand<'_>,
        stage: &mut Stage,
        titles: &mut Titles,
    ) -> Result<(), Problem> {
        let origin = self.origin(transfer.from.as_deref(), Origin::Context(None), hand)?;
        let scope = stage.scope(&self.graph.reader);
        let (copy, line) = transfer::copy(verb, transfer, origin, scope, stage.directory())?;
        self.step(Act::Copy(copy), line, &[], hand, stage, titles)
    }

    fn run(
        &mut self,
        run: &instruction::Run,
        hand: &Hand<'_>,
        stage: &mut Stage,
        titles: &mut Titles,
    ) -> Result<(), Problem> {
        self.devices(run, hand)?;
        let mounts = self.mounts(run, hand, stage)?;
        let (options, proxies) = (self.graph.options, &self.proxies);
        let (run, line) = running::run(run, mounts, stage, options, proxies, &self.graph.reader)?;
        let hidden: Vec<String> = run.mounts.iter().filter_map(secret_variable).map(str::to_owned).collect();
        let hidden: Vec<&str> = hidden.iter().map(String::as_str).collect();
        self.step(Act::Run(run), line, &hidden, hand, stage, titles)
    }

    /// No step has a device. A file that can do without is built without, as by BuildKit where there is none.
    fn devices(&mut self, run: &instruction::Run, hand: &Hand<'_>) -> Result<(), Problem> {
        for device in &run.devices {
            let name = shown(&device.name);
            if device.required {
                return Err(Problem::Device(name));
            }
            let line = hand.located.lines.first;
            self.remarks.push(format!("line {line}: no step has a device, and so not `{name}`"));
        }
        Ok(())
    }

    fn mounts(
        &mut self,
        run: &instruction::Run,
        hand: &Hand<'_>,
        stage: &Stage,
    ) -> Result<Vec<Mount>, Problem> {
        let scope = stage.scope(&self.graph.reader);
        let mut mounts = Mounts::new(stage.directory());
        for written in &run.mounts {
            let mount = scope.mount(written)?;
            let origin = match mount.kind {
                MountKind::Bind => self.origin(mount.from.as_deref(), Origin::Context(None), hand)?,
                MountKind::Cache => self.origin(mount.from.as_deref(), Origin::Scratch, hand)?,
                MountKind::Tmpfs | MountKind::Secret | MountKind::Ssh => Origin::Scratch,
            };
            mounts.add(&mount, origin)?;
        }
        mounts.finish()
    }

    fn directory(
        &mut self,
        path: &str,
        hand: &Hand<'_>,
        stage: &mut Stage,
        titles: &mut Titles,
    ) -> Result<(), Problem> {
        let path = stage.scope(&self.graph.reader).word(path)?;
        let path = paths::join(stage.directory(), &path);
        stage.config.working_dir.clone_from(&path);
        let line = format!("WORKDIR {path}");
        if path == "/" {
            return stage.note(line, &self.graph.reader);
        }
        let owner = stage.config.user.clone();
        self.step(Act::Directory(Directory { path, owner }), line, &[], hand, stage, titles)
    }

    /// A step on top of the stage, and its line of history.
    fn step(
        &mut self,
        act: Act,
        line: String,
        hidden: &[&str],
        hand: &Hand<'_>,
        stage: &mut Stage,
        titles: &mut Titles,
    ) -> Result<(), Problem> {
        let text = title::text(hand.located, stage.scope(&self.graph.reader), hidden)?;
        self.graph.reader.budget.charge(text.len() + weight::of(&act))?;
        let title = titles.next(&format!("{}{text}", hand.prefix));
        let caching = self.graph.options.no_cache.caching(hand.node.stage.name.as_deref());
        let step = self.add(Step { title, lines: hand.located.lines, below: stage.top, caching, act });
        stage.top = Some(step);
        stage.record(line, Some(step), &self.graph.reader)
    }

    /// What `from` names, or what is meant without it.
    fn origin(&mut self, from: Option<&str>, without: Origin, hand: &Hand<'_>) -> Result<Origin, Problem> {
        let Some(from) = from else { return Ok(without) };
        Ok(match self.graph.place(hand.node.index, from)? {
            Place::Stage(index) => {
                let stage = self.stages.get(&index).ok_or(Problem::NoStage(index))?;
                stage.top.map_or(Origin::Scratch, Origin::Step)
            }
            Place::Image { reference, platform } => {
                let title = format!("FROM {reference}");
                Origin::Step(self.image(&reference, &platform, title, hand.located.lines))
            }
            Place::Files(name) => Origin::Context(Some(name)),
            Place::Scratch => Origin::Scratch,
        })
    }

    fn image(&mut self, reference: &str, platform: &str, title: String, lines: Lines) -> StepId {
        let act = Act::Base { reference: reference.to_owned(), platform: platform.to_owned() };
        self.add(Step { title, lines, below: None, caching: Caching::Allowed, act })
    }

    /// The step itself, or the one before it that does the same.
    fn add(&mut self, step: Step) -> StepId {
        let next = self.steps.len();
        let id = *self.known.entry(key::identity(&step)).or_insert(next);
        if id == next {
            self.steps.push(step);
        }
        id
    }

    fn finish(mut self) -> Result<Plan, PlanError> {
        let (graph, options) = (self.graph, self.graph.options);
        let stage = self.stages.remove(&graph.target).unwrap_or_default();
        let mut config = stage.config();
        config.os.clone_from(&options.platform.os);
        config.architecture.clone_from(&options.platform.architecture);
        config.labels.extend(options.labels.clone());
        let planned = graph.nodes.values().flat_map(Node::instructions).map(|(located, _)| &located.what);
        self.remarks.extend(globals::unused(options, graph.file, planned));
        Ok(Plan {
            epoch: graph.globals.epoch(options)?,
            remarks: self.remarks,
            steps: self.steps,
            outcome: Outcome { root: stage.top, config, author: stage.author, history: stage.history },
        })
    }
}

/// Everything that a context has.
fn whole(origin: Origin) -> Copy {
    Copy {
        origin,
        sources: vec![Source::Path(".".to_owned())],
        destination: "/".to_owned(),
        owner: String::new(),
        mode: None,
        link: false,
        parents: false,
        exclude: Vec::new(),
        unpack: false,
    }
}

fn secret_variable(mount: &Mount) -> Option<&str> {
    match mount {
        Mount::Secret { env, .. } => env.as_deref(),
        _ => None,
    }
}
