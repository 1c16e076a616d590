//! The only crate that understands Dockerfiles: text in, a plan out, which the engine carries out.
//!
//! Invariants:
//! - No I/O, no clock and no environment: the file, base images and build arguments come in as values.
//! - Everything that a text decides has a bound in [`Limits`].
//! - The value of a secret is never here: a plan names secrets by id.
//! - The same text with the same inputs makes the same plan, and the same keys.

// What is written.
mod limits;
pub mod instruction;
mod words;
mod parse;
pub mod ignore;
pub mod check;

// What is to be done.
pub mod plan;
pub mod provenance;
pub mod rebase;

#[doc(hidden)]
pub mod fuzz;

pub use check::check;
pub use ignore::{Ignore, Pattern};
pub use limits::Limits;
pub use parse::{Fault, MountError, ParseError, Tree, parse, parse_trigger};
pub use words::{Expanded, WordError, WordFault, Words};
