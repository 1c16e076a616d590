//! An OCI image layout in a directory, new or added to (image-spec, image-layout.md).

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use model::digest::ClaimedDigest;
use model::oci::{Descriptor, Index, REF_NAME};
use rustix::fs::{FlockOperation, flock};
use serde_json::Value;

use super::beside::{self, Beside};
use crate::disk::OCI_LAYOUT;
use crate::error::{Result, StoreError};
use crate::limits::Limits;
use crate::source::not_an_image;
use crate::wire::parse;

/// A layout that is being written to.
pub(super) struct Directory {
    root: PathBuf,
    state: State,
}

enum State {
    /// It becomes visible at the end.
    New(Beside),
    /// It is there, and held alone; what was added goes if the end is not reached.
    There { _alone: File, added: Mutex<Vec<PathBuf>> },
}

impl Directory {
    pub(super) fn create(path: &Path) -> Result<Self> {
        let (root, state) = if path.exists() {
            check_kind(path)?;
            let directory = File::open(path).map_err(StoreError::write_path(path))?;
            flock(&directory, FlockOperation::LockExclusive).map_err(StoreError::write_path(path))?;
            (path.to_owned(), State::There { _alone: directory, added: Mutex::default() })
        } else {
            let beside = Beside::new(path);
            beside.make_directory()?;
            (beside.path().to_owned(), State::New(beside))
        };
        let blobs = root.join("blobs/sha256");
        fs::create_dir_all(&blobs).map_err(StoreError::write_path(&blobs))?;
        Ok(Self { root, state })
    }

    fn path(&self, digest: &ClaimedDigest) -> PathBuf {
        self.root.join("blobs/sha256").join(digest.hex())
    }

    pub(super) fn has(&self, digest: &ClaimedDigest) -> bool {
        self.path(digest).exists()
    }

    pub(super) fn blob(&self, blob: &Descriptor, bytes: &mut dyn Read) -> Result<()> {
        let path = self.path(&blob.digest);
        let is_new = !path.exists();
        beside::write_file(&path, |file| beside::copy(blob, bytes, file, &path))?;
        if let State::There { added, .. } = &self.state
            && is_new
            && let Ok(mut added) = added.lock()
        {
            added.push(path);
        }
        Ok(())
    }

    pub(super) fn finish(
        mut self,
        name: Option<&str>,
        top: &Descriptor,
        bytes: &[u8],
        beside: &[Descriptor],
    ) -> Result<()> {
        self.blob(top, &mut &*bytes)?;
        let index = self.index(name, top, beside)?;
        for (name, bytes) in [("oci-layout", OCI_LAYOUT), ("index.json", &index)] {
            let path = self.root.join(name);
            beside::write_file(&path, |file| file.write_all(bytes).map_err(StoreError::write_path(&path)))?;
        }
        match &mut self.state {
            State::There { added, .. } => {
                *added = Mutex::default();
                Ok(())
            }
            State::New(beside) => beside.place(),
        }
    }

    /// index.json with one more entry: others are kept as they are, but for one of the same name.
    fn index(&self, name: Option<&str>, top: &Descriptor, beside: &[Descriptor]) -> Result<Vec<u8>> {
        let path = self.root.join("index.json");
        let unwritten = |error: serde_json::Error| StoreError::write_path(&path)(io::Error::from(error));
        let mut index = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                serde_json::to_value(Index::of(Vec::new())).map_err(unwritten)?
            }
            read => bounded(&path, &read.map_err(StoreError::read_path(&path))?)?,
        };
        let mut entry = top.clone();
        if let Some(name) = name {
            entry.annotations.get_or_insert_default().insert(REF_NAME.to_owned(), name.to_owned());
        }
        let entry = serde_json::to_value(entry).map_err(unwritten)?;
        let entries = index.get_mut("manifests").and_then(Value::as_array_mut);
        let entries = entries.ok_or_else(|| not_an_image(&path.display().to_string(), "it has no list"))?;
        let reference = |entry: &Value| entry.pointer("/annotations")?.get(REF_NAME).cloned();
        let digest = |entry: &Value| entry.get("digest").cloned();
        entries.retain(|old| match name {
            Some(_) => reference(old) != reference(&entry),
            None => reference(old).is_some() || digest(old) != digest(&entry),
        });
        entries.push(entry);
        for beside in beside {
            let beside = serde_json::to_value(beside).map_err(unwritten)?;
            entries.retain(|old| match reference(&beside) {
                Some(name) => reference(old) != Some(name),
                None => reference(old).is_some() || digest(old) != digest(&beside),
            });
            entries.push(beside);
        }
        serde_json::to_vec(&index).map_err(unwritten)
    }
}

fn bounded(path: &Path, bytes: &[u8]) -> Result<Value> {
    let (what, allowed) = (path.display().to_string(), Limits::default().manifest);
    if bytes.len() as u64 > allowed {
        return Err(StoreError::Limit { what, limit: "bytes in an index", allowed });
    }
    parse(bytes, &what)
}

/// A layout, or an empty directory.
fn check_kind(path: &Path) -> Result<()> {
    let mut entries = fs::read_dir(path).map_err(StoreError::read_path(path))?;
    if path.join("oci-layout").is_file() || entries.next().is_none() {
        return Ok(());
    }
    Err(not_an_image(&path.display().to_string(), "it is there already, and is no OCI image layout"))
}

impl Drop for Directory {
    fn drop(&mut self) {
        let State::There { added, .. } = &mut self.state else { return };
        for path in added.get_mut().map(std::mem::take).unwrap_or_default() {
            let _referred_to_by_nothing = fs::remove_file(path);
        }
    }
}
