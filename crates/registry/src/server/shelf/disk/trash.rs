//! The trash: a blob's file under a name of its own, from which it can come back.

use rustix::fs::{AtFlags, OFlags, fstat, renameat, unlinkat};
use rustix::io::Errno;

use super::Disk;
use super::blobs::{is_there, path};
use super::listing::smallest;
use super::tree::{Changed, Lookup, Tree};
use crate::server::shelf::error::{Result, ShelfError};
use crate::server::shelf::upload::random_hex;
use crate::server::shelf::{ContentDigest, Trashed};

impl Disk {
    pub(in crate::server::shelf) async fn trash_blob(
        &self,
        digest: &ContentDigest,
        now: u64,
    ) -> Result<Option<Trashed>> {
        let (digest, ticket) = (digest.clone(), random_hex()?);
        let trashed = Trashed { digest, size: 0, when: now, ticket };
        self.wait(&trashed.ticket.clone(), move |tree| {
            let name = trash_path(&trashed);
            let size = take_off(tree, &path(&trashed.digest), &name);
            let size = size.map_err(|error| ShelfError::place("write", name, error))?;
            Ok(size.map(|size| Trashed { size, ..trashed }))
        })
        .await
    }

    pub(in crate::server::shelf) async fn restore_blob(&self, trashed: &Trashed) -> Result<bool> {
        let (from, to) = (trash_path(trashed), path(&trashed.digest));
        self.wait(&from.clone(), move |tree| {
            put_back(tree, &from, &to).map_err(|error| ShelfError::place("write", to, error))
        })
        .await
    }

    pub(in crate::server::shelf) async fn purge_blob(&self, trashed: &Trashed, _now: u64) -> Result<bool> {
        let path = trash_path(trashed);
        self.wait(&path.clone(), move |tree| {
            let removed =
                tree.parent(&path).and_then(|(trash, name)| unlinkat(trash, name, AtFlags::empty()));
            match removed {
                Ok(()) => Ok(true),
                Err(Errno::NOENT) => Ok(false),
                Err(error) => Err(ShelfError::place("remove", path, error)),
            }
        })
        .await
    }

    pub(in crate::server::shelf) async fn trash(&self, limit: usize) -> Result<Vec<Trashed>> {
        self.wait("trash", move |tree| {
            let failed = |error| ShelfError::place("list", "trash", error);
            let mut found = Vec::new();
            for algorithm in ["sha256", "sha512"] {
                let directory = format!("trash/{algorithm}");
                for name in smallest(tree, &directory, "", limit - found.len()).map_err(failed)? {
                    found.extend(read_name(tree, algorithm, &name));
                }
            }
            Ok(found)
        })
        .await
    }
}

fn trash_path(trashed: &Trashed) -> String {
    let Trashed { digest, when, ticket, .. } = trashed;
    format!("trash/{}/{}@{when}@{ticket}", digest.algorithm().name(), digest.hex())
}

/// Nothing in case a name is not one of ours, or the file has gone meanwhile.
fn read_name(tree: &Tree, algorithm: &str, name: &str) -> Option<Trashed> {
    let mut parts = name.split('@');
    let digest = ContentDigest::from_parts(algorithm, parts.next()?).ok()?;
    let (when, ticket) = (parts.next()?.parse().ok()?, parts.next()?.to_owned());
    let file = tree.find(&format!("trash/{algorithm}/{name}"), OFlags::RDONLY, Lookup::Disk).ok()?;
    Some(Trashed { digest, size: fstat(&file).ok()?.st_size as u64, when, ticket })
}

/// Not flushed: a blob that a power cut puts back is a candidate again.
fn take_off(tree: &Tree, from: &str, to: &str) -> rustix::io::Result<Option<u64>> {
    let (blobs, blob) = match tree.parent(from) {
        Err(Errno::NOENT) => return Ok(None),
        found => found?,
    };
    match tree.within(to, &mut Changed::default(), |trash, name| renameat(&blobs, blob, trash, name)) {
        Err(Errno::NOENT) => return Ok(None),
        moved => moved?,
    }
    let file = tree.find(to, OFlags::RDONLY, Lookup::Disk)?;
    Ok(Some(fstat(&file)?.st_size as u64))
}

/// Where the same bytes were uploaded again, they take that file's place.
fn put_back(tree: &Tree, from: &str, to: &str) -> rustix::io::Result<bool> {
    let mut changed = Changed::default();
    let moved = tree.parent(from).and_then(|(trash, name)| {
        changed.add_parent(from);
        tree.within(to, &mut changed, |blobs, blob| renameat(&trash, name, blobs, blob))
    });
    let is_back = match moved {
        Err(Errno::NOENT) => is_there(tree, to, &mut changed)?,
        moved => moved.map(|()| true)?,
    };
    tree.flush(&changed)?;
    Ok(is_back)
}
