//! Why nobody vouches for an image, each reason in words of its own.

use model::digest::ClaimedDigest;

use crate::error::ago;
use crate::metadata::rfc3339;

/// Why the publisher who is pinned does not vouch for an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// Nothing of that name.
    #[error("the publisher signed no `{0}`")]
    NotSigned(String),
    /// No release of that name has the digest.
    #[error("the publisher signed no release of `{repository}` with digest {digest}")]
    UnknownDigest {
        /// The image's name below its place.
        repository: String,
        /// What it is.
        digest: ClaimedDigest,
    },
    /// The name is signed, and means another image.
    #[error("the publisher signed `{name}` as {signed}, and this is {found}")]
    OtherDigest {
        /// `NAME:TAG`.
        name: String,
        /// What was signed.
        signed: ClaimedDigest,
        /// What is here.
        found: ClaimedDigest,
    },
    /// Signed once, and taken back.
    #[error("the publisher revoked {digest} at {since}: {reason}")]
    Revoked {
        /// Of which image.
        digest: ClaimedDigest,
        /// When, RFC 3339.
        since: String,
        /// Their words.
        reason: String,
    },
    /// The publisher has not been heard for too long.
    #[error("what the publisher signed as role `{role}` expired {}, at {}", ago(*since, *now), rfc3339(*since))]
    Expired {
        /// Which role.
        role: String,
        /// When.
        since: i64,
        /// The time that it was compared with.
        now: i64,
    },
    /// The clock went back.
    #[error("the clock says {}, and this publisher was heard at {}: the clock is wrong now, or was then", rfc3339(*now), rfc3339(*heard))]
    Clock {
        /// What the clock says.
        now: i64,
        /// When the publisher was heard last.
        heard: i64,
    },
    /// Signed, and not for this.
    #[error("`{name}` was not promoted to stage `{wanted}`: {}", reached(has))]
    Stage {
        /// `NAME:TAG`, or the name alone.
        name: String,
        /// What is demanded.
        wanted: String,
        /// The stages that it has reached.
        has: Vec<String>,
    },
    /// The publisher has no such stage.
    #[error("the publisher has no stage `{0}`")]
    NoStage(String),
    /// The publisher had it.
    #[error("the publisher removed stage `{stage}` at {since}: nothing is promoted to it any more")]
    StageRemoved {
        /// What is demanded.
        stage: String,
        /// When, RFC 3339.
        since: String,
    },
}

impl Doubt {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotSigned(_) => "E-trust-not-signed",
            Self::UnknownDigest { .. } => "E-trust-unknown-digest",
            Self::OtherDigest { .. } => "E-trust-other-digest",
            Self::Revoked { .. } => "E-trust-revoked",
            Self::Expired { .. } => "E-trust-expired",
            Self::Clock { .. } => "E-trust-clock",
            Self::Stage { .. } => "E-trust-stage",
            Self::NoStage(_) => "E-trust-no-stage",
            Self::StageRemoved { .. } => "E-trust-stage-removed",
        }
    }
}

fn reached(has: &[String]) -> String {
    match has.is_empty() {
        true => "it has reached none".to_owned(),
        false => format!("it has reached {}", has.join(", ")),
    }
}
