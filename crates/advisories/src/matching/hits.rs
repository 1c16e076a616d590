//! What is said of one package in one scope.

use model::inventory::{Package, PackageKind};

use super::scope::Scope;
use crate::advisory::Status;
use crate::database::{Claim, Damage, Details, Ends, Head, Shard};

/// An advisory that means a package.
#[derive(Debug)]
pub(super) struct Hit<'a> {
    pub(super) ecosystem: &'a str,
    pub(super) head: Head<'a>,
    pub(super) details: Details<'a>,
    /// The interval that the version is in; nothing where it is named itself.
    pub(super) ends: Option<Ends<'a>>,
    /// How far from the package its author is: 0 decides before 1.
    pub(super) distance: u8,
}

/// Under which name and version somebody may know a package.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) package: &'a Package,
    pub(super) name: &'a str,
    pub(super) version: &'a str,
}

/// A version that could not be judged: why, and how many advisories would have meant it or not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unjudged {
    pub(super) reason: String,
    pub(super) advisories: usize,
}

/// Which advisories count.
#[derive(Debug)]
pub(super) enum Only<'a> {
    /// All of them.
    All,
    /// These, by their shards.
    These(Vec<(&'a Shard, Vec<u32>)>),
}

impl Only<'_> {
    fn counts(&self, shard: &Shard, advisory: u32) -> bool {
        let Self::These(these) = self else { return true };
        these.iter().any(|(other, offsets)| std::ptr::eq(*other, shard) && offsets.contains(&advisory))
    }
}

/// Adds the advisories of a scope that mean the subject.
pub(super) fn gather<'a>(
    scope: &Scope<'a>,
    nearness: u8,
    subject: Subject<'_>,
    only: &Only<'a>,
    key: &mut Vec<u8>,
    hits: &mut Vec<Hit<'a>>,
) -> Result<Option<Unjudged>, Damage> {
    let mut unjudged = None;
    let mut keyed = None;
    for shard in &scope.shards {
        let Some(package) = shard.package_by(scope.hash, scope.ecosystem, subject.name)? else { continue };
        let known = keyed.get_or_insert_with(|| {
            key.clear();
            scope.order.key(subject.version, key).map_err(|bad| bad.to_string())
        });
        let position = known.as_ref().ok().map(|()| package.position(key));
        if let Err(reason) = known {
            let judged = unjudged.get_or_insert_with(|| Unjudged { reason: reason.clone(), advisories: 0 });
            judged.advisories += package.len();
        }
        // What is in every version is in one that cannot be read, too.
        let whole = package.whole();
        let meant = |start, end| match position {
            Some(position) => start <= position && position < end,
            None => (start, end) == whole,
        };
        package.claims(meant, |claim| {
            if !only.counts(shard, claim.advisory) {
                return Ok(());
            }
            let found = hit(shard, &package, claim, scope.ecosystem, nearness)?;
            if concerns(&found, claim, subject) {
                hits.push(found);
            }
            Ok(())
        })?;
    }
    Ok(unjudged)
}

fn hit<'a>(
    shard: &'a Shard,
    package: &crate::database::Package<'a>,
    claim: Claim,
    ecosystem: &'a str,
    nearness: u8,
) -> Result<Hit<'a>, Damage> {
    let head = shard.head(claim.advisory)?;
    let details = shard.details(package, claim)?;
    let ends = claim.interval.map(|interval| shard.ends(package, interval)).transpose()?;
    let distance = nearness * 2 + u8::from(head.id.starts_with("GHSA-"));
    Ok(Hit { ecosystem, head, details, ends, distance })
}

/// Whether all that the claim asks beside the version holds.
fn concerns(hit: &Hit<'_>, claim: Claim, subject: Subject<'_>) -> bool {
    let named = claim.interval.is_some() || hit.details.versions.contains(&subject.version);
    named && hit.details.qualifiers.iter().all(|(name, value)| qualifies(name, value, subject))
}

fn qualifies(name: &str, value: &str, subject: Subject<'_>) -> bool {
    let package = subject.package;
    match name {
        "arch" => {
            let any = package.architecture.is_empty() || ["src", "source", "all", "noarch"].contains(&value);
            any || value == package.architecture
        }
        // A module's packages have its stream in their release, and others of the same name do not.
        "rpmmod" => package.kind != PackageKind::Rpm || subject.version.contains(".module"),
        _ => true,
    }
}

impl Hit<'_> {
    /// The vulnerabilities that it is about, each by the name that it should have.
    pub(super) fn subjects(&self) -> Vec<&str> {
        if !self.head.mends.is_empty() {
            return self.head.mends.clone();
        }
        let starts = |start: &str| self.head.names().find(|name| name.starts_with(start));
        vec![starts("CVE-").or_else(|| starts("GHSA-")).unwrap_or(self.head.id)]
    }

    pub(super) fn status(&self) -> Status {
        self.details.status
    }
}
