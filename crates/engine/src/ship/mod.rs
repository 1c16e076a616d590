//! Images on their way: from registries into the store, and between registries, files and the store.
//!
//! A copy goes from an `Origin` to a `Target`, of which neither knows the other; a push is a copy
//! whose origin is the store. A pull ends in the store, which unpacks what it receives while it receives it.

mod error;
mod platform;
mod content;

mod origin;
mod target;
mod cargo;
mod transfer;

mod remembered;
mod company;
mod pull;
mod push;
mod family;
mod copy;

mod glob;
mod list;
mod sync;

pub(crate) use cargo::choose;
pub(crate) use content::parse;
pub(crate) use origin::{Bytes, Document, OnDisk, Origin, Remote, whole};
pub(crate) use pull::which;

pub use cargo::{Extent, Referrers};
pub use company::Company;
pub use copy::{Copied, Copying};
pub use error::ShipError;
pub use family::Member;
pub use list::Job;
pub use platform::Wanted;
pub use pull::Pulled;
pub use push::{Pushed, Pushing};
pub use store::Packing;
pub use sync::{Effect, Failing, Outcome, Synced, Syncing};
pub use transfer::Moved;

use crate::error::EngineError;

/// What this module returns.
type Result<T> = std::result::Result<T, EngineError>;
