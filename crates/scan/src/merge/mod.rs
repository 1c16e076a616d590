//! Layers, bottom first, as one inventory: what is there in the end, who brought it, and what has gone on the way.

mod cover;
mod owner;

use std::collections::{BTreeMap, BTreeSet};

use model::finding::Secret;
use model::inventory::{Distribution, Gap, Inventory, Package, PackageKind};

use crate::catalog::Found;
use crate::facts::{Documents, Filed, LayerFacts};
use crate::misconfiguration;
use crate::system::{RELEASES, REPOSITORIES, complete_release};
pub(crate) use cover::Trail;

/// What is in an image. A tree that has no layers is one.
#[must_use]
pub fn merge(layers: &[LayerFacts]) -> Inventory {
    let mut stack = Stack::default();
    for (number, layer) in (0..).zip(layers) {
        stack.put(number, layer);
    }
    stack.inventory()
}

/// The secrets of all layers, those in files that a later layer removes included.
#[must_use]
pub fn all_secrets(layers: &[LayerFacts]) -> Vec<Secret> {
    each(layers, |facts| &facts.secrets, |secret| &secret.path)
        .map(|(secret, layer, removed)| secret.clone().placed(layer, removed))
        .collect()
}

/// What is odd about the files of all layers, for [`misconfiguration::judge`].
#[must_use]
pub fn all_oddities(layers: &[LayerFacts]) -> Vec<misconfiguration::Placed> {
    each(layers, |facts| &facts.oddities, |oddity| &oddity.path)
        .map(|(oddity, layer, removed)| misconfiguration::Placed { oddity: oddity.clone(), layer, removed })
        .collect()
}

/// What is in files of all layers: the layer of each, and whether a later one removes the file.
fn each<'a, T: 'a>(
    layers: &'a [LayerFacts],
    of: impl Fn(&'a LayerFacts) -> &'a [T],
    path: impl Fn(&'a T) -> &'a str,
) -> impl Iterator<Item = (&'a T, u32, bool)> {
    (0_u32..).zip(layers).zip((1..).map(move |next| layers.get(next..).unwrap_or_default())).flat_map(
        move |((layer, facts), above)| {
            let placed = of(facts).iter().map(|found| (found, layer, is_hidden(path(found), above)));
            placed.collect::<Vec<_>>()
        },
    )
}

/// Whether one of these layers hides a path of a layer below them.
#[must_use]
pub fn is_hidden(path: &str, above: &[LayerFacts]) -> bool {
    let trail = Trail::of(path);
    above.iter().any(|layer| trail.is_hidden_by(layer))
}

/// A package where it was found, and the layer since which it is there.
#[derive(Clone, Copy)]
struct Placed<'a> {
    filed: &'a Filed,
    path: &'a str,
    layer: u32,
}

/// What of the layers so far can be seen.
#[derive(Default)]
struct Stack<'a> {
    sources: BTreeMap<&'a str, (Trail, Vec<Placed<'a>>)>,
    releases: BTreeMap<&'a str, (Trail, &'a Distribution)>,
    documents: BTreeMap<&'a str, (Trail, &'a Documents)>,
    gaps: Vec<(Trail, &'a Gap)>,
    removed: Vec<Placed<'a>>,
}

