//! Where a container's group is: what a specification's `cgroupsPath` means.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Version;
use super::layout::{Joins, Layout, own_groups};
use super::systemd::Unit;
use crate::error::LaunchError;

/// Who makes groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manager {
    /// This process, with mkdir(2).
    Files,
    /// systemd, asked over D-Bus.
    Systemd,
}

/// Whether somebody asked for the place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Wish {
    /// They did, so that there is no way around it.
    #[default]
    Asked,
    /// It is where groups go otherwise. Who may not make one there, and has no limits to set, does without.
    Usual,
}

/// Where a container's group is. It does not depend on who asks, so that it can be kept in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Below the hierarchies' roots, without a slash before it; empty for none.
    path: String,
    /// Version 1, where it is relative to our own group and that is another one in other hierarchies.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    apart: BTreeMap<String, String>,
    /// What systemd calls it, if systemd makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<Unit>,
    #[serde(default)]
    joins: Joins,
    #[serde(default)]
    wish: Wish,
}

impl Location {
    /// A path that we chose ourselves (`/coffer/ID`), or none. On version 1 the container joins only the
    /// hierarchies that it needs.
    #[must_use]
    pub fn plain(path: &str) -> Self {
        Self { path: path.trim_start_matches('/').to_owned(), ..Self::default() }
    }

    /// config-linux.md "Cgroups Path", with the meaning that runc gives to each form: an absolute path is
    /// below the hierarchies' roots, a relative one below our own groups (version 2: beside our own), none
    /// is the relative path `id`; for systemd it is `slice:prefix:name`.
    ///
    /// # Errors
    /// [`LaunchError::Spec`] for a path that is none; [`LaunchError::Host`] where our own group, or the
    /// user's systemd, cannot be found.
    pub fn of(cgroups_path: &str, id: &str, manager: Manager) -> Result<Self, LaunchError> {
        let wish = if cgroups_path.is_empty() { Wish::Usual } else { Wish::Asked };
        let layout = Layout::of(Joins::All);
        let found = match manager {
            Manager::Systemd => {
                let unit = Unit::named(cgroups_path, id)?;
                if layout.version == Version::V1 && unit.is_of_user() {
                    let why = "for users systemd makes groups of version 2 only";
                    return Err(invalid(cgroups_path, why));
                }
                Self { path: unit.path()?, unit: Some(unit), ..Self::default() }
            }
            Manager::Files if cgroups_path.starts_with('/') => {
                Self { path: clean(cgroups_path)?, ..Self::default() }
            }
            Manager::Files => {
                let inner = clean(if cgroups_path.is_empty() { id } else { cgroups_path })?;
                let own = own_groups().map_err(LaunchError::host("read", "/proc/self/cgroup"))?;
                Self::relative(&layout, &own, &inner)
            }
        };
        Ok(Self { joins: Joins::All, wish, ..found })
    }

    /// `own` is /proc/self/cgroup.
    fn relative(layout: &Layout, own: &str, inner: &str) -> Self {
        let lines = || own.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
        let join = |parent: &str| format!("{parent}/{inner}").trim_matches('/').to_owned();
        if layout.version != Version::V1 {
            let own = lines().find_map(|(controllers, path)| controllers.is_empty().then_some(path));
            // Our own group has processes, and so no groups with limits below it.
            let parent = own.and_then(|path| path.rsplit_once('/')).map_or("", |(parent, _)| parent);
            return Self { path: join(parent), ..Self::default() };
        }
        let mut apart = BTreeMap::new();
        for hierarchy in layout.hierarchies() {
            let line = lines().find(|(controllers, _)| hierarchy.is_called(controllers));
            let path = join(line.map_or("", |(_, path)| hierarchy.below_mount(path)).trim_end_matches('/'));
            if path != inner {
                apart.extend(hierarchy.controllers.iter().map(|name| ((*name).to_owned(), path.clone())));
            }
        }
        Self { path: inner.to_owned(), apart, ..Self::default() }
    }

    /// With more properties for systemd: annotations `org.systemd.property.NAME`, with GVariant text.
    ///
    /// # Errors
    /// [`LaunchError::Spec`] for a value that is none.
    pub fn annotated(mut self, annotations: &BTreeMap<String, String>) -> Result<Self, LaunchError> {
        if let Some(unit) = &mut self.unit {
            unit.annotate(annotations)?;
        }
        Ok(self)
    }

    /// A group that somebody has made below this one, in every hierarchy.
    ///
    /// # Errors
    /// [`LaunchError::Spec`] for a path that is none.
    pub fn below(&self, path: &str) -> Result<Self, LaunchError> {
        let inner = clean(path)?;
        let join = |outer: &String| format!("{outer}/{inner}");
        let apart = self.apart.iter().map(|(controller, path)| (controller.clone(), join(path))).collect();
        Ok(Self { path: join(&self.path), apart, unit: None, ..self.clone() })
    }

    /// Below the root of a hierarchy, without a slash before it; empty for none.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether there is no group.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.path.is_empty()
    }

    /// Likewise in the hierarchy of `controller`.
    pub(super) fn path_in(&self, controller: &str) -> &str {
        self.apart.get(controller).unwrap_or(&self.path)
    }

    pub(super) fn unit(&self) -> Option<&Unit> {
        self.unit.as_ref()
    }

    pub(super) fn joins(&self) -> Joins {
        self.joins
    }

    /// Whether a container without limits does without the group rather than fail.
    pub(super) fn is_dispensable(&self) -> bool {
        self.wish == Wish::Usual
    }
}

/// A path of groups without a slash before it; `//` and `.` are passed over.
fn clean(path: &str) -> Result<String, LaunchError> {
    let names: Vec<&str> = path.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
    match names.as_slice() {
        [] => Err(invalid(path, "it is the root of all groups")),
        names if names.contains(&"..") => Err(invalid(path, "it must not lead upwards")),
        _ if path.contains(['\0', '\n']) => Err(invalid(path, "no group can be called so")),
        names => Ok(names.join("/")),
    }
}

fn invalid(path: &str, why: &'static str) -> LaunchError {
    LaunchError::Spec { what: "cgroupsPath", value: path.to_owned(), why }
}
