//! Everything that is read before anything is done.

use std::collections::{BTreeMap, BTreeSet};

use build::instruction::{Dockerfile, Lines};
use build::plan::{Act, Base, Bases, Key, NamedContext, Options, Plan, Platform, StepId, needs};
use model::image::Image;
use model::reference::ImageName;

use super::Watcher;
use super::contexts::Contexts;
use super::error::BuildError;
use super::request::{BuildRequest, Times};
use crate::engine::Engine;
use crate::ship::Wanted;

/// A build that is not begun: it may still need images.
#[derive(Debug)]
pub struct Draft {
    pub(super) request: BuildRequest,
    pub(super) contexts: Contexts,
    pub(super) file: DockerfileText,
    options: Options,
    dockerfile: Dockerfile,
    given: BTreeMap<Need, Given>,
    /// What its steps are told apart by, where it is done for several platforms.
    pub(super) prefix: String,
    /// Steps that were done or found for another platform: whoever wants everything done anew wants it once.
    pub(super) fresh: BTreeSet<Key>,
}

/// The Dockerfile as it was read.
#[derive(Debug)]
pub(super) struct DockerfileText {
    /// As a person knows it.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// An image that a build begins with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// As written.
    pub reference: String,
    /// `linux/amd64`
    pub platform: String,
}

#[derive(Debug)]
struct Given {
    image: Image,
    base: Base,
}

impl Engine {
    /// Opens the context and reads the Dockerfile.
    ///
    /// # Errors
    /// [`BuildError`]: it is not there, or not one.
    pub fn draft(&self, request: BuildRequest, watcher: &mut dyn Watcher) -> Result<Draft, BuildError> {
        let (contexts, file) = self.open_contexts(&request, watcher)?;
        let dockerfile = build::parse(&file.bytes, &build::Limits::default())
            .map_err(|source| BuildError::Dockerfile { file: file.name.clone(), source: Box::new(source) })?;
        let options = options(&request)?;
        let (given, prefix, fresh) = (BTreeMap::new(), String::new(), BTreeSet::new());
        Ok(Draft { request, contexts, file, options, dockerfile, given, prefix, fresh })
    }
}

impl Engine {
    /// Gives a draft an image that it needs.
    ///
    /// # Errors
    /// [`BuildError::Platform`] if it is for another platform; whatever a start would say of who vouches for it.
    pub fn give(&self, draft: &mut Draft, need: Need, image: Image) -> Result<(), BuildError> {
        let (config, reference) = (&image.config, need.reference.clone());
        if !need.platform.parse::<Wanted>().is_ok_and(|wanted| wanted.fits(&image)) {
            let platform = format!("{}/{}", config.os, config.architecture);
            return Err(BuildError::Platform { reference, platform, wanted: need.platform });
        }
        self.believed(&reference, &image, draft.request.steps.level)?;
        let base = Base { config: image.config.clone(), ..Base::default() };
        draft.given.insert(need, Given { image, base });
        Ok(())
    }
}

impl Draft {
    /// Turns to one of several platforms. What was read stays, and so do images that were given. Only one of what is
    /// built can have the names.
    pub fn turn_to(&mut self, platform: &Platform, names: Vec<ImageName>) {
        self.prefix = format!("{platform} ");
        self.options.platform = platform.clone();
        self.request.platform = Some(platform.to_string());
        self.request.names = names;
    }

    /// Images that are needed and were not given. An image may tell that others are needed, so ask until there are
    /// none.
    ///
    /// # Errors
    /// [`BuildError::Plan`].
    pub fn needs(&self) -> Result<Vec<Need>, BuildError> {
        let needs = needs(&self.dockerfile, &self.options, self).map_err(|source| self.wrong(source))?;
        Ok(needs
            .into_iter()
            .map(|need| Need { reference: need.reference, platform: need.platform })
            .collect())
    }

    pub(super) fn plan(&self) -> Result<Plan, BuildError> {
        Plan::make(&self.dockerfile, &self.options, self).map_err(|source| self.wrong(source))
    }

    /// The image of each step that begins with one.
    pub(super) fn bases(&self, plan: &Plan) -> BTreeMap<StepId, Image> {
        let base = |id| Some((id, self.given.get(&self.need(plan, id)?)?.image.clone()));
        (0..plan.steps.len()).filter_map(base).collect()
    }

    /// What a step that begins with an image needed.
    pub(super) fn need(&self, plan: &Plan, id: StepId) -> Option<Need> {
        match &plan.steps.get(id)?.act {
            Act::Base { reference, platform } => {
                Some(Need { reference: reference.clone(), platform: platform.clone() })
            }
            _ => None,
        }
    }

    /// Shows the lines of the file that an error is about.
    pub(super) fn point_at(&self, error: &BuildError, watcher: &mut dyn Watcher) {
        if let BuildError::Step { lines, .. } = error {
            watcher.excerpt(&self.file.name, &excerpt(&String::from_utf8_lossy(&self.file.bytes), *lines));
        }
    }

    fn wrong(&self, source: build::plan::PlanError) -> BuildError {
        BuildError::Plan { file: self.file.name.clone(), source: Box::new(source) }
    }
}

impl Bases for Draft {
    fn base(&self, reference: &str, platform: &str) -> Option<&Base> {
        let need = Need { reference: reference.to_owned(), platform: platform.to_owned() };
        self.given.get(&need).map(|given| &given.base)
    }
}

/// What the request says, in the planner's words.
fn options(request: &BuildRequest) -> Result<Options, BuildError> {
    let host = super::platform::host();
    let platform = match &request.platform {
        Some(text) => text.parse().map_err(BuildError::PlatformSyntax)?,
        None => host.clone(),
    };
    let context = |(name, place): (&String, &String)| {
        let context = match place.strip_prefix(IMAGE) {
            Some(reference) => NamedContext::Image(reference.to_owned()),
            None => NamedContext::Files,
        };
        (name.clone(), context)
    };
    Ok(Options {
        target: request.target.clone(),
        arguments: request.arguments.clone(),
        labels: request.labels.clone(),
        build_platform: host,
        contexts: request.contexts.iter().map(context).collect(),
        network: request.steps.network,
        hosts: request.steps.hosts.iter().map(|host| host.name.clone()).collect(),
        epoch: match request.times {
            Times::At(seconds) => Some(seconds),
            Times::Real | Times::OfBase => None,
        },
        no_cache: request.no_cache.clone(),
        ..Options::for_platform(platform)
    })
}

/// How a context says that it is an image.
pub(super) const IMAGE: &str = "docker-image://";

/// The lines, those around them, and a sign before those that are meant.
fn excerpt(text: &str, lines: Lines) -> String {
    const AROUND: u32 = 2;
    let shown = lines.first.saturating_sub(AROUND)..=lines.last.saturating_add(AROUND);
    let numbered = text.lines().zip(1_u32..).filter(|(_, number)| shown.contains(number));
    let one = |(line, number): (&str, u32)| {
        let sign = if (lines.first..=lines.last).contains(&number) { ">" } else { " " };
        format!("{sign} {number:>4} | {line}\n")
    };
    numbered.map(one).collect()
}
