//! Stages that were taken away. What a snapshot listed once must not vanish (section 5.5.5), so that a stage's file stays
//! listed; the release role says that nobody promotes to it any more, and since when.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::draft::Draft;
use super::repository::Repository;
use super::stage::forget_unused;
use super::{PublishError, StageName};
use crate::metadata::{Delegations, MetaFile, Targets, rfc3339};

/// What `targets.json` says of them: each name, and when.
pub(super) const REMOVED: &str = "x-coffer-removed";

/// The most of them; names that come back are none of them any more.
pub(super) const MOST_REMOVED: usize = 256;

/// The stages that are gone, and since when. What is not understood is nothing: the stage is gone all the same.
pub(crate) fn removed(targets: &Targets) -> BTreeMap<String, String> {
    let all = targets.other.get(REMOVED).and_then(Value::as_object);
    let all = all.into_iter().flatten().take(MOST_REMOVED);
    all.filter_map(|(name, time)| Some((name.clone(), time.as_str()?.to_owned()))).collect()
}

/// Writes down that a stage is gone, or that it is there again.
pub(super) fn note(other: &mut Map<String, Value>, stage: &str, gone: Option<Value>) {
    let mut all = other.remove(REMOVED).and_then(|all| all.as_object().cloned()).unwrap_or_default();
    match gone {
        Some(time) => drop(all.insert(stage.to_owned(), time)),
        None => drop(all.remove(stage)),
    }
    if !all.is_empty() {
        other.insert(REMOVED.to_owned(), Value::Object(all));
    }
}

impl Draft {
    /// Takes a stage away: its keys sign for nothing any more, and what it let through is released and no more. Given
    /// again it changes nothing, for the next signer gives the same command.
    ///
    /// # Errors
    /// [`PublishError::NoStage`] if there is none and was none, [`PublishError::Full`].
    pub fn remove_stage(&mut self, stage: &StageName, now: i64) -> Result<(), PublishError> {
        let known = removed(&self.targets.document);
        match self.delegation(stage) {
            Err(_) if known.contains_key(stage.as_str()) => return Ok(()),
            delegation => delegation?,
        };
        if known.len() >= MOST_REMOVED {
            return Err(PublishError::Full { what: "stages that were removed", most: MOST_REMOVED });
        }
        // Its document is nobody's from now on, and has no place among those that are to be signed.
        self.stages.remove(stage);
        self.edit_targets(now, |targets| {
            let delegations = targets.delegations.get_or_insert_default();
            delegations.roles.retain(|role| role.name != stage.as_str());
            forget_unused(delegations);
            note(&mut targets.other, stage.as_str(), Some(Value::from(rfc3339(now))));
            Ok(())
        })
    }

    /// A name that comes back begins with a document of its own: the one that is still listed is signed by whoever had
    /// the stage before.
    pub(super) fn begin_again(&mut self, stage: &StageName, now: i64) -> Result<(), PublishError> {
        let was_there = self.base.as_ref().is_some_and(|base| base.listed(stage).is_some());
        if !was_there || self.stages.contains_key(stage) {
            return Ok(());
        }
        self.put_stage(stage, Targets::new(1, now), now)
    }

    /// The version that is published of a stage's document, even if the stage was taken away since.
    pub(super) fn published_version(&self, stage: &StageName) -> Option<u64> {
        Some(self.base.as_ref()?.listed(stage)?.version)
    }

    /// Whether a stage that somebody may promote to lacks the document that replaces what is listed of it.
    pub(super) fn lacks_documents(&self) -> bool {
        let listed = |stage: &StageName| self.published_version(stage).is_some();
        self.stages().iter().any(|stage| listed(stage) && !self.stages.contains_key(stage))
    }

    /// Forgets the documents of stages that `targets.json` knows no more.
    pub(super) fn drop_removed(&mut self) {
        let stages = self.stages();
        self.stages.retain(|stage, _| stages.contains(stage));
    }
}

impl Repository {
    /// What the snapshot says of a stage's file.
    pub(super) fn listed(&self, stage: &StageName) -> Option<&MetaFile> {
        self.snapshot.document.meta.get(&format!("{stage}.json"))
    }
}

/// Whether a file that is listed is that of a stage which the release role took away.
pub(super) fn is_gone(targets: &Targets, stage: &StageName) -> bool {
    let delegated = |delegations: &Delegations| delegations.role(stage.as_str()).is_some();
    !targets.delegations.as_ref().is_some_and(delegated) && removed(targets).contains_key(stage.as_str())
}
