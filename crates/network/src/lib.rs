//! The only crate that carries packets between a container and others: a forwarder for each container that
//! publishes ports, and a way out for each that asked for one.
//!
//! A container has loopback and nothing else. The forwarder is a process of its own with sockets on both
//! sides: those that listen were bound on the host before the container existed, and those that connect
//! are made in the container's network namespace, which it enters and cannot leave. The way out is a process
//! that stays in the host's network: it holds a device in the container's, takes from there what the container
//! sends, and makes a connection of the host of it. No address, route or firewall rule of the host changes.
//!
//! Invariants:
//! - Before such a process reads a byte it has given up everything that it does not need: capabilities, ids,
//!   files, the signals of others, and all but some thirty system calls. A step that fails is a start that fails.
//! - What it holds is bounded: connections, datagram peers, and bytes that nobody has read yet.
//! - Nothing comes in by the way out, and it leads to no address of this host but its resolvers' port.
//! - It ends when the container does, when its keeper does, and when its [`Serving`] is dropped.

mod error;
mod confine;
mod worker;
mod forwarder;
mod carry;
mod stream;
mod datagrams;
mod outbound;

pub use confine::Guard;
pub use error::{Confining, Errand, NetworkError};
pub use forwarder::Forwarder;
pub use outbound::{Outbound, Outside, fuzz};
pub use worker::Serving;
