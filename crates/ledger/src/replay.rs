//! Replaying the tail: what is complete and signed counts, what is torn does not, and what is
//! neither is damage.
//!
//! Torn is only what can be torn: the last frame, beyond everything that was acknowledged.

use crate::checkpoint::Checkpoint;
use crate::error::{Damage, DamageKind};
use crate::head::Head;
use crate::note::VerifierKey;
use crate::tail::{self, Frame, Tail};
use crate::tree::Peaks;

/// How much of what the head vouches for is proven again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Entries against hashes, hashes against the root in the head.
    Root,
    /// And every frame's signature, which names the frame that is wrong.
    Signatures,
}

/// A tail whose every frame is proven.
pub(crate) struct Replay<'a> {
    pub(crate) tail: Tail<'a>,
    pub(crate) peaks: Peaks,
    /// Over the checkpoint of `peaks`.
    pub(crate) signature: [u8; 64],
    /// How many bytes of the file count; what follows is torn.
    pub(crate) len: u64,
}

/// Whether `signature` is over the checkpoint of these peaks.
pub(crate) fn signed(key: &VerifierKey, peaks: &Peaks, signature: &[u8; 64]) -> bool {
    let checkpoint = Checkpoint { origin: key.name().to_owned(), size: peaks.size(), root: peaks.root() };
    key.accepts(&checkpoint.text(), signature)
}

fn damage(index: u64, kind: DamageKind) -> Damage {
    Damage::new(index, kind, tail::FILE)
}

fn extended(peaks: &Peaks, frame: &Frame<'_>) -> Peaks {
    let mut peaks = peaks.clone();
    frame.leaves.iter().for_each(|leaf| peaks.push(*leaf));
    peaks
}

/// Replays the bytes of a tail. Entries below `binding` must all be there.
pub(crate) fn replay<'a>(
    bytes: &'a [u8],
    head: &Head,
    binding: u64,
    key: &VerifierKey,
    depth: Depth,
) -> Result<Replay<'a>, Damage> {
    let short = (bytes.len() as u64) < head.tail_len;
    let cut = if short { DamageKind::Truncated } else { DamageKind::Changed };
    let mut tail = Tail::parse(bytes).ok_or(damage(head.tail_first, cut))?;
    let start = tail.edge.peaks(tail.first).filter(|peaks| signed(key, peaks, &tail.signature));
    let mut peaks = start.ok_or(damage(tail.first, DamageKind::Checkpoint))?;
    agree(&peaks, head)?;
    let mut counted = 0;
    for (at, frame) in tail.frames.iter().enumerate() {
        let index = peaks.size();
        if let Err((offset, kind)) = frame.check() {
            if index >= binding && at + 1 == tail.frames.len() {
                break;
            }
            return Err(damage(index + offset as u64, kind.shifted(index)));
        }
        let next = extended(&peaks, frame);
        let unvouched = depth == Depth::Signatures || next.size() > head.size();
        if unvouched && !signed(key, &next, &frame.signature) {
            return Err(damage(index, explain(&tail, at, &peaks, head, key)));
        }
        if let Err(unspecific) = agree(&next, head) {
            let specific =
                (depth == Depth::Root).then(|| replay(bytes, head, binding, key, Depth::Signatures));
            return Err(specific.and_then(Result::err).unwrap_or(unspecific));
        }
        (peaks, counted) = (next, at + 1);
    }
    if peaks.size() < binding {
        return Err(damage(peaks.size(), cut));
    }
    tail.frames.truncate(counted);
    tail.ends.truncate(counted);
    let len = tail.ends.last().copied().unwrap_or(tail.header_len) as u64;
    let signature = tail.frames.last().map_or(tail.signature, |frame| frame.signature);
    Ok(Replay { tail, peaks, signature, len })
}

/// Where the tail passes the size of the head, they must be the same tree.
fn agree(peaks: &Peaks, head: &Head) -> Result<(), Damage> {
    if peaks.size() == head.size() && *peaks != head.peaks {
        return Err(damage(head.tail_first, DamageKind::Rewritten));
    }
    Ok(())
}

/// Why the signature of the frame `at` does not fit the tree up to it, `peaks`.
fn explain(tail: &Tail<'_>, at: usize, peaks: &Peaks, head: &Head, key: &VerifierKey) -> DamageKind {
    if peaks.size() >= head.size() {
        return DamageKind::Inserted;
    }
    let mut with = peaks.size();
    let mut whole = peaks.clone();
    for frame in tail.frames.iter().skip(at) {
        if with > peaks.size() && signed(key, &extended(peaks, frame), &frame.signature) {
            return DamageKind::Swapped { with };
        }
        with += frame.leaves.len() as u64;
        if whole.size() < head.size() {
            whole = extended(&whole, frame);
        }
    }
    match with {
        _ if whole == head.peaks => DamageKind::Checkpoint,
        size if size < head.size() => DamageKind::Removed,
        _ => DamageKind::Rewritten,
    }
}
