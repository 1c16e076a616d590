//! The language, instruction by instruction: docs/dockerfile.md names these tests.

mod arguments;
mod stages;
mod settings;
mod files;
mod commands;
mod triggers;
mod keys;
mod hostile;
mod generated;
mod document;

use std::collections::BTreeMap;

use model::image::ImageConfig;

use super::{Act, Base, Copy, Directory, NamedContext, Options, Plan, PlanError, Run, needs};
use crate::{Limits, parse};

/// A build of a text, and the images that there are.
#[derive(Clone)]
struct Build {
    options: Options,
    bases: BTreeMap<(String, String), Base>,
}

const PLATFORM: &str = "linux/amd64";

/// `base` is there, and has nothing but a path.
fn build() -> Build {
    let build = Build { options: Options::for_platform(PLATFORM.parse().unwrap()), bases: BTreeMap::new() };
    build.base("base", ImageConfig { env: vec!["PATH=/bin".into()], ..ImageConfig::default() })
}

impl Build {
    fn base(mut self, reference: &str, config: ImageConfig) -> Self {
        let base = Base { config, author: String::new() };
        self.bases.insert((reference.to_owned(), PLATFORM.to_owned()), base);
        self
    }

    fn argument(mut self, name: &str, value: &str) -> Self {
        self.options.arguments.insert(name.to_owned(), value.to_owned());
        self
    }

    fn target(mut self, target: &str) -> Self {
        self.options.target = Some(target.to_owned());
        self
    }

    fn context(mut self, name: &str, context: NamedContext) -> Self {
        self.options.contexts.insert(name.to_owned(), context);
        self
    }

    fn make(&self, text: &str) -> Result<Plan, PlanError> {
        let file = parse(text.as_bytes(), &Limits::default()).unwrap();
        Plan::make(&file, &self.options, &self.bases)
    }

    #[track_caller]
    fn plan(&self, text: &str) -> Plan {
        self.make(text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[track_caller]
    fn error(&self, text: &str) -> String {
        self.make(text).unwrap_err().to_string()
    }

    /// References that are missing.
    fn needs(&self, text: &str) -> Vec<String> {
        let file = parse(text.as_bytes(), &Limits::default()).unwrap();
        needs(&file, &self.options, &self.bases).unwrap().into_iter().map(|needed| needed.reference).collect()
    }
}

fn plan(text: &str) -> Plan {
    build().plan(text)
}

fn error(text: &str) -> String {
    build().error(text)
}

/// How the image of a stage on `base` starts.
fn config(instructions: &str) -> ImageConfig {
    plan(&format!("FROM base\n{instructions}")).outcome.config
}

fn titles(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.title.as_str()).collect()
}

fn history(plan: &Plan) -> Vec<&str> {
    plan.outcome.history.iter().map(|line| line.created_by.as_str()).collect()
}

fn runs(plan: &Plan) -> Vec<&Run> {
    let steps = plan.steps.iter();
    steps.filter_map(|step| if let Act::Run(run) = &step.act { Some(run) } else { None }).collect()
}

fn copies(plan: &Plan) -> Vec<&Copy> {
    let steps = plan.steps.iter();
    steps.filter_map(|step| if let Act::Copy(copy) = &step.act { Some(copy) } else { None }).collect()
}

fn directories(plan: &Plan) -> Vec<&Directory> {
    let steps = plan.steps.iter();
    steps.filter_map(|step| if let Act::Directory(made) = &step.act { Some(made) } else { None }).collect()
}

/// What `echo` of the only RUN would be told by its environment.
#[track_caller]
fn variable(plan: &Plan, name: &str) -> Option<String> {
    let runs = runs(plan);
    let run = runs.last().unwrap();
    let line = run.env.iter().find(|line| line.starts_with(&format!("{name}=")));
    line.map(|line| line.split_once('=').unwrap().1.to_owned())
}
