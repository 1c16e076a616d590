//! Why a publisher's word is not taken: which file, which role, which key, what expired and by how much.

use model::digest::ClaimedDigest;

use crate::metadata::{FormatError, Shortfall, rfc3339};

/// Why bytes could not be had. What it says is shown as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// Why nothing new is believed. What was believed before still is, until it expires.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// The place cannot be reached, or is too slow.
    #[error("cannot read `{file}`: {error}")]
    Source {
        /// Which file.
        file: String,
        /// What the source said.
        error: SourceError,
    },
    /// A file that others speak of, or that every publisher has.
    #[error("`{0}` is missing")]
    Missing(String),
    /// Not what it should be, before anybody asks who signed it.
    #[error("`{file}` {error}")]
    Format {
        /// Which file.
        file: String,
        /// What is wrong with it.
        error: FormatError,
    },
    /// Not signed, half signed, or signed by others.
    #[error("`{file}` {shortfall}")]
    Unsigned {
        /// Which file.
        file: String,
        /// What is missing.
        shortfall: Shortfall,
    },
    /// An older version than was seen before.
    #[error(
        "`{file}` is offered in version {offered}, and version {trusted} was seen before: an older state is passed off as the present one"
    )]
    Rollback {
        /// Which file.
        file: String,
        /// The version that is offered.
        offered: u64,
        /// The one that was seen.
        trusted: u64,
    },
    /// A role that a snapshot listed and a later one does not.
    #[error("the snapshot does not list `{0}` any more: what was listed once has to stay")]
    Vanished(String),
    /// A file that carries another version than its name, or the file that lists it, says.
    #[error("`{file}` has version {found}, and {wanted} was asked for")]
    Version {
        /// Which file.
        file: String,
        /// The version inside.
        found: u64,
        /// The one that is listed.
        wanted: u64,
    },
    /// Files of different states, mixed.
    #[error("`{0}` is not the file that is listed: its length or its hashes differ")]
    Mixed(String),
    /// Withheld news, or a publisher who does not sign any more.
    #[error("role `{role}` expired {}, at {}", ago(*since, *now), rfc3339(*since))]
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
    /// The root that came is nobody that is pinned.
    #[error("the root hashes to {found}, and {pinned} is pinned")]
    Fingerprint {
        /// What is pinned.
        pinned: ClaimedDigest,
        /// What came.
        found: ClaimedDigest,
    },
    /// No version of the root there has the fingerprint that is pinned.
    #[error(
        "none of the roots there hashes to {0}, which is pinned: another publisher, or a mistyped fingerprint"
    )]
    Stranger(ClaimedDigest),
    /// A role that is delegated to and has no file in the snapshot.
    #[error("role `{0}` is delegated to, and the snapshot does not list its file")]
    NotListed(String),
    /// A delegation graph that does not end.
    #[error("more than {0} roles would have to be asked about one name")]
    Maze(usize),
    /// Without the list of what was taken back nothing is vouched for.
    #[error("the publisher has no list of what they revoked: target `revoked.json` is missing")]
    NoList,
    /// A list of which a part is not understood is not understood.
    #[error("the publisher's list of what they revoked cannot be read: {0}")]
    List(String),
    /// Nothing was fetched yet.
    #[error("`{0}` was never fetched from this publisher")]
    Unheard(String),
}

impl TrustError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Source { .. } => "E-trust-source",
            Self::Missing(_) => "E-trust-missing",
            Self::Format { .. } => "E-trust-format",
            Self::Unsigned { .. } => "E-trust-unsigned",
            Self::Rollback { .. } => "E-trust-rollback",
            Self::Vanished(_) => "E-trust-vanished",
            Self::Version { .. } => "E-trust-version",
            Self::Mixed(_) => "E-trust-mixed",
            Self::Expired { .. } => "E-trust-expired",
            Self::Clock { .. } => "E-trust-clock",
            Self::Fingerprint { .. } => "E-trust-fingerprint",
            Self::Stranger(_) => "E-trust-stranger",
            Self::NotListed(_) => "E-trust-not-listed",
            Self::Maze(_) => "E-trust-maze",
            Self::NoList => "E-trust-no-list",
            Self::List(_) => "E-trust-list",
            Self::Unheard(_) => "E-trust-unheard",
        }
    }
}

/// How long ago `since` was, in the largest unit of which there is one.
pub(crate) fn ago(since: i64, now: i64) -> String {
    let seconds = now.saturating_sub(since).max(0);
    let units = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let unit = units.into_iter().find(|(length, _)| seconds >= *length);
    let Some((length, unit)) = unit else { return "this very second".to_owned() };
    let number = seconds / length;
    format!("{number} {unit}{} ago", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_expired_says_since_when() {
        let expired = |seconds| {
            let error = TrustError::Expired { role: "timestamp".to_owned(), since: 0, now: seconds };
            error.to_string()
        };
        assert_eq!(expired(0), "role `timestamp` expired this very second, at 1970-01-01T00:00:00Z");
        assert_eq!(expired(3601), "role `timestamp` expired 1 hour ago, at 1970-01-01T00:00:00Z");
        assert_eq!(expired(200_000), "role `timestamp` expired 2 days ago, at 1970-01-01T00:00:00Z");
    }
}
