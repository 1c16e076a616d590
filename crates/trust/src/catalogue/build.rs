//! A catalogue is made of metadata that are verified and fresh, and of the list of what was taken back.

use std::collections::BTreeMap;

use super::builder::builders;
use super::table::Table;
use super::{Catalogue, Expiry, FORMAT, Stage};
use crate::TrustError;
use crate::client::{Source, Trusted};
use crate::metadata::{DelegatedRole, FormatError, Target, Targets};
use crate::publisher::{Revocations, removed};

/// The most stages of a publisher.
const MOST_STAGES: usize = 32;

/// The longest reason that is kept, in characters.
const LONGEST: usize = 500;

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

impl Catalogue<'_> {
    /// All that a publisher vouches for after a refresh. Fetches what their stages promoted, and the list of what they
    /// took back.
    ///
    /// # Errors
    /// [`TrustError`] if any of it is missing, stale or not understood: then they vouch for nothing.
    pub fn of(
        trusted: &mut Trusted,
        source: &mut dyn Source,
        now: i64,
    ) -> Result<Catalogue<'static>, TrustError> {
        trusted.check_present(now)?;
        let unheard = || TrustError::Unheard("targets.json".to_owned());
        let targets = trusted.targets().ok_or_else(unheard)?;
        let rows = targets.targets.iter().filter_map(|(name, target)| row(name, target)).collect();
        let delegations = targets.delegations.clone().unwrap_or_default();
        let stages: Vec<&DelegatedRole> =
            delegations.roles.iter().filter(|role| is_stage(&role.name)).collect();
        if stages.len() > MOST_STAGES {
            let error = FormatError::TooMany { what: "stages", most: MOST_STAGES };
            return Err(TrustError::Format { file: "targets.json".to_owned(), error });
        }
        let removed = removed_rows(targets);
        let revoked = revoked_rows(trusted.list(source)?)?;
        let stages = stages.into_iter().map(|role| {
            let stage = stage(trusted, role, source, now)?;
            Ok(Stage { builders: builders(role, &delegations), ..stage })
        });
        let stages = stages.collect::<Result<Vec<_>, TrustError>>()?;
        let (role, at) = trusted.expires();
        Ok(Catalogue {
            format: FORMAT,
            publisher: *trusted.publisher().as_bytes(),
            refreshed: now,
            expires: Expiry { role: role.into(), at },
            releases: table(&rows)?,
            stages,
            revoked: table(&revoked)?,
            removed: table(&removed)?,
        })
    }
}

fn stage(
    trusted: &mut Trusted,
    role: &DelegatedRole,
    source: &mut dyn Source,
    now: i64,
) -> Result<Stage<'static>, TrustError> {
    let silent = |at| {
        let expires = Expiry { role: role.name.clone().into(), at };
        table(&Rows::new()).map(|releases| Stage { expires, releases, builders: Vec::new() })
    };
    let ends = trusted.expires().1;
    let targets = match trusted.stage(&role.name, source, now) {
        // Nobody has promoted anything to it yet: a stage's file begins with its first promotion, and once it is
        // listed it cannot vanish.
        Err(TrustError::NotListed(_)) => return silent(ends),
        // Its people have not renewed it: it vouches for nothing, and what is released stays released.
        Err(TrustError::Expired { role: expired, since, .. }) if expired == role.name => {
            return silent(since);
        }
        found => found?,
    };
    let prefix = format!("{}/", role.name);
    // "Clients MUST check that a target is in one of the trusted paths": a stage promotes to nothing but itself.
    let covered = targets.targets.iter().filter(|(name, _)| role.covers(name));
    let own = covered.filter_map(|(name, target)| Some((name.strip_prefix(&prefix)?, target)));
    let rows = own.filter_map(|(name, target)| {
        let digest = target.hashes.sha256()?;
        Some((name.as_bytes().to_vec(), digest.as_bytes().to_vec()))
    });
    let expires = Expiry { role: role.name.clone().into(), at: targets.expires };
    Ok(Stage { expires, releases: table(&rows.collect())?, builders: Vec::new() })
}

/// What a release is found by: a name with a tag, and a digest that is understood. Others are none.
fn row(name: &str, target: &Target) -> Option<(Vec<u8>, Vec<u8>)> {
    let digest = target.hashes.sha256().filter(|_| name.contains(':'))?;
    let value = [digest.as_bytes().as_slice(), &target.sequence().to_le_bytes()].concat();
    Some((name.as_bytes().to_vec(), value))
}

fn revoked_rows(list: &[u8]) -> Result<Rows, TrustError> {
    let list = Revocations::read(list).map_err(|error| TrustError::List(error.to_string()))?;
    let rows = list.revoked.iter().map(|entry| {
        let (time, reason) = (shown(&entry.time), shown(&entry.reason));
        (entry.digest.as_bytes().to_vec(), format!("{time}\n{reason}").into_bytes())
    });
    Ok(rows.collect())
}

fn removed_rows(targets: &Targets) -> Rows {
    let rows = removed(targets).into_iter();
    rows.map(|(stage, since)| (stage.into_bytes(), shown(&since).into_bytes())).collect()
}

/// A publisher's words are shown to people.
fn shown(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
}

fn table(rows: &Rows) -> Result<Table<'static>, TrustError> {
    let most = crate::client::MOST_TARGETS;
    let large =
        || TrustError::Format { file: "targets.json".to_owned(), error: FormatError::TooLarge { most } };
    Table::of(rows).ok_or_else(large)
}

/// A stage's name: `[a-z][a-z0-9-]{0,31}`. Other delegated roles are no business of ours.
fn is_stage(name: &str) -> bool {
    let letters = name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    letters && name.len() <= 32 && name.starts_with(|first: char| first.is_ascii_lowercase())
}
