//! `pull`, and images that a container needs

use std::path::Path;

use engine::registries::{Places, Registries};
use engine::ship::{Pulled, Wanted};
use engine::{Engine, EngineError};
use model::digest::ClaimedDigest;
use model::reference::{ImageName, Reference};
use model::request::RunRequest;
use model::verdict::Level;

use crate::args::global::Format;
use crate::args::ship::{self, Pull, PullWhen};
use crate::commands::{Act, Truncate};
use crate::context::{Context, write_error};
use crate::errors::Failure;
use crate::progress::Lines;
use crate::render::ledger::shortened;
use crate::render::ship::{PulledJson, pulled};
use crate::render::{text, units};
use crate::{registries, site};

impl Act for Pull {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let registries = registries::open(context, self.authfile.as_deref())?;
        let engine = site::open()?;
        let wanted = self.platform.clone().unwrap_or_else(Wanted::host);
        let mut all = Vec::new();
        for name in self.names(&engine, &registries)? {
            let image = engine.pull(&registries, &name, &wanted, &mut Lines::new())?;
            remark(&image);
            if context.format == Format::Table {
                context.print(&self.said(&image, context))?;
            }
            all.push(image);
        }
        if context.format == Format::Json {
            context.print_json(&all.iter().map(PulledJson::new).collect::<Vec<_>>())?;
        }
        Ok(0)
    }
}

impl Pull {
    fn names(&self, engine: &Engine, registries: &Registries) -> Result<Vec<ImageName>, Failure> {
        let mut names = Vec::new();
        for typed in &self.names {
            let name = ship::name(typed).map_err(EngineError::from)?;
            if !self.all_tags {
                names.push(name);
            } else if name.tag.is_some() || name.digest.is_some() {
                let what = format!("`{typed}` is one image, and --all-tags means a repository");
                return Err(Failure::usage(what, format!("coffer pull --all-tags {}", name.repository)));
            } else {
                names.extend(engine.tags(registries, &name)?);
            }
        }
        Ok(names)
    }

    fn said(&self, image: &Pulled, context: &Context) -> String {
        if self.quiet { image.pinned() + "\n" } else { pulled(image, context.style) }
    }
}

/// `image import docker://NAME` is a pull.
pub(crate) fn pull_remote(engine: &Engine, places: Places, name: &ImageName) -> Result<Pulled, Failure> {
    let registries = Registries::load(places)?;
    let pulled = engine.pull(&registries, name, &Wanted::host(), &mut Lines::new())?;
    remark(&pulled);
    Ok(pulled)
}

/// What a person should know, once the lines of the transfer are gone.
fn remark(pulled: &Pulled) {
    remark_change(pulled);
    let (name, company) = (text::plain(&pulled.name.to_string()), &pulled.company);
    if company.left > 0 {
        let artifacts = units::count(company.left, "artifact", "artifacts");
        write_error(&format!(
            "coffer: of what lies beside {name}, {artifacts} stayed: broken, or too much\n"
        ));
    }
    if let Some(why) = &company.failed {
        write_error(&format!("coffer: what lies beside {name} could not be had: {}\n", text::plain(why)));
    }
}

/// A word about a name that leads elsewhere than before.
fn remark_change(pulled: &Pulled) {
    if let Some(before) = pulled.before {
        let short = |digest: ClaimedDigest| shortened(&digest.to_string(), Truncate::Short);
        let (name, before, now) = (&pulled.name, short(before), short(pulled.digest));
        write_error(&format!(
            "coffer: {name} led to {before} when it was pulled last, and leads to {now} now\n"
        ));
    }
}

/// Where images come from that the store lacks.
#[derive(Debug)]
pub(crate) struct Provision {
    when: PullWhen,
    places: Places,
}

impl Provision {
    /// To be made before a session begins, inside of which everybody is root.
    pub(crate) fn new(when: PullWhen, authfile: Option<&Path>) -> Self {
        Self { when, places: registries::places(authfile) }
    }

    /// Which registries there are.
    pub(crate) fn registries(&self) -> Result<Registries, Failure> {
        Ok(Registries::load(self.places.clone())?)
    }

    /// Sees to it that the store has the image of a container, and names it as the store does.
    pub(crate) fn provide(self, engine: &Engine, request: &mut RunRequest) -> Result<(), Failure> {
        request.image = self.named(engine, &request.image, request.level, &Wanted::host())?;
        Ok(())
    }

    /// Sees to it that the store has an image; what the store calls it.
    pub(crate) fn named(
        &self,
        engine: &Engine,
        image: &str,
        level: Level,
        wanted: &Wanted,
    ) -> Result<String, Failure> {
        let name = match image.parse().map_err(EngineError::from)? {
            Reference::Name(name) | Reference::Remote(name) => name,
            Reference::Archive(_) | Reference::Embedded => return Ok(image.to_owned()),
        };
        let is_there = match self.when {
            PullWhen::Never => true,
            PullWhen::Always => false,
            PullWhen::Missing => !engine.lacks(&name)?,
        };
        if is_there {
            return Ok(image.to_owned());
        }
        let registries = self.registries()?;
        let full = registries.full_name(&name)?;
        if self.when == PullWhen::Always || engine.lacks(&full)? {
            let pulled = engine.pull_at(level, &registries, &full, wanted, &mut Lines::new())?;
            remark(&pulled);
        }
        // An alias leads to a name that the store knows, and its own name does not.
        Ok(if engine.lacks(&name)? { full.to_string() } else { image.to_owned() })
    }
}
