//! Layers that no image has yet, and records of how layers came about: what a build needs, now or next time.
//!
//! A layer that is made belongs to the process that makes it, until that ends. A record keeps its layers for
//! everybody, until somebody forgets it.

use std::collections::BTreeSet;
use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use model::digest::{ClaimedDigest, Digest};
use model::image::{Image, Layer};

use crate::disk::{Scratch, Store, remove_tree};
use crate::error::{Result, StoreError};
use crate::record::Record;
use crate::remove::Pruned;

/// Where records are, by key.
const DIRECTORY: &str = "kept";

/// Bytes of a boot's name (a UUID), of the number of layers, of one layer, and of the checksum at the end.
const BOOT: usize = 36;
const COUNT: usize = 4;
const LAYER: usize = 32 + 32 + 8;
const CHECKSUM: usize = 4;

/// What somebody has kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its writer's affair.
    pub record: Vec<u8>,
    /// They stay as long as it does.
    pub layers: Vec<Layer>,
}

/// What somebody has kept, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptEntry {
    /// What it was kept for.
    pub key: ClaimedDigest,
    /// Itself.
    pub kept: Kept,
    /// Seconds since the epoch.
    pub last_used: i64,
    /// Bytes of the record, and of those of its layers that neither an image has nor what was used later: what
    /// forgetting it frees, once everything older is forgotten.
    pub bytes: u64,
    /// Whether it has layers, and images have all of them: forgetting it frees next to nothing.
    pub shared: bool,
}

