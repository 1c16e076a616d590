//! Doing what a plan says: every step as soon as those that it uses are done, and none that was done before.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use build::plan::{Act, Caching, Copy, Key, Origin, Plan, Run, Source, Step, StepId, Takes, key};
use build::provenance::Dependency;
use model::digest::{ClaimedDigest, Digest, Hasher};
use model::image::{Image, Layer};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Watcher;
use super::cache::{self, Part, Record};
use super::context::Origins;
use super::contexts::Contexts;
use super::error::{BuildError, FilesError, StepError};
use super::foreign;
use super::masks::{Masks, Screen};
use super::request::Settings;
use super::run::{Output, SecretSource, Secrets, Surroundings, gather};
use super::taken::Taken;
use super::worker::{Made, Trouble, Worker};
use crate::containers::Which;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::foreground::Interruptions;

/// How often somebody who watches is told that time passes.
const TICK: Duration = Duration::from_millis(100);
/// How long a step has to end once it was asked to.
const PATIENCE: Duration = Duration::from_secs(10);
/// Layers of one image: overlayfs lays 500 over each other, one of which is the place for mounts.
const MAX_LAYERS: usize = 499;
/// Bytes of a step's output that are read at once.
const PIECE: usize = 64 << 10;

/// What a step has made, and all below it.
#[derive(Debug, Clone)]
pub(super) struct Root {
    pub(super) key: Key,
    /// Bottom first.
    pub(super) layers: Vec<Layer>,
    /// Whether the step has a layer of its own.
    pub(super) own: bool,
    /// When it was made, seconds since the epoch; images say it by themselves.
    pub(super) made: i64,
    /// Whether an earlier build had made it.
    pub(super) is_cached: bool,
    /// Whether it is an image.
    pub(super) is_base: bool,
    /// What it took from outside of the build.
    pub(super) inputs: Vec<Dependency>,
}

/// What a step takes, where that can be told without doing it.
#[derive(Default)]
struct Known {
    digests: Vec<ClaimedDigest>,
    /// Files that had to be gathered for that.
    gathered: Option<Taken>,
    /// What of it comes from outside of the build.
    inputs: Vec<Dependency>,
}

/// What a step's mounts show.
#[derive(Default)]
struct Mounted {
    /// Of contexts, by name: a layer for each mount.
    contexts: BTreeMap<Option<String>, Vec<Layer>>,
    /// One for each mount.
    digests: Vec<ClaimedDigest>,
    /// What comes from outside of the build.
    inputs: Vec<Dependency>,
}

/// Everything that the steps of one build share.
pub(super) struct Site<'a> {
    pub(super) engine: &'a Engine,
    pub(super) plan: &'a Plan,
    pub(super) settings: &'a Settings<'a>,
    pub(super) contexts: &'a Contexts,
    /// The images that steps begin with.
    pub(super) bases: &'a BTreeMap<StepId, Image>,
    /// Steps that were done just now, for another platform.
    pub(super) fresh: &'a BTreeSet<Key>,
    pub(super) interruptions: &'a Interruptions,
}

/// Does all steps of the plan.
pub(super) fn solve(site: &Site<'_>, watcher: &mut dyn Watcher) -> Result<Vec<Root>, BuildError> {
    let count = site.plan.steps.len();
    let (roots, missed, working) = (vec![None; count], BTreeMap::new(), BTreeMap::new());
    let mut solver = Solver { site, roots, missed, working, masks: Masks::default(), watcher };
    if let Err(error) = solver.go_through() {
        solver.give_up();
        return Err(match error {
            BuildError::Files(FilesError::Interrupted(signal)) => BuildError::Interrupted(signal),
            error => error,
        });
    }
    Ok(solver.roots.into_iter().flatten().collect())
}

/// What came of looking for a step among those that were done before.
enum Sought {
    Found(Root),
    /// With the files that it takes, where they were gathered.
    Missed(Option<Taken>),
}

/// A step that is being done, and what it prints.
struct Working {
    worker: Worker,
    screen: Screen,
}

