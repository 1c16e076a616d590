//! The only crate that writes for other people's tools, and for people without a terminal: bills of material,
//! SARIF, pages.
//!
//! Invariants:
//! - Pure functions from what is known to text: no I/O, no clock, and the same input gives the same bytes.
//! - What comes from an image is escaped for the format that it goes into, and never becomes markup.

pub mod subject;
pub mod view;
pub mod diff;
mod name;
mod json;
mod day;
mod rating;
mod place;
pub mod cyclonedx;
pub mod spdx;
pub mod sarif;
pub mod html;
