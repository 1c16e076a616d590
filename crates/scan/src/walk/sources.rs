//! The packages of a tree, file by file, as many as there may be: those of the distribution, and then those of the
//! first files in the order of paths, whoever read which.

use model::inventory::Gap;

use super::Bounds;
use crate::catalog::is_of_distribution;
use crate::facts::{Filed, Source};

/// Files that stand for packages.
#[derive(Debug)]
pub(super) struct Sources {
    list: Vec<Source>,
    weight: Weight,
    most: Weight,
}

/// How many packages there are, and how many bytes are said of them.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    packages: usize,
    bytes: usize,
}

impl Weight {
    fn of(source: &Source) -> Self {
        let weight = |filed: &Filed| filed.found.weight().saturating_add(filed.files.weight());
        let bytes = source.packages.iter().map(weight).fold(source.path.len(), usize::saturating_add);
        Self { packages: source.packages.len(), bytes }
    }

    fn with(self, other: Self) -> Self {
        let packages = self.packages.saturating_add(other.packages);
        Self { packages, bytes: self.bytes.saturating_add(other.bytes) }
    }

    fn exceeds(self, other: Self) -> bool {
        self.packages > other.packages || self.bytes > other.bytes
    }
}

impl Sources {
    pub(super) fn within(bounds: &Bounds) -> Self {
        let most = Weight { packages: bounds.packages, bytes: bounds.package_bytes };
        Self { list: Vec::new(), weight: Weight::default(), most }
    }

    /// Takes up a file's packages. What had to make room for them, or they themselves, are gaps: one file that has
    /// more than half of what there may be must not keep all others out.
    pub(super) fn push(&mut self, source: Source) -> Vec<Gap> {
        let weight = Weight::of(&source);
        if weight.with(weight).exceeds(self.most) {
            return vec![self.gap(source)];
        }
        self.weight = self.weight.with(weight);
        self.list.push(source);
        // Twice as much, so that not every file has all sorted.
        if self.weight.exceeds(self.most.with(self.most)) { self.fit() } else { Vec::new() }
    }

    /// All that were kept so far.
    pub(super) fn into_list(self) -> Vec<Source> {
        self.list
    }

    /// Those that may be there, and a gap for each of the others.
    pub(super) fn fitted(mut self) -> (Vec<Source>, Vec<Gap>) {
        let gaps = self.fit();
        (self.list, gaps)
    }

    /// Leaves the first.
    fn fit(&mut self) -> Vec<Gap> {
        self.list.sort_by(|one, other| rank(one).cmp(&rank(other)));
        let mut sum = Weight::default();
        let first = self.list.iter().take_while(|source| {
            let with = sum.with(Weight::of(source));
            let fits = !with.exceeds(self.most);
            sum = if fits { with } else { sum };
            fits
        });
        let others = self.list.split_off(first.count());
        self.weight = sum;
        others.into_iter().map(|source| self.gap(source)).collect()
    }

    fn gap(&self, source: Source) -> Gap {
        let Weight { packages, bytes } = self.most;
        let reason = format!(
            "its packages are left out: {packages} of one layer are read, and {bytes} bytes about them"
        );
        Gap { location: source.path, reason }
    }
}

/// Whose packages are kept first: nothing that lies about in a tree keeps the distribution's own out.
fn rank(source: &Source) -> (bool, &str) {
    let of_distribution = source.packages.iter().any(|filed| is_of_distribution(filed.found.kind));
    (!of_distribution, &source.path)
}

#[cfg(test)]
mod tests {
    use model::inventory::PackageKind;

    use super::*;
    use crate::catalog::Found;
    use crate::mark::Marks;

    fn source(number: usize) -> Source {
        let found = Found::new(PackageKind::Npm, "a", "1");
        Source { path: format!("{number:03}"), packages: vec![Filed { found, files: Marks::default() }] }
    }

    #[test]
    fn the_first_are_kept_whoever_read_them() {
        let weight = Weight::of(&source(0)).bytes;
        let few = Bounds { packages: 5, ..Bounds::default() };
        let short = Bounds { package_bytes: 5 * weight + weight / 2, ..Bounds::default() };
        for bounds in [few, short] {
            let (mut one, mut other, mut all) =
                (Sources::within(&bounds), Sources::within(&bounds), Sources::within(&bounds));
            let mut gaps = Vec::new();
            for number in (0..40).rev() {
                let readers = if number % 3 == 0 { &mut one } else { &mut other };
                gaps.extend(readers.push(source(number)));
            }
            for source in one.list.into_iter().chain(other.list) {
                gaps.extend(all.push(source));
            }
            let (kept, rest) = all.fitted();
            gaps.extend(rest);
            gaps.sort_by(|one, other| one.location.cmp(&other.location));
            assert_eq!(kept, (0..5).map(source).collect::<Vec<_>>());
            let left_out: Vec<_> = gaps.iter().map(|gap| gap.location.clone()).collect();
            assert_eq!(left_out, (5..40).map(|number| source(number).path).collect::<Vec<_>>());
        }
    }

    #[test]
    fn nothing_keeps_a_distributions_packages_out() {
        let bounds = Bounds { packages: 4, ..Bounds::default() };
        let mut sources = Sources::within(&bounds);
        let mut crowd = source(0);
        crowd.packages = vec![crowd.packages[0].clone(); 3];
        assert_eq!(sources.push(crowd)[0].location, "000");
        let mut gaps: Vec<Gap> = (1..9).flat_map(|number| sources.push(source(number))).collect();
        let mut system = source(99);
        system.packages[0].found.kind = PackageKind::Dpkg;
        gaps.extend(sources.push(system));
        let (kept, rest) = sources.fitted();
        let kept: Vec<_> = kept.iter().map(|source| source.path.as_str()).collect();
        assert_eq!((kept, gaps.len() + rest.len()), (vec!["099", "001", "002", "003"], 5));
    }
}
