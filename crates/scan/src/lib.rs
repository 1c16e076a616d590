//! The only crate that opens hostile formats: package databases, archives, binaries; no network.
//!
//! Invariants:
//! - Every reader has limits, and what exceeds them is a gap that is named, never a panic or a silence.
//! - A layer is read once; what is learned of it is a value that depends on its bytes alone.
//! - Nothing of an image is executed, loaded, or opened by a path that leads out of its tree.

mod content;
mod catalog;
mod text;
mod number;
mod scalars;
mod mark;
mod scope;
mod system;
mod rpm;
mod language;
mod binary;
pub mod malware;
pub mod licence;
pub mod secrets;
pub mod misconfiguration;
pub mod sbom;
mod catalogers;
mod facts;
mod walk;
mod error;
mod child;
mod merge;
#[doc(hidden)]
pub mod trial;
#[doc(hidden)]
pub mod fuzz;

pub use catalog::{Candidate, Found};
pub use child::{Guard, Landlock, Limits, Scan, Scanner, profile};
pub use content::{Content, Flaw};
pub use error::{Confining, ScanError};
pub use facts::{FORMAT, Filed, LayerFacts, MOST_BYTES, Release, Source, Undecodable};
pub use mark::{Mark, Marks};
pub use merge::{all_oddities, all_secrets, is_hidden, merge};
pub use scope::Scope;
pub use walk::{Bounds, LockFiles};
