//! The server: a private registry over a directory or an object store.

pub mod shelf;
pub mod names;
pub mod journal;
pub mod settings;
pub mod storage;
pub mod access;
pub mod desk;
pub mod tls;
pub mod metrics;
pub mod depot;
pub mod upkeep;
pub mod scribe;
pub mod http;
pub mod serve;
