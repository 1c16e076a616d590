//! Mounts as the child will make them.

use std::ffi::CString;

use model::spec::{IdMapping, Mount, Overlay};
use sys::mount::{Depth, Propagation, attr};

use super::Author;
use super::filesystem::Filesystem;
use super::options::Options;
use super::path::{InRoot, cstring};
use crate::cgroup;
use crate::error::LaunchError;

#[cfg(test)]
mod tests;

/// One mount of the specification.
#[derive(Debug)]
pub(crate) struct PlannedMount {
    pub target: InRoot,
    pub source: Source,
    pub options: Options,
}

/// What is mounted.
#[derive(Debug)]
pub(crate) enum Source {
    /// A new filesystem, made by the child so that it belongs to the container's namespaces.
    Filesystem(Filesystem),
    /// A tree that the parent opens and sends: the child may lack the rights to reach it.
    Tree(usize),
    /// The container's own control groups, whatever their version.
    Cgroups,
    /// What is there already, with other attributes and other options of its filesystem.
    Standing(Vec<(CString, Option<CString>)>),
}

/// A tree of the host that the parent opens.
#[derive(Debug)]
pub(crate) struct TreeRequest {
    /// Where it is; of an overlay, only what it is called.
    pub path: CString,
    /// What it is made of, if it is put together for this container alone.
    pub overlay: Option<Overlay>,
    pub depth: Depth,
    /// How deep owners are to be seen through a map.
    pub idmap: Option<Depth>,
    /// The map, users before groups; the container's where absent.
    pub own_map: Option<(Vec<IdMapping>, Vec<IdMapping>)>,
    /// What becomes of its ties to the host before anything else is done with it.
    pub ties: Propagation,
    pub kind: TreeKind,
    pub links: Links,
    pub opener: Opener,
}

/// Who opens a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opener {
    /// With its rights over the host's files.
    Parent,
    /// The child, which has the same ones: since Linux 6.8 mounts are listed in the order in which they
    /// were made, and not in that in which they were attached. Or it alone may mount, in namespaces that a
    /// user has made without rights over the host's.
    Child,
}

/// What a tree has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TreeKind {
    Any,
    /// A whole procfs: what lies on /proc is the kernel's word to the container.
    Proc,
}

/// What happens to symbolic links of the host on the way to a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    /// There were none when policy judged the path, so there must be none.
    Refused,
    Followed,
}

/// What of a specification concerns every mount.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub author: Author,
    /// Whether the container has a map that `idmap` can mean.
    pub mapped: bool,
    /// How the root's events travel, if the specification says so.
    pub root: Option<(Propagation, Depth)>,
    /// The SELinux context of new filesystems; empty for none.
    pub label: &'a str,
}

/// What programs look up below /proc and may be given other content for: what lxcfs provides, and what
/// checkpoints need. The same list as in runc, for the same reason: another mount there can be made to
/// mislead whoever writes to /proc (CVE-2019-16884, CVE-2023-27561).
const ON_PROC: [&str; 11] = [
    "cpuinfo",
    "diskstats",
    "loadavg",
    "meminfo",
    "net/dev",
    "slabinfo",
    "stat",
    "swaps",
    "sys/crypto/fips_enabled",
    "sys/kernel/ns_last_pid",
    "uptime",
];

