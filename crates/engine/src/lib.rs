//! The only crate that knows the order of the stages, and the life of a container.
//!
//! Invariants:
//! - The stages meet here and nowhere else: what one of them needs of another is handed over as a
//!   value of `model`.
//! - No terminal and no environment: where things live comes in as a [`site::Site`], times from a
//!   clock that the caller gives. Facts of the host are read from /proc and /sys.
//! - History first: a permit or refusal is flushed to the ledger before the container's first
//!   instruction runs.
//! - Whatever is reserved for a container is a value whose end gives it back, and what a killed
//!   process could not give back is recognised by the next command.

pub mod site;
pub mod id;
pub mod name;
pub mod state;
pub mod user;
mod host;
pub mod foreground;
