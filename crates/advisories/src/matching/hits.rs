//! What is said of one package in one scope.

use model::inventory::{Package, PackageKind};

use super::module::{Stream, may_mend, stream};
use super::scope::Scope;
use crate::advisory::Status;
use crate::database::{Claim, Damage, Details, Ends, Head, Mend, Shard};
use crate::version::Order;

/// An advisory that means a package.
#[derive(Debug)]
pub(super) struct Hit<'a> {
    pub(super) ecosystem: &'a str,
    pub(super) head: Head<'a>,
    pub(super) details: Details<'a>,
    /// The interval that the version is in; nothing where it is named itself.
    pub(super) ends: Option<Ends<'a>>,
    /// What mends it: the end of that interval, or else a newer version that the advisory names.
    pub(super) fix: Mend<'a>,
    /// In which order versions and fixes are.
    pub(super) order: Order,
    /// How far from the package its author is: 0 decides before 1.
    pub(super) distance: u8,
}

/// Under which name and version somebody may know a package.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) package: &'a Package,
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) epoch: Epoch,
}

/// Whether somebody says the epoch of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Epoch {
    /// It is part of the version, or there is none.
    Said,
    /// The version is from the name of a source package's file, which leaves it out.
    Unsaid,
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
    pub(super) fn is_empty(&self) -> bool {
        let Self::These(these) = self else { return false };
        these.iter().all(|(_, offsets)| offsets.is_empty())
    }

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
            let found = hit(shard, &package, claim, scope, nearness, subject.version)?;
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
    scope: &Scope<'a>,
    nearness: u8,
    version: &str,
) -> Result<Hit<'a>, Damage> {
    let head = shard.head(claim.advisory)?;
    let details = shard.details(package, claim)?;
    let ends = claim.interval.map(|interval| shard.ends(package, interval)).transpose()?;
    let distance = nearness.saturating_mul(2).saturating_add(u8::from(head.id.starts_with("GHSA-")));
    let (ecosystem, order) = (scope.ecosystem, scope.order);
    let fix = match (ends.and_then(|ends| ends.fix()), details.fix) {
        (Some(end), _) => Mend::In(end),
        // Another branch's end may be older than what is installed.
        (None, Mend::In(named)) if order.compare(named, version).is_ok_and(|found| found.is_le()) => {
            Mend::None
        }
        (None, fix) => fix,
    };
    Ok(Hit { ecosystem, head, details, ends, fix, order, distance })
}

/// The qualifier that names a module's stream.
const MODULE: &str = "rpmmod";

/// Whether all that the claim asks beside the version holds.
fn concerns(hit: &Hit<'_>, claim: Claim, subject: Subject<'_>) -> bool {
    let named = claim.interval.is_some() || hit.details.versions.contains(&subject.version);
    let mut qualifiers = hit.details.qualifiers.iter();
    named && is_before(hit, subject) && qualifiers.all(|(name, value)| qualifies(hit, name, value, subject))
}

/// Whether the version is before what mends it, also where that is of another stream or has an epoch that the version
/// should have.
fn is_before(hit: &Hit<'_>, subject: Subject<'_>) -> bool {
    let Some(fix) = hit.ends.and_then(|ends| ends.fix()) else { return true };
    if subject.package.kind != PackageKind::Rpm {
        return true;
    }
    let epoch = fix.split_once(':').map(|(epoch, _)| epoch).filter(|_| subject.epoch == Epoch::Unsaid);
    let newer = epoch.is_some_and(|epoch| {
        let whole = format!("{epoch}:{}", subject.version);
        hit.order.compare(&whole, fix).is_ok_and(|found| found.is_ge())
    });
    // Where the advisory names the stream, that decides.
    let named = hit.details.qualifiers.iter().any(|(name, _)| *name == MODULE);
    !newer && (named || may_mend(subject.package, subject.version, fix))
}

fn qualifies(hit: &Hit<'_>, name: &str, value: &str, subject: Subject<'_>) -> bool {
    let package = subject.package;
    match name {
        "arch" => {
            let any = package.architecture.is_empty() || ["src", "source", "all", "noarch"].contains(&value);
            any || value == package.architecture
        }
        MODULE => match stream(package, subject.version, value) {
            Stream::This => true,
            Stream::Other => false,
            // Who may be of another stream may have it, and is not known not to.
            Stream::Unknown => hit.status() != Status::NotAffected,
        },
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