struct Solver<'a, 'w> {
    site: &'a Site<'a>,
    roots: Vec<Option<Root>>,
    /// Steps that wait for a processor: nobody had done them before, and what was gathered to find that out.
    missed: BTreeMap<StepId, Option<Taken>>,
    working: BTreeMap<StepId, Working>,
    /// Secrets that any step was given: another may print what it left in a cache.
    masks: Masks,
    watcher: &'w mut dyn Watcher,
}

impl Solver<'_, '_> {
    fn go_through(&mut self) -> Result<(), BuildError> {
        while self.roots.iter().any(Option::is_none) {
            self.begin_what_can_be()?;
            if !self.working.is_empty() {
                self.wait()?;
            }
        }
        Ok(())
    }

    /// Finds what was done before, and begins what was not, as long as there are processors for it.
    fn begin_what_can_be(&mut self) -> Result<(), BuildError> {
        let most = std::thread::available_parallelism().map_or(1, usize::from);
        for (id, step) in self.site.plan.steps.iter().enumerate() {
            let waits = self.roots.get(id).is_none_or(Option::is_some) || self.working.contains_key(&id);
            if waits || !uses(step).all(|used| self.root(used).is_some()) {
                continue;
            }
            if !self.missed.contains_key(&id) {
                match self.looked_for(id, step).map_err(|error| self.stumbled(id, step, error))? {
                    Sought::Found(root) => {
                        self.watcher.cached(id);
                        self.finish(id, root);
                        continue;
                    }
                    Sought::Missed(taken) => drop(self.missed.insert(id, taken)),
                }
            }
            if self.site.layers_below(step, &self.roots).len() >= MAX_LAYERS {
                return Err(self.never_began(id, step, &BuildError::Layers(MAX_LAYERS)));
            }
            if self.working.len() < most {
                self.begin(id, step)?;
            }
        }
        Ok(())
    }

    fn begin(&mut self, id: StepId, step: &Step) -> Result<(), BuildError> {
        self.watcher.began(id);
        let gathered = match &step.act {
            Act::Run(run) => gather(run, &self.site.settings.steps.secrets),
            Act::Base { .. } | Act::Copy(_) | Act::Directory(_) => Ok(Secrets::new()),
        };
        let secrets = gathered.map_err(|error| self.failed(id, step, Trouble::of(&error.into())))?;
        for secret in secrets.values() {
            if let SecretSource::Value(value) = secret {
                self.masks.add(value);
            }
        }
        let (taken, secrets) = (self.missed.remove(&id).flatten(), &secrets);
        let work = |output| self.site.work(step, (taken, secrets), &self.roots, output);
        let worker = Worker::start(work)?;
        self.working.insert(id, Working { worker, screen: Screen::default() });
        Ok(())
    }

    fn failed(&mut self, id: StepId, step: &Step, trouble: Trouble) -> BuildError {
        self.watcher.failed(id);
        // A path may be a secret's, where a step makes a file of that name.
        let trouble = Trouble { what: self.masks.text(&trouble.what), ..trouble };
        BuildError::Step { title: step.title.clone(), lines: step.lines, trouble: Box::new(trouble) }
    }

    fn root(&self, id: StepId) -> Option<&Root> {
        self.roots.get(id).and_then(Option::as_ref)
    }

    fn finish(&mut self, id: StepId, root: Root) {
        if let Some(place) = self.roots.get_mut(id) {
            *place = Some(root);
        }
    }

    /// What the step makes, if that is there already.
    fn looked_for(&self, id: StepId, step: &Step) -> Result<Sought, BuildError> {
        if let Some(image) = self.site.bases.get(&id) {
            let key = key(step, None, &[image.config_digest]);
            let (layers, made) = (image.layers.clone(), image.created.unwrap_or(0));
            let inputs = Vec::new();
            let root = Root { key, layers, own: false, made, is_cached: true, is_base: true, inputs };
            return Ok(Sought::Found(root));
        }
        let is_anew = step.caching == Caching::Never;
        if is_anew && self.site.fresh.is_empty() {
            return Ok(Sought::Missed(None));
        }
        let Some(known) = self.site.known(step, &self.roots)? else { return Ok(Sought::Missed(None)) };
        let key = key_of(step, self.site.below(step, &self.roots), &known.digests);
        if is_anew && !self.site.fresh.contains(&key) {
            return Ok(Sought::Missed(known.gathered));
        }
        Ok(match self.site.engine.done_before(&self.site.place(&key))? {
            Some(record) => {
                let root = self.site.grown(step, key, record, &self.roots);
                Sought::Found(Root { inputs: known.inputs, ..root })
            }
            None => Sought::Missed(known.gathered),
        })
    }

