//! The packages of a bill of material, as they come by, and the inventory that they make.

use std::collections::{BTreeMap, HashMap};

use model::inventory::{Distribution, Gap, Inventory, Package, SourcePackage};
use model::purl::Purl;

use super::Sbom;
use crate::catalog::MOST_PACKAGES;
use crate::text::LONGEST_WORD;

/// The most kinds of packages that are named one by one for not being understood.
const MOST_KINDS: usize = 50;
/// The most gaps that are taken over from the document.
const MOST_GAPS: usize = 1000;
/// Longest path, licence or gap that is kept, in bytes.
const LONGEST_TEXT: usize = 4096;

/// What a document says of one package, whatever its format.
#[derive(Debug, Default)]
pub(super) struct Item {
    /// Its name within the document.
    pub(super) id: String,
    /// Its package URL.
    pub(super) purl: String,
    /// As the package declares them.
    pub(super) licences: Vec<String>,
    /// The file that says that it is there.
    pub(super) location: String,
    /// The layer that brought it.
    pub(super) layer: Layer,
    /// The package that its files belong to, by its name within the document.
    pub(super) owner: String,
    /// What it was built from, where the package URL does not say.
    pub(super) source: Option<SourcePackage>,
}

/// A layer by what the document says of it.
#[derive(Debug, Default)]
pub(super) enum Layer {
    /// Nothing.
    #[default]
    Unknown,
    /// Its place, counted from the bottom.
    Number(u32),
    /// Its digest.
    Digest(String),
}

/// What has come by.
#[derive(Default)]
pub(super) struct Collector {
    pub(super) format: String,
    pub(super) subject: String,
    pub(super) digest: String,
    /// As a component of the document says.
    pub(super) distribution: Option<Distribution>,
    /// As a package's URL says, where nothing else does.
    implied: Option<Distribution>,
    packages: Vec<Package>,
    /// The digest of each package's layer, by its index, where its place is not known yet.
    layers: Vec<(usize, String)>,
    /// The layers' digests, bottom first.
    pub(super) stack: Vec<String>,
    ids: HashMap<String, usize>,
    owners: Vec<(usize, String)>,
    /// Who owns whom, as relationships say that come after the packages.
    owned: Vec<(String, String)>,
    gaps: Vec<String>,
    unknown: BTreeMap<String, usize>,
    nameless: usize,
    /// Those whose name or version is no word.
    odd: usize,
    left_out: usize,
}

impl Collector {
    /// Takes up a package.
    pub(super) fn add(&mut self, item: Item) {
        let Ok(purl) = Purl::forgiving(&item.purl) else {
            self.nameless += 1;
            return;
        };
        let Some(package) = purl.package() else {
            let kind = &purl.parts().kind;
            if self.unknown.len() < MOST_KINDS || self.unknown.contains_key(kind) {
                *self.unknown.entry(kind.clone()).or_default() += 1;
            } else {
                self.left_out += 1;
            }
            return;
        };
        if !is_sound(&package) {
            self.odd += 1;
            return;
        }
        if self.packages.len() >= MOST_PACKAGES {
            self.left_out += 1;
            return;
        }
        if self.implied.is_none() {
            self.implied = purl.distribution();
        }
        self.keep(item, package);
    }

    fn keep(&mut self, item: Item, package: Package) {
        let index = self.packages.len();
        let layer = match item.layer {
            Layer::Number(number) => number,
            Layer::Digest(digest) => {
                self.layers.push((index, digest));
                0
            }
            Layer::Unknown => 0,
        };
        if !item.id.is_empty() {
            self.ids.insert(item.id, index);
        }
        if !item.owner.is_empty() {
            self.owners.push((index, item.owner));
        }
        let differs =
            |source: &SourcePackage| source.name != package.name || source.version != package.version;
        let source = package.source.clone().or_else(|| item.source.filter(differs));
        let fits = |text: &&str| text.len() <= LONGEST_TEXT;
        let location = Some(item.location.trim_start_matches('/')).filter(fits).unwrap_or_default();
        let licences = item.licences.iter().map(String::as_str).filter(fits);
        self.packages.push(Package {
            source: source.filter(|source| is_word(&source.name) && is_word(&source.version)),
            licences: licences.filter(|licence| !licence.is_empty()).map(str::to_owned).collect(),
            location: location.to_owned(),
            layer,
            ..package
        });
    }

