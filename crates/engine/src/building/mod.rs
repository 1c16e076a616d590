//! Builds: what a plan says is done here, on files and layers.

pub mod error;
mod stamp;

// Where files come from.
mod context;
mod fetch;
mod git;
mod tree;
mod listing;
mod sources;
mod prints;

// Where they go.
mod mode;
mod owner;
mod canvas;
mod taken;
mod copy;

pub use context::{Context, Incoming, Origins};
pub use error::{BuildError, FilesError};
pub use git::GitSource;
pub use stamp::{Stamp, StampMode};
pub use taken::Taken;
