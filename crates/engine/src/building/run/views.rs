//! Where the mounts of a step lie: parts of layers, caches, sockets of agents.
//!
//! Layers never change, so what a path in them means is found out here, by descriptor, before anything is
//! mounted; nothing that a step can write to is ever looked up.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use model::digest::ClaimedDigest;
use model::request::{Access, MountRequest, MountSource, RunRequest};
use model::spec::{Overlay, OverlayDurability};
use policy::confine::{View, ViewPlace};
use rustix::fs::{Gid, Mode, Stat, Uid, fchmod, fchown, fstat};
use rustix::io::Errno;

use super::agents;
use crate::building::error::StepError;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::idspace::IdSpace;
use crate::state::Held;
use crate::user::{Found, MergedRoot};

/// What mounts of one container write, and nobody keeps.
const VIEWS: &str = "views";

/// A mount that shows layers.
struct Shown<'a> {
    mount: &'a MountRequest,
    layers: &'a [ClaimedDigest],
    path: &'a str,
    /// A directory of its own, which is made when it is needed.
    place: PathBuf,
    space: &'a IdSpace,
}

impl Engine {
    /// Where everything lies that only a step mounts.
    pub(crate) fn views(
        &self,
        held: &Held,
        request: &RunRequest,
        space: &IdSpace,
    ) -> Result<Vec<ViewPlace>, EngineError> {
        let mut places = Vec::new();
        for (number, mount) in request.mounts.iter().enumerate() {
            let view = match &mount.source {
                MountSource::Layers { layers, path } => {
                    let place = held.path().join(VIEWS).join(number.to_string());
                    let shown = Shown { mount, layers, path, place, space };
                    self.shown(&shown).map_err(EngineError::io("put a mount of the step together"))?
                }
                MountSource::Cache { id, number } => View::Mapped(text(&self.caches_of(id).data(*number))),
                MountSource::Agent { .. } => {
                    View::Plain(text(&held.path().join(agents::socket_name(number))))
                }
                MountSource::Bind { .. } | MountSource::Tmpfs { .. } | MountSource::Volume { .. } => continue,
            };
            places.push(ViewPlace { target: mount.target.clone(), view });
        }
        Ok(places)
    }

    /// Every part of layers that is to be mounted is there.
    pub(super) fn check_sources(&self, request: &RunRequest) -> Result<(), StepError> {
        for mount in &request.mounts {
            let MountSource::Layers { layers, path } = &mount.source else { continue };
            if let Ok(Found::Nothing) | Err(_) = self.part(layers, path) {
                return Err(StepError::NoSource { path: path.clone(), target: mount.target.clone() });
            }
        }
        Ok(())
    }

    /// What a path means in layers. In none of them there is nothing but a root, which is empty.
    fn part(&self, layers: &[ClaimedDigest], path: &str) -> io::Result<Found> {
        if layers.is_empty() && path.trim_matches('/').is_empty() {
            return Ok(Found::Directory(Vec::new()));
        }
        let layers = layers.iter().rev().map(|layer| self.store.claimed_layer_dir(layer));
        MergedRoot::open(layers)?.lookup(path)
    }

    fn shown(&self, shown: &Shown<'_>) -> io::Result<View> {
        match (self.part(shown.layers, shown.path)?, shown.mount.access) {
            (Found::Nothing, _) => Err(Errno::NOENT.into()),
            (Found::File(file), Access::ReadOnly) => Ok(View::Mapped(path_of(&file)?)),
            (Found::File(file), Access::ReadWrite) => shown.copy(file).map(View::Plain),
            (Found::Directory(directories), access) => shown.overlay(&directories, access).map(View::Overlay),
        }
    }
}

impl Shown<'_> {
    /// Overlayfs wants two layers where nothing is written, and hides deletions only from two on: an empty one lies
    /// below all others.
    fn overlay(&self, directories: &[OwnedFd], access: Access) -> io::Result<Overlay> {
        let mut lower = directories.iter().map(path_of).collect::<io::Result<Vec<_>>>()?;
        for name in ["bottom", "empty"].iter().take(2_usize.saturating_sub(lower.len())) {
            lower.push(text(&self.directory(name)?));
        }
        let mut overlay = Overlay { lower, durability: OverlayDurability::Volatile, ..Overlay::default() };
        if access == Access::ReadWrite {
            let upper = self.directory("upper")?;
            if let Some(top) = directories.first() {
                self.imitate(&fstat(top)?, &File::open(&upper)?.into())?;
            }
            (overlay.upper, overlay.work) = (text(&upper), text(&self.directory("work")?));
        }
        Ok(overlay)
    }

    /// A new directory, which is the step's root's.
    fn directory(&self, name: &str) -> io::Result<PathBuf> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.place)?;
        let path = self.place.join(name);
        std::fs::create_dir(&path)?;
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755))?;
        // What lies below a mapped view has the ids that the map shows; what is written to has the step's.
        if name == "upper" {
            chown(&path, Some(self.space.outside(0)), Some(self.space.outside(0)))?;
        }
        Ok(path)
    }

    /// A file that may be written to is a copy, whose owner is the step's.
    fn copy(&self, file: OwnedFd) -> io::Result<String> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.place)?;
        let path = self.place.join("file");
        let (mut from, mut to) = (File::from(file), File::create_new(&path)?);
        io::copy(&mut from, &mut to)?;
        self.imitate(&fstat(&from)?, &to.into())?;
        Ok(text(&path))
    }

    fn imitate(&self, stat: &Stat, copy: &OwnedFd) -> io::Result<()> {
        let outside = |id| self.space.outside(id);
        let (uid, gid) = (Uid::from_raw(outside(stat.st_uid)), Gid::from_raw(outside(stat.st_gid)));
        fchown(copy, Some(uid), Some(gid))?;
        Ok(fchmod(copy, Mode::from_raw_mode(stat.st_mode))?)
    }
}

/// Where something lies that is open: layers have no links in them, and neither move nor change.
fn path_of(file: &OwnedFd) -> io::Result<String> {
    std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).map(|path| text(&path))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
