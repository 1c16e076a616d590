//! `build`

pub(super) mod cache;
pub(super) mod check;
pub(super) mod rebase;
mod platforms;
mod provide;
mod result;
mod shared;

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use engine::building::{
    BuildRequest, Built, Draft, Evidence, NoCache, RunNetwork, StepWishes, Times, Watcher,
};
use engine::session::Purpose;
use engine::{Engine, EngineError, Interruptions};
use model::verdict::Level;

use super::{Act, Entry, Life, act, options};
use crate::args::build::{Build, Provenance, Telling};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::progress::{Json, Page, Plain, Silent};
use crate::value::build::NetworkOf;
use crate::value::pair::Pair;
use crate::{session, site};

use provide::Images;

pub(super) const BUILD: Entry = Entry {
    words: &["build"],
    aliases: &[&["image", "build"], &["builder", "build"], &["buildx", "build"]],
    life: Life::Make,
    about: "Build an image from a Dockerfile, each RUN confined like any container, with the evidence beside it",
    examples: [
        ("coffer build -t app:1 .", "from ./Dockerfile and what lies around it"),
        ("coffer build --reproducible --target release -t app:1 .", "the same bytes on any machine"),
    ],
    notes: "\
The Dockerfile's language is that of docker/dockerfile 1.x: `coffer help dockerfile`. Stages that the target does not
need are not built, those that do not need each other are built at the same time, and steps whose inputs are what they
were before are taken from earlier builds.

Beside the image lie a bill of material and a statement about how it was made; `coffer push` sends them along.
Secrets (`--secret`) are in no layer, no history and no cache, and are not shown where a step prints them.

With several platforms each is built in turn, and steps that are the same for all are done once. They are one image where
they go, with `--push` or `--output type=oci,dest=FILE`; in the store the one for this host has the names.

Exit code: 0 built, 1 not built, 2 not understood.",
    codes: ExitCodes::Ordinary,
    options: options::<Build>,
    act: act::<Build>,
};

impl Act for Build {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let site = site::site()?;
        let images = Images::new(&self, site.level);
        let platforms = platforms::of(&self)?;
        let request = self.request(site.level)?;
        session::hold(session::begin(&site, Purpose::Start)?);
        let engine = site::enter(site)?;
        let mut watcher = self.watcher(context);
        let mut draft = engine.draft(request, &mut *watcher)?;
        shared::take(&self.cache.cache_from, &images, &engine, &mut *watcher);
        drop(watcher);
        let mut built = Vec::new();
        for platform in platforms.turns() {
            let mut watcher = self.watcher(context);
            if let Some(platform) = platform {
                draft.turn_to(platform, platforms.names(&self, platform));
            }
            images.provide(&engine, &mut draft, &mut *watcher)?;
            built.push(build(&engine, &mut draft, &mut *watcher)?);
        }
        shared::put(&self, &images, &engine, &built)?;
        result::deliver(&self, &engine, &platforms.made(built)?, context)?;
        Ok(0)
    }
}

/// Whoever is asked to end before or afterwards has nothing to clear up.
fn build(engine: &Engine, draft: &mut Draft, watcher: &mut dyn Watcher) -> Result<Built, Failure> {
    let held = |error| Failure::from(EngineError::Io { doing: "hold signals back", source: error });
    let interruptions = Interruptions::hold().map_err(held)?;
    Ok(engine.build(draft, &interruptions, watcher)?)
}

impl Build {
    fn request(&self, level: Level) -> Result<BuildRequest, Failure> {
        let no_cache = match (self.cache.no_cache, self.cache.no_cache_filter.as_slice()) {
            (true, _) => NoCache::Everything,
            (false, []) => NoCache::Nothing,
            (false, stages) => NoCache::Stages(stages.to_vec()),
        };
        Ok(BuildRequest {
            context: self.context.clone(),
            file: self.file.clone(),
            names: self.names.clone(),
            target: self.target.clone(),
            arguments: provide::arguments(&self.arguments),
            labels: pairs(&self.image.labels),
            platform: self.platforms.first().cloned(),
            contexts: pairs(&self.contexts),
            annotations: pairs(&self.image.annotations),
            steps: self.step_wishes(level)?,
            no_cache,
            times: self.times()?,
            bill: if self.image.sbom { Evidence::Attached } else { Evidence::None },
            provenance: match self.image.provenance {
                Provenance::Min => engine::building::Provenance::Min,
                Provenance::Max => engine::building::Provenance::Max,
                Provenance::False => engine::building::Provenance::None,
            },
        })
    }

    fn step_wishes(&self, level: Level) -> Result<StepWishes, Failure> {
        let steps = &self.steps;
        Ok(StepWishes {
            network: match steps.network {
                NetworkOf::Default => RunNetwork::Outbound,
                NetworkOf::None => RunNetwork::None,
                NetworkOf::Host => RunNetwork::Host,
            },
            hosts: steps.hosts.clone(),
            secrets: provide::secrets(&steps.secrets)?,
            agents: provide::agents(&steps.ssh)?,
            limits: steps.limits.limits(),
            ulimits: steps.ulimit.clone(),
            shm_size: steps.shm_size,
            level: steps.policy.unwrap_or(level),
        })
    }

    /// reproducible-builds.org/specs/source-date-epoch
    fn times(&self) -> Result<Times, Failure> {
        const NAME: &str = "SOURCE_DATE_EPOCH";
        let Some(said) = std::env::var(NAME).ok().filter(|text| !text.is_empty()) else {
            return Ok(if self.image.reproducible { Times::OfBase } else { Times::Real });
        };
        let wrong = |_| {
            let what = format!("{NAME} is `{said}`, which is no number of seconds since 1970");
            Failure::usage(what, format!("{NAME}=$(git log -1 --format=%ct) coffer build ..."))
        };
        said.parse().map(Times::At).map_err(wrong)
    }

    fn watcher(&self, context: &Context) -> Box<dyn Watcher> {
        let terminal = std::io::stderr().is_terminal();
        match self.result.progress {
            _ if self.result.quiet => Box::new(Silent),
            Telling::Quiet => Box::new(Silent),
            Telling::Rawjson => Box::new(Json::new()),
            Telling::Tty => Box::new(Page::new(context.error_style())),
            Telling::Auto if terminal => Box::new(Page::new(context.error_style())),
            Telling::Auto | Telling::Plain => Box::new(Plain::default()),
        }
    }
}

fn pairs(pairs: &[Pair]) -> BTreeMap<String, String> {
    pairs.iter().map(|pair| (pair.name.clone(), pair.value.clone())).collect()
}
