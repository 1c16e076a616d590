//! The only crate that turns signatures into `Attested`: who vouches for an image, and for how long.
//!
//! Invariants:
//! - No I/O, no clock, no threads: bytes come through [`Source`](client::Source), times come in as values.
//! - What is not verified has no type of its own here that another crate could take for what is.
//! - Nothing falls back to "unsigned is fine": what is absent, stale or not understood is a doubt that says so.

pub mod key;
pub mod metadata;
mod error;
pub mod client;
pub mod catalogue;
pub mod publisher;

pub mod signature;
pub mod foreign;
pub mod dsse;
pub mod statement;
pub mod evidence;
pub mod cosign;
pub mod notation;
#[doc(hidden)]
pub mod fuzz;

pub use error::{SourceError, TrustError};
