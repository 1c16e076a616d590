//! Power cuts: what the page cache held may be lost, and only images written in that boot can be affected.

use std::fs;
use std::io;

use model::digest::Digest;

use crate::disk::Store;
use crate::error::{Result, StoreError};

/// Changes with every boot of the kernel.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

impl Store {
    /// Notes, before an image becomes visible, that its bytes may not have reached the disk.
    pub(crate) fn mark_unsynced(&self, digest: &Digest) -> Result<()> {
        self.replace(&self.root.join("unsynced").join(digest.hex()), boot_id()?.as_bytes())
    }

    /// Whether the image has survived the boot that wrote it; if that boot is over, checks it once.
    pub(crate) fn check_synced(&self, digest: &Digest) -> Result<()> {
        let path = self.root.join("unsynced").join(digest.hex());
        match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(StoreError::read_path(&path)(error)),
            Ok(boot) if boot == boot_id()? => Ok(()),
            Ok(_) => Err(StoreError::Corrupt { file: path, why: "the machine restarted".into() }),
        }
    }
}

fn boot_id() -> Result<String> {
    let id = fs::read_to_string(BOOT_ID).map_err(|error| StoreError::read(BOOT_ID, error))?;
    Ok(id.trim_end().to_owned())
}
