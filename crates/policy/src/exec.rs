//! Whether something may be executed in a container that runs: a decision of its own, and never for more
//! than the container has.

use model::digest::Digest;
use model::exec::ExecRequest;
use model::permit::{Grant, Permit};
use model::request::RunRequest;
use model::trust::Vouched;
use model::verdict::{Exception, Level, Outcome};

use crate::confine::{ExecPlace, validate_exec};
use crate::decide::{self, Refusal, malformed};

/// What is judged: one request for one container.
#[derive(Debug, Clone, Copy)]
pub struct ExecQuestion<'a> {
    /// What is asked for.
    pub request: &'a ExecRequest,
    /// What the container was started with.
    pub container: &'a RunRequest,
    /// The container's id.
    pub id: &'a str,
    /// The image that it runs.
    pub image: Digest,
    /// The level that was in force when it was started.
    pub level: Level,
    /// How it was started, and who the command's user is in there.
    pub place: ExecPlace<'a>,
}

/// Where a rule's no comes from.
struct Rule {
    id: &'static str,
    nist: &'static [&'static str],
    cis: &'static [&'static str],
}

const WITHIN_CONTAINER: Rule = Rule { id: "exec-within-container", nist: &["4.4.3"], cis: &["5.23"] };
const ROOT_USER: Rule = Rule { id: "root-user", nist: &["4.4.3"], cis: &["4.1", "5.24"] };

/// Decides whether the command may be executed. `now` is in seconds since the epoch. Any error denies.
///
/// # Errors
/// The [`Refusal`].
pub fn decide_exec(question: &ExecQuestion<'_>, now: i64) -> Result<Permit, Box<Refusal>> {
    let ExecQuestion { request, container, level, .. } = *question;
    let name = container.name.as_deref().unwrap_or("CONTAINER");
    if request.privileged && !container.privileged {
        let asked = "`--privileged` asks for more than the container itself has".to_owned();
        let instead = format!("leave it out: coffer exec {name} ...");
        return Err(refusal(&WITHIN_CONTAINER, level, asked, instead));
    }
    if level == Level::Restricted && question.place.user.uid == 0 {
        let asked = "the level `restricted` runs nothing as root, and this user is uid 0".to_owned();
        return Err(refusal(
            &ROOT_USER,
            level,
            asked,
            format!("choose another user: coffer exec -u 1000 {name} ..."),
        ));
    }
    validate_exec(question).map_err(|error| malformed(level, error.to_string(), error.remedy()))?;
    let digest = decide::request_digest(request).map_err(|error| decide::unrecordable(level, &error))?;
    Ok(decide::permit(Grant {
        container: question.id.to_owned(),
        image: question.image,
        request: digest,
        level,
        outcome: Outcome::Go,
        missing: Vec::new(),
        exceptions: exceptions(request),
        vouched: Vouched::Nobody,
        issued: now,
    }))
}

fn exceptions(request: &ExecRequest) -> Vec<Exception> {
    let privileged = Exception {
        id: "privileged".to_owned(),
        detail: "asks for all that the container has, which is privileged itself".to_owned(),
        asked_by: "--privileged".to_owned(),
    };
    request.privileged.then_some(privileged).into_iter().collect()
}

fn refusal(rule: &Rule, level: Level, asked: String, instead: String) -> Box<Refusal> {
    let Rule { id, nist, cis } = *rule;
    Box::new(Refusal { asked, rule: id, level, nist, cis, instead, or: None, further: 0 })
}

#[cfg(test)]
mod tests;
