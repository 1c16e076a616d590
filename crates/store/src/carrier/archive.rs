//! An OCI image layout in a tar file.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use model::digest::ClaimedDigest;
use model::oci::{Descriptor, Index, REF_NAME};

use super::beside::{self, Beside};
use crate::compress::BUFFER;
use crate::disk::OCI_LAYOUT;
use crate::error::{Result, StoreError};
use crate::import::json;

/// An archive that is being written.
pub(super) struct Archive {
    beside: Beside,
    to: PathBuf,
    state: Mutex<State>,
}

struct State {
    file: BufWriter<File>,
    written: BTreeSet<ClaimedDigest>,
    /// Set while an entry is written: if that fails, what follows it would be read as its data.
    broken: bool,
}

impl Archive {
    pub(super) fn create(path: &Path) -> Result<Self> {
        let beside = Beside::new(path);
        let file = BufWriter::with_capacity(BUFFER, beside.make_file()?);
        let state = Mutex::new(State { file, written: BTreeSet::new(), broken: false });
        Ok(Self { beside, to: path.to_owned(), state })
    }

    fn state(&self) -> Result<MutexGuard<'_, State>> {
        let state = self.state.lock().map_err(|_| StoreError::Stopped)?;
        if state.broken { Err(StoreError::Stopped) } else { Ok(state) }
    }

    pub(super) fn has(&self, digest: &ClaimedDigest) -> bool {
        self.state.lock().is_ok_and(|state| state.written.contains(digest))
    }

    pub(super) fn blob(&self, blob: &Descriptor, bytes: &mut dyn Read) -> Result<()> {
        let mut state = self.state()?;
        let name = format!("blobs/sha256/{}", blob.digest.hex());
        state.broken = true;
        self.begin(&mut state, &name, blob.size)?;
        beside::copy(blob, bytes, &mut state.file, &self.to)?;
        self.end(&mut state, blob.size)?;
        state.broken = false;
        state.written.insert(blob.digest);
        Ok(())
    }

    pub(super) fn finish(
        self,
        name: Option<&str>,
        top: &Descriptor,
        bytes: &[u8],
        beside: &[Descriptor],
    ) -> Result<()> {
        if !self.has(&top.digest) {
            self.blob(top, &mut &*bytes)?;
        }
        let mut entry = top.clone();
        if let Some(name) = name {
            entry.annotations.get_or_insert_default().insert(REF_NAME.to_owned(), name.to_owned());
        }
        let index = json(&Index::of([&[entry], beside].concat()))?;
        let mut state = self.state()?;
        for (name, bytes) in [("index.json", index.as_slice()), ("oci-layout", OCI_LAYOUT)] {
            self.begin(&mut state, name, bytes.len() as u64)?;
            state.file.write_all(bytes).map_err(StoreError::write_path(&self.to))?;
            self.end(&mut state, bytes.len() as u64)?;
        }
        let ended = state.file.write_all(&[0; 1024]).and_then(|()| state.file.flush());
        ended.map_err(StoreError::write_path(&self.to))?;
        drop(state);
        self.beside.place()
    }

    fn begin(&self, state: &mut State, name: &str, size: u64) -> Result<()> {
        let header = header(name, size).map_err(StoreError::write_path(&self.to))?;
        state.file.write_all(header.as_bytes()).map_err(StoreError::write_path(&self.to))
    }

    fn end(&self, state: &mut State, size: u64) -> Result<()> {
        state.file.write_all(padding(size)).map_err(StoreError::write_path(&self.to))
    }
}

/// Owner, mode and time are the same for everybody, so that equal images give equal archives.
pub(super) fn header(name: &str, size: u64) -> std::io::Result<tar::Header> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name)?;
    header.set_size(size);
    header.set_mode(0o444);
    header.set_cksum();
    Ok(header)
}

/// What fills an entry's last block.
pub(super) fn padding(size: u64) -> &'static [u8] {
    const ZEROS: [u8; 512] = [0; 512];
    let missing = usize::try_from(size.wrapping_neg() % 512).unwrap_or_default();
    ZEROS.get(..missing).unwrap_or_default()
}