impl PlannedMount {
    pub(crate) fn parse(
        mount: &Mount,
        surroundings: Surroundings<'_>,
        trees: &mut Vec<TreeRequest>,
    ) -> Result<Self, LaunchError> {
        let target = surroundings.author.path(&mount.destination)?;
        let mut options = Options::parse(mount.options.iter().map(AsRef::as_ref));
        let binds = options.bind.is_some() || mount.kind == "bind";
        let source = match mount.kind.as_ref() {
            _ if mount.overlay.is_some() => layers(mount, &options, surroundings, trees)?,
            _ if options.remount => Source::Standing(standing(mount, &mut options)?),
            _ if binds => tree(mount, &target, &options, surroundings, trees)?,
            "cgroup" => cgroups(mount, &options)?,
            // Beside hierarchies of version 1 it is a filesystem like any other.
            "cgroup2" if cgroup::version() == cgroup::Version::V2 => cgroups(mount, &options)?,
            "" => return Err(invalid(mount, "it has neither a type nor `bind`")),
            kind => {
                Source::Filesystem(Filesystem::new(kind, mount, &target, &mut options, surroundings.label)?)
            }
        };
        let maps = !(mount.uid_mappings.is_empty() && mount.gid_mappings.is_empty());
        if (maps || options.idmap.is_some()) && !matches!(source, Source::Tree(_)) {
            return Err(invalid(mount, "only bind mounts can be seen through a map of owners"));
        }
        if options.copies_up && mount.kind != "tmpfs" {
            return Err(invalid(mount, "only a tmpfs takes over what it covers"));
        }
        let planned = Self { target, source, options };
        planned.leaves_proc_alone().then_some(planned).ok_or_else(|| {
            invalid(mount, "nothing may be mounted on /proc but a procfs, and nothing below it but lxcfs")
        })
    }

    fn leaves_proc_alone(&self) -> bool {
        match (&self.source, self.target.below("proc")) {
            // What a tree is shows when it is opened.
            (Source::Standing(_), _) | (Source::Tree(_), None) => true,
            (Source::Filesystem(filesystem), None) => {
                filesystem.kind.as_c_str() == c"proc" || self.target.relative() != c"proc"
            }
            (Source::Cgroups, None) => self.target.relative() != c"proc",
            (_, Some(below)) => below.to_str().is_ok_and(|below| ON_PROC.contains(&below)),
        }
    }

    /// Whether programs may be started from it.
    pub(crate) fn runs_programs(&self) -> bool {
        let noexec = (self.options.set | self.options.recursive_set) & attr::NOEXEC != 0;
        matches!(self.source, Source::Tree(_)) && !noexec
    }

    /// Whether it is the procfs on /proc that we hold from the start. We write to that one, so one that is
    /// to be read-only is another.
    pub(crate) fn is_own_proc(&self) -> bool {
        matches!(&self.source, Source::Filesystem(filesystem) if filesystem.is_plain_proc())
            && self.target.relative() == c"proc"
            && self.options.set & attr::RDONLY == 0
    }
}

fn tree(
    mount: &Mount,
    target: &InRoot,
    options: &Options,
    surroundings: Surroundings<'_>,
    trees: &mut Vec<TreeRequest>,
) -> Result<Source, LaunchError> {
    let ours = surroundings.author == Author::Policy;
    if mount.source.is_empty() || ours && !mount.source.starts_with('/') {
        return Err(invalid(mount, "the source of a bind mount must be an absolute path"));
    }
    // mount(2) does not look at them, so other engines pass what they have at hand.
    if ours {
        takes_no_options(mount, options, "a bind mount cannot have it")?;
    }
    let (idmap, own_map) = map(mount, options, surroundings)?;
    trees.push(TreeRequest {
        path: cstring("mount source", &mount.source)?,
        overlay: None,
        depth: options.bind.unwrap_or(Depth::Recursive),
        idmap,
        own_map,
        ties: ties(options, surroundings),
        kind: if target.relative() == c"proc" { TreeKind::Proc } else { TreeKind::Any },
        links: if ours { Links::Refused } else { Links::Followed },
        opener: Opener::Parent,
    });
    Ok(Source::Tree(trees.len() - 1))
}

