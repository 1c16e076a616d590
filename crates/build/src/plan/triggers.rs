//! `ONBUILD`: what a base asks of those that begin with it, as if it stood where their `FROM` does.

use super::error::{Problem, shown};
use super::reader::Reader;
use crate::instruction::{Instruction, Lines, Located, Stage};
use crate::{Limits, parse_trigger};

/// Of an image: instructions that somebody else wrote, as texts in its configuration.
pub(super) fn of_image(
    texts: &[String],
    lines: Lines,
    limits: &Limits,
    reader: &Reader,
) -> Result<Vec<Located<Instruction>>, Problem> {
    if texts.len() > limits.instructions {
        return Err(Problem::Triggers(limits.instructions));
    }
    let one = |text: &String| {
        reader.budget.charge(text.len())?;
        let located = parse_trigger(text, limits);
        let located = located.map_err(|error| Problem::Trigger { text: shown(text), reason: error.fault })?;
        Ok(Located { lines, ..located })
    };
    texts.iter().map(one).collect()
}

/// Of another stage.
pub(super) fn of_stage(
    base: &Stage,
    lines: Lines,
    reader: &Reader,
) -> Result<Vec<Located<Instruction>>, Problem> {
    let mut triggers = Vec::new();
    for located in &base.instructions {
        if let Instruction::OnBuild(what, text) = &located.what {
            reader.budget.charge(text.len())?;
            triggers.push(Located { what: what.as_ref().clone(), lines, text: text.clone() });
        }
    }
    Ok(triggers)
}
