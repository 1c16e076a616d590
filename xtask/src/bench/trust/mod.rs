//! `bench trust`: what a publisher costs whoever relies on them, and how long it takes from nothing to a first verified
//! pull, beside those who sign images as well.

mod figures;
mod beginnings;
mod notary;

use crate::bench::Settings;
use crate::bench::measure;
use crate::bench::results::Results;
use crate::bench::scratch::Scratch;
use crate::packages;
use crate::registry::Registry;
use crate::shell::{self, Outcome};

use beginnings::Stage;
use notary::Notary;

const ROUNDS: usize = 20;
const WARMUP: usize = 2;

/// Runs of the examples, which have rounds of their own.
const RUNS: usize = 5;

pub(crate) fn run(settings: &Settings) -> Outcome<Results> {
    packages::ensure(packages::TRUST)?;
    let scratch = Scratch::disk("trust")?;
    let program = shell::build("coffer", "release")?;
    let registry = Registry::debian(&scratch)?;
    let notary = Notary::start(&scratch)?;
    let stage = Stage::new(&scratch, &registry, &program)?;
    let mut contestants = vec![stage.coffer(&program)?, stage.notary(&notary)?];
    let mut notes = Vec::new();
    for (name, contestant) in [
        ("cosign", settings.peer("cosign").and_then(|program| stage.cosign(program))),
        ("notation", settings.peer("notation").and_then(|program| stage.notation(program))),
    ] {
        match contestant {
            Ok(contestant) => contestants.push(contestant),
            Err(error) => notes.push(format!("{name} is left out: {error}")),
        }
    }
    let (mut rows, more) = measure::interleaved(contestants, WARMUP, settings.rounds.unwrap_or(ROUNDS))?;
    notes.extend(more);
    beginnings::compared(&mut rows);
    rows.extend(figures::rows(settings.rounds.unwrap_or(RUNS).min(RUNS))?);
    Ok(Results::here("trust", rows, notes))
}