impl<'a> Stack<'a> {
    fn put(&mut self, number: u32, layer: &'a LayerFacts) {
        self.releases.retain(|_, (trail, _)| !trail.is_hidden_by(layer));
        self.documents.retain(|_, (trail, _)| !trail.is_hidden_by(layer));
        self.gaps.retain(|(trail, _)| !trail.is_hidden_by(layer));
        let hidden: Vec<_> = self.sources.extract_if(.., |_, (trail, _)| trail.is_hidden_by(layer)).collect();
        let mut before: BTreeMap<&str, Vec<Placed<'_>>> =
            hidden.into_iter().map(|(path, (_, packages))| (path, packages)).collect();
        for source in &layer.sources {
            let path = source.path.as_str();
            let older = before.get_mut(path);
            let placed = source.packages.iter().map(|filed| Placed { filed, path, layer: number });
            let placed = settled(placed, older);
            let (_, packages) = self.sources.entry(path).or_insert_with(|| (Trail::of(path), Vec::new()));
            packages.extend(placed);
        }
        self.removed.extend(before.into_values().flatten());
        self.releases.extend(
            layer
                .releases
                .iter()
                .map(|release| (release.path.as_str(), (Trail::of(&release.path), &release.distribution))),
        );
        let documents = layer.documents.iter();
        self.documents.extend(documents.map(|link| (link.path.as_str(), (Trail::of(&link.path), link))));
        self.gaps.extend(layer.gaps.iter().map(|gap| (Trail::of(&gap.location), gap)));
    }

    fn inventory(self) -> Inventory {
        let distribution = self.distribution();
        let visible: Vec<Placed<'_>> =
            self.sources.into_values().flat_map(|(_, packages)| packages).collect();
        let (remarks, there): (Vec<_>, Vec<_>) =
            visible.into_iter().partition(|placed| placed.filed.found.is_remark());
        let there = sorted(there);
        let remarks = Remarks::of(remarks, self.documents.into_values().map(|(_, link)| link));
        let mut packages = remarks.complete(&there);
        let owners = owner::owners(&there, &remarks);
        packages.iter_mut().zip(owners).for_each(|(package, owner)| package.owner = owner);
        Inventory {
            distribution,
            removed: gone(self.removed, &packages),
            packages,
            gaps: self.gaps.into_iter().map(|(_, gap)| gap.clone()).collect(),
        }
    }

    /// By the most trustworthy file that names it, and by where its packages come from.
    fn distribution(&self) -> Option<Distribution> {
        let named = |path: &&str| self.releases.get(*path).map(|(_, distribution)| *distribution);
        let mut distribution = RELEASES.iter().find_map(named)?.clone();
        complete_release(&mut distribution, named(&REPOSITORIES));
        Some(distribution)
    }
}

/// Packages of a file that has replaced another: what the other had too has been there since.
fn settled<'a>(
    packages: impl Iterator<Item = Placed<'a>>,
    older: Option<&mut Vec<Placed<'a>>>,
) -> Vec<Placed<'a>> {
    let Some(older) = older else { return packages.collect() };
    let mut since: BTreeMap<_, u32> = BTreeMap::new();
    for placed in older.iter() {
        since.entry(identity(placed)).or_insert(placed.layer);
    }
    let mut kept = BTreeSet::new();
    let settled = packages
        .map(|placed| {
            let layer = since.get(&identity(&placed)).copied().unwrap_or(placed.layer);
            kept.insert(identity(&placed));
            Placed { layer, ..placed }
        })
        .collect();
    older.retain(|placed| !kept.contains(&identity(placed)));
    settled
}

/// What makes two packages of one file the same.
fn identity<'a>(placed: &Placed<'a>) -> (PackageKind, &'a str, &'a str, &'a str, &'a str) {
    let Found { kind, name, version, architecture, within, .. } = &placed.filed.found;
    (*kind, name, version, architecture, within)
}

/// In the order of an inventory, and each once: several files may list the same.
fn sorted(mut packages: Vec<Placed<'_>>) -> Vec<Placed<'_>> {
    fn key<'a>(placed: &Placed<'a>) -> (PackageKind, &'a str, &'a str, &'a str, &'a str, &'a str) {
        let (kind, name, version, architecture, within) = identity(placed);
        (kind, name, version, placed.path, within, architecture)
    }
    packages.sort_by(|a, b| key(a).cmp(&key(b)));
    packages.dedup_by(|a, b| key(a) == key(b));
    packages
}

