//! Section 5.6.7, the search for a target: down the delegations, in the order in which they are written.

use std::collections::BTreeSet;

use super::limits::MOST_VISITED;
use super::source::Source;
use super::targets::obtain;
use super::{Trusted, floors};
use crate::TrustError;
use crate::metadata::{Authority, Document as _, Root, Snapshot, Target, Targets, Timestamp};

/// A role that is to be asked, and who delegates to it: the root to the first one.
struct Pending {
    role: String,
    delegator: Option<String>,
}

impl Trusted {
    /// What is vouched for under `name`. Fetches the metadata of delegated roles that it leads to.
    ///
    /// # Errors
    /// [`TrustError`] if the present state is not known, or a role on the way cannot be had or does not verify: "If any
    /// metadata requested [...] cannot be downloaded nor validated, end the search and report that the target cannot
    /// be found."
    pub fn target(
        &mut self,
        name: &str,
        source: &mut dyn Source,
        now: i64,
    ) -> Result<Option<Target>, TrustError> {
        self.check_present(now)?;
        // 5.6.7. Perform a pre-order depth-first search for metadata about the desired target, beginning with the
        // top-level targets role.
        let mut pending = vec![Pending { role: Targets::TYPE.to_owned(), delegator: None }];
        let mut visited = BTreeSet::new();
        while let Some(next) = pending.pop() {
            // 5.6.7.1. If this role has been visited before, then skip this role (so that cycles in the delegation
            // graph are avoided). Otherwise, if an application-specific maximum number of roles have been visited, then
            // go to step 5.7. Otherwise, if this role contains metadata about the desired target, then go to step 5.7.
            if !visited.insert(next.role.clone()) {
                continue;
            }
            if visited.len() > MOST_VISITED {
                return Err(TrustError::Maze(MOST_VISITED));
            }
            obtain(self, &next.role, self.authority(&next), source, now)?;
            let Some(found) = self.targets.get(&next.role).map(|held| &held.content) else { continue };
            if let Some(target) = found.targets.get(name) {
                return Ok(Some(target.clone()));
            }
            follow(found, &next.role, name, &mut pending);
        }
        Ok(None)
    }

    /// The targets of a role that the top-level targets delegate to: a stage.
    pub(crate) fn stage(
        &mut self,
        role: &str,
        source: &mut dyn Source,
        now: i64,
    ) -> Result<&Targets, TrustError> {
        self.check_present(now)?;
        let next = Pending { role: role.to_owned(), delegator: Some(Targets::TYPE.to_owned()) };
        obtain(self, role, self.authority(&next), source, now)?;
        let held = self.targets.get(role).ok_or_else(|| TrustError::Unheard(role.to_owned()))?;
        Ok(&held.content)
    }

    /// Whether all above the targets is what it was when the publisher was heard, and has not expired since.
    pub(crate) fn check_present(&self, now: i64) -> Result<(), TrustError> {
        let unheard = |file: &str| TrustError::Unheard(file.to_owned());
        self.floors.check_clock(now)?;
        floors::at_least("root.json", self.root.content.version, self.floors.root)?;
        self.root.fresh(Root::TYPE, now)?;
        let timestamp = self.timestamp.as_ref().ok_or_else(|| unheard("timestamp.json"))?;
        self.floors.check_timestamp(&timestamp.content)?;
        timestamp.fresh(Timestamp::TYPE, now)?;
        let snapshot = self.snapshot.as_ref().ok_or_else(|| unheard("snapshot.json"))?;
        if !timestamp.content.snapshot().is_some_and(|listed| snapshot.is(listed)) {
            return Err(unheard("snapshot.json"));
        }
        snapshot.fresh(Snapshot::TYPE, now)
    }

    fn authority(&self, next: &Pending) -> Authority {
        let Some(delegator) = &next.delegator else { return self.root.content.authority(&next.role) };
        let delegations = self.targets.get(delegator).and_then(|held| held.content.delegations.as_ref());
        // Whoever delegates was verified before what they delegate to was found.
        delegations.map_or_else(|| self.root.content.authority(""), |found| found.authority(&next.role))
    }
}

/// 5.6.7.2. Otherwise, recursively search the list of delegations in order of appearance.
fn follow(found: &Targets, role: &str, name: &str, pending: &mut Vec<Pending>) {
    let mut next = Vec::new();
    let delegations = found.delegations.iter().flat_map(|delegations| &delegations.roles);
    for delegated in delegations.filter(|delegated| delegated.covers(name)) {
        next.push(Pending { role: delegated.name.clone(), delegator: Some(role.to_owned()) });
        // 5.6.7.2.1. If the current delegation is a terminating delegation, then jump to step 5.7: nobody after it is
        // asked, whoever would have been.
        if delegated.terminating {
            pending.clear();
            break;
        }
        // 5.6.7.2.2. Otherwise, if the current delegation is a non-terminating delegation, continue processing the next
        // delegation, if any.
    }
    pending.extend(next.into_iter().rev());
}
