//! Keys that no role uses any more, so that nobody has to guess which files may go.

use std::collections::BTreeSet;

use trust::key::{KeyId, PublicKey};
use trust::publisher::{Draft, PublishError, Repository, RoleName, Validity};

use crate::trust::keyring::Kept;

/// A key that is here, and whether anything counts that it signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyStanding {
    /// The key.
    pub key: Kept,
    /// Whether it is used.
    pub usage: Usage,
}

/// Whether a key is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// It signs, or waits to.
    Live,
    /// It did, and what was published last names it no more.
    Retired,
}

/// Every key that a publisher's documents name: of roles, and of whoever attests what a stage requires.
pub(super) fn named(repository: &Repository) -> Result<BTreeSet<KeyId>, PublishError> {
    let draft = Draft::of(repository.clone(), Validity::default());
    let stages = draft.stages();
    let of_stages = stages.iter().cloned().map(RoleName::Stage);
    let mut named = BTreeSet::new();
    for role in [RoleName::Root, RoleName::Release, RoleName::Online].into_iter().chain(of_stages) {
        named.extend(draft.keys(&role)?.keys.iter().map(PublicKey::id));
    }
    for stage in &stages {
        named.extend(draft.requirements(stage)?.iter().flat_map(|one| &one.keys).map(PublicKey::id));
    }
    Ok(named)
}
