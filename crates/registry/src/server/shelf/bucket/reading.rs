//! Reading a blob: its segments one after the other, each asked for while the one before it comes.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::task::{Context, Poll};

use bytes::Bytes;
use object_store::GetResult;
use tokio::sync::mpsc;

use super::objects::{Objects, next};
use super::pointer::{Pointer, segment};
use crate::server::shelf::BlobBody;
use crate::server::shelf::error::Result;

/// How many pieces wait for a slow client.
const WAITING: usize = 2;

/// Pieces as they come from the store.
#[derive(Debug)]
pub(in crate::server::shelf) struct Reading(mpsc::Receiver<io::Result<Bytes>>);

/// A part of an object.
type Part = (String, Range<u64>);

impl Reading {
    /// A body of what `range` covers; nothing if the first of its segments is gone.
    pub(super) async fn open(
        objects: &Objects,
        pointer: &Pointer,
        range: Range<u64>,
    ) -> Result<Option<BlobBody>> {
        let range = range.start..range.end.min(pointer.size());
        let length = range.end.saturating_sub(range.start);
        let mut parts = parts(pointer, &range);
        let (sender, receiver) = mpsc::channel(WAITING);
        if let Some((name, range)) = parts.pop_front() {
            let Some(first) = objects.open(&name, Some(range)).await? else { return Ok(None) };
            tokio::spawn(relay(objects.clone(), first, parts, sender));
        }
        Ok(Some(BlobBody::bucket(length, Self(receiver))))
    }

    /// The next piece. Empty where the store has fewer bytes than it said.
    pub(in crate::server::shelf) fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Bytes>> {
        self.0.poll_recv(context).map(|piece| piece.unwrap_or_else(|| Ok(Bytes::new())))
    }
}

/// The parts of the segments that a range covers.
fn parts(pointer: &Pointer, range: &Range<u64>) -> VecDeque<Part> {
    let (mut parts, mut start) = (VecDeque::new(), 0);
    for piece in &pointer.segments {
        let end = start + piece.size;
        let (from, to) = (range.start.max(start), range.end.min(end));
        if from < to {
            parts.push_back((segment(&pointer.data, piece), from - start..to - start));
        }
        start = end;
    }
    parts
}

/// Ends when nobody waits for pieces any more.
async fn relay(
    objects: Objects,
    first: GetResult,
    mut parts: VecDeque<Part>,
    sender: mpsc::Sender<io::Result<Bytes>>,
) {
    let mut current = Some(first);
    while let Some(result) = current.take() {
        let following = parts.pop_front().map(|(name, range)| {
            let objects = objects.clone();
            tokio::spawn(async move { open(&objects, &name, range).await })
        });
        if !send(result, &sender).await {
            return;
        }
        let Some(following) = following else { return };
        match following.await.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(result) => current = Some(result),
            Err(error) => {
                let _nobody_waits = sender.send(Err(error)).await;
            }
        }
    }
}

async fn open(objects: &Objects, name: &str, range: Range<u64>) -> io::Result<GetResult> {
    let opened = objects.open(name, Some(range)).await.map_err(io::Error::other)?;
    opened.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("`{name}` is gone")))
}

async fn send(result: GetResult, sender: &mpsc::Sender<io::Result<Bytes>>) -> bool {
    let mut pieces = result.into_stream();
    while let Some(piece) = next(&mut pieces).await {
        let piece = piece.map_err(io::Error::other);
        let broken = piece.is_err();
        let empty = piece.as_ref().is_ok_and(Bytes::is_empty);
        if !empty && (sender.send(piece).await.is_err() || broken) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::super::pointer::{Segment, State};
    use super::*;

    #[test]
    fn a_range_is_cut_where_segments_end() {
        let segments = [("a", 10), ("b", 0), ("c", 5)];
        let segments = segments.map(|(name, size)| Segment { name: name.to_owned(), size }).to_vec();
        let pointer = Pointer { data: "d".to_owned(), segments, state: State::Here };
        let cut = |range: Range<u64>| {
            let parts = parts(&pointer, &range).into_iter();
            parts.map(|(name, range)| format!("{name} {range:?}")).collect::<Vec<_>>()
        };
        assert_eq!(cut(0..15), ["data/d/a 0..10", "data/d/c 0..5"]);
        assert_eq!(cut(3..7), ["data/d/a 3..7"]);
        assert_eq!(cut(9..11), ["data/d/a 9..10", "data/d/c 0..1"]);
        assert_eq!(cut(10..15), ["data/d/c 0..5"]);
        assert!(cut(15..15).is_empty());
    }
}
