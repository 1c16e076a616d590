//! Power cuts: what the page cache held may be lost, and only images written in that boot can be affected.

use std::fs;
use std::io;
use std::path::Path;

use model::digest::Digest;
use model::image::Image;

use crate::disk::Store;
use crate::error::{Result, StoreError};
use crate::import::Quiet;
use crate::record::Record;
use crate::verify::Finding;

/// Changes with every boot of the kernel.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

impl Store {
    /// Notes, before an image becomes visible, that its bytes may not have reached the disk.
    pub(crate) fn mark_unsynced(&self, digest: &Digest) -> Result<()> {
        self.replace(&self.root.join("unsynced").join(digest.hex()), self.boot()?.as_bytes())
    }

    pub(crate) fn is_unsynced(&self, digest: &Digest) -> bool {
        self.root.join("unsynced").join(digest.hex()).exists()
    }

    /// Whether the image has survived the boot that wrote it; if that boot is over, checks it once.
    pub(crate) fn check_synced(&self, record: &Record) -> Result<()> {
        let digest = record.digest();
        let path = self.root.join("unsynced").join(digest.hex());
        match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(StoreError::read_path(&path)(error)),
            Ok(boot) if boot == self.boot()? => Ok(()),
            Ok(_) => self.survived(record.clone().into_image(), &path),
        }
    }

    /// Checks an image after a restart, once: the note goes if nothing was lost, and what is damaged goes if
    /// something was, so that importing again brings it back.
    fn survived(&self, image: Image, note: &Path) -> Result<()> {
        let name = image.names.first().cloned().unwrap_or_else(|| image.digest.short());
        let findings = self.verify_images(std::slice::from_ref(&image), &mut Quiet)?;
        self.drop_torn(&image)?;
        let Some(first) = findings.first() else {
            return fs::remove_file(note).map_err(StoreError::write_path(note));
        };
        let why = format!("`{}` {}", first.file.display(), first.why);
        for finding in &findings {
            self.evict(finding)?;
        }
        Err(StoreError::Lost { image: name, why })
    }

    fn evict(&self, finding: &Finding) -> Result<()> {
        let layers = self.root.join("layers");
        let layer = finding.file.strip_prefix(&layers).ok().and_then(|path| path.components().next());
        let path = layer.map_or_else(|| finding.file.clone(), |layer| layers.join(layer));
        if !path.exists() {
            return Ok(());
        }
        match layer {
            Some(_) => self.remove_layer(&path),
            None => fs::remove_file(&path).map_err(StoreError::write_path(&path)),
        }
    }

    /// Before the first import of a boot: removes what an import that a power cut ended left without a record,
    /// because nothing says that it is whole, and checks the images that the cut may have reached.
    pub(crate) fn after_restart(&self) -> Result<()> {
        let path = self.root.join("boot");
        let boot = self.boot()?;
        if fs::read_to_string(&path).is_ok_and(|last| last == boot) {
            return Ok(());
        }
        let _alone = self.lock("sweep")?;
        self.reclaim()?;
        self.check_kept()?;
        for record in self.records()? {
            match self.check_synced(&record) {
                Ok(()) | Err(StoreError::Lost { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.replace(&path, boot.as_bytes())
    }

    /// The name of this boot.
    pub(crate) fn boot(&self) -> Result<&str> {
        if let Some(boot) = self.boot.get() {
            return Ok(boot);
        }
        let id = fs::read_to_string(BOOT_ID).map_err(|error| StoreError::read(BOOT_ID, error))?;
        Ok(self.boot.get_or_init(|| id.trim_end().to_owned()))
    }
}
