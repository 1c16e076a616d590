//! Building images: what a Dockerfile says is planned by `build`, and done here, step by step.
//!
//! First everything is got together that only has to be read: the context, the Dockerfile, the images that it begins
//! with. Then each step is done in a process of its own, as soon as those that it uses are done. What was done before
//! for the same inputs is found by its key and not done again.

mod request;
mod draft;
mod contexts;
mod base;
mod platform;
mod foreign;

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

// What runs.
mod run;
mod caches;
mod masks;

// Which step when, and what becomes of it.
mod solve;
mod worker;
mod cache;
mod carry;
mod image;
mod evidence;
mod output;
mod rebase;

mod check;
mod watcher;
mod error;

pub use build::plan::{NoCache, Platform, RunNetwork, StepId};
pub use cache::{CacheEntry, CacheKind, CachePrune, CachePruned};
pub use check::{FileRemark, FileRemarks, check_file};
pub use context::{Context, Incoming, Origins};
pub use draft::{Draft, Need};
pub use error::{BuildError, FilesError, StepError};
pub use git::GitSource;
pub use image::Built;
pub use platform::host as host_platform;
pub use rebase::{Moved, RebaseRequest};
pub use request::{BuildRequest, Evidence, Provenance, StepWishes, Times};
pub use run::{Agents, Output, Ran, SecretSource, Secrets, Surroundings};
pub use store::{Stamp, StampMode};
pub use taken::Taken;
pub use watcher::Watcher;
pub use worker::Trouble;
