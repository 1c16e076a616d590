//! Bodies and connections that have to get on: whoever sends or takes less than a trickle is sent away.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How slow somebody may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trickle {
    /// So many bytes at least ...
    pub bytes: u64,
    /// ... in so long.
    pub within: Duration,
}

/// Counts bytes within a span of time. Time only counts while somebody is waited for.
struct Meter {
    trickle: Trickle,
    bytes: u64,
    /// When the span ends; nothing while nobody waits.
    ends: Option<Pin<Box<Sleep>>>,
}

impl Meter {
    fn new(trickle: Trickle) -> Self {
        Self { trickle, bytes: 0, ends: None }
    }

    fn moved(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Nobody is waited for any more: what comes next begins anew.
    fn rest(&mut self) {
        if self.bytes >= self.trickle.bytes {
            self.ends = None;
            self.bytes = 0;
        }
    }

    /// Somebody is waited for. Ready once that has lasted too long.
    fn poll_wait(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let within = self.trickle.within;
        let ends = self.ends.get_or_insert_with(|| Box::pin(tokio::time::sleep(within)));
        loop {
            ready!(ends.as_mut().poll(context));
            if self.bytes < self.trickle.bytes {
                let text = format!("less than {} bytes in {within:?}", self.trickle.bytes);
                return Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, text));
            }
            self.bytes = 0;
            ends.as_mut().reset(Instant::now() + within);
        }
    }
}

/// A body that has to keep arriving.
pub(super) struct PacedBody<B> {
    body: B,
    meter: Meter,
}

impl<B> PacedBody<B> {
    pub(super) fn new(body: B, trickle: Trickle) -> Self {
        Self { body, meter: Meter::new(trickle) }
    }
}

impl<B> Body for PacedBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Pending => self.meter.poll_wait(context).map(|error| Some(Err(error.into()))),
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
                self.meter.moved(bytes);
                self.meter.rest();
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection whose other end has to keep reading.
pub(super) struct PacedWrites<S> {
    stream: S,
    meter: Meter,
}

impl<S> PacedWrites<S> {
    pub(super) fn new(stream: S, trickle: Trickle) -> Self {
        Self { stream, meter: Meter::new(trickle) }
    }

    fn paced(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending => self.meter.poll_wait(context).map(Err),
            Poll::Ready(Ok(bytes)) => {
                self.meter.moved(bytes as u64);
                self.meter.rest();
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PacedWrites<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PacedWrites<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.paced(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.paced(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_flush(context) {
            Poll::Pending => self.meter.poll_wait(context).map(Err),
            flushed => flushed,
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_shutdown(context) {
            Poll::Pending => self.meter.poll_wait(context).map(Err),
            closed => closed,
        }
    }
}
