//! What of an inventory is vulnerable, by whom says so.
//!
//! Packages of a distribution are judged by its own advisories alone, and so is what belongs to one of them that they
//! know, whatever it is besides: whoever maintains a package knows what was mended in it. Everything else is judged
//! by its ecosystem's. What cannot be judged is a gap.

mod endings;
mod release;
mod software;
mod scope;
mod module;
mod kernel;
mod hits;
mod reach;
mod finding;
mod merge;
mod matcher;

pub use matcher::{About, Context, Matcher, Matches};
pub use release::end_of_life;
