//! Writing a body: a batch of it is written while the next one arrives.

use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;

use bytes::Bytes;
use hyper::body::Body;
use tokio::task::JoinHandle;

use super::error::{Result, ShelfError};

/// An upload that batches are added to, one after the other.
pub(super) trait Sink: Sized + Send + 'static {
    /// A batch has at least so many bytes, or so many pieces, or is the last. Two are in memory.
    const BATCH: usize;
    const PIECES: usize;

    /// How many bytes the upload has.
    fn size(&self) -> u64;

    /// Begins to add a batch.
    fn start(self, batch: Vec<Bytes>) -> JoinHandle<(Self, Result<()>)>;
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

/// Writes a body. Comes back with the upload as far as it is written, and with what went wrong if anything did.
pub(super) async fn pump<S, B>(sink: S, mut body: B, limit: u64) -> Result<(S, Result<()>)>
where
    S: Sink,
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut room = limit.saturating_sub(sink.size());
    let (batch, mut ended) = gather::<S, B>(&mut body, &mut room).await;
    let mut written = sink.start(batch);
    while matches!(ended, Ended::Full) {
        let (next, then) = gather::<S, B>(&mut body, &mut room).await;
        let (sink, outcome) = join(written).await?;
        if outcome.is_err() {
            return Ok((sink, outcome));
        }
        (written, ended) = (sink.start(next), then);
    }
    let (sink, outcome) = join(written).await?;
    let outcome = outcome.and_then(|()| match ended {
        Ended::Full | Ended::Over => Ok(()),
        Ended::Broken(why) => Err(ShelfError::Body { kept: sink.size(), why }),
        Ended::TooLong => Err(ShelfError::Limit { allowed: limit }),
    });
    Ok((sink, outcome))
}

/// Waits for what is being written.
pub(super) async fn join<T>(written: JoinHandle<T>) -> Result<T> {
    written.await.map_err(|error| ShelfError::place("write", "an upload", io::Error::other(error)))
}

/// Waits for the next pieces of a body. What passes `room` is not taken.
async fn gather<S, B>(body: &mut B, room: &mut u64) -> (Vec<Bytes>, Ended)
where
    S: Sink,
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let (mut batch, mut length) = (Vec::new(), 0);
    while length < S::BATCH && batch.len() < S::PIECES {
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
        if !piece.is_empty() {
            length += piece.len();
            batch.push(piece);
        }
    }
    (batch, Ended::Full)
}
