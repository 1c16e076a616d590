//! Variables on their way through the stages: which are known where, and which are asked for and not there.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use crate::check::Surroundings;
use crate::check::subject::Line;
use crate::instruction::{Argument, Expansion, Healthcheck, Instruction, Stage, Transfer};
use crate::limits::Limits;
use crate::parse::{Statement, differs_once, nearest};
use crate::words::{Expanded, Words};

/// Bytes of a value here: what is longer is of no use to a rule.
const LONGEST: usize = 4096;

/// How many stages that begin with each other are looked through for a variable.
const DEEPEST: usize = 64;

/// How many variables are told that are not there.
const TOLD: usize = 100;

/// How many are looked at.
const LOOKED: usize = 2_000;

/// With how many others each is compared.
const COMPARED: usize = 300;

/// Variables that the platform gives before the first `FROM`, and to `ARG`.
const PLATFORM: &[(&str, &str)] = &[
    ("BUILDPLATFORM", "linux/amd64"),
    ("BUILDOS", "linux"),
    ("BUILDOSVERSION", ""),
    ("BUILDARCH", "amd64"),
    ("BUILDVARIANT", ""),
    ("TARGETPLATFORM", "linux/amd64"),
    ("TARGETOS", "linux"),
    ("TARGETOSVERSION", ""),
    ("TARGETARCH", "amd64"),
    ("TARGETVARIANT", ""),
    ("TARGETSTAGE", "default"),
];

/// What is known at a line.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Variables that are not there, each with the one that was meant.
    pub(crate) undefined: Vec<(String, Option<String>)>,
    /// Paths with their variables replaced: sources, or the directory of `WORKDIR`.
    pub(crate) paths: Vec<String>,
    /// Whether `WORKDIR` was used before.
    pub(crate) placed: bool,
    pub(crate) shell: Shell,
}

/// What is known of the shell that runs a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Shell {
    /// Whether the file has `SHELL`.
    pub(crate) chosen: bool,
    /// Whether a pipe fails with any of its commands.
    pub(crate) pipefail: bool,
    /// Whether it ends with the first command that fails.
    pub(crate) errexit: bool,
}

/// What is known of a stage.
#[derive(Debug, Default)]
pub(crate) struct StageFacts {
    /// Its base with variables replaced.
    pub(crate) base: String,
    /// The stage that it begins with.
    pub(crate) parent: Option<usize>,
    /// Its base if nobody gives build arguments.
    pub(crate) default_base: Option<String>,
    /// Its platform with variables replaced.
    pub(crate) platform: Option<Expanded>,
    /// Variables of `FROM` that are not there, each with the one that was meant.
    pub(crate) undefined: Vec<(String, Option<String>)>,
    /// The last `USER`, those of its base included.
    pub(crate) user: Option<String>,
    /// Whether it says how its health is checked.
    pub(crate) has_check: bool,
}

/// Fills in what is known at each line.
pub(super) fn follow(
    lines: &mut [Line<'_>],
    escape: char,
    surroundings: &Surroundings<'_>,
) -> Vec<StageFacts> {
    let words = Words::new(escape, &Limits { expanded_bytes: LONGEST, ..Limits::default() });
    let mut walk = Walk::new(words, surroundings);
    for line in lines {
        line.facts = match &line.what {
            Statement::Stage(stage) => walk.stage(stage),
            Statement::Instruction(Instruction::Arg(arguments)) if line.stage.is_none() => {
                walk.global(arguments);
                Facts::default()
            }
            Statement::Instruction(instruction) => walk.instruction(instruction),
        };
    }
    walk.stages
}

struct Walk<'a> {
    words: Words,
    /// For documents, which are longer.
    documents: Words,
    /// How many variables may still be told.
    room: Cell<usize>,
    /// How many may still be looked at.
    looks: Cell<usize>,
    surroundings: &'a Surroundings<'a>,
    globals: BTreeMap<String, String>,
    /// As `globals`, if nobody gives build arguments.
    defaults: BTreeMap<String, String>,
    declared: BTreeSet<String>,
    names: BTreeMap<String, usize>,
    stages: Vec<StageFacts>,
    scopes: Vec<Scope>,
}

/// What one stage has set itself.
#[derive(Default)]
struct Scope {
    parent: Option<usize>,
    values: BTreeMap<String, String>,
    /// `ARG` without a value.
    declared: BTreeSet<String>,
    /// Whether the image's own variables are not known.
    partly: bool,
    shell: Shell,
    placed: bool,
}

impl Shell {
    fn of(words: &[String]) -> Self {
        let is_errexit = |word: &String| {
            word == "errexit" || word.starts_with('-') && !word.starts_with("--") && word.contains('e')
        };
        Self {
            chosen: true,
            pipefail: words.iter().any(|word| word == "pipefail"),
            errexit: words.iter().any(is_errexit),
        }
    }
}

