//! All shards together.

use super::error::Damage;
use super::head::Head;
use super::remark::Remarks;
use super::shard::Shard;

/// Shards that are looked up in one after the other.
#[derive(Debug, Default)]
pub struct Database {
    shards: Vec<Shard>,
}

impl Database {
    /// Of shards in the order in which they are asked.
    #[must_use]
    pub fn of_shards(shards: Vec<Shard>) -> Self {
        Self { shards }
    }

    /// All of them.
    #[must_use]
    pub fn shards(&self) -> &[Shard] {
        &self.shards
    }

    /// The advisories that go by a name: `CVE-...`, `GHSA-...`, their own.
    ///
    /// # Errors
    /// [`Damage`].
    pub fn find(&self, name: &str) -> Result<Vec<Head<'_>>, Damage> {
        let mut heads = Vec::new();
        for shard in &self.shards {
            heads.extend(shard.find(name)?);
        }
        Ok(heads)
    }

    /// What is known of a CVE beside advisories.
    ///
    /// # Errors
    /// [`Damage`].
    pub fn remarks(&self, cve: &str) -> Result<Remarks, Damage> {
        let mut known = Remarks::default();
        for shard in &self.shards {
            known.complete(shard.remarks(cve)?.unwrap_or_default());
        }
        Ok(known)
    }
}
