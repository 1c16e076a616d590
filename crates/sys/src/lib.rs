//! The only crate that contains `unsafe`: one file per kernel facility that `rustix` does not cover.
//!
//! Invariants:
//! - Every function here is safe to call: what the kernel needs of pointers and lengths is checked or
//!   owned on this side of the boundary, and each `unsafe` block says why it holds.
//! - File descriptors are owned or borrowed, never numbers.
//! - Nothing here allocates, takes a lock or touches the C library's state unless its documentation
//!   says so: the functions run between clone and exec.
//! - No policy: a caller decides what is asked of the kernel and what a refusal means.

mod raw;

pub mod clone;
pub mod environment;
pub mod exec;
pub mod namespace;
pub mod mount;
pub mod seccomp;
pub mod landlock;
pub mod bpf;
pub mod keyring;
pub mod link;
pub mod netlink;
pub mod tun;
pub mod fds;
pub mod signal;
pub mod capability;
pub mod schedule;
pub mod personality;
pub mod numa;
pub mod memory;
pub mod attempt;