impl<'a> Walk<'a> {
    fn new(words: Words, surroundings: &'a Surroundings<'a>) -> Self {
        let platform =
            || PLATFORM.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self {
            words,
            documents: Words::new('\\', &Limits::default()),
            room: Cell::new(TOLD),
            looks: Cell::new(LOOKED),
            surroundings,
            globals: platform(),
            defaults: platform(),
            declared: BTreeSet::new(),
            names: BTreeMap::new(),
            stages: Vec::new(),
            scopes: Vec::new(),
        }
    }

    /// `ARG` before the first `FROM`.
    fn global(&mut self, arguments: &[Argument]) {
        for argument in arguments {
            self.declared.insert(argument.name.clone());
            let default = argument.default.as_deref();
            let expand = |scope: &BTreeMap<String, String>| {
                let value = self.words.word(default?, &|name| scope.get(name).cloned());
                value.ok().map(|expanded| expanded.text)
            };
            let given = self.surroundings.arguments.get(&argument.name).cloned();
            let (value, default) = (given.or_else(|| expand(&self.globals)), expand(&self.defaults));
            self.globals.extend(value.map(|value| (argument.name.clone(), value)));
            self.defaults.extend(default.map(|value| (argument.name.clone(), value)));
        }
    }

    fn stage(&mut self, stage: &Stage) -> Facts {
        let expand =
            |text: &str| self.words.word(text, &|name| self.globals.get(name).cloned()).unwrap_or_default();
        let base = expand(&stage.base);
        let platform = stage.platform.as_deref().map(expand);
        let asked = base.unmatched.iter().chain(platform.iter().flat_map(|platform| &platform.unmatched));
        let asked: BTreeSet<&String> = asked.filter(|name| !self.declared.contains(*name)).collect();
        let known = || self.globals.keys().chain(&self.declared).map(String::as_str);
        let undefined = asked.into_iter().filter_map(|name| self.meant(name, known())).collect();
        let default = self.words.word(&stage.base, &|name| self.defaults.get(name).cloned());
        let parent = self.names.get(&base.text.to_lowercase()).copied();
        let above = parent.and_then(|parent| self.stages.get(parent));
        self.stages.push(StageFacts {
            parent,
            default_base: default.ok().map(|default| default.text),
            platform,
            undefined,
            user: above.and_then(|above| above.user.clone()),
            has_check: above.is_some_and(|above| above.has_check),
            base: base.text.clone(),
        });
        self.enter(parent, &base.text);
        if let Some(name) = &stage.name {
            self.names.insert(name.clone(), self.stages.len() - 1);
        }
        Facts::default()
    }

    fn enter(&mut self, parent: Option<usize>, base: &str) {
        let mut scope = Scope { parent, ..Scope::default() };
        if let Some(above) = parent.and_then(|parent| self.scopes.get(parent)) {
            (scope.partly, scope.shell, scope.placed) = (above.partly, above.shell, above.placed);
        } else {
            let image =
                if base == "scratch" { Some(Vec::new()) } else { (self.surroundings.environment)(base) };
            scope.partly = image.is_none();
            scope.values.extend(image.into_iter().flatten().map(|name| (name, String::new())));
            // Images without one get the usual one.
            scope.values.entry("PATH".to_owned()).or_default();
        }
        self.scopes.push(scope);
    }

    fn instruction(&mut self, instruction: &Instruction) -> Facts {
        let mut asked = BTreeSet::new();
        let paths = self.paths(instruction, &mut asked);
        for text in texts(instruction) {
            asked.extend(self.expand(text).map(|expanded| expanded.unmatched).unwrap_or_default());
        }
        for document in documents(instruction) {
            let expanded = self.documents.document(document, &|name| self.value(name));
            asked.extend(expanded.map(|expanded| expanded.unmatched).unwrap_or_default());
        }
        let scope = self.scopes.last();
        let (placed, shell) = scope.map(|scope| (scope.placed, scope.shell)).unwrap_or_default();
        let undefined = self.undefined(asked);
        let mut facts = Facts { undefined, paths, placed, shell };
        self.apply(instruction, &mut facts);
        facts
    }

    fn paths(&self, instruction: &Instruction, asked: &mut BTreeSet<String>) -> Vec<String> {
        let texts: Vec<&str> = match instruction {
            Instruction::Add(transfer) | Instruction::Copy(transfer) => {
                transfer.sources.iter().map(String::as_str).collect()
            }
            Instruction::Workdir(path) => vec![path],
            Instruction::User(user) => vec![user],
            _ => Vec::new(),
        };
        let expanded = texts.into_iter().filter_map(|text| self.expand(text));
        expanded
            .map(|expanded| {
                asked.extend(expanded.unmatched);
                expanded.text
            })
            .collect()
    }

