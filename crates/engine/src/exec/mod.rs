//! Executing something in a container that runs, from what a person typed to the exit code.

mod attend;
mod health;
mod inside;

use ledger::Durability;
use model::exec::ExecRequest;
use model::permit::Permit;
use policy::confine::ResolvedUser;
use policy::decide::request_digest;
use policy::{ExecPlace, ExecQuestion, Refusal};

use crate::book::{Book, Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::foreground::{Foreground, Input};
use crate::idspace::IdSpace;
use crate::state::{Ended, Record, StateError};
use crate::user;

use attend::{attend, manner};
pub use health::HealthResult;
pub(crate) use inside::{Inside, opened};

/// Longest command that is written down, in characters.
const LONGEST: usize = 200;

impl Engine {
    /// Executes a command in a container that runs, if policy permits it, and returns how it ended.
    ///
    /// # Errors
    /// [`StateError::NotRunning`], [`StateError::Paused`]; [`EngineError::exit_code`] is what a shell
    /// should see of a command that could not be executed.
    pub fn exec(
        &self,
        container: &str,
        request: ExecRequest,
        foreground: Foreground,
    ) -> Result<Ended, EngineError> {
        let input = Input::of(request.interactive && !request.detached);
        if request.tty {
            foreground.check_keys(input)?;
        }
        let inside = self.inside(container)?;
        let (user, owner) = self.user_inside(&inside, &request)?;
        let question = self.question(&inside, &request, &user)?;
        let now = self.now();
        let permit = policy::decide_exec(&question, now)
            .map_err(|refusal| self.exec_refused(refusal, &question, &inside.record, now))?;
        let entry = self.exec_permitted(&permit, &question, &inside.record, now)?;
        let spec = policy::confine_exec(&permit, &question)?;
        let (io, manner) = manner(foreground, &request, input, owner)?;
        let group = launch::cgroup::Location::plain(&spec.linux.cgroups_path);
        let (prepared, book, index) =
            self.overlapped(&entry, || launch::enter(permit, inside.target(), &group, &spec, io))?;
        let started = prepared.and_then(launch::Prepared::release);
        let running = started.map_err(|error| self.not_entered(error, &inside, &book, index))?;
        let exit = attend(running, manner, input)?;
        self.exec_ended(&inside.record, &book, index, exit, None)?;
        Ok(exit)
    }

    /// Who the command runs as: inside, and on this host.
    fn user_inside(
        &self,
        inside: &Inside,
        request: &ExecRequest,
    ) -> Result<(ResolvedUser, (u32, u32)), EngineError> {
        let record = &inside.record;
        let space = IdSpace::new(&record.request, record.range)?;
        let user = match &request.user {
            Some(wanted) => {
                let read = |file: &'static str| inside.read(file, user::MAX_SIZE);
                let user = user::resolve(wanted, &record.request.groups, read, space.size())?;
                ResolvedUser { uid: user.uid, gid: user.gid, groups: user.groups, home: user.home }
            }
            None => {
                let user = &inside.spec.process.user;
                let groups = user.additional_gids.clone();
                ResolvedUser { uid: user.uid, gid: user.gid, groups, home: String::new() }
            }
        };
        let owner = (space.outside(user.uid), space.outside(user.gid));
        Ok((user, owner))
    }

    fn question<'a>(
        &self,
        inside: &'a Inside,
        request: &'a ExecRequest,
        user: &'a ResolvedUser,
    ) -> Result<ExecQuestion<'a>, EngineError> {
        let record = &inside.record;
        Ok(ExecQuestion {
            request,
            container: &record.request,
            id: record.id.as_str(),
            image: self.image(&record.image.to_string())?.digest,
            level: record.decision.level,
            place: ExecPlace { started: &inside.spec, user },
        })
    }

    /// A refusal is history before it is an answer.
    fn exec_refused(
        &self,
        refusal: Box<Refusal>,
        question: &ExecQuestion<'_>,
        record: &Record,
        now: i64,
    ) -> EngineError {
        let entry = Entry {
            image: Some(question.image.to_string()),
            name: Some(record.image_name.clone()),
            request: request_digest(question.request).ok().map(|digest| digest.to_string()),
            level: Some(refusal.level),
            rule: Some(refusal.rule.to_owned()),
            detail: Some(refusal.asked.clone()),
            ..Entry::following(Kind::Refusal, &record.id, record.decision.permit, now)
        };
        let written = self.book().and_then(|book| Ok(book.append(&entry, Durability::Flushed)?));
        match written {
            Ok(entry) => EngineError::Refused { refusal, entry },
            Err(error) => error,
        }
    }

    /// A command that was permitted and not executed; if the container has ended, that is the reason.
    fn not_entered(
        &self,
        error: launch::LaunchError,
        inside: &Inside,
        book: &Book,
        index: u64,
    ) -> EngineError {
        let detail = Some(error.to_string());
        let error = if inside.has_ended() { inside.not_running().into() } else { error.into() };
        match self.exec_ended(&inside.record, book, index, Ended::NeverStarted, detail) {
            Ok(()) => error,
            Err(lost) => lost,
        }
    }

    fn exec_ended(
        &self,
        record: &Record,
        book: &Book,
        index: u64,
        exit: Ended,
        detail: Option<String>,
    ) -> Result<(), EngineError> {
        let entry = Entry {
            exit: Some(exit),
            detail,
            ..Entry::about(Kind::ExecExit, record, self.now()).with("exec", index.to_string())
        };
        book.append(&entry, Durability::Buffered)?;
        Ok(())
    }

    fn exec_permitted(
        &self,
        permit: &Permit,
        question: &ExecQuestion<'_>,
        record: &Record,
        now: i64,
    ) -> Result<Entry, EngineError> {
        let digest = request_digest(question.request)
            .map_err(|error| EngineError::io("write the request")(error.into()))?;
        let ResolvedUser { uid, gid, .. } = question.place.user;
        let entry = Entry {
            kind: Kind::ExecPermit,
            permit: record.decision.permit,
            ..Entry::permit(permit, digest, &record.image_name, now)
        };
        let entry = entry.with("name", &record.name).with("command", shown(&question.request.command));
        Ok(entry.with("user", format!("{uid}:{gid}")))
    }
}

/// The command as the ledger shows it; the digest of the request covers all of it.
fn shown(command: &[String]) -> String {
    let whole = command.join(" ");
    match whole.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", whole.get(..end).unwrap_or_default()),
        None => whole,
    }
}

impl Inside {
    fn not_running(&self) -> StateError {
        StateError::NotRunning(self.record.name.clone())
    }
}