/// An overlay of the engine's own layers; somebody else's engine has none.
fn layers(
    mount: &Mount,
    options: &Options,
    surroundings: Surroundings<'_>,
    trees: &mut Vec<TreeRequest>,
) -> Result<Source, LaunchError> {
    if surroundings.author != Author::Policy {
        return Err(invalid(mount, "only Cofferdam's own specifications have overlays of layers"));
    }
    takes_no_options(mount, options, "an overlay of layers cannot have it")?;
    trees.push(TreeRequest {
        path: cstring("mount", &mount.destination)?,
        overlay: mount.overlay.clone(),
        depth: Depth::Single,
        idmap: None,
        own_map: None,
        ties: Propagation::Unchanged,
        kind: TreeKind::Any,
        links: Links::Refused,
        opener: Opener::Parent,
    });
    Ok(Source::Tree(trees.len() - 1))
}

fn cgroups(mount: &Mount, options: &Options) -> Result<Source, LaunchError> {
    takes_no_options(mount, options, "control groups are mounted without options of their own")?;
    Ok(Source::Cgroups)
}

/// An option that would go to a filesystem, where there is none that could take it.
fn takes_no_options(mount: &Mount, options: &Options, why: &'static str) -> Result<(), LaunchError> {
    match options.for_filesystem() {
        Some(option) => {
            let value = format!("{option} of {}", mount.destination);
            Err(LaunchError::Spec { what: "mount option", value, why })
        }
        None => Ok(()),
    }
}

/// Without `bind`, whether it can be written to is the filesystem's affair as well.
fn standing(mount: &Mount, options: &mut Options) -> Result<Vec<(CString, Option<CString>)>, LaunchError> {
    if options.bind.is_some() || options.old != 0 {
        takes_no_options(mount, options, "it cannot be changed on what is mounted already")?;
    }
    if options.bind.is_some() {
        return Ok(Vec::new());
    }
    let mut data = std::mem::take(&mut options.data);
    for (attributes, word) in [(options.set, "ro"), (options.clear, "rw")] {
        if attributes & attr::RDONLY != 0 {
            data.push((word.to_owned(), None));
        }
    }
    data.iter().map(super::filesystem::option).collect()
}

type OwnMap = Option<(Vec<IdMapping>, Vec<IdMapping>)>;

/// A map of its own means `idmap` even where the option is missing (config.md "Mounts").
fn map(
    mount: &Mount,
    options: &Options,
    surroundings: Surroundings<'_>,
) -> Result<(Option<Depth>, OwnMap), LaunchError> {
    match (mount.uid_mappings.as_slice(), mount.gid_mappings.as_slice()) {
        ([], []) if options.idmap.is_some() && !surroundings.mapped => {
            Err(invalid(mount, "there is no map for `idmap`: neither its own nor a user namespace's"))
        }
        // Ours say `idmap` and mean the whole tree.
        ([], []) if surroundings.author == Author::Policy => {
            Ok((options.idmap.and(options.bind.or(Some(Depth::Recursive))), None))
        }
        ([], []) => Ok((options.idmap, None)),
        ([], _) | (_, []) => Err(invalid(mount, "it has a map for users or for groups, and needs both")),
        (uids, gids) => Ok((options.idmap.or(Some(Depth::Single)), Some((uids.to_vec(), gids.to_vec())))),
    }
}

/// A clone of a shared mount is the host's peer, and whatever is mounted on it appears on the host. That is
/// kept only where both the root and the mount are to be shared; policy's own mounts say what they want.
fn ties(options: &Options, surroundings: Surroundings<'_>) -> Propagation {
    let asked = options.propagation.map(|(propagation, _)| propagation);
    match surroundings.root.map(|(propagation, _)| propagation) {
        _ if surroundings.author == Author::Policy => Propagation::Unchanged,
        Some(Propagation::Shared) if asked == Some(Propagation::Shared) => Propagation::Unchanged,
        Some(Propagation::Private | Propagation::Unbindable) => Propagation::Private,
        _ => Propagation::Slave,
    }
}

pub(super) fn invalid(mount: &Mount, why: &'static str) -> LaunchError {
    LaunchError::Spec { what: "mount", value: mount.destination.clone(), why }
}
