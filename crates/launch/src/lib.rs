//! The only crate that holds run privilege: an OCI runtime specification goes in, a confined process
//! comes out.
//!
//! Invariants:
//! - One clone, no re-exec, no async runtime. Between clone and exec there are only system calls.
//! - Nothing starts without a [`model::commission::Leave`], which a start consumes: our own permit, or the
//!   commission of somebody else's engine.
//! - A step that fails is a start that fails, with an error that names the step. Right before exec the
//!   kernel's own account of the process is compared with the plan.
//! - Every path under a root filesystem is opened below an owned descriptor; nothing of it is executed
//!   or loaded on this side.
//! - Policy is not made here: the specification is carried out, or the start fails.

mod step;
mod error;
pub mod seccomp;
pub mod cgroup;
mod plan;
pub mod features;
mod channel;
mod idmap;
mod trees;
mod child;
mod attributes;
mod net_devices;
mod enforced;
mod seal;
pub mod gate;
mod given;
mod start;
mod create;
mod target;
mod enter;
mod visit;
mod running;
pub mod session;
pub mod fuzz;
#[cfg(test)]
mod bundles;

pub use cgroup::Usage;
pub use child::await_end;
pub use create::{Order, create};
pub use enforced::Enforced;
pub use enter::enter;
pub use error::LaunchError;
pub use given::{Given, Secret};
pub use idmap::in_initial_user_namespace;
pub use plan::{Keyring, RootChange, mount_options};
pub use running::{Exit, Running};
pub use start::{AtHalt, Io, Prepared, prepare};
pub use step::Step;
pub use target::Target;
pub use visit::{Sight, Tree, Visitor, visit};
