//! The orders of versions, one for each ecosystem.

mod interval;

pub use interval::{Bound, Interval};
