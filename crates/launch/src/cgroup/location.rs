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
        let found = match manager {
            Manager::Systemd => {
                let unit = Unit::named(cgroups_path, id)?;
                if unit.is_of_user() && Layout::of(Joins::All).version == Version::V1 {
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
                Self::relative(&Layout::of(Joins::All), &own, &inner)?
            }
        };
        Ok(Self { joins: Joins::All, wish, ..found })
    }

    /// `own` is /proc/self/cgroup; who is outside of their cgroup namespace's root has no place below it.
    fn relative(layout: &Layout, own: &str, inner: &str) -> Result<Self, LaunchError> {
        let lines = || own.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
        let join = |parent: &str| clean(&format!("{parent}/{inner}"));
        if layout.version != Version::V1 {
            let own = lines().find_map(|(controllers, path)| controllers.is_empty().then_some(path));
            // Our own group has processes, and so no groups with limits below it.
            let parent = own.and_then(|path| path.rsplit_once('/')).map_or("", |(parent, _)| parent);
            return Ok(Self { path: join(parent)?, ..Self::default() });
        }
        let mut apart = BTreeMap::new();
        for hierarchy in layout.hierarchies() {
            let line = lines().find(|(controllers, _)| hierarchy.is_called(controllers));
            let path = join(line.map_or("", |(_, path)| hierarchy.below_mount(path)))?;
            if path != inner {
                apart.extend(hierarchy.controllers.iter().map(|name| ((*name).to_owned(), path.clone())));
            }
        }
        Ok(Self { path: inner.to_owned(), apart, ..Self::default() })
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const V1: &str = "\
31 23 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
32 23 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
33 23 0:29 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids";
    const V2: &str = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw";

    fn absolute(path: &str) -> Result<String, String> {
        let location = Location::of(path, "c1", Manager::Files).map_err(|error| error.to_string())?;
        Ok(location.path().to_owned())
    }

    #[test]
    fn an_absolute_path_is_below_the_roots() {
        assert_eq!(absolute("/a//./b/"), Ok("a/b".into()));
        for (path, why) in [
            ("/", "it is the root of all groups"),
            ("/a/../b", "it must not lead upwards"),
            ("/a\nb", "no group can be called so"),
        ] {
            assert!(absolute(path).unwrap_err().ends_with(why), "{path:?}");
        }
    }

    #[test]
    fn a_relative_path_is_below_our_own_group_in_each_hierarchy() {
        let own = "3:pids:/\n2:cpu,cpuacct:/x/y\n1:memory:/z\n";
        let location = Location::relative(&Layout::listed(V1), own, "c1").unwrap();
        assert_eq!(location.path(), "c1");
        let of = ["pids", "cpu", "cpuacct", "memory"].map(|controller| location.path_in(controller));
        assert_eq!(of, ["c1", "x/y/c1", "x/y/c1", "z/c1"]);
    }

    #[test]
    fn on_version_2_a_relative_path_is_beside_our_own_group() {
        let of = |own: &str| Location::relative(&Layout::listed(V2), own, "c1");
        assert_eq!(of("0::/user.slice/session.scope\n").unwrap().path(), "user.slice/c1");
        assert_eq!(of("0::/\n").unwrap().path(), "c1");
        assert!(of("0::/../outside/own\n").is_err());
    }

    #[test]
    fn only_a_place_that_nobody_asked_for_is_dispensable() {
        assert!(Location::of("", "c1", Manager::Files).unwrap().is_dispensable());
        assert!(!Location::of("/a", "c1", Manager::Files).unwrap().is_dispensable());
        assert!(Location::plain("").is_none() && !Location::plain("/coffer/c1").is_none());
    }

    proptest! {
        #[test]
        fn no_path_leads_out_of_the_hierarchies(path in "[a./\0]{0,16}") {
            if let Ok(clean) = clean(&path) {
                prop_assert!(!clean.starts_with('/') && !clean.split('/').any(|name| matches!(name, "" | "..")));
            }
        }
    }
}
