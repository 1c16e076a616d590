//! The depot's upkeep: what is collected, and above all what is not.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod killed;
mod model;
mod rules;
mod site;
mod stress;
mod upkeep;
