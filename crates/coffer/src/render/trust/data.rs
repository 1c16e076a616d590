//! Publishers and what they sign, as data.

use std::path::Path;

use engine::trust::keyring::{Kept, KeyPlace};
use engine::trust::{
    Event, First, KeyId, KeyStanding, Known, Made, Missing, Outcome, ReleaseStanding, State, Usage,
};
use serde::Serialize;

use crate::render::time;

/// `coffer trust init`
#[derive(Debug, Serialize)]
pub(crate) struct MadeJson<'a> {
    publisher: &'a str,
    fingerprint: Option<String>,
    roles: Vec<RoleJson>,
    keys: Vec<KeyJson<'a>>,
    missing: Vec<MissingJson>,
}

/// A role and its keys.
#[derive(Debug, Serialize)]
struct RoleJson {
    role: String,
    needed: u32,
    keys: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    requires: Vec<RequirementJson>,
}

#[derive(Debug, Serialize)]
struct RequirementJson {
    kind: String,
    keys: Vec<String>,
}

/// `coffer trust keys`: one key.
#[derive(Debug, Serialize)]
pub(crate) struct KeyJson<'a> {
    publisher: &'a str,
    role: String,
    id: String,
    name: &'a str,
    kept: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    retired: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
}

/// `coffer trust sign` and whatever else changes what a publisher says.
#[derive(Debug, Serialize)]
pub(crate) struct OutcomeJson<'a> {
    publisher: &'a str,
    place: String,
    state: &'static str,
    changes: Vec<String>,
    signed: Vec<SignatureJson>,
    dropped: Vec<SignatureJson>,
    missing: Vec<MissingJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fresh_until: Option<String>,
}

#[derive(Debug, Serialize)]
struct SignatureJson {
    role: String,
    key: String,
}

#[derive(Debug, Serialize)]
struct MissingJson {
    role: String,
    needed: u32,
    signed: Vec<String>,
    absent: Vec<String>,
}

/// `coffer trust inspect`
#[derive(Debug, Serialize)]
pub(crate) struct KnownJson<'a> {
    place: String,
    fingerprint: String,
    roles: Vec<RoleJson>,
    releases: Vec<ReleaseJson<'a>>,
    revoked: Vec<RevokedJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<WaitingJson>,
}

#[derive(Debug, Serialize)]
struct ReleaseJson<'a> {
    name: &'a str,
    digest: String,
    sequence: u64,
    stages: &'a [String],
}

#[derive(Debug, Serialize)]
struct RevokedJson<'a> {
    digest: String,
    reason: &'a str,
    time: &'a str,
}

#[derive(Debug, Serialize)]
struct WaitingJson {
    changes: Vec<String>,
    missing: Vec<MissingJson>,
}

/// `coffer trust log`: one event.
#[derive(Debug, Serialize)]
pub(crate) struct EventJson<'a> {
    time: Option<&'a str>,
    role: String,
    what: String,
    signed_by: Vec<String>,
}

impl<'a> MadeJson<'a> {
    pub(crate) fn new(made: &'a Made) -> Self {
        let role = |(role, keys): &(engine::trust::RoleName, engine::trust::Keys)| RoleJson {
            role: role.to_string(),
            needed: keys.threshold,
            keys: keys.keys.iter().map(|key| key.id().to_string()).collect(),
            version: None,
            expires: None,
            requires: Vec::new(),
        };
        Self {
            publisher: &made.name,
            fingerprint: made.fingerprint.map(|digest| digest.to_string()),
            roles: made.roles.iter().map(role).collect(),
            keys: made.kept.iter().map(|key| KeyJson::new(&made.name, key)).collect(),
            missing: made.missing.iter().map(MissingJson::new).collect(),
        }
    }
}

impl<'a> KeyJson<'a> {
    pub(crate) fn new(publisher: &'a str, key: &'a Kept) -> Self {
        let (kept, token) = match &key.place {
            KeyPlace::Sealed => ("sealed", None),
            KeyPlace::Plain => ("plain", None),
            KeyPlace::Hardware(uri) => ("token", Some(uri.to_string())),
        };
        let (role, id) = (key.role.to_string(), key.public.id().to_string());
        Self { publisher, role, id, name: &key.file, kept, token, retired: false, public_key: None }
    }

