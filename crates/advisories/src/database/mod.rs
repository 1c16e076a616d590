//! Advisories on disk: a directory of shards, one for each source, and a signed index that names them.

mod error;
mod hash;
mod bytes;
mod strings;
mod table;
mod head;
mod details;
mod package;
mod remark;
mod shard;
mod draft;
mod build;
mod sources;
mod set;
mod envelope;
mod index;
mod library;
mod update;
mod export;

pub use build::{Builder, Built, LeftOut};
pub(crate) use details::{Details, Functions, Mend};
pub use envelope::{BadKey, Publisher, PublisherKey, Trust};
pub use error::{Damage, DatabaseError};
pub(crate) use hash::hash;
pub use head::Head;
pub use index::{Entry, Index};
pub use library::Library;
pub use package::Package;
pub(crate) use package::{Claim, Ends};
pub use remark::Remarks;
pub use set::Database;
pub(crate) use shard::mended;
pub use shard::{Counts, Shard};
pub use sources::Sources;
pub use update::{Adoption, Age, Update};
