//! Builds: the steps of a plan, carried out one by one.

pub mod run;
mod caches;
pub mod error;

pub use caches::Cache;
pub use error::BuildError;
