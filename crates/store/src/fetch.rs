//! One layer's way in from afar: fetched, hashed, decoded and unpacked at the same time, and only then believed.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};

use model::digest::{Digest, Hasher};
use model::image::Layer;

use crate::archive::Reader;
use crate::compress::{Compression, buffered_decoder};
use crate::disk::{Store, remove_tree};
use crate::error::{Result, StoreError};
use crate::layer::{Admitted, Advanced, Claim, Work, fresh_root};
use crate::listing::Listing;
use crate::partial::Partial;
use crate::pipe::{Feeder, Piped, fill, pipe};
use crate::source::Remote;
use crate::unpack::{Job, tar_limits, unpack};

/// What came of one transfer.
struct Transfer {
    /// Digest and length of what was received.
    received: Result<(Digest, u64)>,
    /// What it unpacked to.
    unpacked: Result<Unpacked>,
}

struct Unpacked {
    diff_id: Digest,
    listing: Listing,
    compression: Compression,
}

/// What the receiving thread needs.
struct Receiver<'a> {
    remote: &'a Remote<'a>,
    partial: &'a Partial,
    feeder: Feeder,
    /// Set when what is received is of no use any more.
    halt: &'a AtomicBool,
    stop: &'a AtomicBool,
}

impl Store {
    /// Of two pulls at once, the second waits and finds what the first has brought.
    pub(crate) fn fetch_layer(
        &self,
        remote: &Remote<'_>,
        work: Work<'_>,
        advanced: &mut Advanced<'_>,
    ) -> Result<Admitted> {
        let label = remote.blob.digest.to_string();
        let claim = Claim { label: &label, diff_id: Some(remote.diff_id) };
        let _alone = self.lock(&remote.diff_id.hex())?;
        let partial = self.partial(&remote.blob.digest)?;
        if let Some(present) = self.blob_size(Digest::assertion(remote.blob.digest)) {
            if present.1 != remote.blob.size {
                return Err(StoreError::size(label, remote.blob.size, present.1));
            }
            return self.admit_present(present, claim, work, advanced);
        }
        let resumed = partial.length()? > 0;
        match self.fetch(remote, &partial, claim, work, advanced) {
            // What an earlier pull has left was never checked, so only a transfer from the first byte accuses.
            Err(StoreError::Digest { .. } | StoreError::Size { .. }) if resumed => {
                partial.clear()?;
                self.fetch(remote, &partial, claim, work, advanced)
            }
            result => result,
        }
        .map_err(|error| self.aftermath(error, &partial))
    }

    /// One transfer, and everything into its place if all of it holds.
    fn fetch(
        &self,
        remote: &Remote<'_>,
        partial: &Partial,
        claim: Claim<'_>,
        work: Work<'_>,
        advanced: &mut Advanced<'_>,
    ) -> Result<Admitted> {
        let (path, root) = fresh_root(work.scratch)?;
        let transfer = self.transfer(remote, partial, &root, claim, work, advanced);
        let placed = self.judge(remote, transfer, claim).and_then(|(blob, unpacked)| {
            self.place_blob(partial.path(), &blob)?;
            self.place_layer(&path, &unpacked.diff_id, &unpacked.listing)?;
            let Unpacked { diff_id, listing, compression } = unpacked;
            Ok(Admitted { layer: Layer { blob, diff_id, size: remote.blob.size }, listing, compression })
        });
        if placed.is_err() {
            let _left_for_the_scratch_space = remove_tree(&path);
        }
        placed
    }

    /// A transfer that did not get to its end explains whatever else went wrong, and so do other bytes than
    /// those that were promised.
    fn judge(&self, remote: &Remote<'_>, transfer: Transfer, claim: Claim<'_>) -> Result<(Digest, Unpacked)> {
        let (found, length) = match (transfer.received, &transfer.unpacked) {
            (Err(StoreError::Stopped), Err(_)) => {
                return Err(transfer.unpacked.err().unwrap_or(StoreError::Stopped));
            }
            (received, _) => received?,
        };
        if length != remote.blob.size {
            return Err(StoreError::size(claim.label, remote.blob.size, length));
        }
        let confirmed = remote.blob.digest.confirm(found);
        let blob = confirmed.map_err(|mismatch| StoreError::mismatch(claim.label, mismatch))?;
        let unpacked = transfer.unpacked?;
        claim.confirm(unpacked.diff_id)?;
        Ok((blob, unpacked))
    }

    /// One thread receives, one decodes, this one unpacks.
    fn transfer(
        &self,
        remote: &Remote<'_>,
        partial: &Partial,
        root: &OwnedFd,
        claim: Claim<'_>,
        work: Work<'_>,
        advanced: &mut Advanced<'_>,
    ) -> Transfer {
        let halt = AtomicBool::new(false);
        let (feeder, packed) = pipe();
        let receiver = Receiver { remote, partial, feeder, halt: &halt, stop: work.stop };
        let job = Job { label: claim.label, owner: self.owner, limits: &self.limits, stop: work.stop };
        std::thread::scope(|scope| {
            let far = scope.spawn(move || receiver.run(advanced));
            let unpacked = self.unpack_arriving(packed, root, job);
            halt.store(unpacked.as_ref().is_err_and(is_final), Ordering::Relaxed);
            Transfer { received: far.join().unwrap_or(Err(StoreError::Stopped)), unpacked }
        })
    }

