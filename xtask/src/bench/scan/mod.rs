//! `bench scan`: what is in an image and what is wrong with it, from the same advisories for everybody.

mod scanners;
mod rounds;
mod peak;
mod limit;
mod shelf;

use crate::bench::results::Results;
use crate::bench::scratch::Scratch;
use crate::bench::{Settings, start};
use crate::packages;
use crate::shell::{self, Outcome};

use rounds::Rounds;
use scanners::{Material, Sought, TRIVY_DEFAULTS, coffer, coffer_from_archive, grype, trivy};

const ROUNDS: usize = 5;

/// From the smallest to one that is nothing but packages.
const IMAGES: [&str; 5] = ["alpine-old", "nginx", "python", "node", "big"];

/// The better of the peers, as a row of its own: it is what our promises are about.
const BETTER: &str = "better peer";

pub(crate) fn run(settings: &Settings) -> Outcome<Results> {
    let material = Material::given(settings)?;
    packages::ensure(packages::IMPORT)?;
    let scratch = Scratch::disk("scan")?;
    let program = shell::build("coffer", "release")?;
    let version = start::version(&program)?;
    let mut notes = Vec::new();
    let mut scanners = Vec::from(coffer(&program, &version, &scratch, &material)?);
    scanners.push(coffer_from_archive(&program, &version, &scratch, &material)?);
    let peers = [
        ("trivy", trivy(settings, &scratch, &material, Sought::Vulnerabilities)),
        (TRIVY_DEFAULTS, trivy(settings, &scratch, &material, Sought::Defaults)),
        ("grype", grype(settings, &scratch, &material)),
    ];
    for (name, peer) in peers {
        match peer {
            Ok(peer) => scanners.push(peer),
            Err(error) => notes.push(format!("{name} is left out: {error}")),
        }
    }
    let mut rows = Vec::new();
    for image in IMAGES {
        let archive = material.archive(image);
        if !archive.is_file() {
            notes.push(format!("{image} is left out: there is no {}", shell::name(&archive)));
            continue;
        }
        let rounds = Rounds { image, count: settings.rounds.unwrap_or(ROUNDS) };
        rows.extend(rounds.all(&scanners)?);
        rows.push(limit::row(image, &archive)?);
        notes.push(format!("{image} has {} MB unpacked", limit::megabytes(&archive)?));
    }
    let (shelf, more) = shelf::rows(&program, &version, &scratch, &material, &scanners)?;
    rows.extend(shelf);
    notes.extend(more);
    Ok(Results::here("scan", rows, notes))
}
