//! Referrers: the manifests that are about another one, whether or not that one is there.

use super::document::Referrer;
use super::{Depot, Page, Result, keys};
use crate::server::names::RepositoryName;
use crate::server::shelf::ContentDigest;

/// As many bytes of descriptors as one page has: an answer is a manifest, and has a manifest's limit.
const PAGE_BYTES: usize = 2 * 1024 * 1024;

impl Depot {
    /// The manifests that are about `subject`, of one kind if `kind` is given: at most `limit` are looked at,
    /// after the one whose hex digits are `after`.
    ///
    /// # Errors
    /// A shelf that cannot be read.
    pub async fn referrers(
        &self,
        name: &RepositoryName,
        subject: &ContentDigest,
        kind: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Referrer>> {
        let key = keys::referrers(name, subject)?;
        let names = self.shelf.list(&key, after, limit.saturating_add(1)).await?;
        let (mut items, mut bytes, mut last) = (Vec::new(), 0, None);
        for (seen, hex) in names.iter().enumerate() {
            if seen == limit || bytes > PAGE_BYTES {
                return Ok(Page { items, next: last });
            }
            last = Some(hex.clone());
            let key = key.join(hex)?;
            let Some(small) = self.shelf.get(&key).await? else { continue };
            let referrer: Referrer = super::records::read(&key, &small)?;
            if kind.is_none_or(|kind| referrer.artifact_type.as_deref() == Some(kind)) {
                bytes += small.bytes.len();
                items.push(referrer);
            }
        }
        Ok(Page { items, next: None })
    }
}
