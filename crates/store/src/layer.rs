//! One layer's way in: copied and hashed, checked, and only then unpacked.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use model::digest::{ClaimedDigest, Digest, Hasher};
use model::image::Layer;

use crate::archive::{Input, Reader, Seeking};
use crate::compress::{BUFFER, Compression, decoder};
use crate::disk::{Scratch, Store};
use crate::error::{Result, StoreError};
use crate::listing::Listing;
use crate::pipe::pipe;
use crate::source::{Form, Inbound, Part, PlannedLayer};
use crate::unpack::{Job, tar_limits, unpack};

/// A layer that is in the store.
pub(crate) struct Admitted {
    pub(crate) layer: Layer,
    pub(crate) listing: Listing,
    /// How the blob is packed.
    pub(crate) compression: Compression,
}

/// Told how many more bytes of a layer's blob are done with.
pub(crate) type Advanced<'a> = dyn FnMut(u64) + Send + 'a;

/// What the work on a layer shares with the work on the others.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) scratch: &'a Scratch,
    pub(crate) stop: &'a AtomicBool,
}

/// What a layer is called, and what is claimed for it once it is unpacked.
#[derive(Clone, Copy)]
pub(crate) struct Claim<'a> {
    pub(crate) label: &'a str,
    pub(crate) diff_id: Option<ClaimedDigest>,
}

impl Claim<'_> {
    /// What the layer was unpacked from is what was claimed.
    pub(crate) fn confirm(&self, diff_id: Digest) -> Result<()> {
        let Some(claimed) = self.diff_id else { return Ok(()) };
        let blob = || format!("{} (uncompressed)", self.label);
        claimed.confirm(diff_id).map(drop).map_err(|mismatch| StoreError::mismatch(blob(), mismatch))
    }
}

impl Store {
    /// Brings a layer in, unless it is there; of two imports at once, the second waits and finds it.
    /// `advanced` is told of bytes of the blob as they are unpacked or fetched.
    pub(crate) fn admit_layer(
        &self,
        inbound: &Inbound<'_>,
        work: Work<'_>,
        advanced: &mut Advanced<'_>,
    ) -> Result<Admitted> {
        match inbound {
            Inbound::Here(planned) => self.admit_part(planned, work, advanced),
            Inbound::Afar(remote) => self.fetch_layer(remote, work, advanced),
        }
    }

    fn admit_part(
        &self,
        planned: &PlannedLayer,
        work: Work<'_>,
        advanced: &mut Advanced<'_>,
    ) -> Result<Admitted> {
        let claimed_blob = match planned.blob {
            Form::AsShipped(claimed) => claimed,
            Form::Uncompressed => planned.diff_id,
        };
        let key =
            planned.diff_id.or(claimed_blob).map_or_else(|| "unnamed".to_owned(), |digest| digest.hex());
        let _alone = self.lock(&key)?;
        let blob = self.admit_blob(planned, claimed_blob, work)?;
        let claim = Claim { label: &planned.part.label, diff_id: planned.diff_id };
        self.admit_present(blob, claim, work, advanced)
    }

    /// Brings in a layer whose blob is in the store: it may be unpacked already.
    pub(crate) fn admit_present(
        &self,
        (blob, size): (Digest, u64),
        claim: Claim<'_>,
        work: Work<'_>,
        advanced: &mut Advanced<'_>,
    ) -> Result<Admitted> {
        let compression = self.compression_of(&blob)?;
        let known = self.known_diff_id(claim.diff_id, &blob, compression)?;
        let present = known.map(|diff_id| (diff_id, self.listing(&diff_id).ok().flatten()));
        let (diff_id, listing) = match present {
            Some((diff_id, Some(listing))) => {
                advanced(size);
                (diff_id, listing)
            }
            _ => self.unpack_blob(&blob, compression, claim, work, advanced)?,
        };
        Ok(Admitted { layer: Layer { blob, diff_id, size }, listing, compression })
    }