    /// What the instruction changes for those behind it.
    fn apply(&mut self, instruction: &Instruction, facts: &mut Facts) {
        match instruction {
            Instruction::Env(pairs) => {
                let text = |text: &str| self.expand(text).map(|expanded| expanded.text).unwrap_or_default();
                let pairs: Vec<_> = pairs.iter().map(|pair| (text(&pair.name), text(&pair.value))).collect();
                self.set(pairs);
            }
            Instruction::Arg(arguments) => {
                arguments.iter().for_each(|argument| self.argument(argument, facts))
            }
            Instruction::Shell(words) => self.change(|scope| scope.shell = Shell::of(words)),
            Instruction::Workdir(_) => self.change(|scope| scope.placed = true),
            Instruction::User(_) => {
                if let (Some(stage), Some(user)) = (self.stages.last_mut(), facts.paths.first()) {
                    stage.user = Some(user.clone());
                }
            }
            Instruction::Healthcheck(check) => {
                if let Some(stage) = self.stages.last_mut() {
                    stage.has_check = *check != Healthcheck::None;
                }
            }
            _ => {}
        }
    }

    fn argument(&mut self, argument: &Argument, facts: &mut Facts) {
        let given = self.surroundings.arguments.get(&argument.name).cloned();
        let value = match (given, argument.default.as_deref()) {
            (Some(given), _) => Some(given),
            (None, Some(default)) => self.expand(default).map(|expanded| {
                facts.undefined.extend(self.undefined(expanded.unmatched));
                expanded.text
            }),
            (None, None) => self.globals.get(&argument.name).cloned(),
        };
        match value {
            Some(value) => self.set(vec![(argument.name.clone(), value)]),
            None => self.change(|scope| scope.declared.extend([argument.name.clone()])),
        }
    }

    fn set(&mut self, pairs: Vec<(String, String)>) {
        self.change(|scope| scope.values.extend(pairs));
    }

    fn change(&mut self, change: impl FnOnce(&mut Scope)) {
        self.scopes.last_mut().map(change).unwrap_or_default();
    }

    fn expand(&self, text: &str) -> Option<Expanded> {
        self.words.word(text, &|name| self.value(name)).ok()
    }

    fn value(&self, name: &str) -> Option<String> {
        self.chain().find_map(|scope| scope.values.get(name).cloned())
    }

    /// The stage, and those that it begins with.
    fn chain(&self) -> impl Iterator<Item = &Scope> {
        let above = |scope: &&Scope| self.scopes.get(scope.parent?);
        std::iter::successors(self.scopes.last(), above).take(DEEPEST)
    }

    /// Of an image that is not at hand anything may be set; only what differs in one character is told then.
    fn undefined(&self, asked: BTreeSet<String>) -> Vec<(String, Option<String>)> {
        let declared = |name: &String| self.chain().any(|scope| scope.declared.contains(name));
        let partly = self.scopes.last().is_some_and(|scope| scope.partly);
        let missing = asked.into_iter().filter(|name| !declared(name) && !name.starts_with("BUILDKIT_SBOM_"));
        let known = || self.chain().flat_map(|scope| scope.values.keys()).map(String::as_str);
        let misspelt = |name: &str| known().take(COMPARED).any(|known| differs_once(name, known));
        let look = || self.looks.get().checked_sub(1).map(|left| self.looks.set(left));
        let missing =
            missing.map_while(|name| look().map(|()| name)).filter(|name| !partly || misspelt(name));
        missing.filter_map(|name| self.meant(&name, known())).collect()
    }

    /// A variable with the one that was meant, as long as anybody reads it.
    fn meant<'b>(
        &self,
        name: &str,
        known: impl Iterator<Item = &'b str>,
    ) -> Option<(String, Option<String>)> {
        self.room.set(self.room.get().checked_sub(1)?);
        Some((name.to_owned(), nearest(name, known.take(COMPARED)).map(str::to_owned)))
    }
}

/// What of an instruction is replaced, but for paths.
fn texts(instruction: &Instruction) -> Vec<&str> {
    match instruction {
        Instruction::Env(pairs) | Instruction::Label(pairs) => {
            pairs.iter().flat_map(|pair| [pair.name.as_str(), pair.value.as_str()]).collect()
        }
        Instruction::Add(transfer) | Instruction::Copy(transfer) => of_transfer(transfer),
        Instruction::Volume(paths) => paths.iter().map(String::as_str).collect(),
        Instruction::StopSignal(signal) => vec![signal],
        _ => Vec::new(),
    }
}

fn of_transfer(transfer: &Transfer) -> Vec<&str> {
    let flags = [&transfer.owner, &transfer.mode, &transfer.checksum];
    let flags = flags.into_iter().filter_map(Option::as_deref);
    flags.chain([transfer.destination.as_str()]).collect()
}

/// Texts in which quotes have no meaning here: documents, and what mounts say.
fn documents(instruction: &Instruction) -> Vec<&str> {
    match instruction {
        Instruction::Add(transfer) | Instruction::Copy(transfer) => {
            let expanded = transfer.documents.iter().filter(|document| document.expansion == Expansion::Done);
            expanded.map(|document| document.content.as_str()).collect()
        }
        Instruction::Run(run) => run.mounts.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}
