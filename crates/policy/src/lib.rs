//! The only crate that says whether and how tightly: facts -> verdict -> permit -> spec.
//!
//! Invariants:
//! - No I/O and no clock: what a host has, where things lie and what time it is come in as values.
//! - Any error denies. A request that no spec can be made of is refused before a permit is made.
//! - More risk never removes a control and never makes an answer milder; a stricter level never does.
//! - Only [`decide`](decide::decide) makes permits, and [`confine`](confine::confine) writes nothing
//!   into a spec that the permit does not name as an exception.

pub mod capabilities;
pub mod catalogue;
pub mod rules;
pub mod asks;
mod hostpaths;
pub mod assess;
pub mod decide;
pub mod exec;
pub mod seccomp;
pub mod islands;
pub mod confine;

pub use assess::{Question, assess};
pub use confine::{ConfineError, ExecPlace, Placement, confine, confine_exec, furnish};
pub use decide::{Decision, Refusal, decide};
pub use exec::{ExecQuestion, decide_exec};

#[cfg(test)]
mod fixtures;
