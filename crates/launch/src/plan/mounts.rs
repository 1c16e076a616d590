//! Mounts as the child will make them.

use std::ffi::CString;

use model::spec::Mount;
use sys::mount::{Depth, attr};

use super::options::Options;
use super::path::{InRoot, cstring};
use crate::error::LaunchError;

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
    Filesystem { kind: CString, source: Option<CString>, data: Vec<(CString, Option<CString>)> },
    /// A tree that the parent opens and sends: the child may lack the rights to reach it.
    Tree(usize),
    /// The container's own control groups, whatever their version.
    Cgroups,
}

/// A tree of the host that the parent opens.
#[derive(Debug)]
pub(crate) struct TreeRequest {
    pub path: CString,
    pub depth: Depth,
    /// Whether owners are to be seen through the container's map.
    pub idmap: bool,
}

impl PlannedMount {
    pub(crate) fn parse(mount: &Mount, trees: &mut Vec<TreeRequest>) -> Result<Self, LaunchError> {
        let target = InRoot::parse(&mount.destination)?;
        let mut options = Options::parse(mount.options.iter().map(AsRef::as_ref));
        let source = match mount.kind.as_ref() {
            _ if options.bind.is_some() => tree(mount, &options, trees)?,
            "bind" => tree(mount, &options, trees)?,
            "cgroup" | "cgroup2" => Source::Cgroups,
            "" => return Err(invalid(mount, "it has neither a type nor `bind`")),
            kind => filesystem(kind, mount, &mut options)?,
        };
        Ok(Self { target, source, options })
    }

    /// Whether programs may be started from it.
    pub(crate) fn runs_programs(&self) -> bool {
        let noexec = (self.options.set | self.options.recursive_set) & attr::NOEXEC != 0;
        matches!(self.source, Source::Tree(_)) && !noexec
    }
}

fn tree(mount: &Mount, options: &Options, trees: &mut Vec<TreeRequest>) -> Result<Source, LaunchError> {
    if !mount.source.starts_with('/') {
        return Err(invalid(mount, "the source of a bind mount must be an absolute path"));
    }
    let depth = options.bind.unwrap_or(Depth::Recursive);
    trees.push(TreeRequest { path: cstring("mount source", &mount.source)?, depth, idmap: options.idmap });
    Ok(Source::Tree(trees.len() - 1))
}

fn filesystem(kind: &str, mount: &Mount, options: &mut Options) -> Result<Source, LaunchError> {
    let source = Some(&mount.source).filter(|source| !source.is_empty());
    let option = |(key, value): (String, Option<String>)| -> Result<_, LaunchError> {
        let value = value.map(|value| cstring("mount option", &value)).transpose()?;
        Ok((cstring("mount option", &key)?, value))
    };
    let data = std::mem::take(&mut options.data).into_iter().map(option);
    Ok(Source::Filesystem {
        kind: cstring("mount type", kind)?,
        source: source.map(|source| cstring("mount source", source)).transpose()?,
        data: data.collect::<Result<_, _>>()?,
    })
}

fn invalid(mount: &Mount, why: &'static str) -> LaunchError {
    LaunchError::Spec { what: "mount", value: mount.destination.clone(), why }
}
