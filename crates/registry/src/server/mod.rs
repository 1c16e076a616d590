//! The server: a private registry over a directory or an object store.

pub mod shelf;
pub mod names;
pub mod journal;
pub mod depot;
