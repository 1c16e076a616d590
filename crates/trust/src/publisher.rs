//! What a publisher does: pure editing of a repository, from one signed state to the next.
//!
//! A [`Draft`] is a change that waits for signatures. Whoever signs has it described first, and signs exactly that; it
//! is published when thresholds hold, and is one step of versions however many people worked on it.

pub mod sealed;

mod error;
mod role;
mod plan;
mod paper;
mod revoked;

mod repository;
mod draft;
mod edit;
mod stage;
mod removed;
mod rotate;

mod change;
mod describe;
mod sign;
mod pending;
mod publish;
mod log;

#[doc(hidden)]
pub mod fuzz;

pub use change::Change;
pub use describe::Description;
pub use draft::Draft;
pub use edit::Attestation;
pub use error::PublishError;
pub use log::Event;
pub use plan::{Keys, Plan, Validity};
pub use publish::Published;
pub use repository::{Files, Repository, Versions};
pub use revoked::{REVOKED, Revocation, Revocations};
pub use role::{RoleName, StageName};
pub use sealed::SealedError;
pub use sign::{Given, Missing, Signers};
pub use stage::Requirement;

pub(crate) use removed::removed;
pub(crate) use stage::required;

#[cfg(test)]
mod tests;
