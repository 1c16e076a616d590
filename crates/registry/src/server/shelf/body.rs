//! A blob's bytes on their way to a client, piece by piece.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::{bucket, disk};

/// A part of a blob, as a body of exactly that length. It fails if the place has fewer bytes than it said.
#[derive(Debug)]
pub struct BlobBody {
    left: u64,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Disk(disk::Reading),
    Bucket(bucket::Reading),
}

impl BlobBody {
    pub(super) fn disk(length: u64, reading: disk::Reading) -> Self {
        Self { left: length, source: Source::Disk(reading) }
    }

    pub(super) fn bucket(length: u64, reading: bucket::Reading) -> Self {
        Self { left: length, source: Source::Bucket(reading) }
    }

    /// A piece that is empty or too long would make the body another length than its header says.
    fn count(&mut self, piece: io::Result<Bytes>) -> io::Result<Bytes> {
        let piece = piece?;
        match self.left.checked_sub(piece.len() as u64) {
            Some(left) if !piece.is_empty() => {
                self.left = left;
                Ok(piece)
            }
            _ => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the blob has another size than it said")),
        }
    }
}

impl Body for BlobBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let left = self.left;
        let piece = match &mut self.source {
            Source::Disk(reading) => reading.poll_piece(left, context),
            Source::Bucket(reading) => reading.poll_piece(context),
        };
        piece.map(|piece| Some(self.count(piece).map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