    fn unpack_arriving(&self, mut packed: Piped, root: &OwnedFd, job: Job<'_>) -> Result<Unpacked> {
        let failed = |error| StoreError::stream(job.label.to_owned(), error);
        let mut magic = Vec::new();
        packed.by_ref().take(4).read_to_end(&mut magic).map_err(failed)?;
        let compression = Compression::of(&magic);
        let source = io::Cursor::new(magic).chain(packed);
        let source = buffered_decoder(source, compression, &self.limits).map_err(failed)?;
        let (feeder, piped) = pipe();
        std::thread::scope(|scope| {
            let decoding = scope.spawn(move || feeder.run(source));
            let mut reader = Reader::new(piped, tar_limits(&self.limits));
            let unpacked = unpack(root, &mut reader, job, |_, _| {});
            let mut input = reader.into_input();
            let drained = unpacked.and_then(|listing| input.drain().map_err(failed).map(|()| listing));
            drop(input);
            let (diff_id, tar_bytes) = decoding.join().map_err(|_| StoreError::Stopped)?;
            drained.map(|listing| Unpacked {
                diff_id,
                listing: Listing { tar_bytes, ..listing },
                compression,
            })
        })
    }

    /// What becomes of the bytes that came: evidence, a beginning for the next try, or nothing.
    fn aftermath(&self, error: StoreError, partial: &Partial) -> StoreError {
        match error {
            StoreError::Digest { blob, mismatch, .. } => {
                let evidence = self.keep_evidence(partial, &mismatch.hashed);
                StoreError::Digest { blob, mismatch, evidence }
            }
            StoreError::Size { blob, claimed, found, .. } => {
                let evidence = partial.digest().ok().and_then(|hashed| self.keep_evidence(partial, &hashed));
                StoreError::Size { blob, claimed, found, evidence }
            }
            StoreError::Fetch { .. } | StoreError::Stopped => error,
            // Refused for what it holds, or too much for the disk: the beginning is of no use.
            _ => {
                let _next_time = fs::remove_file(partial.path());
                error
            }
        }
    }
}

/// Whether an error has nothing to do with which bytes came, so that receiving the rest would tell nothing.
fn is_final(error: &StoreError) -> bool {
    !matches!(error, StoreError::NotAnImage { .. } | StoreError::Truncated { .. } | StoreError::Read { .. })
}

impl Receiver<'_> {
    /// Receives the whole blob, also where nobody can make anything of it: its digest says whose fault that is.
    fn run(self, advanced: &mut Advanced<'_>) -> Result<(Digest, u64)> {
        let mut hasher = Hasher::new();
        let total = self.receive(&mut hasher, advanced)?;
        // An empty buffer is the end; without it, the near end takes the stream for broken off.
        self.feeder.send(Ok(Vec::new()));
        Ok((hasher.finish(), total))
    }

    fn receive(&self, hasher: &mut Hasher, advanced: &mut Advanced<'_>) -> Result<u64> {
        let size = self.remote.blob.size;
        if self.partial.length()? > size {
            self.partial.clear()?;
        }
        let here = self.partial.reader()?;
        let unread = |error| StoreError::read_path(self.partial.path())(error);
        let from = self.pass(here, hasher, advanced, &mut |_| Ok(()), &unread)?;
        if from == size {
            return Ok(from);
        }
        let unfetched = |cause| StoreError::Fetch { blob: self.remote.blob.digest.to_string(), cause };
        let source = self.remote.source.open(&self.remote.blob, from).map_err(unfetched)?;
        // One byte more than there should be is enough to know.
        let source = source.take(size.saturating_sub(from).saturating_add(1));
        let mut file = self.partial.writer()?;
        let mut keep = |piece: &[u8]| self.keep(&mut file, piece);
        let came = self.pass(source, hasher, advanced, &mut keep, &unfetched)?;
        Ok(from.saturating_add(came))
    }

    fn keep(&self, file: &mut File, piece: &[u8]) -> Result<()> {
        file.write_all(piece).map_err(StoreError::write_path(self.partial.path()))
    }

    /// What is hashed is the very buffer that is kept and handed on.
    fn pass(
        &self,
        mut source: impl Read,
        hasher: &mut Hasher,
        advanced: &mut Advanced<'_>,
        keep: &mut dyn FnMut(&[u8]) -> Result<()>,
        failed: &dyn Fn(io::Error) -> StoreError,
    ) -> Result<u64> {
        let mut total = 0;
        loop {
            if self.halt.load(Ordering::Relaxed) || self.stop.load(Ordering::Relaxed) {
                return Err(StoreError::Stopped);
            }
            let mut buffer = self.feeder.buffer().unwrap_or_default();
            let read = fill(&mut source, &mut buffer);
            let length = buffer.len() as u64;
            hasher.update(&buffer);
            keep(&buffer)?;
            advanced(length);
            total += length;
            if length > 0 {
                self.feeder.send(Ok(buffer));
            }
            read.map_err(failed)?;
            if length == 0 {
                return Ok(total);
            }
        }
    }
}
