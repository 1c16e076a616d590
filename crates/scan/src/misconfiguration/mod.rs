//! What is wrong with how an image was made: its configuration, its history, and the files that it carries.

pub mod catalogue;
mod tables;
mod oddity;
mod contents;
mod judge;
mod config;
mod history;

pub use catalogue::Rule;
pub use contents::{inspect, wants};
pub use judge::{Placed, Subject, judge};
pub use oddity::{Entry, Kind, Oddity, observe};
