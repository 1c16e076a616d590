//! What fuzz targets and property tests call: hostile bytes in, nothing but an answer out.

use crate::database::{Library, Shard, Trust};
use crate::ignore::Ignored;
use crate::vex::Document;

/// Opens `bytes` as a shard and reads all of it; returns how many advisories it claims to hold.
#[must_use]
pub fn shard(bytes: &[u8]) -> Option<u32> {
    let shard = Shard::of_bytes(bytes.to_vec(), "fuzz").ok()?;
    let read = shard.verify();
    let found = shard.package("Debian:12", "curl").is_ok();
    (read.is_ok() && found).then(|| shard.counts().advisories)
}

/// The same with the checks of the header put right, so that what is behind it is reached.
#[must_use]
pub fn mended_shard(bytes: &[u8]) -> Option<u32> {
    shard(&crate::database::mended(bytes))
}

/// Imports `bytes` as an exported database into a directory of its own.
#[must_use]
pub fn import(bytes: &[u8], directory: &std::path::Path) -> bool {
    Library::at(directory).import(bytes, &Trust::Anybody, crate::database::Age::Any).is_ok()
}

/// Reads `bytes` as a VEX document and as an ignore file; returns how many statements the document has.
#[must_use]
pub fn documents(bytes: &[u8]) -> usize {
    let text = String::from_utf8_lossy(bytes);
    let rules = usize::from(Ignored::parse(&text, "fuzz").is_ok());
    rules + Document::parse(bytes, "fuzz").map_or(0, |document| document.statements().len())
}
