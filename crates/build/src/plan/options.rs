//! What whoever builds says beyond the file, and what they know of the images that it begins with.

use std::collections::{BTreeMap, BTreeSet};

use model::image::ImageConfig;
use model::reference::Reference;

use super::platform::Platform;
use super::{Caching, RunNetwork};
use crate::Limits;

/// What a build is asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// `--target`: a stage by name or number; the last one if absent.
    pub target: Option<String>,
    /// `--build-arg`
    pub arguments: BTreeMap<String, String>,
    /// `--label`
    pub labels: BTreeMap<String, String>,
    /// `--platform`: what the image is for.
    pub platform: Platform,
    /// What it is built on.
    pub build_platform: Platform,
    /// `--build-context`, by name: instead of the stage or the image of that name.
    pub contexts: BTreeMap<String, NamedContext>,
    /// `--network`: of each `RUN` that names none.
    pub network: RunNetwork,
    /// `--add-host`: the names that each `RUN` knows an address of.
    pub hosts: BTreeSet<String>,
    /// `SOURCE_DATE_EPOCH` of the environment; a build argument of that name goes before it.
    pub epoch: Option<i64>,
    /// `--no-cache` and `--no-cache-filter`
    pub no_cache: NoCache,
    /// How much a file may decide.
    pub limits: Limits,
}

/// What a name of `--build-context` stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedContext {
    /// An image, by reference.
    Image(String),
    /// Files; where they are, is the engine's to know.
    Files,
}

/// What is done again although it was done before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum NoCache {
    /// Nothing.
    #[default]
    Nothing,
    /// Everything.
    Everything,
    /// These stages.
    Stages(Vec<String>),
}

impl NoCache {
    /// What holds for a stage.
    pub(super) fn caching(&self, stage: Option<&str>) -> Caching {
        let is_filtered = match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Stages(names) => {
                stage.is_some_and(|stage| names.iter().any(|name| name.eq_ignore_ascii_case(stage)))
            }
        };
        if is_filtered { Caching::Never } else { Caching::Allowed }
    }
}

impl Options {
    /// A build of everything for one platform, with nothing else said.
    #[must_use]
    pub fn for_platform(platform: Platform) -> Self {
        Self {
            target: None,
            arguments: BTreeMap::new(),
            labels: BTreeMap::new(),
            build_platform: platform.clone(),
            platform,
            contexts: BTreeMap::new(),
            network: RunNetwork::default(),
            hosts: BTreeSet::new(),
            epoch: None,
            no_cache: NoCache::default(),
            limits: Limits::default(),
        }
    }

    /// A build argument, `SOURCE_DATE_EPOCH` of the environment among them.
    pub(super) fn argument(&self, name: &str) -> Option<String> {
        let said = self.arguments.get(name).cloned();
        said.or_else(|| self.epoch.filter(|_| name == EPOCH).map(|epoch| epoch.to_string()))
    }

    /// The context of a name, which may also be an image's in a longer or shorter form; with its own name.
    pub(super) fn context(&self, name: &str) -> Option<(&str, &NamedContext)> {
        let is_meant = |known: &str| {
            known.eq_ignore_ascii_case(name) || whole(known).is_some_and(|k| whole(name) == Some(k))
        };
        let found = self.contexts.iter().find(|(known, _)| is_meant(known));
        found.filter(|_| name != "context").map(|(known, context)| (known.as_str(), context))
    }
}

/// `docker.io/library/debian:latest` for `debian`.
fn whole(name: &str) -> Option<String> {
    match name.parse::<Reference>().ok()? {
        Reference::Name(name) if name.digest.is_none() => {
            Some(format!("{}:{}", name.located(), name.tag.as_deref().unwrap_or("latest")))
        }
        _ => None,
    }
}

/// Seconds since 1970 that a build says it happened at (reproducible-builds.org).
pub(super) const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// Images that the engine has.
pub trait Bases {
    /// The image of this name for this platform, if it is there.
    fn base(&self, reference: &str, platform: &str) -> Option<&Base>;
}

/// What a plan has to know of an image that a stage begins with, or takes files from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Base {
    /// How it starts, and its `ONBUILD`.
    pub config: ImageConfig,
    /// Its author; may be empty.
    pub author: String,
}

/// By reference and platform.
impl Bases for BTreeMap<(String, String), Base> {
    fn base(&self, reference: &str, platform: &str) -> Option<&Base> {
        self.get(&(reference.to_owned(), platform.to_owned()))
    }
}
