//! Storage beside the root: volumes that have a name, and those that live as long as their container.
//! Those with a name stay until somebody removes them.
//!
//! A new volume starts as a copy of the image's directory that it covers, as programs expect. Ids on
//! disk are the container's own; the mount shifts them.

mod card;
mod named;

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use model::image::ImageConfig;
use model::request::{MountSource, RunRequest};
use policy::confine::VolumePlace;
use rustix::fs::{AtFlags, Dir, FlockOperation, Gid, Mode, OFlags, RenameFlags, Uid};
use rustix::io::Errno;

use crate::name::ContainerName;
use crate::state::{StateError, open_dir};
use crate::user::MergedRoot;

use card::{Card, FirstUse};
pub use named::{Volume, VolumeError};

/// The anonymous ones' directory, in the container's.
const ANONYMOUS: &str = "volumes";

/// Where volumes are made for one container.
pub(crate) struct Volumes<'a> {
    /// `<state>/volumes`.
    pub(crate) named: PathBuf,
    /// The container's directory.
    pub(crate) container: &'a Path,
    /// The image.
    pub(crate) image: &'a MergedRoot,
}

impl Volumes<'_> {
    /// Makes what is missing of the volumes that request and image want.
    pub(crate) fn place(
        &self,
        request: &RunRequest,
        config: &ImageConfig,
    ) -> Result<Vec<VolumePlace>, StateError> {
        let mut places = Vec::new();
        for mount in &request.mounts {
            if let MountSource::Volume { name } = &mount.source {
                places.push(self.one(&mount.target, name, places.len())?);
            }
        }
        for target in &config.volumes {
            if !covered(request, target) {
                places.push(self.one(target, "", places.len())?);
            }
        }
        Ok(places)
    }

    fn one(&self, target: &str, name: &str, number: usize) -> Result<VolumePlace, StateError> {
        let (parent, name) = match name {
            "" => (self.container.join(ANONYMOUS), number.to_string()),
            name => (self.named.clone(), file_name(name)?),
        };
        let path = parent.join(&name);
        self.make(&parent, &name, target).map_err(StateError::io("make the volume", &path))?;
        Ok(VolumePlace { target: target.to_owned(), path: path.to_string_lossy().into_owned() })
    }

    /// A volume has its name only once it is complete; what a killed process left is made anew. The
    /// lock keeps two processes from making the same one.
    fn make(&self, parent: &Path, name: &str, target: &str) -> std::io::Result<()> {
        exists_already(rustix::fs::mkdir(parent, Mode::RWXU))?;
        let dir = open_dir(parent)?;
        // Also before the look: whoever removes the volume holds it, and our container's record, which
        // keeps the volume, is on disk already.
        rustix::fs::flock(&dir, FlockOperation::LockExclusive)?;
        let made = rustix::fs::statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW).is_ok();
        let card = Card::read(&dir, name)?.filter(|card| card.first_use == FirstUse::Ahead);
        if made && (card.is_none() || !is_empty(&dir, name)?) {
            return past_first_use(card, &dir, name);
        }
        let unfinished = format!(".{name}.new");
        match std::fs::remove_dir_all(parent.join(&unfinished)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        rustix::fs::mkdirat(&dir, &unfinished, Mode::RWXU)?;
        self.fill(&dir, &unfinished, target)?;
        // An empty directory gives way to another.
        let flags = if made { RenameFlags::empty() } else { RenameFlags::NOREPLACE };
        rustix::fs::renameat_with(&dir, &unfinished, &dir, name, flags)?;
        past_first_use(card, &dir, name)
    }

    fn fill(&self, parent: impl AsFd, name: &str, target: &str) -> std::io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let volume = rustix::fs::openat(parent, name, flags, Mode::empty())?;
        let Some(stat) = self.image.directory(target)? else {
            return Ok(rustix::fs::fchmod(&volume, Mode::from_raw_mode(0o755))?);
        };
        self.image.copy(target, &volume)?;
        let (uid, gid) = (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid));
        rustix::fs::fchown(&volume, Some(uid), Some(gid))?;
        Ok(rustix::fs::fchmod(&volume, Mode::from_raw_mode(stat.st_mode))?)
    }
}

/// What is in the volume from now on is its own.
fn past_first_use(card: Option<Card>, dir: impl AsFd, name: &str) -> std::io::Result<()> {
    match card {
        Some(card) => Card { first_use: FirstUse::Past, ..card }.write(dir, name),
        None => Ok(()),
    }
}