    /// Waits until something happens, and looks at what it was.
    fn wait(&mut self) -> Result<(), BuildError> {
        self.poll()?;
        if let Some(signal) = self.site.interruptions.asked() {
            return Err(BuildError::Interrupted(signal));
        }
        self.watcher.tick();
        self.read_output();
        let ended: Vec<StepId> =
            self.working.iter().filter(|(_, step)| step.worker.has_ended()).map(|(id, _)| *id).collect();
        ended.into_iter().try_for_each(|id| self.conclude(id))
    }

    fn poll(&self) -> Result<(), BuildError> {
        let workers = self.working.values().map(|step| &step.worker);
        let fds = workers.flat_map(|worker| [Some(worker.pidfd()), worker.output()]).flatten();
        let fds = fds.chain([self.site.interruptions.fd()]);
        let mut watched: Vec<PollFd<'_>> =
            fds.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        let time = Timespec::try_from(TICK).ok();
        match poll(&mut watched, time.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(errno) => Err(EngineError::io("wait for the steps of a build")(errno.into()).into()),
        }
    }

    fn read_output(&mut self) {
        let mut buffer = vec![0; PIECE];
        for (id, Working { worker, screen }) in &mut self.working {
            let shown = screen.shown(&self.masks, worker.printed(&mut buffer));
            if !shown.is_empty() {
                self.watcher.printed(*id, &shown);
            }
        }
    }

    fn conclude(&mut self, id: StepId) -> Result<(), BuildError> {
        let (Some(Working { mut worker, mut screen }), Some(step)) =
            (self.working.remove(&id), self.site.plan.steps.get(id))
        else {
            return Ok(());
        };
        let mut buffer = vec![0; PIECE];
        loop {
            let bytes = worker.printed(&mut buffer);
            let is_all = bytes.is_empty();
            let shown =
                if is_all { screen.rest(&self.masks).into() } else { screen.shown(&self.masks, bytes) };
            if !shown.is_empty() {
                self.watcher.printed(id, &shown);
            }
            if is_all {
                break;
            }
        }
        match worker.conclude() {
            Ok(made) => {
                let root = self.site.kept(step, made, &self.roots)?;
                self.watcher.done(id);
                self.finish(id, root);
                Ok(())
            }
            Err(trouble) => Err(self.failed(id, step, trouble)),
        }
    }

    /// A step that came to nothing before it had a process.
    fn never_began(&mut self, id: StepId, step: &Step, error: &BuildError) -> BuildError {
        self.watcher.began(id);
        self.failed(id, step, Trouble::of(error))
    }

    /// What cannot be looked for fails as a step, so that whoever reads of it sees where it stands.
    fn stumbled(&mut self, id: StepId, step: &Step, error: BuildError) -> BuildError {
        match error {
            BuildError::Files(FilesError::Interrupted(_)) => error,
            error => self.never_began(id, step, &error),
        }
    }

    /// Ends what still runs, and leaves nothing of it: politely at first, unless we are asked to end once more.
    fn give_up(&mut self) {
        if self.working.is_empty() {
            return;
        }
        self.working.values().for_each(|step| step.worker.ask_to_end());
        let (begun, mut buffer) = (Instant::now(), vec![0; PIECE]);
        while self.working.values().any(|step| !step.worker.has_ended()) && begun.elapsed() < PATIENCE {
            for step in self.working.values_mut() {
                // Whoever cannot print cannot end.
                let _unheard = step.worker.printed(&mut buffer);
            }
            if self.site.interruptions.within(TICK / 10).is_some() {
                break;
            }
        }
        let are_killed = self.working.values().any(|step| !step.worker.has_ended());
        self.working.clear();
        self.site.engine.store.clean();
        if are_killed {
            // Whoever lists containers clears up after those whose keeper was killed.
            let _next_time = self.site.engine.containers(Which::All);
        }
    }
}

