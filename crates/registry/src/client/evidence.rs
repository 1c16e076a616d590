//! What came instead of what was promised, kept for whoever wants to know.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use model::digest::DigestMismatch;

/// Most files: somebody who forges may do so again and again. The oldest go first.
const MOST: usize = 16;

/// What their names begin with. Whatever else is in the directory is somebody else's.
const PREFIX: &str = "manifest-";

/// Under the name of what it hashes to, so that no find takes another's place. Nothing is written through a link.
pub(crate) fn keep(place: &Path, mismatch: &DigestMismatch, bytes: &[u8]) -> Option<PathBuf> {
    DirBuilder::new().recursive(true).mode(0o700).create(place).ok()?;
    if !fs::symlink_metadata(place).ok()?.is_dir() {
        return None;
    }
    let path = place.join(format!("{PREFIX}{}", mismatch.hashed.hex()));
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        // Half of it would pass for the whole the next time.
        Ok(mut file) => file.write_all(bytes).inspect_err(|_| drop(fs::remove_file(&path))).ok()?,
        // Found before.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?;
        }
        Err(_) => return None,
    }
    drop_oldest(place, &path);
    Some(path)
}

/// What cannot be listed or removed stays for the next time.
fn drop_oldest(place: &Path, newest: &Path) {
    let ours = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(PREFIX);
    let entries = fs::read_dir(place).into_iter().flatten().map_while(io::Result::ok).filter(ours);
    let aged = entries.filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())));
    let mut others: Vec<_> = aged.filter(|(_, path)| path != newest).collect();
    others.sort_unstable();
    for (_, path) in others.iter().rev().skip(MOST - 1) {
        let _next_time = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::time::{Duration, SystemTime};

    use model::digest::{ClaimedDigest, Digest};

    use super::*;

    fn kept(place: &Path, bytes: &[u8]) -> Option<PathBuf> {
        let claimed = ClaimedDigest::from(Digest::of(b"what was promised"));
        keep(place, &claimed.confirm(Digest::of(bytes)).unwrap_err(), bytes)
    }

    #[test]
    fn the_newest_are_kept_and_what_is_not_ours_stays() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("evidence");
        let first = kept(&place, b"first").unwrap();
        assert_eq!(fs::metadata(&first).unwrap().permissions().mode() & 0o7777, 0o600);
        fs::write(place.join("another's"), "").unwrap();
        for n in 0..u8::try_from(MOST).unwrap() {
            let path = kept(&place, &[n]).unwrap();
            let ago = Duration::from_secs(100 - u64::from(n));
            fs::File::open(path).unwrap().set_modified(SystemTime::now() - ago).unwrap();
        }
        // The first is the newest by now, and the first of the others has gone for the last.
        assert!(first.exists());
        assert_eq!(fs::read_dir(&place).unwrap().count(), MOST + 1);
        assert_eq!(kept(&place, b"first"), Some(first));
        assert!(!place.join(format!("{PREFIX}{}", Digest::of(&[0]).hex())).exists());
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (place, target) = (dir.path().join("evidence"), dir.path().join("target"));
        fs::create_dir(&place).unwrap();
        symlink(&target, place.join(format!("{PREFIX}{}", Digest::of(b"x").hex()))).unwrap();
        assert_eq!(kept(&place, b"x"), None);
        assert!(!target.exists());
        symlink(&place, dir.path().join("link")).unwrap();
        assert_eq!(kept(&dir.path().join("link"), b"y"), None);
    }
}
