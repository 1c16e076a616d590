//! Writing an upload's file: each batch is written and hashed by a thread.

use std::io::{self, IoSlice};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use bytes::Bytes;
use rustix::fs::fstat;
use rustix::io::{pwritev, retry_on_intr};
use tokio::task::JoinHandle;

use crate::server::shelf::digest::Hashing;
use crate::server::shelf::error::{Result, ShelfError};
use crate::server::shelf::pump::Sink;

/// An upload's file, how far it is written, and the hash of that where it is known.
pub(super) struct Writing {
    name: String,
    file: Arc<OwnedFd>,
    at: u64,
    hashing: Option<Hashing>,
}

impl Writing {
    pub(super) fn new(name: String, file: Arc<OwnedFd>, at: u64, hashing: Option<Hashing>) -> Self {
        Self { name, file, at, hashing }
    }

    pub(super) fn into_hashing(self) -> Option<Hashing> {
        self.hashing
    }

    /// Writes a batch. If the disk is full, what fits is kept, and the upload hashed when it is finished.
    fn write(mut self, batch: &[Bytes]) -> (Self, Result<()>) {
        if let Err(error) = self.write_pieces(batch) {
            self.hashing = None;
            self.at = fstat(&self.file).map_or(self.at, |about| about.st_size as u64);
            let failed = ShelfError::place("write", self.name.clone(), error);
            return (self, Err(failed));
        }
        (self, Ok(()))
    }

    fn write_pieces(&mut self, batch: &[Bytes]) -> io::Result<()> {
        let mut slices: Vec<IoSlice<'_>> = batch.iter().map(|piece| IoSlice::new(piece)).collect();
        let mut slices = slices.as_mut_slice();
        while !slices.is_empty() {
            let written = retry_on_intr(|| pwritev(&self.file, slices, self.at))?;
            IoSlice::advance_slices(&mut slices, written);
            self.at += written as u64;
        }
        if let Some(hashing) = &mut self.hashing {
            batch.iter().for_each(|piece| hashing.update(piece));
        }
        Ok(())
    }
}

impl Sink for Writing {
    const BATCH: usize = 512 * 1024;
    /// Fewer than the kernel takes in one call.
    const PIECES: usize = 512;

    fn size(&self) -> u64 {
        self.at
    }

    fn start(self, batch: Vec<Bytes>) -> JoinHandle<(Self, Result<()>)> {
        tokio::task::spawn_blocking(move || self.write(&batch))
    }
}
