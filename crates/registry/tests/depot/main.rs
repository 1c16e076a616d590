//! The depot's upkeep: what is collected, and above all what is not.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod killed;
mod meeting;
mod model;
mod rules;
#[path = "../s3/mod.rs"]
#[allow(dead_code, reason = "what goes wrong in a bucket is for the shelf's tests")]
mod s3;
mod site;
mod stress;
mod upkeep;