impl Store {
    /// Keeps what images are made of from being removed while this process lives, or one that it has forked since. Whatever
    /// these make or find stays as long.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a layer that is gone; what the disk says.
    pub fn hold_images<'a>(&self, images: impl IntoIterator<Item = &'a Image>) -> Result<()> {
        let _present = self.begin_import()?;
        self.lease()?;
        for image in images {
            self.all_present(&image.layers)?;
            self.open_blob(&image.config_digest)?;
            self.hold(&image.layers)?;
            self.hold_blob("image", &image.config_digest)?;
        }
        Ok(())
    }

    /// A layer that is in the store, by what somebody says of it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a layer that is gone.
    pub fn layer(&self, blob: ClaimedDigest, diff_id: ClaimedDigest) -> Result<Layer> {
        let (blob, diff_id) = (Digest::assertion(blob), Digest::assertion(diff_id));
        let gone =
            || StoreError::Corrupt { file: self.blob_path(&blob), why: "the layer is gone".to_owned() };
        let (blob, size) = self.blob_size(blob).ok_or_else(gone)?;
        let layer = Layer { blob, diff_id, size };
        self.all_present(&[layer])?;
        Ok(layer)
    }

    /// The archive of a layer that was made here: a plain tar.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for one that is gone.
    pub fn archive_of(&self, layer: &Layer) -> Result<File> {
        self.open_blob(&layer.blob)
    }

    /// Writes that archive somewhere.
    ///
    /// # Errors
    /// As [`Store::archive_of`]; what whoever takes it says.
    pub fn write_archive_of(&self, layer: &Layer, out: &mut dyn io::Write) -> Result<()> {
        let copied = io::copy(&mut self.archive_of(layer)?, out);
        copied.map(drop).map_err(|error| StoreError::write("the image's files", error))
    }

    /// Keeps a record in the place of the one that was, and with it its layers. `now` is in seconds since the epoch.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a layer that is gone; what the disk says.
    pub fn keep(&self, key: &ClaimedDigest, kept: &Kept, now: i64) -> Result<()> {
        let _present = self.begin_import()?;
        self.all_present(&kept.layers)?;
        self.write_kept(key, kept, now)
    }

    /// What was kept for a key, unless there is nothing that is whole.
    ///
    /// # Errors
    /// What the disk says.
    pub fn kept(&self, key: &ClaimedDigest) -> Result<Option<Kept>> {
        let path = self.kept_path(key);
        match read(&path)? {
            Some((boot, kept)) if boot == self.boot()? => Ok(Some(kept)),
            // Before it is believed again, somebody has to look at its layers.
            Some(_) => {
                self.after_restart()?;
                Ok(read(&path)?.map(|(_, kept)| kept))
            }
            None => Ok(None),
        }
    }

    /// The same, and its layers stay as with [`Store::hold_images`], whoever forgets it meanwhile.
    ///
    /// # Errors
    /// What the disk says.
    pub fn hold_kept(&self, key: &ClaimedDigest) -> Result<Option<Kept>> {
        let kept = self.kept(key)?;
        if kept.as_ref().is_none_or(|kept| kept.layers.is_empty()) {
            return Ok(kept);
        }
        // Nobody sweeps while this is shared: what is kept now is there.
        let _present = self.share("sweep")?;
        let kept = read(&self.kept_path(key))?.map(|(_, kept)| kept);
        if let Some(kept) = &kept {
            self.hold(&kept.layers)?;
        }
        Ok(kept)
    }

    /// Notes that what was kept was of use. What has gone meanwhile is no error.
    ///
    /// # Errors
    /// What the disk says.
    pub fn touch_kept(&self, key: &ClaimedDigest, now: i64) -> Result<()> {
        let path = self.kept_path(key);
        let touched = File::options().write(true).open(&path).and_then(|file| set_used(&file, now));
        match touched {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            touched => touched.map_err(StoreError::write_path(&path)),
        }
    }

    /// Everything that is kept, in order of its last use, the oldest first.
    ///
    /// # Errors
    /// What the disk says.
    pub fn list_kept(&self) -> Result<Vec<KeptEntry>> {
        let mut entries = Vec::new();
        for path in self.kept_files()? {
            let Some((key, kept)) = key_of(&path).zip(read(&path)?.map(|(_, kept)| kept)) else { continue };
            let Ok(metadata) = fs::metadata(&path) else { continue };
            let (last_used, bytes) = (used(&metadata), metadata.len());
            entries.push(KeptEntry { key, kept, last_used, bytes, shared: false });
        }
        entries.sort_by_key(|entry| (entry.last_used, entry.key));
        self.weigh(&mut entries)?;
        Ok(entries)
    }

    /// Counts each layer once, for the entry that was used last.
    fn weigh(&self, entries: &mut [KeptEntry]) -> Result<()> {
        let images = self.readable_records()?.into_iter().map(Record::into_image);
        let of_images: BTreeSet<Digest> =
            images.flat_map(|image| image.layers).map(|layer| layer.diff_id).collect();
        let mut counted = of_images.clone();
        for entry in entries.iter_mut().rev() {
            let layers = &entry.kept.layers;
            entry.shared =
                !layers.is_empty() && layers.iter().all(|layer| of_images.contains(&layer.diff_id));
            for layer in layers {
                if counted.insert(layer.diff_id) {
                    entry.bytes += layer.size + self.unpacked(layer);
                }
            }
        }
        Ok(())
    }

    /// Forgets what was kept, and removes what nobody else needs of it.
    ///
    /// # Errors
    /// What the disk says.
    pub fn forget(&self, keys: &[ClaimedDigest]) -> Result<Pruned> {
        let _alone = self.lock("sweep")?;
        self.clean();
        for key in keys {
            let path = self.kept_path(key);
            match fs::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed.map_err(StoreError::write_path(&path))?,
            }
        }
        self.reclaim()
    }

    /// Gives up a layer that this process holds, and removes it as [`Store::discard`] does.
    ///
    /// # Errors
    /// What the disk says.
    pub fn release(&self, layer: &Layer) -> Result<()> {
        let path = self.held_path(&layer.diff_id.hex(), &layer.blob)?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::write_path(&path)(error))
            }
            _ => self.discard(std::slice::from_ref(layer)),
        }
    }

    /// Removes layers that nobody needs. While somebody works in the store they stay until the next prune.
    ///
    /// # Errors
    /// What the disk says.
    pub fn discard(&self, layers: &[Layer]) -> Result<()> {
        let Some(_alone) = self.try_lock("sweep")? else { return Ok(()) };
        self.clean();
        let needed = self.needed()?;
        for layer in layers {
            let (blob, unpacked) = (self.blob_path(&layer.blob), self.layer_path(&layer.diff_id));
            if !needed.layers.contains(&layer.diff_id.hex()) && unpacked.exists() {
                self.remove_layer(&unpacked)?;
            }
            if !needed.blobs.contains(&layer.blob.hex()) && blob.exists() {
                fs::remove_file(&blob).map_err(StoreError::write_path(&blob))?;
            }
        }
        Ok(())
    }

    /// The same for layers of which the caller knows that they are there. Their names are files in a directory of this
    /// process's, which is known to be dead when nobody locks it any more.
    pub(crate) fn hold(&self, layers: &[Layer]) -> Result<()> {
        layers.iter().try_for_each(|layer| self.hold_blob(&layer.diff_id.hex(), &layer.blob))
    }

    /// Holds a blob, and the unpacked layer of that name if there is one.
    fn hold_blob(&self, layer: &str, blob: &Digest) -> Result<()> {
        let path = self.held_path(layer, blob)?;
        File::create(&path).map(drop).map_err(StoreError::write_path(&path))
    }

    fn held_path(&self, layer: &str, blob: &Digest) -> Result<PathBuf> {
        Ok(self.lease()?.path.join(format!("{layer}-{}", blob.hex())))
    }

    fn lease(&self) -> Result<&Scratch> {
        match self.lease.get() {
            Some(lease) => Ok(lease),
            None => {
                let lease = self.scratch()?;
                Ok(self.lease.get_or_init(|| lease))
            }
        }
    }

    /// Blobs and unpacked layers that are needed although no image has them, in hex. The caller holds `sweep` alone.
    pub(crate) fn roots(&self) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
        let (mut blobs, mut layers) = (BTreeSet::new(), BTreeSet::new());
        for path in self.kept_files()? {
            match read(&path)? {
                Some((_, kept)) => {
                    blobs.extend(kept.layers.iter().map(|layer| layer.blob.hex()));
                    layers.extend(kept.layers.iter().map(|layer| layer.diff_id.hex()));
                }
                // A power cut has torn it.
                None => fs::remove_file(&path).map_err(StoreError::write_path(&path))?,
            }
        }
        for path in self.files_in("tmp")? {
            for held in fs::read_dir(&path).into_iter().flatten().flatten() {
                let name = held.file_name().to_string_lossy().into_owned();
                let Some((layer, blob)) = name.split_once('-') else { continue };
                layers.insert(layer.to_owned());
                blobs.insert(blob.to_owned());
            }
        }
        Ok((blobs, layers))
    }

    /// Looks at every layer that was kept before this boot: a power cut may have reached it. The caller holds
    /// `sweep` alone.
    pub(crate) fn check_kept(&self) -> Result<()> {
        let boot = self.boot()?.to_owned();
        for path in self.kept_files()? {
            let Some((key, (written, kept))) = key_of(&path).zip(read(&path)?) else { continue };
            if written == boot {
                continue;
            }
            let mut whole = true;
            for layer in &kept.layers {
                whole &= self.is_whole(layer)?;
            }
            if whole {
                let used = fs::metadata(&path).map_or(0, |metadata| used(&metadata));
                self.write_kept(&key, &kept, used)?;
            } else {
                fs::remove_file(&path).map_err(StoreError::write_path(&path))?;
            }
        }
        Ok(())
    }

    /// Whether a layer is what it was; what is not is removed, so that it can be made again.
    fn is_whole(&self, layer: &Layer) -> Result<bool> {
        let blob = self.blob_problem(&layer.blob)?;
        let unpacked = self.layer_problem(layer)?;
        for (path, problem) in [
            (self.blob_path(&layer.blob), blob.is_some()),
            (self.layer_path(&layer.diff_id), unpacked.is_some()),
        ] {
            if problem && path.exists() {
                remove_tree(&path)?;
            }
        }
        Ok(blob.is_none() && unpacked.is_none())
    }

    fn write_kept(&self, key: &ClaimedDigest, kept: &Kept, now: i64) -> Result<()> {
        self.directory(DIRECTORY)?;
        let path = self.kept_path(key);
        self.replace(&path, &encode(self.boot()?, kept))?;
        self.touch_kept(key, now)
    }

    fn all_present(&self, layers: &[Layer]) -> Result<()> {
        for layer in layers {
            self.open_blob(&layer.blob)?;
            let file = self.layer_path(&layer.diff_id);
            if !file.join("listing.json").exists() {
                return Err(StoreError::Corrupt { file, why: "the unpacked layer is gone".to_owned() });
            }
        }
        Ok(())
    }

    fn unpacked(&self, layer: &Layer) -> u64 {
        self.listing(&layer.diff_id).ok().flatten().map_or(0, |listing| listing.bytes)
    }

    fn kept_path(&self, key: &ClaimedDigest) -> PathBuf {
        self.root.join(DIRECTORY).join(key.hex())
    }

    fn kept_files(&self) -> Result<Vec<PathBuf>> {
        if self.root.join(DIRECTORY).exists() { self.files_in(DIRECTORY) } else { Ok(Vec::new()) }
    }
}