    /// Takes up that a package's files belong to another, both by their names within the document.
    pub(super) fn own_later(&mut self, owner: String, owned: String) {
        if self.owned.len() < MOST_PACKAGES {
            self.owned.push((owner, owned));
        }
    }

    /// Takes up what the document says that its writer could not read.
    pub(super) fn gap(&mut self, gap: &str) {
        if self.gaps.len() < MOST_GAPS && gap.len() <= LONGEST_TEXT {
            self.gaps.push(gap.to_owned());
        }
    }

    /// The inventory that all of it makes.
    pub(super) fn finish(mut self) -> Sbom {
        self.place();
        self.own();
        let gaps = self.gaps();
        let inventory = Inventory {
            distribution: self.distribution.or(self.implied),
            packages: sorted(self.packages),
            removed: Vec::new(),
            gaps,
        };
        Sbom { format: self.format, subject: self.subject, digest: self.digest, inventory }
    }

    /// Gives layers by digest their place.
    fn place(&mut self) {
        let places: HashMap<&str, u32> = self.stack.iter().map(String::as_str).zip(0..).collect();
        for (index, digest) in &self.layers {
            if let (Some(package), Some(place)) = (self.packages.get_mut(*index), places.get(digest.as_str()))
            {
                package.layer = *place;
            }
        }
    }

    /// Gives packages their owners, which may come after them. Nobody owns themselves.
    fn own(&mut self) {
        let later = self.owned.drain(..).filter_map(|(owner, owned)| Some((*self.ids.get(&owned)?, owner)));
        let owners: Vec<(usize, String)> = self.owners.drain(..).chain(later).collect();
        for (index, owner) in owners {
            let owner = self.ids.get(&owner).filter(|owner| **owner != index);
            let owner = owner.and_then(|owner| u32::try_from(*owner).ok());
            if let Some(package) = self.packages.get_mut(index).filter(|_| owner.is_some()) {
                package.owner = owner;
            }
        }
    }

    fn gaps(&mut self) -> Vec<Gap> {
        let gap = |(location, reason): (&str, String)| Gap { location: location.to_owned(), reason };
        let theirs = self.gaps.iter().map(|words| {
            gap(words.split_once(": ").map_or(("", words.clone()), |(at, reason)| (at, reason.to_owned())))
        });
        let unknown = self.unknown.iter().map(|(kind, count)| {
            gap(("", format!("{count} packages of type `{kind}`, whose vulnerabilities are not looked for")))
        });
        let mut gaps: Vec<Gap> = theirs.chain(unknown).collect();
        if self.nameless > 0 {
            gaps.push(gap(("", format!("{} packages without a package URL", self.nameless))));
        }
        if self.odd > 0 {
            let reason =
                format!("{} packages whose name or version is longer than any, or no text", self.odd);
            gaps.push(gap(("", reason)));
        }
        if self.left_out > 0 {
            gaps.push(gap((
                "",
                format!("{} packages more than the {MOST_PACKAGES} that are read", self.left_out),
            )));
        }
        gaps
    }
}

/// Whether a name and a version are words that a package may have.
fn is_sound(package: &Package) -> bool {
    [&package.name, &package.version, &package.architecture].into_iter().all(|text| is_word(text))
}

fn is_word(text: &str) -> bool {
    text.len() <= LONGEST_WORD && !text.contains(char::is_control)
}

/// By kind, name, version and location, with owners that are still the same packages.
fn sorted(packages: Vec<Package>) -> Vec<Package> {
    let mut order: Vec<(u32, Package)> = (0..).zip(packages).collect();
    order.sort_by(|(_, one), (_, other)| key(one).cmp(&key(other)));
    let places: HashMap<u32, u32> = order.iter().map(|(before, _)| *before).zip(0..).collect();
    let placed = order.into_iter().map(|(_, package)| Package {
        owner: package.owner.and_then(|owner| places.get(&owner).copied()),
        ..package
    });
    placed.collect()
}

fn key(package: &Package) -> (model::inventory::PackageKind, &str, &str, &str) {
    (package.kind, &package.name, &package.version, &package.location)
}
