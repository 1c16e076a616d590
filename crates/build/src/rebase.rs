//! Whether an application's layers may lie on another base: a judgement from facts, with a reason for each no.

mod reason;
mod config;
mod overlap;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use model::digest::Digest;
use model::image::{ImageConfig, Layer};

pub use overlap::{Above, Difference, Kind, Touch};
pub use reason::Reason;

/// What is to be moved.
#[derive(Debug, Clone, Copy)]
pub struct Old<'a> {
    /// How the image starts.
    pub config: &'a ImageConfig,
    /// Its layers, bottom first.
    pub layers: &'a [Layer],
    /// What it was built on.
    pub base: &'a Side,
    /// What its own layers touch, by path and in no particular order.
    pub above: &'a [Above],
}

/// Where it is to be moved.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    /// What it shall lie on.
    pub base: &'a Side,
    /// Where the bases differ, by absolute path: what either has and the other has not, or has otherwise. Times do not
    /// count.
    pub differences: &'a BTreeMap<String, Difference>,
}

/// A base image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Side {
    /// How it starts.
    pub config: ImageConfig,
    /// Its layers, bottom first.
    pub layers: Vec<Layer>,
    /// What programs in it rely on.
    pub family: Family,
}

/// What programs rely on that were built for a base.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Family {
    /// `ID` of /etc/os-release, and the major release: `debian`, `12`.
    pub distribution: Option<(String, String)>,
    /// The C library.
    pub libc: Option<Libc>,
    /// Interpreters and toolkits, by what has to stay the same of them: `python` -> `3.12`, `perl` -> `5.36`.
    pub runtimes: BTreeMap<String, String>,
    /// Names of shared libraries that programs are linked against: `libssl.so.3`.
    pub libraries: BTreeSet<String>,
}

/// A C library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Libc {
    /// `glibc`, `musl`
    pub kind: String,
    /// `2.36`, in numbers.
    pub version: Vec<u32>,
}

/// The image on its new base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebased {
    /// How it starts: what came from the old base comes from the new one.
    pub config: ImageConfig,
    /// The new base's layers, and the application's.
    pub layers: Vec<Layer>,
    /// How many of them are the base's.
    pub base: usize,
    /// What the person may want to look at, a line each.
    pub remarks: Vec<String>,
}

/// Whether the application's layers may lie on another base.
///
/// # Errors
///
/// Every reason why not, at most twenty of a kind.
pub fn judge(old: &Old<'_>, new: &New<'_>) -> Result<Rebased, Vec<Reason>> {
    let mut reasons = Vec::new();
    let above = layers_above(old, &mut reasons);
    platforms(old, new, &mut reasons);
    families(&old.base.family, &new.base.family, &mut reasons);
    reasons.extend(overlap::reasons(old.above, new.differences));
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let (config, remarks) = config::moved(old.config, &old.base.config, &new.base.config);
    let layers = new.base.layers.iter().chain(above).copied().collect();
    Ok(Rebased { config, layers, base: new.base.layers.len(), remarks })
}

/// The application's layers: those above the base's, which must be the very same.
fn layers_above<'a>(old: &Old<'a>, reasons: &mut Vec<Reason>) -> &'a [Layer] {
    let contents = |layers: &[Layer]| layers.iter().map(|layer| layer.diff_id).collect::<Vec<Digest>>();
    let (image, base) = (contents(old.layers), contents(&old.base.layers));
    let other = image.iter().zip(&base).position(|(one, other)| one != other);
    match (other, old.layers.split_at_checked(base.len())) {
        (None, Some((_, above))) if !above.is_empty() => return above,
        (None, Some(_)) => reasons.push(Reason::NothingAbove),
        (Some(number), _) => reasons.push(Reason::OtherBase { number: number + 1 }),
        (None, None) => reasons.push(Reason::FewLayers { image: image.len(), base: base.len() }),
    }
    &[]
}

fn platforms(old: &Old<'_>, new: &New<'_>, reasons: &mut Vec<Reason>) {
    let platform = |config: &ImageConfig| format!("{}/{}", config.os, config.architecture);
    let (image, base) = (platform(old.config), platform(&new.base.config));
    if image != base {
        reasons.push(Reason::Platform { image, base });
    }
}

fn families(old: &Family, new: &Family, reasons: &mut Vec<Reason>) {
    match (&old.distribution, &new.distribution) {
        (Some(old), Some(new)) if old == new => {}
        (Some((old, from)), Some((new, to))) => {
            reasons.push(Reason::Distribution { old: format!("{old} {from}"), new: format!("{new} {to}") });
        }
        _ => reasons.push(Reason::NoDistribution),
    }
    libc(old.libc.as_ref(), new.libc.as_ref(), reasons);
    for (name, version) in &old.runtimes {
        let now = new.runtimes.get(name);
        if now != Some(version) {
            let (name, old, new) = (name.clone(), version.clone(), now.cloned());
            reasons.push(Reason::Runtime { name, old, new });
        }
    }
    let gone = old.libraries.difference(&new.libraries);
    reasons.extend(gone.take(reason::MOST).map(|name| Reason::Library(name.clone())));
}

/// Programs run on a newer library of the same kind, and not on an older one. A base without any has static programs.
fn libc(old: Option<&Libc>, new: Option<&Libc>, reasons: &mut Vec<Reason>) {
    match (old, new) {
        (None, _) => {}
        (Some(old), Some(new)) if old.kind == new.kind && new.version >= old.version => {}
        (Some(old), new) => {
            reasons.push(Reason::Libc { old: old.to_string(), new: new.map(ToString::to_string) });
        }
    }
}

impl std::fmt::Display for Libc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let version: Vec<String> = self.version.iter().map(u32::to_string).collect();
        write!(f, "{} {}", self.kind, version.join("."))
    }
}
