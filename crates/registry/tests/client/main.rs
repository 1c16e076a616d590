//! The client against registries that are slow, confused or hostile: scripted servers on this machine.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod server;
mod manifests;
mod redirects;
mod tokens;
mod transfers;
mod uploads;
mod lists;
mod tls;
