//! `push`

use engine::ship::{Pushing, ShipError};
use engine::{Engine, EngineError};
use model::image::Image;
use model::reference::{ImageName, Reference};

use super::sync::referrers;
use crate::args::global::Format;
use crate::args::ship::{self, Push};
use crate::commands::Act;
use crate::context::Context;
use crate::errors::Failure;
use crate::progress::Lines;
use crate::render::ship::{PushedJson, pushed};
use crate::{registries, site};

impl Act for Push {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let registries = registries::open(context, self.authfile.as_deref())?;
        let engine = site::open()?;
        let how = Pushing { packing: self.compress.packing(), referrers: referrers(self.without_referrers) };
        let mut all = Vec::new();
        for (image, name) in self.images(&engine)? {
            let image = engine.push(&registries, &image, &name, how, &mut Lines::new())?;
            match context.format {
                Format::Table if self.quiet => {
                    context.print(&format!("{}@{}\n", image.name.repository, image.digest))?;
                }
                Format::Table => context.print(&pushed(&image, context.style))?,
                Format::Json | Format::Document(_) => {}
            }
            all.push(image);
        }
        if context.format == Format::Json {
            context.print_json(&all.iter().map(PushedJson::new).collect::<Vec<_>>())?;
        }
        Ok(0)
    }
}

impl Push {
    /// What is pushed, and where to.
    fn images(&self, engine: &Engine) -> Result<Vec<(Image, ImageName)>, Failure> {
        if self.all_tags {
            let name = ship::name(&self.image).map_err(EngineError::from)?;
            let names = engine.tags_here(&name)?.into_iter();
            let images: Vec<(Image, ImageName)> = names
                .map(|name| Ok((engine.image(&name.to_string())?, name)))
                .collect::<Result<_, EngineError>>()?;
            if images.is_empty() {
                let what = format!("the store has no image of `{}`", name.repository);
                return Err(Failure::failed("E-ship-none", what, "coffer image ls lists what there is"));
            }
            return Ok(images);
        }
        let image = engine.image(&self.image)?;
        Ok(vec![(image, self.name()?)])
    }

    fn name(&self) -> Result<ImageName, Failure> {
        let typed = self.destination.as_ref().unwrap_or(&self.image);
        match typed.parse().map_err(EngineError::from)? {
            Reference::Name(name) if self.destination.is_none() && name.may_be_id() => {
                Err(EngineError::from(ShipError::Nameless(typed.clone())).into())
            }
            Reference::Name(name) | Reference::Remote(name) => Ok(name),
            Reference::Archive(_) | Reference::Embedded => {
                let what = format!("`{typed}` is no registry's name");
                Err(Failure::usage(what, format!("coffer copy {} {typed}", self.image)))
            }
        }
    }
}
