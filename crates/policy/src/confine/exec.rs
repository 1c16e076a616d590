//! The specification of one more process for a container that runs: the container's own, with another
//! process in it.

use model::exec::ExecRequest;
use model::image::ImageConfig;
use model::permit::Permit;
use model::request::RunRequest;
use model::spec::{Capabilities, Process, Spec};

use super::{ConfineError, ResolvedUser, process};
use crate::capabilities::{self, StartsAs};
use crate::exec::ExecQuestion;

/// What only the engine knows of a container that runs.
#[derive(Debug, Clone, Copy)]
pub struct ExecPlace<'a> {
    /// The specification that its first process was started with.
    pub started: &'a Spec,
    /// The command's user, resolved in the container's own /etc/passwd and /etc/group. The home is empty
    /// where the user is the container's.
    pub user: &'a ResolvedUser,
}

/// Checks all of a request that can be wrong.
///
/// # Errors
/// The first [`ConfineError`].
pub(crate) fn validate_exec(question: &ExecQuestion<'_>) -> Result<(), ConfineError> {
    let (asked, nothing) = (as_run(question.request, question.container), ImageConfig::default());
    process::arguments(&asked, &nothing)?;
    process::environment_is_well_formed(&asked, &nothing)?;
    process::working_dir(&asked, &nothing)?;
    rights(question)?;
    user(question).map(drop)
}

/// Writes the specification of the command that the permit is for.
///
/// # Errors
/// [`ConfineError`]: the permit is for something else, or the request cannot be carried out.
pub fn confine_exec(permit: &Permit, question: &ExecQuestion<'_>) -> Result<Spec, ConfineError> {
    if permit.container() != question.id || permit.image() != question.image {
        return Err(ConfineError::OtherPermit { what: "container or image" });
    }
    validate_exec(question)?;
    let ExecQuestion { request, container, place, .. } = *question;
    let started = &place.started.process;
    let asked = as_run(request, container);
    let process = Process {
        terminal: request.tty,
        user: user(question)?,
        args: process::arguments(&asked, &ImageConfig::default())?,
        env: environment(question),
        cwd: match &request.working_dir {
            Some(_) => process::working_dir(&asked, &ImageConfig::default())?,
            None => started.cwd.clone(),
        },
        capabilities: rights(question)?,
        ..started.clone()
    };
    Ok(Spec { process, ..place.started.clone() })
}

/// The parts that a run has as well, for the checks that both go through.
fn as_run(request: &ExecRequest, container: &RunRequest) -> RunRequest {
    RunRequest {
        image: container.image.clone(),
        entrypoint: Some(String::new()),
        command: request.command.clone(),
        env: request.env.clone(),
        working_dir: request.working_dir.clone(),
        ..RunRequest::default()
    }
}

/// What the container's own request gives to a process of this user.
fn rights(question: &ExecQuestion<'_>) -> Result<Capabilities, ConfineError> {
    let starts_as = StartsAs::from_uid(question.place.user.uid);
    Ok(capabilities::five_sets(capabilities::granted(question.container, starts_as)?, starts_as))
}

fn user(question: &ExecQuestion<'_>) -> Result<model::spec::User, ConfineError> {
    let linux = &question.place.started.linux;
    process::user(question.place.user, &linux.uid_mappings, &linux.gid_mappings)
}

/// The container's, with the user's home unless somebody chose one, and what was asked for on top.
fn environment(question: &ExecQuestion<'_>) -> Vec<String> {
    let ExecQuestion { request, container, place, .. } = *question;
    let mut environment = place.started.process.env.clone();
    let is_home = |entry: &String| process::name(entry) == "HOME";
    if !place.user.home.is_empty() && !container.env.iter().any(is_home) {
        process::set(&mut environment, &format!("HOME={}", place.user.home));
    }
    if request.tty && !environment.iter().any(|entry| process::name(entry) == "TERM") {
        environment.push("TERM=xterm".to_owned());
    }
    for entry in &request.env {
        process::set(&mut environment, entry);
    }
    environment
}