impl Site<'_> {
    /// Where what a step with this key makes is kept.
    pub(super) fn place(&self, key: &Key) -> ClaimedDigest {
        cache::place(key, self.settings.epoch)
    }

    fn below<'r>(&self, step: &Step, roots: &'r [Option<Root>]) -> Option<&'r Root> {
        roots.get(step.below?)?.as_ref()
    }

    fn layers_below<'r>(&self, step: &Step, roots: &'r [Option<Root>]) -> &'r [Layer] {
        self.below(step, roots).map_or(&[], |root| &root.layers)
    }

    fn origins<'r>(&'r self, roots: &'r [Option<Root>]) -> Origins<'r> {
        let contexts = self.contexts.iter().map(|(name, context)| (name.clone(), context));
        let layers =
            roots.iter().enumerate().filter_map(|(id, root)| Some((id, root.as_ref()?.layers.as_slice())));
        let (contexts, roots) = (contexts.collect(), layers.collect());
        Origins { contexts, roots, interruptions: Some(self.interruptions) }
    }

    /// What the step takes, where that can be told without reading what other steps have made.
    fn known(&self, step: &Step, roots: &[Option<Root>]) -> Result<Option<Known>, BuildError> {
        let mut known = Known::default();
        for taken in step.takes() {
            let Some(digest) = self.known_of(step, taken, roots, &mut known)? else { return Ok(None) };
            known.digests.push(digest);
        }
        Ok(Some(known))
    }

    fn known_of(
        &self,
        step: &Step,
        taken: Takes<'_>,
        roots: &[Option<Root>],
        known: &mut Known,
    ) -> Result<Option<ClaimedDigest>, BuildError> {
        match taken {
            Takes::Image { .. } => Ok(None),
            Takes::Mounted { origin: Origin::Context(name), source } => {
                let taken = self.engine.taken(&part_of(name, source), &self.origins(roots), &[])?;
                known.inputs.extend(taken.inputs);
                Ok(Some(taken.digest.into()))
            }
            Takes::Mounted { origin, .. } => Ok(Some(made_by(origin, roots).into())),
            Takes::Files(copy) => match self.memo(step, copy, roots) {
                Some(memo) => self.engine.taken_before(&memo),
                None if copy.sources.iter().all(is_here) => {
                    let taken = known.gathered.insert(self.taken(step, copy, roots)?);
                    known.inputs.extend(taken.inputs.iter().cloned());
                    Ok(Some(taken.digest.into()))
                }
                None => Ok(None),
            },
        }
    }

    /// What a copy takes of another step is always the same, but for owners that have to be looked up below: the key
    /// under which its digest is remembered.
    fn memo(&self, step: &Step, copy: &Copy, roots: &[Option<Root>]) -> Option<Key> {
        let Origin::Step(origin) = &copy.origin else { return None };
        let layers = &roots.get(*origin)?.as_ref()?.layers;
        let below = if copy.owner.is_empty() { &[] } else { self.layers_below(step, roots) };
        Some(key(step, None, &[chain(layers), chain(below), Digest::of(b"taken")]))
    }

    fn taken(&self, step: &Step, copy: &Copy, roots: &[Option<Root>]) -> Result<Taken, BuildError> {
        self.engine.taken(copy, &self.origins(roots), self.layers_below(step, roots))
    }

    /// In a process of its own: does the step. `taken` are its files, where they were gathered already, and `secrets`
    /// those that it asks for.
    fn work(
        &self,
        step: &Step,
        (taken, secrets): (Option<Taken>, &Secrets),
        roots: &[Option<Root>],
        output: OwnedFd,
    ) -> Result<Made, BuildError> {
        let below = self.layers_below(step, roots);
        match &step.act {
            Act::Base { reference, .. } => Err(BuildError::NoBase(reference.clone())),
            Act::Directory(directory) => {
                let layer = self.engine.directory(directory, below, self.settings.stamp_of_files())?;
                Ok(Made { layer: layer.as_ref().map(Into::into), taken: Vec::new(), inputs: Vec::new() })
            }
            Act::Copy(copy) => self.copy(step, copy, taken, roots),
            Act::Run(run) => self.run((step, run), secrets, roots, output),
        }
    }

    fn run(
        &self,
        (step, run): (&Step, &Run),
        secrets: &Secrets,
        roots: &[Option<Root>],
        output: OwnedFd,
    ) -> Result<Made, BuildError> {
        self.check_processor(step)?;
        let below = self.layers_below(step, roots);
        let Mounted { contexts, digests, inputs } = self.mounted(step, roots)?;
        let origin = |origin: &Origin| match origin {
            Origin::Scratch => Some(&[][..]),
            Origin::Step(id) => Some(roots.get(*id)?.as_ref()?.layers.as_slice()),
            Origin::Context(name) => contexts.get(name).map(Vec::as_slice),
        };
        let wishes = self.settings.steps;
        let around = Surroundings {
            title: &step.title,
            below,
            config: &self.plan.outcome.config,
            roots: &origin,
            secrets,
            agents: &wishes.agents,
            stamp: self.settings.stamp_of_steps(),
            network: wishes.network,
            hosts: &wishes.hosts,
            defaults: &wishes.request(),
        };
        let stderr = output.try_clone().map_err(EngineError::io("copy a descriptor"))?;
        let ran = self.engine.run_step(run, &around, Output { stdout: output, stderr })?;
        match ran.ended.exit_code() {
            0 => Ok(Made { layer: ran.layer.as_ref().map(Into::into), taken: digests, inputs }),
            exit => Err(BuildError::Program { exit }),
        }
    }

    /// A program for other processors needs an interpreter.
    fn check_processor(&self, step: &Step) -> Result<(), BuildError> {
        let platform = self.platform(step);
        let architecture = platform.split('/').nth(1).unwrap_or_default();
        if foreign::runs(architecture) { Ok(()) } else { Err(StepError::Foreign(platform).into()) }
    }

    /// What a step is for: what the image is for that it begins with, or the whole build.
    fn platform(&self, step: &Step) -> String {
        let mut bottom = step;
        while let Some(below) = bottom.below.and_then(|id| self.plan.steps.get(id)) {
            bottom = below;
        }
        match &bottom.act {
            Act::Base { platform, .. } => platform.clone(),
            _ => {
                let config = &self.plan.outcome.config;
                format!("{}/{}", config.os, config.architecture)
            }
        }
    }

    /// What a step's mounts show, whatever becomes of the context meanwhile.
    fn mounted(&self, step: &Step, roots: &[Option<Root>]) -> Result<Mounted, BuildError> {
        let mut mounted = Mounted::default();
        for taken in step.takes() {
            let Takes::Mounted { origin, source } = taken else { continue };
            let Origin::Context(name) = origin else {
                mounted.digests.push(made_by(origin, roots).into());
                continue;
            };
            let shown = part_of(name, source);
            let taken = self.engine.taken(&shown, &self.origins(roots), &[])?;
            let layer = self.shown_layer(name, source, (&shown, &taken))?;
            mounted.contexts.entry(name.clone()).or_default().extend(layer);
            mounted.digests.push(taken.digest.into());
            mounted.inputs.extend(taken.inputs);
        }
        Ok(mounted)
    }

    /// What a mount shows of a context as a layer: the one of an earlier step, if that showed the same.
    fn shown_layer(
        &self,
        name: &Option<String>,
        source: &str,
        (shown, taken): (&Copy, &Taken),
    ) -> Result<Option<Layer>, BuildError> {
        let label = self.contexts.get(name).and_then(|context| context.label.as_deref());
        let part = Part::of(label, source, self.settings.epoch);
        if let Some(layer) = self.engine.shown_before(&part, &taken.digest)? {
            return Ok(layer);
        }
        let layer = self.engine.copy(shown, taken, &[], self.settings.stamp_of_files())?;
        self.engine.keep_shown(&part, &taken.digest, layer)?;
        Ok(layer)
    }

    fn copy(
        &self,
        step: &Step,
        copy: &Copy,
        taken: Option<Taken>,
        roots: &[Option<Root>],
    ) -> Result<Made, BuildError> {
        let taken = taken.map_or_else(|| self.taken(step, copy, roots), Ok)?;
        if let Some(memo) = self.memo(step, copy, roots) {
            self.engine.remember_taken(&memo, &taken.digest)?;
        }
        let digests = vec![taken.digest.into()];
        let key = key_of(step, self.below(step, roots), &digests);
        let before = match step.caching {
            Caching::Allowed => self.engine.done_before(&self.place(&key))?,
            Caching::Never => None,
        };
        let layer = match before {
            Some(record) => record.layer,
            None => {
                let stamp = self.settings.stamp_of_files();
                self.engine.copy(copy, &taken, self.layers_below(step, roots), stamp)?
            }
        };
        Ok(Made { layer: layer.as_ref().map(Into::into), taken: digests, inputs: taken.inputs })
    }

    /// Keeps what a step has made, for the next build.
    fn kept(&self, step: &Step, made: Made, roots: &[Option<Root>]) -> Result<Root, BuildError> {
        let layer = made.layer.map(|layer| self.engine.store.layer(layer.blob, layer.diff_id)).transpose()?;
        let key = key_of(step, self.below(step, roots), &made.taken);
        let record = Record { layer, made: self.engine.now() };
        self.engine.keep_step(&self.place(&key), &step.title, &record)?;
        Ok(Root { is_cached: false, inputs: made.inputs, ..self.grown(step, key, record, roots) })
    }

    fn grown(&self, step: &Step, key: Key, record: Record, roots: &[Option<Root>]) -> Root {
        let mut layers = self.layers_below(step, roots).to_vec();
        layers.extend(record.layer);
        Root {
            key,
            layers,
            own: record.layer.is_some(),
            made: record.made,
            is_cached: true,
            is_base: false,
            inputs: Vec::new(),
        }
    }
}

