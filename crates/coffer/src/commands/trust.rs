//! `trust ...`: who made it, for those who say so and for those who rely on it.

pub(super) mod begin;
pub(super) mod sign;
pub(super) mod roles;
pub(super) mod timestamp;
pub(super) mod look;
pub(super) mod pin;
pub(super) mod verify;
pub(super) mod carry;

use engine::EngineError;
use engine::trust::{Heard, Outcome};

use crate::context::Context;
use crate::errors::Failure;
use crate::render::pins::{self, HeardJson};
use crate::render::trust::{self, OutcomeJson};

/// Says what a change has come to; `typed` is what the next signer types after `coffer trust`, where it is the same.
fn show(context: &Context, outcome: &Outcome, typed: Option<&str>) -> Result<u8, Failure> {
    context.show(|| OutcomeJson::new(outcome), || trust::outcome(outcome, typed, context.style))?;
    Ok(0)
}

/// Says what publishers have said. One who cannot be heard keeps nobody from the others.
fn heard(context: &Context, answers: Vec<Result<Heard, EngineError>>) -> Result<u8, Failure> {
    let (mut all, mut code) = (Vec::new(), 0);
    for answer in answers {
        match answer {
            Ok(heard) => all.push(heard),
            Err(error) => {
                context.complain(Some(error.into()));
                code = 1;
            }
        }
    }
    context.show(
        || all.iter().map(HeardJson::new).collect::<Vec<_>>(),
        || all.iter().map(|heard| pins::heard(heard, context.style)).collect(),
    )?;
    Ok(code)
}
