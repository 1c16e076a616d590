//! A document that was verified, and by whose authority. The one place where bytes become a document.

use crate::TrustError;
use crate::metadata::{Authority, Document, Envelope, MetaFile};

#[derive(Debug, Clone)]
pub(super) struct Held<T> {
    /// As they came: hashes in other files are of these.
    pub(super) bytes: Vec<u8>,
    pub(super) content: T,
    /// Who signed, as the delegator said when it was verified.
    authority: Authority,
}

impl<T: Document> Held<T> {
    /// Verifies `bytes`: first the signatures, then the rest is read.
    pub(super) fn verified(
        file: &str,
        bytes: Vec<u8>,
        most: u64,
        authority: Authority,
    ) -> Result<Self, TrustError> {
        let malformed = |error| TrustError::Format { file: file.to_owned(), error };
        let envelope = Envelope::open(&bytes, most).map_err(malformed)?;
        envelope.head::<T>().map_err(malformed)?;
        envelope.holds(&authority).map_err(|shortfall| unsigned(file, shortfall))?;
        let content = envelope.content().map_err(malformed)?;
        Ok(Self { bytes, content, authority })
    }

    /// Whether `authority` vouches for it too: nothing stays verified because somebody else once vouched for it.
    pub(super) fn confirm(&mut self, most: u64, authority: &Authority) -> bool {
        if self.authority == *authority {
            return true;
        }
        let holds = Envelope::open(&self.bytes, most).is_ok_and(|envelope| envelope.holds(authority).is_ok());
        if holds {
            self.authority = authority.clone();
        }
        holds
    }

    /// The same by value.
    pub(super) fn confirmed(mut self, most: u64, authority: &Authority) -> Option<Self> {
        self.confirm(most, authority).then_some(self)
    }

    /// Whether it is the file that `listed` means.
    pub(super) fn is(&self, listed: &MetaFile) -> bool {
        self.content.version() == listed.version && matches(&self.bytes, listed)
    }

    /// "Check for a freeze attack. The expiration timestamp [...] MUST be higher than the fixed update start time."
    pub(super) fn fresh(&self, role: &str, now: i64) -> Result<(), TrustError> {
        let since = self.content.expires();
        match since > now {
            true => Ok(()),
            false => Err(TrustError::Expired { role: role.to_owned(), since, now }),
        }
    }
}

/// Whether `bytes` have the length and the hashes that are listed, if any are.
pub(super) fn matches(bytes: &[u8], listed: &MetaFile) -> bool {
    let length = u64::try_from(bytes.len()).ok();
    listed.length.is_none_or(|listed| length == Some(listed))
        && listed.hashes.as_ref().is_none_or(|hashes| hashes.hold(bytes))
}

pub(super) fn unsigned(file: &str, shortfall: crate::metadata::Shortfall) -> TrustError {
    TrustError::Unsigned { file: file.to_owned(), shortfall }
}
