//! Caches that several machines share: taken from before a build, and put there after it.

use engine::building::{Built, Watcher};
use engine::ship::{Copying, Extent, Referrers};
use engine::{Engine, Removal};
use model::image::Image;

use super::provide::Images;
use crate::args::build::Build;
use crate::context::write_error;
use crate::errors::Failure;
use crate::progress::Lines;
use crate::render::text;
use crate::value::build::CacheEnd;

/// Takes over what is there. A cache that is not to be had makes a build slower and not wrong.
pub(super) fn take(from: &[CacheEnd], images: &Images, engine: &Engine, watcher: &mut dyn Watcher) {
    for place in from {
        watcher.waiting("getting earlier builds");
        if let Err(failure) = take_one(place, images, engine) {
            watcher.remark(&format!("no earlier builds from {}: {}", shown(place), failure.what()));
        }
    }
}

fn take_one(place: &CacheEnd, images: &Images, engine: &Engine) -> Result<(), Failure> {
    let image = match place {
        CacheEnd::Registry(name) => images.pull(engine, name)?,
        CacheEnd::Local(directory) => engine.image(&format!("oci:{}", directory.display()))?,
    };
    let found = engine.unpack_cache(&image)?;
    forget(engine, &image)?;
    if found.is_some() {
        return Ok(());
    }
    Err(Failure::failed(
        "E-build-cache",
        "what is there is no cache of coffer's",
        "name one that --cache-to wrote",
    ))
}

/// Puts what a build has done where others look for it.
pub(super) fn put(build: &Build, images: &Images, engine: &Engine, built: &[Built]) -> Result<(), Failure> {
    if build.cache.cache_to.is_empty() {
        return Ok(());
    }
    let packed = engine.pack_cache(built)?;
    for place in &build.cache.cache_to {
        let to = match place {
            CacheEnd::Registry(name) => format!("docker://{}", name.trim_start_matches("docker://")),
            CacheEnd::Local(directory) => format!("oci:{}", directory.display()),
        };
        let how = Copying { extent: Extent::Whole, referrers: Referrers::Left };
        engine.copy_image(&images.registries()?, &packed.digest.to_string(), &to, &how, &mut Lines::new())?;
        write_error(&format!("coffer: earlier builds are in {} now\n", text::plain(&shown(place))));
    }
    forget(engine, &packed)
}

/// The image was only a means: its layers stay with what the cache keeps.
fn forget(engine: &Engine, image: &Image) -> Result<(), Failure> {
    let name = image.digest.to_string().parse().map_err(engine::EngineError::Reference)?;
    engine.remove_image(&name, Removal::Forced)?;
    Ok(())
}

fn shown(place: &CacheEnd) -> String {
    match place {
        CacheEnd::Registry(name) => name.clone(),
        CacheEnd::Local(directory) => directory.display().to_string(),
    }
}