fn key_of(path: &Path) -> Option<ClaimedDigest> {
    format!("sha256:{}", path.file_name()?.to_str()?).parse().ok()
}

fn set_used(file: &File, now: i64) -> io::Result<()> {
    let since = Duration::from_secs(u64::try_from(now).unwrap_or(0));
    file.set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH + since))
}

fn used(metadata: &fs::Metadata) -> i64 {
    std::os::unix::fs::MetadataExt::mtime(metadata)
}

fn encode(boot: &str, kept: &Kept) -> Vec<u8> {
    let mut bytes = boot.as_bytes().to_vec();
    bytes.resize(BOOT, 0);
    bytes.extend(u32::try_from(kept.layers.len()).unwrap_or(u32::MAX).to_le_bytes());
    for layer in &kept.layers {
        bytes.extend_from_slice(layer.blob.as_bytes());
        bytes.extend_from_slice(layer.diff_id.as_bytes());
        bytes.extend(layer.size.to_le_bytes());
    }
    bytes.extend_from_slice(&kept.record);
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

/// The boot that wrote it, and what was kept; nothing if it is torn.
fn read(path: &Path) -> Result<Option<(String, Kept)>> {
    match fs::read(path) {
        Ok(bytes) => Ok(decode(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::read_path(path)(error)),
    }
}

fn decode(bytes: &[u8]) -> Option<(String, Kept)> {
    let (bytes, checksum) = bytes.split_last_chunk::<CHECKSUM>()?;
    if crc32fast::hash(bytes).to_le_bytes() != *checksum {
        return None;
    }
    let (boot, bytes) = bytes.split_first_chunk::<BOOT>()?;
    let (count, bytes) = bytes.split_first_chunk::<COUNT>()?;
    let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
    let (layers, record) = bytes.split_at_checked(count.checked_mul(LAYER)?)?;
    let layers = layers.chunks_exact(LAYER).map(layer).collect::<Option<_>>()?;
    let boot = String::from_utf8_lossy(boot).trim_end_matches('\0').to_owned();
    Some((boot, Kept { record: record.to_vec(), layers }))
}

/// The store hashed what its own records name before it wrote them.
fn layer(bytes: &[u8]) -> Option<Layer> {
    let digest = |bytes: &[u8; 32]| Digest::assertion(ClaimedDigest::from(*bytes));
    let (blob, bytes) = bytes.split_first_chunk::<32>()?;
    let (diff_id, size) = bytes.split_first_chunk::<32>()?;
    let size = u64::from_le_bytes(size.try_into().ok()?);
    Some(Layer { blob: digest(blob), diff_id: digest(diff_id), size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_is_torn_is_not() {
        let layer = Layer { blob: Digest::of(b"a"), diff_id: Digest::of(b"b"), size: 7 };
        for layers in [vec![], vec![layer], vec![layer; 3]] {
            let kept = Kept { record: b"how".to_vec(), layers };
            let bytes = encode("boot", &kept);
            assert_eq!(decode(&bytes).unwrap(), ("boot".to_owned(), kept));
            for end in 0..bytes.len() {
                assert_eq!(decode(&bytes[..end]), None, "{end}");
            }
        }
    }
}
