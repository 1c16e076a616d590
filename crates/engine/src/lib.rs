//! The only crate that knows the order of the stages, and the life of a container.
//!
//! Invariants:
//! - The stages meet here and nowhere else: what one of them needs of another is handed over as a
//!   value of `model`.
//! - No terminal and no environment: where things live comes in as a [`site::Site`], times from a
//!   clock that the caller gives, our side of a run as descriptors. Facts of the host are read from
//!   /proc and /sys.
//! - History first: a permit or refusal is flushed to the ledger before the container's first
//!   instruction runs.
//! - Whatever is reserved for a container is a value whose end gives it back, and what a killed
//!   process could not give back is recognised by the next command.

mod run;
mod start;
mod stop;
mod restore;
mod rename;
mod attach;
mod monitor;
mod exec;

pub mod building;

mod engine;
pub mod error;
pub mod site;
pub mod session;

pub mod book;
pub mod containers;
pub mod explain;
pub mod advice;
pub mod examine;
pub mod attest;
pub mod files;
pub mod images;
pub mod registries;
pub mod serving;
pub mod ship;
pub mod trust;
mod info;

pub mod state;
pub mod id;
pub mod name;

mod host;
mod hostpaths;
mod idspace;
mod place;
mod ports;
mod ways;
pub mod user;
mod volumes;
pub mod resources;
mod measure;
pub mod usage;

pub mod foreground;
pub mod logs;
pub mod time;

pub use attach::{Attached, PassSignals};
pub use containers::Cleared;
pub use engine::{Assessment, Clock, Engine, Herald, Notice};
pub use error::EngineError;
pub use exec::HealthResult;
pub use foreground::{Detach, DetachKeys, Foreground, Interruptions};
pub use info::Info;
pub use monitor::{Answer, HealthLog};

pub use volumes::{Volume, VolumeError};

pub use launch::{Enforced, Usage};
pub use ledger::Verified;
pub use policy::Refusal;
pub use run::Announce;
pub use stop::Grace;
pub use store::{Finding, Format, Imported, Naming, Progress, Prune, Pruned, Quiet, Removal, Removed};
