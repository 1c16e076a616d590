//! The only crate that knows vulnerabilities: advisories, the orders of versions, and what matches what.
//!
//! Invariants:
//! - A version is compared by the order of its own ecosystem, and one that does not parse is never "not
//!   affected": it is a finding, or a gap that is named.
//! - The database is one immutable file, mapped and never parsed as a whole; a file that is not whole, or not
//!   signed by whom it should be, is not opened.
//! - No network and no clock: where documents come from and what time it is are the caller's to say.

pub mod version;
pub mod advisory;
pub mod import;
pub mod ecosystem;
pub mod database;
pub mod matching;
pub mod priority;
pub mod vex;
pub mod ignore;
#[doc(hidden)]
pub mod fuzz;
