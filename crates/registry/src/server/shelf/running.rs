//! Hashes of uploads as far as they have come: only a cache, since the bytes can be read again.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use super::UploadId;
use super::digest::Hashing;

/// How many are kept. Then all are dropped, those of uploads that nobody goes on with among them.
const KEPT: usize = 4096;

/// The hash of the first so many bytes of each upload.
#[derive(Clone, Default)]
pub(super) struct Running(Arc<Mutex<HashMap<UploadId, (u64, Hashing)>>>);

impl Running {
    /// Takes the hash of an upload, if it is of exactly its `length` bytes.
    pub(super) fn take(&self, id: &UploadId, length: u64) -> Option<Hashing> {
        let (hashed, hashing) = self.0.lock().ok()?.remove(id)?;
        (hashed == length).then_some(hashing)
    }

    pub(super) fn keep(&self, id: UploadId, length: u64, hashing: Hashing) {
        if let Ok(mut kept) = self.0.lock() {
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(id, (length, hashing));
        }
    }

    pub(super) fn forget(&self, id: &UploadId) {
        if let Ok(mut kept) = self.0.lock() {
            kept.remove(id);
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Running")
    }
}
