//! Bodies as clients send them: in pieces, and broken off.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame};
use tokio::sync::mpsc;

/// Pieces, and how it ends.
pub(crate) struct Pieces {
    pieces: VecDeque<Bytes>,
    end: Option<io::Error>,
}

impl Pieces {
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self { pieces: VecDeque::from([bytes.into()]), end: None }
    }

    pub(crate) fn of(bytes: &[u8], size: usize) -> Self {
        Self { pieces: bytes.chunks(size).map(Bytes::copy_from_slice).collect(), end: None }
    }

    pub(crate) fn broken(mut self) -> Self {
        self.end = Some(io::ErrorKind::ConnectionReset.into());
        self
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.pieces.pop_front() {
            Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            None => Poll::Ready(self.end.take().map(Err)),
        }
    }
}

/// A body whose pieces come when the test sends them.
pub(crate) struct Slow(mpsc::Receiver<io::Result<Bytes>>);

pub(crate) fn slow() -> (mpsc::Sender<io::Result<Bytes>>, Slow) {
    let (sender, receiver) = mpsc::channel(1);
    (sender, Slow(receiver))
}

impl Body for Slow {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

pub(crate) async fn collect(body: impl Body<Data = Bytes, Error = io::Error> + Send + Unpin) -> Bytes {
    body.collect().await.unwrap().to_bytes()
}

/// Bytes that do not repeat soon.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ length as u64;
    (0..length.div_ceil(8))
        .flat_map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        })
        .take(length)
        .collect()
}
