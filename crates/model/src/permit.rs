//! Proof of a yes for one start of one digest with one request.

use serde::Serialize;

use crate::digest::Digest;
use crate::trust::Vouched;
use crate::verdict::{Exception, Level, Outcome};

/// A yes. Not `Clone`, not `Deserialize`: there is one for each start, `launch` consumes it, and it
/// cannot be read back from a file.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Permit {
    /// The container it is for.
    container: String,
    /// The image's manifest digest.
    image: Digest,
    /// Digest of the request that was judged, field by field.
    request: Digest,
    /// The level that was in force.
    level: Level,
    /// Go or go with controls, never no go (except at level `open`, which records and lets run).
    outcome: Outcome,
    /// Ids of the controls that were still missing.
    missing: Vec<String>,
    /// What was granted against the default.
    exceptions: Vec<Exception>,
    /// Who vouches for the image; about a command in a container nobody is asked again.
    vouched: Box<Vouched>,
    /// When, in seconds since the epoch.
    issued: i64,
}

/// What a permit says; the fields of [`Permit`] before anybody vouched for them.
#[derive(Debug)]
pub struct Grant {
    /// The container it is for.
    pub container: String,
    /// The image's manifest digest.
    pub image: Digest,
    /// Digest of the request that was judged.
    pub request: Digest,
    /// The level that was in force.
    pub level: Level,
    /// The verdict's outcome.
    pub outcome: Outcome,
    /// Ids of the controls that were still missing.
    pub missing: Vec<String>,
    /// What was granted against the default.
    pub exceptions: Vec<Exception>,
    /// Who vouches for the image.
    pub vouched: Vouched,
    /// When, in seconds since the epoch.
    pub issued: i64,
}

impl Permit {
    /// Vouches that a decision said yes. Only `policy::decide` calls this; a test of the whole
    /// workspace fails on any other caller.
    #[must_use]
    pub fn assertion(grant: Grant) -> Self {
        let Grant { container, image, request, level, outcome, missing, exceptions, vouched, issued } = grant;
        let vouched = Box::new(vouched);
        Self { container, image, request, level, outcome, missing, exceptions, vouched, issued }
    }

    /// The container that may start.
    #[must_use]
    pub fn container(&self) -> &str {
        &self.container
    }

    /// The image that may start.
    #[must_use]
    pub fn image(&self) -> Digest {
        self.image
    }

    /// The level it was granted at.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// The verdict's outcome.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Controls that were still missing.
    #[must_use]
    pub fn missing(&self) -> &[String] {
        &self.missing
    }

    /// What was granted against the default.
    #[must_use]
    pub fn exceptions(&self) -> &[Exception] {
        &self.exceptions
    }

    /// Who vouches for the image.
    #[must_use]
    pub fn vouched(&self) -> &Vouched {
        &self.vouched
    }
}
