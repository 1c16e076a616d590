//! The only crate that appends history.
//!
//! A ledger is a transparency log on local disk: an append-only Merkle tree (RFC 6962) over opaque
//! entries, laid out as c2sp.org/tlog-tiles, with heads signed as c2sp.org/tlog-checkpoint. Whoever
//! kept an older checkpoint can prove offline that nothing before it was changed since.
//!
//! ```text
//! key          the private key, mode 0600, as Go's note package writes it
//! head         two slots: size, peaks of the tree and its signature, written after each append
//! tail         the entries since the last full bundle, each append one signed frame, then zeros
//! log/         the served tree: a static file server over it serves a tlog-tiles log
//!   checkpoint           written by `publish`, with the partial tiles `.p/W` that it needs
//!   tile/entries/N       full bundles of 256 entries
//!   tile/L/N             full tiles of 256 hashes
//! ```
//!
//! The directory is made with mode 0700; whoever wants to serve `log/` gives access to it.
//!
//! Invariants:
//! - One `fdatasync` makes an append durable: that of the tail. All else follows from the tail and
//!   is redone after a crash. It writes over zeros that were flushed before, and so waits for its own
//!   bytes only, however busy the disk's journal is; past 192 KiB of entries, the tail grows.
//! - A full tail moves into `log/` with the buffered append that fills it, or else with the next append.
//! - What was acknowledged is never dropped. Only a frame beyond every acknowledged entry can be torn:
//!   its end, or after a restart a sector of it, is missing. The next append clears it, durably, before
//!   it writes. Any other frame that is not as signed is [`LedgerError::Damaged`], and names the entry.
//! - Recovery signs nothing: each frame carries its own signature, and a frame without a valid one
//!   is not history.
//! - Appending reads a page and writes a frame and a page, however long the log is.
//! - A directory that is put back to an older state as a whole is a valid log; only a checkpoint kept
//!   elsewhere tells, see [`Ledger::verify`].

mod fields;

mod hash;
mod tree;

pub mod proof;

mod checkpoint;
mod note;
mod path;

mod bundle;
mod error;

mod disk;
mod head;
mod replay;
mod tail;

mod ledger;
mod load;
mod read;
mod roll;
mod verify;

#[doc(hidden)]
pub mod fuzz;

pub use bundle::ENTRY_LIMIT;
pub use checkpoint::{Checkpoint, CheckpointNote};
pub use error::{Damage, DamageKind, LedgerError};
pub use hash::TreeHash;
pub use ledger::{Appended, Durability, Ledger};
pub use note::{NoteError, VerifierKey};
pub use read::Entries;
pub use verify::Verified;