    /// The diff id of a blob, where it is known before unpacking.
    fn known_diff_id(
        &self,
        claimed: Option<ClaimedDigest>,
        blob: &Digest,
        compression: Compression,
    ) -> Result<Option<Digest>> {
        let Some(claimed) = claimed else { return Ok((compression == Compression::Plain).then_some(*blob)) };
        if compression == Compression::Plain {
            // A claim that is wrong is found out once unpacked, with an error that names the layer.
            return Ok(claimed.confirm(*blob).ok());
        }
        // The claim is borne out if the store has unpacked these very bytes to it before.
        let same = |layer: &Layer| layer.blob == *blob && claimed.confirm(layer.diff_id).is_ok();
        let images = self.readable_records()?.into_iter().map(crate::record::Record::into_image);
        Ok(images.flat_map(|image| image.layers).find(same).map(|layer| layer.diff_id))
    }

    pub(crate) fn compression_of(&self, blob: &Digest) -> Result<Compression> {
        let path = self.blob_path(blob);
        let mut magic = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(4).read_to_end(&mut magic));
        read.map_err(StoreError::read_path(&path))?;
        Ok(Compression::of(&magic))
    }

    /// What an unpacked layer holds, if it is there.
    pub(crate) fn listing(&self, diff_id: &Digest) -> Result<Option<Listing>> {
        let path = self.layer_path(diff_id).join("listing.json");
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            result => result.map_err(StoreError::read_path(&path))?,
        };
        let listing: Listing = serde_json::from_slice(&bytes)
            .map_err(|error| StoreError::Corrupt { file: path, why: error.to_string() })?;
        Ok((listing.version == Listing::VERSION).then_some(listing))
    }

    /// Copies a part into the blobs and checks it, unless the claimed blob is there.
    fn admit_blob(
        &self,
        planned: &PlannedLayer,
        claimed: Option<ClaimedDigest>,
        work: Work<'_>,
    ) -> Result<(Digest, u64)> {
        if let Some(present) = claimed.and_then(|claimed| self.blob_size(Digest::assertion(claimed))) {
            return Ok(present);
        }
        let path = work.scratch.fresh();
        let (digest, size) = self.copy(planned, &path, work)?;
        if let Some(claimed) = claimed {
            let blob = planned.part.label.clone();
            claimed.confirm(digest).map_err(|mismatch| StoreError::mismatch(blob, mismatch))?;
        }
        self.place_blob(&path, &digest)?;
        Ok((digest, size))
    }

    /// A blob that is there was hashed when it came.
    pub(crate) fn blob_size(&self, digest: Digest) -> Option<(Digest, u64)> {
        let metadata = fs::metadata(self.blob_path(&digest)).ok()?;
        Some((digest, metadata.len()))
    }

    pub(crate) fn place_blob(&self, from: &Path, digest: &Digest) -> Result<()> {
        let path = self.blob_path(digest);
        fs::rename(from, &path).map_err(StoreError::write_path(&path))
    }

    /// What is hashed is the very buffer that is written, so that nobody can change it in between.
    fn copy(&self, planned: &PlannedLayer, to: &Path, work: Work<'_>) -> Result<(Digest, u64)> {
        let part = &planned.part;
        let failed = |error| StoreError::stream(part.label.clone(), error);
        let mut source: Box<dyn Read> = match planned.blob {
            Form::AsShipped(_) => Box::new(part.reader()),
            Form::Uncompressed => self.uncompressed(part).map_err(failed)?,
        };
        let mut file = File::create_new(to).map_err(StoreError::write_path(to))?;
        let mut buffer = vec![0; BUFFER];
        let (mut hasher, mut total) = (Hasher::new(), 0);
        loop {
            if work.stop.load(Ordering::Relaxed) {
                return Err(StoreError::Stopped);
            }
            let length = source.read(&mut buffer).map_err(failed)?;
            let Some(piece) = buffer.get(..length).filter(|piece| !piece.is_empty()) else { break };
            hasher.update(piece);
            file.write_all(piece).map_err(|error| StoreError::write(part.label.as_str(), error))?;
            total += length as u64;
        }
        Ok((hasher.finish(), total))
    }

    fn uncompressed(&self, part: &Part) -> io::Result<Box<dyn Read>> {
        let magic = part.magic().map_err(|error| io::Error::other(error.to_string()))?;
        match Compression::of(&magic) {
            Compression::Plain => Ok(Box::new(part.reader())),
            packed => Ok(decoder(part.reader(), packed, &self.limits)?),
        }
    }

    fn unpack_blob(
        &self,
        blob: &Digest,
        compression: Compression,
        claim: Claim<'_>,
        work: Work<'_>,
        advanced: &mut Advanced<'_>,
    ) -> Result<(Digest, Listing)> {
        let (path, root) = fresh_root(work.scratch)?;
        let job = Job { label: claim.label, owner: self.owner, limits: &self.limits, stop: work.stop };
        let file = self.blob_path(blob);
        let file = File::open(&file).map_err(StoreError::read_path(&file))?;
        let (diff_id, listing) = match compression {
            Compression::Plain => {
                let input = Seeking(BufReader::with_capacity(BUFFER, &file));
                let mut reader = Reader::new(input, tar_limits(&self.limits));
                let mut listing = unpack(&root, &mut reader, job, watch(advanced))?;
                listing.tar_bytes = file.metadata().map_or(0, |metadata| metadata.len());
                (*blob, listing)
            }
            packed => self.unpack_packed(&file, packed, &root, job, advanced)?,
        };
        claim.confirm(diff_id)?;
        self.place_layer(&path, &diff_id, &listing)?;
        Ok((diff_id, listing))
    }

    /// One thread decodes and hashes, this one unpacks; the result counts only if both reach the end.
    fn unpack_packed(
        &self,
        file: &File,
        compression: Compression,
        root: &OwnedFd,
        job: Job<'_>,
        advanced: &mut Advanced<'_>,
    ) -> Result<(Digest, Listing)> {
        let failed = |error| StoreError::stream(job.label.to_owned(), error);
        let source = decoder(file, compression, &self.limits).map_err(failed)?;
        let (feeder, piped) = pipe();
        std::thread::scope(|scope| {
            let far = scope.spawn(move || feeder.run(source));
            let mut reader = Reader::new(piped, tar_limits(&self.limits));
            let mut last = 0;
            let unpacked = unpack(root, &mut reader, job, |_, _| {
                // The file's own position says how much of the blob the decoder has taken.
                let position = rustix::fs::tell(file).unwrap_or(last);
                if position > last {
                    advanced(position - last);
                    last = position;
                }
            });
            let mut input = reader.into_input();
            let drained = unpacked.and_then(|listing| input.drain().map_err(failed).map(|()| listing));
            drop(input);
            let (diff_id, tar_bytes) = far.join().map_err(|_| StoreError::Stopped)?;
            drained.map(|listing| (diff_id, Listing { tar_bytes, ..listing }))
        })
    }

    /// One rename makes the layer and its listing visible.
    pub(crate) fn place_layer(&self, from: &Path, diff_id: &Digest, listing: &Listing) -> Result<()> {
        let file = from.join("listing.json");
        let bytes = serde_json::to_vec(listing).map_err(io::Error::from);
        let written = bytes.and_then(|bytes| fs::write(&file, bytes));
        written.map_err(StoreError::write_path(&file))?;
        fs::set_permissions(from, Permissions::from_mode(0o755)).map_err(StoreError::write_path(from))?;
        let to = self.layer_path(diff_id);
        match fs::rename(from, &to) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                // Somebody unpacked the same layer from another blob meanwhile.
                if matches!(self.listing(diff_id), Ok(Some(_))) {
                    return Ok(());
                }
                self.remove_layer(&to)?;
                fs::rename(from, &to).map_err(StoreError::write_path(&to))
            }
            result => result.map_err(StoreError::write_path(&to)),
        }
    }
}

/// A new layer's directory and, within it, the one that is unpacked into.
pub(crate) fn fresh_root(scratch: &Scratch) -> Result<(PathBuf, OwnedFd)> {
    let path = scratch.fresh();
    let root = path.join("fs");
    DirBuilder::new().mode(0o700).create(&path).map_err(StoreError::write_path(&path))?;
    DirBuilder::new().mode(0o700).create(&root).map_err(StoreError::write_path(&root))?;
    let file = File::open(&root).map_err(StoreError::write_path(&root))?;
    Ok((path, file.into()))
}

/// Reports how far a plain stream is, in steps that a person can see.
fn watch<R: Input>(advanced: &mut Advanced<'_>) -> impl FnMut(&R, u64) {
    const STEP: u64 = 1 << 20;
    let mut last = 0;
    move |_, position| {
        if position >= last + STEP {
            advanced(position - last);
            last = position;
        }
    }
}
