//! What a publisher's documents say of their own history.

use model::digest::ClaimedDigest;
use serde_json::{Map, Value};

use super::PublishError;
use super::change::Change;
use super::describe::root_changes;
use super::draft::SIGNED;
use super::edit::BEFORE;
use super::removed::removed;
use super::repository::Repository;
use super::{RoleName, StageName};
use crate::key::KeyId;
use crate::metadata::{Document as _, Root, Target};

/// The longest time that is shown.
const LONGEST_TIME: usize = 40;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When, RFC 3339, by the word of whoever signed it.
    pub time: Option<String>,
    /// Which role.
    pub role: RoleName,
    /// What.
    pub change: Change,
    /// Who signed it, where that is still to be seen: of releases, who signed the present list of them.
    pub by: Vec<KeyId>,
}

impl Repository {
    /// Every version of the root, and the releases, promotions, revocations and removals that hold at present, in the order of
    /// their times. What was replaced is told by what replaced it.
    ///
    /// # Errors
    /// [`PublishError::Revocations`].
    pub fn log(&self) -> Result<Vec<Event>, PublishError> {
        let mut events = self.root_events();
        let by = self.targets.tally(&self.root.document.authority("targets")).signed;
        for (name, target) in &self.targets.document.targets {
            events.extend(release(name, target, &by));
        }
        for entry in self.revocations()?.revoked {
            let change = Change::Revoked { digest: entry.digest, reason: entry.reason };
            let (time, role, by) = (Some(entry.time), RoleName::Release, by.clone());
            events.push(Event { time, role, change, by });
        }
        for (stage, gone) in removed(&self.targets.document) {
            let Ok(stage) = stage.parse() else { continue };
            let (time, change) = (plain(&gone), Change::StageRemoved { stage });
            events.push(Event { time, role: RoleName::Release, change, by: by.clone() });
        }
        for (stage, paper) in &self.stages {
            let delegations = self.targets.document.delegations.as_ref();
            let authority = delegations.map(|delegations| delegations.authority(stage.as_str()));
            let by = authority.map(|authority| paper.tally(&authority).signed).unwrap_or_default();
            for (name, target) in &paper.document.targets {
                events.extend(promotion(stage, name, target, &by));
            }
        }
        // Stable: what has one time stays in the order of its documents.
        events.sort_by(|one, other| one.time.cmp(&other.time));
        Ok(events)
    }

    fn root_events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        let mut before = None;
        for paper in self.roots() {
            let root = &paper.document;
            let time = time(Some(&root.other));
            let authorities = [before, Some(root)].into_iter().flatten();
            let mut by: Vec<KeyId> = Vec::new();
            for authority in authorities.map(|root: &Root| root.authority(Root::TYPE)) {
                let new = paper.tally(&authority).signed.into_iter().filter(|key| !by.contains(key));
                by.extend(new.collect::<Vec<_>>());
            }
            let event = |change| Event { time: time.clone(), role: RoleName::Root, change, by: by.clone() };
            events.extend(root_changes(before, root).into_iter().map(event));
            before = Some(root);
        }
        events
    }
}

fn release(name: &str, target: &Target, by: &[KeyId]) -> Option<Event> {
    let digest = target.custom.as_ref().and(target.hashes.sha256())?;
    let before = before(target);
    let change = Change::Released { name: name.to_owned(), digest, before, sequence: target.sequence() };
    let time = time(target.custom.as_ref());
    Some(Event { time, role: RoleName::Release, change, by: by.to_vec() })
}

fn promotion(stage: &StageName, name: &str, target: &Target, by: &[KeyId]) -> Option<Event> {
    let digest = target.hashes.sha256()?;
    let name = name.strip_prefix(stage.as_str())?.strip_prefix('/')?.to_owned();
    let change = Change::Promoted { stage: stage.clone(), name, digest, before: before(target) };
    let time = time(target.custom.as_ref());
    Some(Event { time, role: RoleName::Stage(stage.clone()), change, by: by.to_vec() })
}

fn before(target: &Target) -> Option<ClaimedDigest> {
    target.custom.as_ref()?.get(BEFORE)?.as_str()?.parse().ok()
}

fn time(other: Option<&Map<String, Value>>) -> Option<String> {
    plain(other?.get(SIGNED)?.as_str()?)
}

/// A time that can be shown.
fn plain(time: &str) -> Option<String> {
    let plain = time.len() <= LONGEST_TIME && time.bytes().all(|byte| byte.is_ascii_graphic());
    plain.then(|| time.to_owned())
}
