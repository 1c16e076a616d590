//! TUF 1.0 metadata, section 4 of the specification: four documents, and the envelope that they are signed in.
//!
//! What a document says beyond the specification is kept, so that whoever edits it changes only what they mean to.

pub mod canonical;
mod error;
mod time;
mod hashes;
mod authority;
mod role;
mod root;
mod listing;
mod targets;
mod delegation;
mod glob;
mod envelope;

pub use authority::{Authority, Shortfall, Tally};
pub use delegation::{DelegatedRole, Delegations};
pub use envelope::{Envelope, Signature};
pub use error::FormatError;
pub use hashes::Hashes;
pub use listing::{MetaFile, Snapshot, Timestamp};
pub use role::{Role, file_name};
pub use root::Root;
pub use targets::{Target, Targets};
pub use time::rfc3339;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The version of the specification that we write. Every 1.x is read.
pub const SPECIFICATION: &str = "1.0.34";

/// What the four documents have in common, section 4.3: a type, a version and an end.
pub trait Document: Serialize + DeserializeOwned {
    /// The `_type`, which is also the name of the role where there is one.
    const TYPE: &'static str;

    /// Grows by at least one with every change.
    fn version(&self) -> u64;

    /// When it stops being believed, in seconds since 1970.
    fn expires(&self) -> i64;

    /// What types alone do not hold.
    ///
    /// # Errors
    /// [`FormatError`].
    fn check(&self) -> Result<(), FormatError>;
}

/// The fields that every document begins with.
macro_rules! document {
    ($(#[$doc:meta])* $name:ident, $kind:literal { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            #[serde(rename = "_type")]
            kind: String,
            spec_version: String,
            /// Grows by at least one with every change.
            pub version: u64,
            /// When it stops being believed, in seconds since 1970.
            #[serde(with = "crate::metadata::time")]
            pub expires: i64,
            $($(#[$field_doc])* pub $field: $type,)*
            /// What the specification does not know.
            #[serde(flatten)]
            pub other: serde_json::Map<String, serde_json::Value>,
        }

        impl crate::metadata::Document for $name {
            const TYPE: &'static str = $kind;

            fn version(&self) -> u64 {
                self.version
            }

            fn expires(&self) -> i64 {
                self.expires
            }

            fn check(&self) -> Result<(), crate::metadata::FormatError> {
                self.check_fields()
            }
        }
    };
}
use document;

#[cfg(test)]
mod tests;
