//! What people type after an option: one small parser for each kind of value.

pub(crate) mod build;
pub(crate) mod capability;
pub(crate) mod cpus;
pub(crate) mod duration;
pub(crate) mod end;
pub(crate) mod env;
pub(crate) mod filter;
pub(crate) mod fingerprint;
pub(crate) mod grant;
pub(crate) mod host;
pub(crate) mod hostname;
pub(crate) mod instant;
pub(crate) mod instruction;
pub(crate) mod keys;
pub(crate) mod lines;
pub(crate) mod mount;
pub(crate) mod pair;
pub(crate) mod rate;
pub(crate) mod requirement;
pub(crate) mod restart;
pub(crate) mod publish;
pub(crate) mod publisher;
pub(crate) mod severity;
pub(crate) mod size;
pub(crate) mod ulimit;
pub(crate) mod until;
pub(crate) mod validity;
pub(crate) mod upkeep;
pub(crate) mod volume;

/// Why a value is not understood, and what would have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{wrong}")]
pub(crate) struct ValueError {
    /// The part that is wrong, in one clause.
    pub(crate) wrong: String,
    /// What would be right, with an example.
    pub(crate) right: String,
}

impl ValueError {
    pub(crate) fn new(wrong: impl Into<String>, right: impl Into<String>) -> Self {
        Self { wrong: wrong.into(), right: right.into() }
    }
}
