//! Section 5.7, "fetch target".

use std::collections::BTreeMap;

use super::Trusted;
use super::limits::MOST_FILE;
use super::source::{Source, fetch};
use crate::TrustError;
use crate::metadata::{FormatError, Target};
use crate::publisher::REVOKED;

impl Trusted {
    /// Downloads a target, of at most `most` bytes.
    ///
    /// # Errors
    /// [`TrustError`] if it cannot be had, or is not what is vouched for.
    pub fn fetch(
        &self,
        name: &str,
        target: &Target,
        source: &mut dyn Source,
        most: u64,
    ) -> Result<Vec<u8>, TrustError> {
        // 5.7.3. Otherwise, download the target (up to the number of bytes specified in the targets metadata), and verify
        // that its hashes match the targets metadata.
        let file = self.stored(name, target);
        if target.length > most {
            return Err(TrustError::Format { file, error: FormatError::TooLarge { most } });
        }
        let bytes = fetch(source, &file, target.length)?;
        if target.is(&bytes) { Ok(bytes) } else { Err(TrustError::Mixed(file)) }
    }

    /// The list of what the publisher takes back, which is kept.
    pub(crate) fn list(&mut self, source: &mut dyn Source) -> Result<&[u8], TrustError> {
        let target =
            self.targets().and_then(|targets| targets.targets.get(REVOKED)).ok_or(TrustError::NoList)?;
        let (file, target) = (self.stored(REVOKED, target), target.clone());
        if !self.files.get(&file).is_some_and(|bytes| target.is(bytes)) {
            let bytes = self.fetch(REVOKED, &target, source, MOST_FILE)?;
            // There is one: what came before it is not needed any more.
            self.files = BTreeMap::from([(file.clone(), bytes)]);
        }
        self.files.get(&file).map(Vec::as_slice).ok_or(TrustError::Missing(file))
    }

    /// If consistent snapshots are not used, then the filename used to download the target file is of the fixed form
    /// FILENAME.EXT. Otherwise, the filename is of the form HASH.FILENAME.EXT.
    pub(super) fn stored(&self, name: &str, target: &Target) -> String {
        let hash = target.hashes.prefix().filter(|_| self.root.content.consistent_snapshot);
        match (hash, name.rsplit_once('/')) {
            (None, _) => name.to_owned(),
            (Some(hash), None) => format!("{hash}.{name}"),
            (Some(hash), Some((directory, name))) => format!("{directory}/{hash}.{name}"),
        }
    }
}
