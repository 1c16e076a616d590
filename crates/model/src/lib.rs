//! The only crate that everybody may import: what the house talks about, and nothing that acts.
//!
//! Invariants:
//! - No I/O and no clock: times come in as values, bytes come in as slices.
//! - A value that stands for a passed check cannot be made without the check ([`digest::Digest`]),
//!   or only through a constructor that a test watches ([`permit::Permit`]).
//! - One typed parser for each thing a person can type; nobody else takes strings apart.
//!
//! Wire and disk formats (Docker JSON, OCI JSON, state files) live with the stage that reads them.
//! The serde derives here serve two readers only: the ledger's entries and `--format json`.

pub mod hex;
pub mod digest;
pub mod reference;
pub mod image;
pub mod inventory;
pub mod purl;
pub mod bill;
pub mod finding;
pub mod trust;
pub mod oci;
pub mod signal;
pub mod upkeep;
pub mod publish;
pub mod request;
pub mod exec;
pub mod usecase;
pub mod host;
pub mod verdict;
pub mod permit;
pub mod commission;
pub mod spec;
