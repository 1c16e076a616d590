//! The only crate that carries packets into a container: a forwarder for each container that publishes
//! ports.
//!
//! A container has loopback and nothing else. The forwarder is a process of its own with sockets on both
//! sides: those that listen were bound on the host before the container existed, and those that connect
//! are made in the container's network namespace, which it enters and cannot leave. No address, route or
//! firewall rule of the host changes.
//!
//! Invariants:
//! - Before it reads a byte it has given up everything that it does not need: capabilities, ids, files,
//!   the signals of others, and all but two dozen system calls. A step that fails is a start that fails.
//! - What it holds is bounded: connections, datagram peers, and bytes that nobody has read yet.
//! - It ends when the container does, when its keeper does, and when its [`Serving`] is dropped.

mod error;
mod forwarder;
mod confine;
mod carry;
mod stream;
mod datagrams;

pub use confine::{Guard, profile};
pub use error::{Confining, NetworkError};
pub use forwarder::{Forwarder, Serving};
