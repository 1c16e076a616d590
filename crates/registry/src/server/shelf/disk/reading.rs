//! Reading a blob: at once what is in memory, and one piece ahead what has to come from the disk.

use std::io::{self, IoSliceMut};
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use rustix::io::{Errno, ReadWriteFlags, pread, preadv2, retry_on_intr};
use tokio::task::JoinHandle;

use super::buffers::{Buffers, PIECE};

/// A blob's file, and how far it has been read.
#[derive(Debug)]
pub(in crate::server::shelf) struct Reading {
    file: Arc<OwnedFd>,
    offset: u64,
    buffers: Buffers,
    /// The piece at `offset`, being read by a thread.
    ahead: Option<JoinHandle<io::Result<Bytes>>>,
}

impl Reading {
    pub(super) fn new(file: OwnedFd, offset: u64, buffers: Buffers) -> Self {
        Self { file: Arc::new(file), offset, buffers, ahead: None }
    }

    /// The next piece of the `left` bytes that are wanted. Empty where the file ends before them.
    pub(in crate::server::shelf) fn poll_piece(
        &mut self,
        left: u64,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Bytes>> {
        if self.ahead.is_none() {
            match self.read_now(left) {
                Err(Errno::AGAIN | Errno::OPNOTSUPP) => self.ahead = Some(self.read_later(self.offset, left)),
                Err(error) => return Poll::Ready(Err(error.into())),
                Ok(piece) => {
                    self.offset += piece.len() as u64;
                    return Poll::Ready(Ok(piece));
                }
            }
        }
        let Some(ahead) = self.ahead.as_mut() else { return Poll::Ready(Ok(Bytes::new())) };
        let piece =
            ready!(Pin::new(ahead).poll(context)).unwrap_or_else(|error| Err(io::Error::other(error)));
        self.ahead = None;
        let piece = piece?;
        self.offset += piece.len() as u64;
        // While this piece is sent, a thread waits for the next.
        if left > piece.len() as u64 && !piece.is_empty() {
            self.ahead = Some(self.read_later(self.offset, left - piece.len() as u64));
        }
        Poll::Ready(Ok(piece))
    }

    fn read_now(&self, left: u64) -> rustix::io::Result<Bytes> {
        let mut buffer = self.buffers.take();
        let room = &mut [IoSliceMut::new(buffer.room(left))];
        let read = preadv2(&self.file, room, self.offset, ReadWriteFlags::NOWAIT)?;
        Ok(buffer.into_bytes(read))
    }

    fn read_later(&self, offset: u64, left: u64) -> JoinHandle<io::Result<Bytes>> {
        let (file, mut buffer) = (Arc::clone(&self.file), self.buffers.take());
        tokio::task::spawn_blocking(move || {
            let read = retry_on_intr(|| pread(&file, buffer.room(left.min(PIECE as u64)), offset))?;
            Ok(buffer.into_bytes(read))
        })
    }
}