/// Steps that a step uses.
fn uses(step: &Step) -> impl Iterator<Item = StepId> + '_ {
    let of = |origin: &Origin| match origin {
        Origin::Step(id) => Some(*id),
        Origin::Context(_) | Origin::Scratch => None,
    };
    let others: Vec<StepId> = match &step.act {
        Act::Copy(copy) => of(&copy.origin).into_iter().collect(),
        Act::Run(_) => step.takes().iter().filter_map(origin_of).filter_map(of).collect(),
        Act::Base { .. } | Act::Directory(_) => Vec::new(),
    };
    step.below.into_iter().chain(others)
}

fn origin_of<'a>(taken: &Takes<'a>) -> Option<&'a Origin> {
    match taken {
        Takes::Mounted { origin, .. } => Some(origin),
        Takes::Image { .. } | Takes::Files(_) => None,
    }
}

/// Whether what it takes can be looked at without the network.
fn is_here(source: &Source) -> bool {
    matches!(source, Source::Path(_) | Source::Text { .. })
}

fn part_of(context: &Option<String>, source: &str) -> Copy {
    whole(Origin::Context(context.clone()), source)
}

/// A digest of everything that a step has made.
fn made_by(origin: &Origin, roots: &[Option<Root>]) -> Digest {
    match origin {
        Origin::Step(id) => chain(roots.get(*id).and_then(Option::as_ref).map_or(&[], |root| &root.layers)),
        Origin::Context(_) | Origin::Scratch => Digest::of(b""),
    }
}

/// Part of an origin, at the place that it has there.
pub(super) fn whole(origin: Origin, source: &str) -> Copy {
    let source = if source.is_empty() { "." } else { source };
    Copy {
        origin,
        sources: vec![Source::Path(source.to_owned())],
        destination: "/".to_owned(),
        owner: String::new(),
        mode: None,
        link: false,
        parents: true,
        exclude: Vec::new(),
        unpack: false,
    }
}

/// The key of a step. What another process says it took is no digest that anybody has made here, so its text is what
/// counts, for everybody.
fn key_of(step: &Step, below: Option<&Root>, taken: &[ClaimedDigest]) -> Key {
    let taken: Vec<Digest> = taken.iter().map(|digest| Digest::of(digest.to_string().as_bytes())).collect();
    key(step, below.map(|root| &root.key), &taken)
}

/// One digest for a whole root.
fn chain(layers: &[Layer]) -> Digest {
    let mut hasher = Hasher::new();
    for layer in layers {
        hasher.update(layer.diff_id.to_string().as_bytes());
        hasher.update(b"\n");
    }
    hasher.finish()
}