fn is_empty(dir: impl AsFd, name: &str) -> std::io::Result<bool> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let volume = rustix::fs::openat(dir, name, flags, Mode::empty())?;
    for entry in Dir::new(volume)? {
        if !matches!(entry?.file_name().to_bytes(), b"." | b"..") {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Only the names that containers may have, too.
fn file_name(name: &str) -> Result<String, StateError> {
    let parsed: Result<ContainerName, _> = name.parse();
    parsed.map(|name| name.as_str().to_owned()).map_err(|_| StateError::VolumeName(name.to_owned()))
}

fn covered(request: &RunRequest, volume: &str) -> bool {
    let components = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
    };
    let volume = components(volume);
    request.mounts.iter().any(|mount| components(&mount.target) == volume)
}

fn exists_already(made: rustix::io::Result<()>) -> rustix::io::Result<()> {
    match made {
        Err(Errno::EXIST) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt};

    use model::request::{Access, ExecMode, MountRequest};

    use super::*;

    fn volume(name: &str, target: &str) -> MountRequest {
        MountRequest {
            source: MountSource::Volume { name: name.into() },
            target: target.into(),
            access: Access::ReadWrite,
            exec: ExecMode::Refused,
            asked_by: format!("-v {name}:{target}"),
        }
    }

    #[test]
    fn volumes_look_like_the_directory_that_they_cover() {
        let dir = tempfile::tempdir().unwrap();
        let (layer, container) = (dir.path().join("layer"), dir.path().join("container"));
        std::fs::create_dir_all(layer.join("data")).unwrap();
        std::fs::create_dir(&container).unwrap();
        std::fs::set_permissions(layer.join("data"), PermissionsExt::from_mode(0o1770)).unwrap();
        let image = MergedRoot::open([&layer]).unwrap();
        let named = dir.path().join("volumes");
        let volumes = Volumes { named: named.clone(), container: &container, image: &image };
        let config =
            ImageConfig { volumes: vec!["/data".into(), "/covered/".into()], ..ImageConfig::default() };
        let request = RunRequest {
            mounts: vec![volume("db", "/covered"), volume("", "/none")],
            ..RunRequest::default()
        };
        let places = volumes.place(&request, &config).unwrap();
        let paths: Vec<_> = places.iter().map(|place| PathBuf::from(&place.path)).collect();
        assert_eq!(paths, [named.join("db"), container.join("volumes/1"), container.join("volumes/2")]);
        let modes = paths.iter().map(|path| path.metadata().unwrap().mode() & 0o7777);
        assert_eq!(modes.collect::<Vec<_>>(), [0o755, 0o755, 0o1770]);
        std::fs::write(named.join("db/kept"), "x").unwrap();
        volumes.place(&request, &config).unwrap();
        assert!(named.join("db/kept").exists());
    }

    #[test]
    fn a_volume_that_was_made_beforehand_is_filled_at_its_first_use_and_then_never_again() {
        let dir = tempfile::tempdir().unwrap();
        let (layer, container) = (dir.path().join("layer"), dir.path().join("container"));
        std::fs::create_dir_all(layer.join("data")).unwrap();
        std::fs::write(layer.join("data/from-image"), "x").unwrap();
        std::fs::create_dir(&container).unwrap();
        let image = MergedRoot::open([&layer]).unwrap();
        let named = dir.path().join("volumes");
        let volumes = Volumes { named: named.clone(), container: &container, image: &image };
        let make = |name: &str| {
            std::fs::create_dir_all(named.join(name)).unwrap();
            let card = Card { created: 1, labels: BTreeMap::new(), first_use: FirstUse::Ahead };
            card.write(open_dir(&named).unwrap(), name).unwrap();
        };
        let has_had = |name: &str| {
            let card = Card::read(open_dir(&named).unwrap(), name).unwrap().unwrap();
            card.first_use == FirstUse::Past
        };
        let place = |name: &str| {
            let request = RunRequest { mounts: vec![volume(name, "/data")], ..RunRequest::default() };
            volumes.place(&request, &ImageConfig::default()).unwrap();
        };
        make("fresh");
        place("fresh");
        assert!(named.join("fresh/from-image").exists() && has_had("fresh"));
        std::fs::remove_file(named.join("fresh/from-image")).unwrap();
        place("fresh");
        assert!(!named.join("fresh/from-image").exists(), "emptied by its users, and so it stays");

        make("given");
        std::fs::write(named.join("given/by-hand"), "y").unwrap();
        place("given");
        assert!(!named.join("given/from-image").exists() && named.join("given/by-hand").exists());
        assert!(has_had("given"));
    }

    #[test]
    fn a_volume_s_name_is_no_path() {
        for name in ["..", "a/b", ".hidden", "x"] {
            assert!(matches!(file_name(name), Err(StateError::VolumeName(_))), "{name}");
        }
    }
}