/// What has gone and has not come back elsewhere.
fn gone(removed: Vec<Placed<'_>>, packages: &[Package]) -> Vec<Package> {
    let there: BTreeSet<_> =
        packages.iter().map(|package| (package.kind, &*package.name, &*package.version)).collect();
    let removed = removed.into_iter().filter(|placed| {
        let found = &placed.filed.found;
        !found.is_remark() && !there.contains(&(found.kind, &*found.name, &*found.version))
    });
    sorted(removed.collect()).iter().map(|placed| placed.package()).collect()
}

impl Placed<'_> {
    fn package(&self) -> Package {
        let found = self.filed.found.clone();
        let location = match found.within.as_str() {
            "" => self.path.to_owned(),
            within => format!("{}!{within}", self.path),
        };
        Package {
            kind: found.kind,
            name: found.name,
            version: found.version,
            source: found.source,
            architecture: found.architecture,
            licences: found.licences,
            location,
            layer: self.layer,
            owner: None,
            symbols: found.symbols,
        }
    }
}

/// What files say of packages that the distribution's database lists.
#[derive(Default)]
struct Remarks<'a> {
    said: BTreeMap<(PackageKind, &'a str, &'a str), Vec<&'a Filed>>,
    /// Whose documents a package has, where they are not its own.
    documents: BTreeMap<&'a str, &'a str>,
}

/// The most packages of one name that are given what is said of it: a system has one for each architecture.
const MOST_NAMESAKES: usize = 32;

/// The most links from a package to its documents: Debian's policy has one.
const MOST_LINKS: usize = 4;

impl<'a> Remarks<'a> {
    fn of(remarks: Vec<Placed<'a>>, links: impl Iterator<Item = &'a Documents>) -> Self {
        let documents = links.map(|link| (link.package.as_str(), link.of.as_str())).collect();
        let mut all = Self { documents, ..Self::default() };
        for placed in remarks {
            let found = &placed.filed.found;
            all.said.entry((found.kind, &found.name, &found.architecture)).or_default().push(placed.filed);
        }
        all
    }

    /// Those about one package.
    fn about<'b>(&'b self, found: &'b Found) -> impl Iterator<Item = &'a Filed> + use<'a, 'b> {
        let of_all = Some("").filter(|_| !found.architecture.is_empty());
        let architectures = of_all.into_iter().chain([found.architecture.as_str()]);
        architectures
            .filter_map(|architecture| self.said.get(&(found.kind, found.name.as_str(), architecture)))
            .flatten()
            .copied()
    }

    /// Packages in their order, with the licences that were found elsewhere.
    fn complete(&self, there: &[Placed<'_>]) -> Vec<Package> {
        let namesakes = there.chunk_by(|one, other| {
            let (one, other) = (&one.filed.found, &other.filed.found);
            (one.kind, &one.name) == (other.kind, &other.name)
        });
        let numbered = namesakes.flat_map(|namesakes| (0..).zip(namesakes));
        let completed = numbered.map(|(number, placed)| {
            let found = &placed.filed.found;
            let remarks = self.about(found).chain(self.linked(found)).filter(|_| number < MOST_NAMESAKES);
            let licences = remarks.flat_map(|remark| remark.found.licences.iter().cloned());
            let mut package = placed.package();
            package.licences.extend(licences);
            package
        });
        completed.collect()
    }

    /// Those in the documents of another package that a package of dpkg has for its own.
    fn linked<'b>(&'b self, found: &'b Found) -> impl Iterator<Item = &'a Filed> + use<'a, 'b> {
        let next = |name: &&str| self.documents.get(*name).copied();
        let first = Some(found.name.as_str()).filter(|_| found.kind == PackageKind::Dpkg);
        let last = std::iter::successors(first, next).skip(1).take(MOST_LINKS).last();
        let said = last.and_then(|name| self.said.get(&(PackageKind::Dpkg, name, "")));
        said.into_iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests;
