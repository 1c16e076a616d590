//! The decision: a verdict becomes a permit or a refusal. The only place that makes permits.

use model::digest::Digest;
use model::permit::{Grant, Permit};
use model::verdict::{Level, Verdict};

use crate::assess::{Force, Objection, Question, judge};
use crate::confine::validate;

/// What was decided, and on what grounds.
#[derive(Debug)]
pub struct Decision {
    /// The grounds.
    pub verdict: Verdict,
    /// Yes or no.
    pub permit: Result<Permit, Refusal>,
}

/// A no, with what a person needs to change it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("{asked}")]
pub struct Refusal {
    /// What was asked for and what is wrong with it, without a full stop.
    pub asked: String,
    /// The rule that said no.
    pub rule: &'static str,
    /// The level that was in force.
    pub level: Level,
    /// Sections of NIST SP 800-190.
    pub nist: &'static [&'static str],
    /// Recommendations of the CIS Docker Benchmark 1.6.
    pub cis: &'static [&'static str],
    /// What to do instead.
    pub instead: String,
    /// Another way, where there is one: an exact command.
    pub or: Option<String>,
    /// How many other reasons the verdict holds.
    pub further: usize,
}

impl Refusal {
    /// `E-policy-refused`, or `E-policy-request` where the request itself is wrong.
    #[must_use]
    pub fn code(&self) -> &'static str {
        if self.rule == MALFORMED_REQUEST { "E-policy-request" } else { "E-policy-refused" }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        self.instead.clone()
    }
}

/// The rule of refusals for requests that no spec can be made of.
pub const MALFORMED_REQUEST: &str = "request-is-well-formed";

/// The identity of a request: the hash of its canonical JSON (fields in declaration order, maps sorted).
///
/// # Errors
/// The request cannot be written as JSON.
pub fn request_digest(request: &impl serde::Serialize) -> Result<Digest, serde_json::Error> {
    serde_json::to_vec(request).map(|bytes| Digest::of(&bytes))
}

/// Decides whether `container` may start. `now` is in seconds since the epoch. Any error denies.
#[must_use]
pub fn decide(question: &Question<'_>, container: String, now: i64) -> Decision {
    let (verdict, objections) = judge(question);
    let permit = match (refusal(question, &objections), well_formed(question)) {
        (Some(refusal), _) | (None, Err(refusal)) => Err(*refusal),
        (None, Ok(request)) => Ok(grant(question, &verdict, request, container, now)),
    };
    Decision { verdict, permit }
}

/// The request's digest, if a spec can be made of it.
fn well_formed(question: &Question<'_>) -> Result<Digest, Box<Refusal>> {
    validate(question.request, question.image)
        .map_err(|error| malformed(question.level, error.to_string(), error.remedy()))?;
    request_digest(question.request).map_err(|error| unrecordable(question.level, &error))
}

/// The gravest objection that holds at this level. `open` overrules all but those of force always.
fn refusal(question: &Question<'_>, objections: &[Objection]) -> Option<Box<Refusal>> {
    let holds = |objection: &&Objection| question.level != Level::Open || objection.force == Force::Always;
    let objection = objections.iter().find(holds)?;
    Some(Box::new(Refusal {
        asked: objection.asked.clone(),
        rule: objection.reason.rule,
        level: question.level,
        nist: objection.reason.nist,
        cis: objection.reason.cis,
        instead: objection.reason.remedy.clone(),
        or: milder_level(question, objection),
        further: objections.iter().filter(holds).count() - 1,
    }))
}

fn milder_level(question: &Question<'_>, objection: &Objection) -> Option<String> {
    let level = match (objection.force, objection.from) {
        (Force::Always, _) => return None,
        (Force::ByLevel, Level::Restricted) => Level::Baseline,
        (Force::ByLevel, Level::Baseline | Level::Open) => Level::Open,
    };
    let command = match &question.request.step {
        None => format!("run --policy {level} ... {}", question.request.image),
        Some(_) => format!("build --policy {level} ..."),
    };
    Some(format!("let it run and have that recorded: coffer {command}"))
}

fn grant(question: &Question<'_>, verdict: &Verdict, request: Digest, container: String, now: i64) -> Permit {
    permit(Grant {
        container,
        image: question.image.digest,
        request,
        level: question.level,
        outcome: verdict.outcome,
        missing: verdict.missing.iter().map(|finding| finding.control.id.to_owned()).collect(),
        exceptions: verdict.exceptions.clone(),
        vouched: verdict.vouched.clone(),
        issued: now,
    })
}

/// The one place that says yes, for both decisions: that about a start and that about a command.
pub(crate) fn permit(grant: Grant) -> Permit {
    Permit::assertion(grant)
}

/// A request that has no JSON form has no identity.
pub(crate) fn unrecordable(level: Level, error: &serde_json::Error) -> Box<Refusal> {
    let asked = format!("the request cannot be recorded: {error}");
    malformed(level, asked, "this is a mistake in Cofferdam, please report it".to_owned())
}

/// A request that no spec can be made of.
pub(crate) fn malformed(level: Level, asked: String, instead: String) -> Box<Refusal> {
    Box::new(Refusal {
        asked,
        rule: MALFORMED_REQUEST,
        level,
        nist: &[],
        cis: &[],
        instead,
        or: None,
        further: 0,
    })
}

#[cfg(test)]
mod tests;
