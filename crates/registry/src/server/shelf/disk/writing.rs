//! Writing an upload: a batch of a body is written and hashed while the next one arrives.

use std::error::Error;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Body;
use rustix::fs::fstat;
use rustix::io::{pwritev, retry_on_intr};
use tokio::task::JoinHandle;

use crate::server::shelf::digest::Hashing;
use crate::server::shelf::error::{Result, ShelfError};

/// A batch is written when it has so many bytes or so many pieces. At most two are in memory.
const BATCH: usize = 512 * 1024;
const PIECES: usize = 512;

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

    pub(super) fn at(&self) -> u64 {
        self.at
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

/// Why a batch is as long as it is.
enum Ended {
    /// There is more.
    Full,
    /// The body is over.
    Over,
    /// The body broke off.
    Broken(String),
    /// The upload would be longer than it may be.
    TooLong,
}

/// Writes a body. Comes back with the file as far as it is written, and with what went wrong if anything did.
pub(super) async fn pump<B>(writing: Writing, mut body: B, limit: u64) -> Result<(Writing, Result<()>)>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut room = limit.saturating_sub(writing.at);
    let (batch, mut ended) = gather(&mut body, &mut room).await;
    let mut written = start(writing, batch);
    while matches!(ended, Ended::Full) {
        let (next, then) = gather(&mut body, &mut room).await;
        let (writing, outcome) = join(written).await?;
        if outcome.is_err() {
            return Ok((writing, outcome));
        }
        (written, ended) = (start(writing, next), then);
    }
    let (writing, outcome) = join(written).await?;
    let outcome = outcome.and_then(|()| match ended {
        Ended::Full | Ended::Over => Ok(()),
        Ended::Broken(why) => Err(ShelfError::Body { kept: writing.at, why }),
        Ended::TooLong => Err(ShelfError::Limit { allowed: limit }),
    });
    Ok((writing, outcome))
}

type Written = JoinHandle<(Writing, Result<()>)>;

fn start(writing: Writing, batch: Vec<Bytes>) -> Written {
    tokio::task::spawn_blocking(move || writing.write(&batch))
}

async fn join(written: Written) -> Result<(Writing, Result<()>)> {
    written.await.map_err(|error| ShelfError::place("write", "an upload", io::Error::other(error)))
}

/// Waits for the next pieces of a body. What passes `room` is not taken.
async fn gather<B>(body: &mut B, room: &mut u64) -> (Vec<Bytes>, Ended)
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let (mut batch, mut length) = (Vec::new(), 0);
    while length < BATCH && batch.len() < PIECES {
        let frame = match poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await {
            None => return (batch, Ended::Over),
            Some(Err(error)) => return (batch, Ended::Broken(error.into().to_string())),
            Some(Ok(frame)) => frame,
        };
        let Ok(piece) = frame.into_data() else { continue };
        match room.checked_sub(piece.len() as u64) {
            None => return (batch, Ended::TooLong),
            Some(left) => *room = left,
        }
        length += piece.len();
        batch.push(piece);
    }
    (batch, Ended::Full)
}
