//! The only crate that speaks the OCI distribution protocol, on both sides.
//!
//! Invariants:
//! - Nothing that a peer says is believed: every document has a limit, every wait has an end, and a digest or
//!   a size that does not match is an error with a name of its own.
//! - The client is threads and blocking calls, and leaves nothing running behind a call; whoever starts a
//!   container afterwards has no thread of it.
//! - The server keeps nothing but caches in memory: what it acknowledged is on its shelf, and several servers
//!   can share one.
//! - Credentials are in no error, no log and no address.
//! - Nothing here reads the environment or prints; what the clock says comes in as a value, except where
//!   waiting is the purpose.

pub mod client;
pub mod config;
pub mod server;
