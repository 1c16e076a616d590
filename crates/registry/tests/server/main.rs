//! A whole registry over a directory, asked over real connections: what clients do, and what nobody should.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod running;
mod http;

mod pushing;
mod pulling;
mod listing;
mod refusing;
mod hostile;
mod generated;
mod crashing;
mod many;
