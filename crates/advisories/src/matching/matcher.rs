//! Matches inventories with a database.

use std::collections::BTreeSet;

use model::finding::Vulnerability;
use model::inventory::{Distribution, Gap, Inventory, Package, PackageKind};

use super::finding::{Life, finding};
use super::hits::{Epoch, Hit, Only, Subject, Unjudged, gather};
use super::kernel::is_interface;
use super::merge::merge;
use super::release::{ecosystems, end_of_life};
use super::scope::{Scope, scopes};
use super::software;
use crate::database::{Damage, Database};
use crate::ecosystem::{normal_name, of_kind};

/// What only the caller can say.
#[derive(Debug, Clone)]
pub struct Context {
    /// The day, `2026-11-26`.
    pub today: String,
}

/// Matches any number of inventories with one database.
#[derive(Debug)]
pub struct Matcher<'a> {
    database: &'a Database,
    today: &'a str,
    scopes: Vec<Scope<'a>>,
}

/// What is vulnerable in an inventory, and what could not be judged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Matches {
    /// Ordered as their packages are, and by name.
    pub vulnerabilities: Vec<Vulnerability>,
    /// What could not be judged, and why.
    pub gaps: Vec<Gap>,
}

/// The advisories that go by one name.
#[derive(Debug)]
pub struct About<'a>(Only<'a>);

impl About<'_> {
    /// Whether nobody speaks of anything by that name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The distribution of an inventory.
struct System<'m, 'a> {
    /// Each with how far it is: 0 decides before 1.
    scopes: Vec<(u8, &'m Scope<'a>)>,
    life: Life,
}

impl<'a> Matcher<'a> {
    /// # Errors
    /// [`Damage`].
    pub fn new(database: &'a Database, context: &'a Context) -> Result<Self, Damage> {
        Ok(Self { database, today: &context.today, scopes: scopes(database.shards())? })
    }

    /// What of an inventory is vulnerable.
    ///
    /// # Errors
    /// [`Damage`].
    pub fn match_inventory(&self, inventory: &Inventory) -> Result<Matches, Damage> {
        self.matches(inventory, &Only::All)
    }

    /// The advisories that go by a name, to look for in inventories: `CVE-...`, `GHSA-...`, their own.
    ///
    /// # Errors
    /// [`Damage`].
    pub fn about(&self, name: &str) -> Result<About<'a>, Damage> {
        let shards = self.database.shards().iter();
        let these = shards.map(|shard| Ok((shard, shard.named(name)?)));
        Ok(About(Only::These(these.collect::<Result<_, Damage>>()?)))
    }

    /// Where an inventory has one vulnerability: as [`match_inventory`](Self::match_inventory), without looking at
    /// others.
    ///
    /// # Errors
    /// [`Damage`].
    pub fn match_only(&self, inventory: &Inventory, about: &About<'a>) -> Result<Matches, Damage> {
        self.matches(inventory, &about.0)
    }

    fn matches(&self, inventory: &Inventory, only: &Only<'a>) -> Result<Matches, Damage> {
        let mut matches = Matches::default();
        let system = self.system(inventory, &mut matches.gaps);
        self.missing(inventory, &mut matches.gaps);
        let (mut key, mut hits) = (Vec::new(), Vec::new());
        for (index, package) in (0_u32..).zip(&inventory.packages) {
            if is_interface(package) || system.answers_for(package, inventory)? {
                continue;
            }
            hits.clear();
            let unjudged = self.hits(package, &system, only, &mut key, &mut hits)?;
            if let Some(unjudged) = unjudged {
                matches.gaps.push(gap(package, &unjudged));
            }
            if !hits.is_empty() {
                self.findings(package, index, &system, &mut hits, &mut matches.vulnerabilities)?;
            }
        }
        Ok(matches)
    }

    fn findings(
        &self,
        package: &Package,
        index: u32,
        system: &System<'_, 'a>,
        hits: &mut [Hit<'a>],
        found: &mut Vec<Vulnerability>,
    ) -> Result<(), Damage> {
        let life = if is_of_system(package.kind) { system.life } else { Life::Going };
        let start = found.len();
        for group in merge(hits) {
            found.extend(finding(&group, package, index, life, self.database)?);
        }
        found.get_mut(start..).unwrap_or_default().sort_by(|one, other| one.id.cmp(&other.id));
        Ok(())
    }

    fn hits(
        &self,
        package: &Package,
        system: &System<'_, 'a>,
        only: &Only<'a>,
        key: &mut Vec<u8>,
        hits: &mut Vec<Hit<'a>>,
    ) -> Result<Option<Unjudged>, Damage> {
        let mut unjudged = None;
        if let Some(ecosystem) = of_kind(package.kind) {
            let Some(scope) = self.scope(ecosystem) else { return Ok(None) };
            let ours = match package.kind {
                PackageKind::Generic => software::name(&package.name),
                _ => &package.name,
            };
            let name = normal_name(ecosystem, ours);
            let subject = Subject { package, name: &name, version: &package.version, epoch: Epoch::Said };
            return gather(scope, 0, subject, only, key, hits);
        }
        for subject in subjects(package) {
            for (nearness, scope) in &system.scopes {
                unjudged = gather(scope, *nearness, subject, only, key, hits)?.or(unjudged);
            }
        }
        Ok(unjudged)
    }

    fn scope(&self, ecosystem: &str) -> Option<&Scope<'a>> {
        let at = self.scopes.binary_search_by(|scope| scope.ecosystem.cmp(ecosystem)).ok()?;
        self.scopes.get(at)
    }

    /// Where packages of the inventory's distribution are looked up; where there is a reason that some would not be
    /// found, it is a gap.
    fn system(&self, inventory: &Inventory, gaps: &mut Vec<Gap>) -> System<'_, 'a> {
        let nothing = System { scopes: Vec::new(), life: Life::Going };
        if !inventory.packages.iter().any(|package| is_of_system(package.kind)) {
            return nothing;
        }
        let mut say = |reason: String| gaps.push(Gap { location: "etc/os-release".to_owned(), reason });
        let Some(distribution) = &inventory.distribution else {
            say("nothing says which distribution the packages are of, so they were not judged".to_owned());
            return nothing;
        };
        let mut found = Vec::new();
        for (nearness, wanted) in (0_u8..).zip(ecosystems(distribution)) {
            let scopes = self.scopes.iter().filter(|scope| wanted.is(scope.ecosystem));
            found.extend(scopes.map(|scope| (nearness, scope)));
        }
        if found.is_empty() {
            say(format!(
                "there are no advisories about {}, so its packages were not judged",
                title(distribution)
            ));
        }
        let ended = end_of_life(distribution).filter(|day| *day < self.today);
        if let Some(day) = ended {
            let title = title(distribution);
            say(format!("end of life since {day}: nobody looks for what is wrong with {title} any more"));
        }
        System { scopes: found, life: if ended.is_some() { Life::Over } else { Life::Going } }
    }

    /// Says of which kinds of package the database knows nothing at all.
    fn missing(&self, inventory: &Inventory, gaps: &mut Vec<Gap>) {
        let kinds: BTreeSet<_> = inventory.packages.iter().map(|package| package.kind).collect();
        for ecosystem in kinds.into_iter().filter_map(of_kind).filter(|name| self.scope(name).is_none()) {
            let reason =
                format!("there are no advisories about {ecosystem}, so its packages were not judged");
            gaps.push(Gap { location: String::new(), reason });
        }
    }
}

