//! The passed check.

use model::digest::{ClaimedDigest, Digest};

/// An image that a publisher vouches for now. There is no way to make one but to ask a
/// [`Catalogue`](super::Catalogue).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attested {
    publisher: ClaimedDigest,
    name: String,
    digest: Digest,
    sequence: u64,
    stages: Vec<String>,
}

impl Attested {
    /// Vouches that a catalogue that has not expired lists the digest under the name. A test lists the callers.
    pub(super) fn assertion(
        publisher: ClaimedDigest,
        name: String,
        digest: Digest,
        sequence: u64,
        stages: Vec<String>,
    ) -> Self {
        Self { publisher, name, digest, sequence, stages }
    }

    /// The publisher's fingerprint.
    #[must_use]
    pub fn publisher(&self) -> ClaimedDigest {
        self.publisher
    }

    /// What it is signed as: `web/app:1.4`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Of its manifest or index.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The number of the signing: of two releases, the later one has the greater.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The stages that it was promoted to, in the publisher's order.
    #[must_use]
    pub fn stages(&self) -> &[String] {
        &self.stages
    }
}
