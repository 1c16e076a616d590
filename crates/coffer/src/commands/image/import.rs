//! `image import`: from a file, a directory, standard input, or the binary itself.

use std::path::Path;

use engine::{Engine, EngineError, Naming};
use model::image::Image;
use model::reference::{ArchiveSource, ImageName, Reference, ReferenceSyntax};

use crate::args::image::Import;
use crate::commands::Act;
use crate::commands::ship::pull_remote;
use crate::context::Context;
use crate::demo::image as demo;
use crate::errors::Failure;
use crate::progress::Bar;
use crate::render::{image, units};
use crate::{registries, site};

impl Act for Import {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let quiet = self.quiet;
        let places = registries::places(None);
        let engine = site::open()?;
        let name = self.name.or(self.tag);
        let image = match source(&self.source.or(self.input).unwrap_or_default())? {
            Reference::Embedded => embedded(&engine, name)?,
            Reference::Archive(source) => {
                let naming = name.map_or(Naming::FromSource, |name| Naming::As(vec![name]));
                let imported = engine.import(&source, &naming, &mut Bar::new())?;
                if imported.beside.left > 0 {
                    let artifacts = units::count(imported.beside.left, "artifact", "artifacts");
                    context.warn(&format!("of what lies beside it, {artifacts} stayed: broken, or too much"));
                }
                imported.image
            }
            Reference::Remote(remote) => {
                let pulled = pull_remote(&engine, places, &remote)?.image;
                match name {
                    Some(name) => renamed(&engine, &pulled, &name)?,
                    None => pulled,
                }
            }
            Reference::Name(name) => return Err(not_on_disk(&name.to_string())),
        };
        context.show(
            || image::ImageJson::new(&image),
            || match quiet {
                true => format!("{}\n", image.digest),
                false => format!("{}\n", image::headline(&image, context.style)),
            },
        )?;
        Ok(0)
    }
}

/// What `image import` takes beyond references: a bare path, and `-`.
fn source(text: &str) -> Result<Reference, Failure> {
    let bare = || ArchiveSource { transport: None, path: text.into(), selector: None };
    if text == "-" || text.contains('/') && !text.contains(':') || Path::new(text).exists() {
        return Ok(Reference::Archive(bare()));
    }
    text.parse().map_err(|error: ReferenceSyntax| Failure::from(EngineError::from(error)))
}

fn not_on_disk(text: &str) -> Failure {
    Failure::failed(
        "E-cli-file",
        format!("there is no file or directory `{text}`"),
        format!("check the path; if it is in a registry: coffer pull {text}"),
    )
}

/// Makes sure that the store has the image of the binary, where that is what was asked for.
pub(crate) fn admit_embedded(engine: &Engine, image: &str) -> Result<(), Failure> {
    if image == "demo:" { embedded(engine, None).map(|_| ()) } else { Ok(()) }
}

fn embedded(engine: &Engine, name: Option<ImageName>) -> Result<Image, Failure> {
    let layer = demo::layer().map_err(|error| Failure::internal(&error))?;
    let image = engine.import_embedded(&layer, &demo::config())?.image;
    name.map_or(Ok(image.clone()), |name| renamed(engine, &image, &name))
}

/// The image, with one more name.
fn renamed(engine: &Engine, image: &Image, name: &ImageName) -> Result<Image, Failure> {
    engine.tag(image, name)?;
    Ok(engine.image(&name.to_string())?)
}
