//! `bench ship`: an image out of a registry on loopback, and registries under load.

mod layout;
mod limit;
mod load;
mod pulls;

use crate::bench::Settings;
use crate::bench::results::Results;
use crate::bench::scratch::Scratch;
use crate::packages;
use crate::registry::Registry;
use crate::shell::{self, Outcome};

use layout::Layout;

const ROUNDS: usize = 5;

/// What is pulled: a server's image of the usual size, and one that is nothing but bytes.
const IMAGES: [&str; 2] = ["nginx", "big"];

pub(crate) fn run(settings: &Settings) -> Outcome<Results> {
    let directory = settings.layout.as_ref();
    let directory = directory.ok_or("which images? give an OCI layout with nginx and big as --layout DIR")?;
    let layout = Layout::open(directory)?;
    packages::ensure(packages::SHIP)?;
    let scratch = Scratch::disk("ship")?;
    let program = shell::build("coffer", "release")?;

    let mut load = vec![limit::row(&layout, &scratch)?];
    for registry in [Registry::debian(&scratch)?, Registry::ours(&scratch, &program, &[])?] {
        layout.push("big", &registry)?;
        load.push(load::row(&registry, &layout)?);
    }
    load.iter().for_each(|row| println!("{row:?}"));
    let registry = Registry::debian(&scratch)?;
    for image in IMAGES {
        layout.push(image, &registry)?;
    }
    let (mut rows, mut notes) = pulls::all(&scratch, &registry, &program, settings.rounds.unwrap_or(ROUNDS))?;
    rows.extend(load);
    for image in IMAGES {
        notes.push(format!("{image} has {} MB packed", layout.megabytes(image)?));
    }
    Ok(Results::here("ship", rows, notes))
}
