//! What the engine could not do, in our words.

use engine::EngineError;
use engine::building::BuildError;

use super::{Failure, Refused};
use crate::help::codes;

/// Nothing was asked for that could be granted elsewhere: a mistake, and said like any other.
const MALFORMED: &str = "E-policy-request";

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let (code, remedy) = (error.code(), error.remedy());
        if let EngineError::Refused { refusal, entry } = error {
            if code == MALFORMED {
                return Self::failed(code, refusal.asked, remedy);
            }
            return Self::refused(
                code,
                Refused {
                    asked: refusal.asked,
                    rule: refusal.rule.to_owned(),
                    level: refusal.level.as_str(),
                    nist: refusal.nist.to_vec(),
                    cis: refusal.cis.to_vec(),
                    instead: refusal.instead,
                    or: refusal.or,
                    further: refusal.further,
                    ledger_entry: Some(entry),
                },
            );
        }
        match error.exit_code() {
            exit @ (126 | 127) => Self::program(exit, code, error.to_string(), remedy),
            _ => Self::failed(code, error.to_string(), remedy),
        }
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Engine(error) => (*error).into(),
            BuildError::Interrupted(signal) => Self::interrupted(signal),
            error => Self::failed(code_of(&error), error.to_string(), error.remedy()),
        }
    }
}

/// What kept a step from being done says more than that it was not, unless that was its program.
fn code_of(error: &BuildError) -> &'static str {
    let known = match error {
        BuildError::Step { trouble, .. } if trouble.exit.is_none() => codes::find(&trouble.code),
        _ => None,
    };
    known.map_or(error.code(), |known| known.code)
}
