//! The root filesystem, and how the container comes to live in it.

use std::ffi::CString;

use model::spec::{Overlay, Spec};
use sys::mount::{Depth, Propagation, attr};

use super::Author;
use super::mounts::Opener;
use super::options::propagation;
use super::path::cstring;
use crate::error::LaunchError;

/// Where the root filesystem comes from.
#[derive(Debug)]
pub(crate) struct RootPlan {
    pub source: RootSource,
    pub read_only: bool,
    /// Attributes of the root mount (bits of `sys::mount::attr`).
    pub attributes: u64,
    /// How its events travel once everything else is done.
    pub propagation: Option<(Propagation, Depth)>,
    pub view: View,
    pub opener: Opener,
}

#[derive(Debug)]
pub(crate) enum RootSource {
    Overlay(Overlay),
    /// A directory of the host; relative ones start at the bundle, where the runtime works.
    Directory(CString),
}

/// Whose mounts the container sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// Its own: the root is swapped, and nothing leads back.
    Own,
    /// Those of a mount namespace that others have: its root directory is all that can be changed.
    Others,
}

impl RootPlan {
    /// In a mount namespace of the container's own.
    pub(super) fn new(spec: &Spec, author: Author, overlay: Option<Overlay>) -> Result<Self, LaunchError> {
        let source = match overlay {
            Some(overlay) => RootSource::Overlay(overlay),
            None => RootSource::Directory(cstring("root", &spec.root.path)?),
        };
        let islands = spec.hardening.as_ref().is_some_and(|hardening| !hardening.islands.is_empty());
        let attributes = match author {
            Author::Policy if islands => attr::NOEXEC | attr::NOSUID | attr::NODEV,
            Author::Policy => attr::NODEV,
            // Its devices are made in it.
            Author::Bundle => 0,
        };
        let propagation = root_propagation(spec)?;
        Ok(Self {
            source,
            read_only: spec.root.readonly,
            attributes,
            propagation,
            view: View::Own,
            opener: Opener::Parent,
        })
    }
}

/// config-linux.md "Rootfs Mount Propagation".
pub(super) fn root_propagation(spec: &Spec) -> Result<Option<(Propagation, Depth)>, LaunchError> {
    match spec.linux.rootfs_propagation.as_ref() {
        "" => Ok(None),
        word => propagation(word).map(Some).ok_or_else(|| LaunchError::Spec {
            what: "rootfsPropagation",
            value: word.into(),
            why: "it is none of private, slave, shared and unbindable, nor one of them with an r before it",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_propagation_is_one_of_eight_words() {
        let of = |word: &'static str| {
            let mut spec = Spec::default();
            spec.linux.rootfs_propagation = word.into();
            root_propagation(&spec)
        };
        assert_eq!(of("").unwrap(), None);
        assert_eq!(of("runbindable").unwrap(), Some((Propagation::Unbindable, Depth::Recursive)));
        assert!(of("public").is_err());
    }
}
