//! Bills of material that other tools wrote: CycloneDX, SPDX and Syft's own, as inventories.
//!
//! A package is what its package URL says. What has none, or one of a kind that inventories do not have, is counted
//! and named as a gap.

mod stream;
mod collect;
mod document;
mod cyclonedx;
mod spdx;
mod tags;
mod syft;
#[cfg(test)]
mod tests;

use model::inventory::Inventory;

use crate::content::{Content, Flaw};
use collect::Collector;

/// The most bytes of a bill of material that are read.
pub const MOST_BYTES: u64 = 512 << 20;

/// What somebody says is in something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sbom {
    /// The format and its version: `CycloneDX 1.6`.
    pub format: String,
    /// What it is about, as it says: `nginx:1.25`.
    pub subject: String,
    /// The digest of that, as it says: `sha256:...`; empty where it does not.
    pub digest: String,
    /// The packages.
    pub inventory: Inventory,
}

/// Reads a bill of material.
///
/// # Errors
/// A file that is too large, or none of the formats that are read.
pub fn read(content: &Content<'_>) -> Result<Sbom, Flaw> {
    let bytes = content.whole(MOST_BYTES)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut collector = Collector::default();
    match bytes.trim_ascii_start().first() {
        Some(b'{') => document::read(bytes, &mut collector)?,
        Some(b'<') => return Err(malformed("it is XML; its writer can give it as JSON")),
        _ => tags::read(bytes, &mut collector)?,
    }
    Ok(collector.finish())
}

fn malformed(reason: impl Into<std::borrow::Cow<'static, str>>) -> Flaw {
    Flaw::Malformed { what: "bill of material", reason: reason.into() }
}
