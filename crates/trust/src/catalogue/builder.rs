//! Whose word counts about how an image was built.

use std::borrow::Cow;

use model::digest::ClaimedDigest;
use serde::{Deserialize, Serialize};

use crate::foreign::ForeignKey;
use crate::key::PublicKey;
use crate::metadata::{DelegatedRole, Delegations};
use crate::publisher::required;
use crate::statement::{Predicate, Wanted};

/// The most keys of one stage; an image is verified with each of them when it comes.
const MOST: usize = 16;

/// A key that a stage takes statements of builds from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Builder<'a> {
    fingerprint: [u8; 32],
    #[serde(borrow)]
    pem: Cow<'a, str>,
}

impl Builder<'_> {
    /// SHA-256 of the key's DER.
    #[must_use]
    pub fn fingerprint(&self) -> ClaimedDigest {
        self.fingerprint.into()
    }

    /// The key, to verify statements with.
    #[must_use]
    pub fn key(&self) -> Option<ForeignKey> {
        ForeignKey::from_pem(&self.pem).ok()
    }
}

/// Whose provenance a stage requires before anybody promotes to it.
pub(super) fn builders(role: &DelegatedRole, delegations: &Delegations) -> Vec<Builder<'static>> {
    let requirements = required(role, delegations).unwrap_or_default();
    let of_builds =
        requirements.into_iter().filter(|one| Wanted::by_word(&one.kind).is(&Predicate::Provenance));
    of_builds.flat_map(|one| one.keys).filter_map(|key| builder(&key)).take(MOST).collect()
}

/// Keys of kinds that are not understood sign nothing.
fn builder(key: &PublicKey) -> Option<Builder<'static>> {
    let pem = key.to_pem()?;
    let fingerprint = ForeignKey::from_pem(&pem).ok()?.fingerprint();
    Some(Builder { fingerprint: *fingerprint.as_bytes(), pem: pem.into() })
}
