//! A site's rules at work: what they refuse, and how much each quota has left.

use serde::{Deserialize, Serialize};

use super::policy::{Answer, Change, Policy};
use super::rules::{Quota, Rules, TagRule};
use super::{Anything, Depot, DepotError, Result, keys, records};
use crate::server::names::RepositoryName;
use crate::server::shelf::{Key, Put, Shelf, When};

/// How often a counter is written again because somebody else was faster.
const TRIES: usize = 100;

/// Rules that are kept.
#[derive(Clone)]
pub struct Kept {
    rules: Rules,
    depot: Depot,
}

/// How many bytes count for a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counter {
    pub(super) bytes: u64,
}

impl Kept {
    /// Keeps rules on a shelf.
    #[must_use]
    pub fn new(rules: Rules, shelf: Shelf) -> Self {
        Self { rules, depot: Depot::new(shelf, std::sync::Arc::new(Anything)) }
    }

    async fn decide(&self, name: &RepositoryName, change: Change<'_>) -> Result<()> {
        match change {
            Change::Tag { tag, from: Some(_), .. }
                if self.rules.tag(name.as_str(), tag.as_str()) == TagRule::Immutable =>
            {
                Err(DepotError::Refused(format!(
                    "tag `{tag}` of `{name}` is immutable: it stays what it is; use another tag"
                )))
            }
            Change::Tag { .. } => Ok(()),
            Change::Gain { size, .. } => {
                self.count(name, |bytes| bytes.saturating_add(size), Full::Refused).await
            }
            Change::Lose { size, .. } => {
                self.count(name, |bytes| bytes.saturating_sub(size), Full::Allowed).await
            }
        }
    }

    async fn count(&self, name: &RepositoryName, change: impl Fn(u64) -> u64, full: Full) -> Result<()> {
        let Some(quota) = self.rules.quota(name.as_str()) else { return Ok(()) };
        let key = keys::quota(&quota.repositories.to_string())?;
        for _ in 0..TRIES {
            let (counter, when) = self.read(&key, quota).await?;
            let bytes = change(counter.bytes);
            if full == Full::Refused && bytes > quota.bytes.0 {
                return Err(DepotError::Quota {
                    repositories: quota.repositories.to_string(),
                    has: counter.bytes,
                    allowed: quota.bytes.0,
                });
            }
            let record = records::write(&key, &Counter { bytes })?;
            if let Put::Done(_) = self.depot.shelf.put(&key, record, when).await? {
                return Ok(());
            }
        }
        Err(DepotError::Contended(key.to_string()))
    }

    /// A counter that is not there yet begins with what there is.
    async fn read(&self, key: &Key, quota: &Quota) -> Result<(Counter, When)> {
        match self.depot.shelf.get(key).await? {
            Some(small) => Ok((records::read(key, &small)?, When::Unchanged(small.version))),
            None => Ok((self.depot.counted(&self.rules, quota).await?, When::Absent)),
        }
    }
}

/// What happens when a quota is used up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Full {
    /// Nothing more comes in.
    Refused,
    /// Something goes, which helps.
    Allowed,
}

impl Policy for Kept {
    fn allow<'a>(&'a self, repository: &'a RepositoryName, change: Change<'a>) -> Answer<'a> {
        Box::pin(self.decide(repository, change))
    }
}

impl Depot {
    /// What counts for a quota, counted.
    pub(super) async fn counted(&self, rules: &Rules, quota: &Quota) -> Result<Counter> {
        let mut after = None;
        let mut bytes = 0_u64;
        loop {
            let counts = |name: &str| rules.quota(name) == Some(quota);
            let page = self.repositories(after.as_ref(), 100, counts).await?;
            for name in &page.items {
                let Ok(name) = name.parse() else { continue };
                bytes = bytes.saturating_add(self.usage(&name).await?.bytes);
            }
            match page.next.and_then(|next| next.parse().ok()) {
                Some(next) => after = Some(next),
                None => return Ok(Counter { bytes }),
            }
        }
    }
}