fn title(distribution: &Distribution) -> String {
    let Distribution { id, version, name, .. } = distribution;
    match (name.is_empty(), version.is_empty()) {
        (false, _) => name.clone(),
        (true, true) => id.clone(),
        (true, false) => format!("{id} {version}"),
    }
}

fn is_of_system(kind: PackageKind) -> bool {
    of_kind(kind).is_none()
}

impl System<'_, '_> {
    /// Whether the package's files belong to one of the distribution, whose maintainers mend it under their own
    /// version. Of a package that they know nothing of somebody else is the maintainer.
    fn answers_for(&self, package: &Package, inventory: &Inventory) -> Result<bool, Damage> {
        let owner = package.owner.and_then(|owner| inventory.packages.get(owner as usize));
        match owner.filter(|owner| is_of_system(owner.kind) && !is_of_system(package.kind)) {
            Some(owner) => self.knows(owner),
            None => Ok(false),
        }
    }

    fn knows(&self, package: &Package) -> Result<bool, Damage> {
        for name in subjects(package).map(|subject| subject.name) {
            for (_, scope) in &self.scopes {
                for shard in &scope.shards {
                    if shard.package_by(scope.hash, scope.ecosystem, name)?.is_some() {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }
}

/// The names under which a distribution may know a package: that of its source, and with rpm its own.
fn subjects(package: &Package) -> impl Iterator<Item = Subject<'_>> {
    let own = Subject { package, name: &package.name, version: &package.version, epoch: Epoch::Said };
    let source = package.source.as_ref().map(|source| Subject {
        package,
        name: &source.name,
        version: &source.version,
        epoch: epoch(package, &source.version),
    });
    let by_own = package.kind == PackageKind::Rpm || source.is_none();
    let other = source.filter(|source| !by_own || source.name != own.name);
    by_own.then_some(own).into_iter().chain(other)
}

/// Of a version that is the package's own the epoch is known, too.
fn epoch(package: &Package, source: &str) -> Epoch {
    let own = package.version.split_once(':').map_or(package.version.as_str(), |(_, version)| version);
    let unsaid = package.kind == PackageKind::Rpm && !source.contains(':') && source != own;
    if unsaid { Epoch::Unsaid } else { Epoch::Said }
}

fn gap(package: &Package, unjudged: &Unjudged) -> Gap {
    let Unjudged { reason, advisories } = unjudged;
    let reason = format!("{advisories} advisories about `{}` could not be judged: {reason}", package.name);
    Gap { location: package.location.clone(), reason }
}

#[cfg(test)]
#[path = "matcher_tests.rs"]
mod tests;
