//! The only crate that writes image bytes; digests are checked on the way in and on the way out.
//!
//! Invariants:
//! - Every blob is hashed while it comes in, and compared with what was claimed for it before anything made of it
//!   is visible. An [`Image`](model::image::Image) that this crate returns was checked whole.
//! - A layer is unpacked beneath an owned directory descriptor, never by a joined path and never through a link.
//! - Everything that an archive decides has a bound in [`Limits`].
//! - Whatever is visible is complete: work is done in `tmp/` and renamed into place, so that a process killed at
//!   any instant leaves a consistent store, and the next import removes what it left in `tmp/`.
//! - Nothing here reads the clock or the environment, or prints.

// In: what an archive is, and how its layers become directories.
mod import;
mod pull;
mod source;
mod layer;
mod fetch;
mod partial;
mod compress;
mod pipe;
mod archive;
mod unpack;
mod listing;
mod facts;

// Here: what is on disk, and how it is found.
mod disk;
mod record;
mod names;
mod pins;
mod resolve;
mod synced;
mod notes;
mod attached;

// To and from containers.
pub mod copy;
mod commit;
mod take;
mod settle;
mod stamp;

// Made here.
mod make;
mod kept;
mod assemble;

// Out: kept true, handed on, taken away.
mod verify;
mod compare;
mod save;
mod outgoing;
pub mod carrier;
mod remove;

mod error;
pub mod fuzz;
mod limits;
mod wire;

pub use assemble::Assembly;
pub use attached::{Artifact, ArtifactContent, Attached, Beside, Brought, Room};
pub use commit::Commit;
pub use disk::{Scratch, Store};
pub use error::{Result, StoreError};
pub use import::{Imported, Naming, Progress, Quiet};
pub use kept::{Kept, KeptEntry};
pub use limits::Limits;
pub use make::{Archive, ArchiveContent, ArchiveEntry, Attributes, Content, LayerMaker, is_archive};
pub use notes::About;
pub use outgoing::{Outgoing, Packed, Packing};
pub use pull::{Blobs, Incoming, Turn};
pub use remove::{Prune, Pruned, Removal, Removed};
pub use save::Format;
pub use stamp::{Stamp, StampMode};
pub use take::{Taking, Treating, Written};
pub use unpack::Owner;
pub use verify::Finding;