    /// With whether anything counts that it signs.
    pub(crate) fn standing(publisher: &'a str, standing: &'a KeyStanding) -> Self {
        Self { retired: standing.usage == Usage::Retired, ..Self::new(publisher, &standing.key) }
    }

    /// With the file that has its public half.
    pub(crate) fn with_file(self, path: &Path) -> Self {
        Self { public_key: Some(path.to_string_lossy().into_owned()), ..self }
    }
}

impl<'a> OutcomeJson<'a> {
    pub(crate) fn new(outcome: &'a Outcome) -> Self {
        let (state, published) = match &outcome.state {
            State::Unchanged => ("unchanged", None),
            State::Waits => ("waits", None),
            State::WaitsForOnline => ("waits-for-online", None),
            State::Published { fingerprint, first, fresh_until } => (
                "published",
                Some((fingerprint.to_string(), *first == First::Yes, time::rfc3339(*fresh_until))),
            ),
        };
        let (fingerprint, first, fresh_until) = match published {
            Some((fingerprint, first, until)) => (Some(fingerprint), Some(first), Some(until)),
            None => (None, None, None),
        };
        let given = outcome.given.iter().map(|given| SignatureJson::new(&given.role, &given.key));
        Self {
            publisher: &outcome.publisher,
            place: outcome.place.to_string(),
            state,
            changes: outcome.changes.iter().map(ToString::to_string).collect(),
            signed: given.collect(),
            dropped: outcome.dropped.iter().map(|(role, key)| SignatureJson::new(role, key)).collect(),
            missing: outcome.missing.iter().map(MissingJson::new).collect(),
            fingerprint,
            first,
            fresh_until,
        }
    }
}

impl SignatureJson {
    fn new(role: &engine::trust::RoleName, key: &KeyId) -> Self {
        Self { role: role.to_string(), key: key.to_string() }
    }
}

impl MissingJson {
    fn new(missing: &Missing) -> Self {
        let ids = |ids: &[KeyId]| ids.iter().map(ToString::to_string).collect();
        Self {
            role: missing.role.to_string(),
            needed: missing.threshold,
            signed: ids(&missing.signed),
            absent: ids(&missing.absent),
        }
    }
}

impl<'a> KnownJson<'a> {
    pub(crate) fn new(known: &'a Known) -> Self {
        let roles = known.roles.iter().map(|standing| RoleJson {
            role: standing.role.to_string(),
            needed: standing.keys.threshold,
            keys: standing.keys.keys.iter().map(|key| key.id().to_string()).collect(),
            version: Some(standing.version),
            expires: Some(time::rfc3339(standing.expires)).filter(|_| standing.version > 0),
            requires: standing.requires.iter().map(RequirementJson::new).collect(),
        });
        let revoked = known.revoked.iter().map(|entry| RevokedJson {
            digest: entry.digest.to_string(),
            reason: &entry.reason,
            time: &entry.time,
        });
        let waiting = known.waiting.as_ref().map(|(changes, missing)| WaitingJson {
            changes: changes.iter().map(ToString::to_string).collect(),
            missing: missing.iter().map(MissingJson::new).collect(),
        });
        Self {
            place: known.place.to_string(),
            fingerprint: known.fingerprint.to_string(),
            roles: roles.collect(),
            releases: known.releases.iter().map(ReleaseJson::new).collect(),
            revoked: revoked.collect(),
            waiting,
        }
    }
}

impl RequirementJson {
    fn new(required: &engine::trust::Requirement) -> Self {
        let keys = required.keys.iter().map(|key| key.id().to_string()).collect();
        Self { kind: required.kind.clone(), keys }
    }
}

impl<'a> ReleaseJson<'a> {
    fn new(release: &'a ReleaseStanding) -> Self {
        let ReleaseStanding { name, digest, sequence, stages } = release;
        Self { name, digest: digest.to_string(), sequence: *sequence, stages }
    }
}

impl<'a> EventJson<'a> {
    pub(crate) fn new(event: &'a Event) -> Self {
        Self {
            time: event.time.as_deref(),
            role: event.role.to_string(),
            what: event.change.to_string(),
            signed_by: event.by.iter().map(ToString::to_string).collect(),
        }
    }
}
