//! When tags were last pulled by, for the rules that keep what is used: written down once a day for each tag.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::server::depot::Depot;
use crate::server::names::{Reference, RepositoryName, Tag};

/// How long it is known that it is written down, in seconds.
const DAY: u64 = 24 * 60 * 60;

/// How many tags are remembered; then it is looked up again.
const REMEMBERED: usize = 16 * 1024;

/// What this server has written down already.
#[derive(Default)]
pub(super) struct Pulls {
    noted: Mutex<HashMap<(RepositoryName, Tag), u64>>,
}

impl Pulls {
    /// Somebody has pulled by a tag. That it cannot be written down is no reason to refuse the pull: the tag only
    /// looks older than it is.
    pub(super) async fn note(&self, depot: &Depot, name: &RepositoryName, reference: &Reference, now: u64) {
        if let Reference::Tag(tag) = reference
            && self.is_due(name, tag, now)
        {
            let _ = depot.note_pull(name, tag, now).await;
        }
    }

    fn is_due(&self, name: &RepositoryName, tag: &Tag, now: u64) -> bool {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (name.clone(), tag.clone());
        if noted.get(&key).is_some_and(|last| now < last.saturating_add(DAY)) {
            return false;
        }
        if noted.len() >= REMEMBERED {
            noted.clear();
        }
        noted.insert(key, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_due_once_a_day() {
        let pulls = Pulls::default();
        let (name, tag): (RepositoryName, Tag) = ("team/app".parse().unwrap(), "v1".parse().unwrap());
        assert!(pulls.is_due(&name, &tag, 5));
        assert!(!pulls.is_due(&name, &tag, DAY));
        assert!(pulls.is_due(&name, &tag, 5 + DAY));
        assert!(pulls.is_due(&name, &"v2".parse().unwrap(), 6));
    }
}
