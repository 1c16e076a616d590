//! What names in registries led to when they were pulled last: a symbolic link for each, to the digest.
//!
//! It outlives the images, so that whoever removes one and pulls its name again learns of a change, too.

use std::io;
use std::path::PathBuf;

use model::digest::{ClaimedDigest, Digest};
use model::reference::ImageName;

use crate::site::Site;
use crate::state::StateError;

/// The directory of the links.
pub(super) struct Remembered {
    path: PathBuf,
}

impl Remembered {
    pub(super) fn of(site: &Site) -> Self {
        Self { path: site.digests() }
    }

    /// What a name led to.
    pub(super) fn digest(&self, name: &ImageName) -> Result<Option<ClaimedDigest>, StateError> {
        let path = self.link(name);
        let target = match std::fs::read_link(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(StateError::io("read", &path))?,
        };
        let digest = target.to_str().and_then(|text| text.parse().ok());
        let damaged = || StateError::io("read", &path)(io::ErrorKind::InvalidData.into());
        digest.map(Some).ok_or_else(damaged)
    }

    /// Remembers what it leads to now. Whoever reads meanwhile sees the one or the other.
    pub(super) fn remember(&self, name: &ImageName, digest: ClaimedDigest) -> Result<(), StateError> {
        let (path, aside) = (self.link(name), self.path.join(format!(".{}", std::process::id())));
        let written = std::fs::create_dir_all(&self.path)
            .and_then(|()| remove(&aside))
            .and_then(|()| std::os::unix::fs::symlink(digest.to_string(), &aside))
            .and_then(|()| std::fs::rename(&aside, &path));
        written.map_err(StateError::io("write", &path))
    }

    /// Names may be longer than a file's may be.
    fn link(&self, name: &ImageName) -> PathBuf {
        self.path.join(Digest::of(name.tagged().as_bytes()).hex())
    }
}

/// Removes what a killed process of the same number left.
fn remove(path: &std::path::Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(tag: &str) -> ImageName {
        let (repository, tag) = ("registry.example/team/app".to_owned(), Some(tag.to_owned()));
        ImageName { repository, tag, digest: None }
    }

    #[test]
    fn each_name_is_remembered_by_itself_and_its_last_digest_counts() {
        let root = tempfile::tempdir().unwrap();
        let remembered = Remembered { path: root.path().join("digests") };
        let [one, two] = [b"1", b"2"].map(|bytes| ClaimedDigest::from(Digest::of(bytes)));
        assert_eq!(remembered.digest(&name("1")).unwrap(), None);
        remembered.remember(&name("1"), one).unwrap();
        remembered.remember(&name("2"), one).unwrap();
        remembered.remember(&name("1"), two).unwrap();
        assert_eq!(remembered.digest(&name("1")).unwrap(), Some(two));
        assert_eq!(remembered.digest(&name("2")).unwrap(), Some(one));
        assert_eq!(std::fs::read_dir(&remembered.path).unwrap().count(), 2);
    }

    #[test]
    fn a_link_that_is_no_digest_is_an_error_and_not_a_name_that_is_new() {
        let root = tempfile::tempdir().unwrap();
        let remembered = Remembered { path: root.path().to_owned() };
        std::os::unix::fs::symlink("elsewhere", remembered.link(&name("1"))).unwrap();
        assert!(remembered.digest(&name("1")).is_err());
    }
}
