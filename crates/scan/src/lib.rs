//! The only crate that opens hostile formats: package databases, archives, binaries; no network.
//!
//! Invariants:
//! - Every reader has limits, and what exceeds them is a gap that is named, never a panic or a silence.
//! - A layer is read once; what is learned of it is a value that depends on its bytes alone.
//! - Nothing of an image is executed, loaded, or opened by a path that leads out of its tree.

mod content;
mod catalog;
mod number;
mod rpm;
mod binary;
pub mod malware;
#[doc(hidden)]
pub mod fuzz;

pub use self::content::{Content, Flaw};
