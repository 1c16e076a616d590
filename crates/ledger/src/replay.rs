//! Replaying the tail: what is complete and signed counts, what is torn does not, and what is
//! neither is damage.
//!
//! Torn is only what can be torn: a frame beyond everything that was acknowledged, of which a part is
//! zeros. It ends the tail. What lies behind the end is not history, whatever it is.

use crate::checkpoint::Checkpoint;
use crate::error::{Damage, DamageKind};
use crate::head::{Head, Losses};
use crate::note::VerifierKey;
use crate::tail::{self, Frame, Tail};
use crate::tree::Peaks;

/// How much of what the head vouches for, and nothing can have been lost of, is proven again.
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

/// What a tail is proven with.
struct Proof<'a> {
    head: &'a Head,
    losses: Losses,
    key: &'a VerifierKey,
    depth: Depth,
}

/// Replays the bytes of a tail, from which only `losses` may be missing.
pub(crate) fn replay<'a>(
    bytes: &'a [u8],
    head: &Head,
    losses: Losses,
    key: &VerifierKey,
    depth: Depth,
) -> Result<Replay<'a>, Damage> {
    let proof = Proof { head, losses, key, depth };
    let (mut tail, mut peaks) = proof.header(bytes)?;
    let mut counted = 0;
    for (at, frame) in tail.frames.iter().enumerate() {
        let (index, span) = (peaks.size(), tail.span(at));
        let next = extended(&peaks, frame);
        match proof.frame(&tail, at, &peaks, &next) {
            Ok(()) => (peaks, counted) = (next, at + 1),
            Err(_) if index >= losses.from && tail::is_torn(bytes, &span, losses.unit) => break,
            Err(_) if frame.signature != head.signature && tail::is_torn(bytes, &span, tail::WHOLE) => {
                return Err(damage(index, DamageKind::Truncated));
            }
            // Where only the last tree is wrong, the signatures tell where it went wrong.
            Err(unspecific) if unspecific.kind == DamageKind::Rewritten && depth == Depth::Root => {
                let specific = replay(bytes, head, losses, key, Depth::Signatures);
                return Err(specific.err().unwrap_or(unspecific));
            }
            Err(damage) => return Err(damage),
        }
    }
    tail.frames.truncate(counted);
    tail.ends.truncate(counted);
    let len = tail.ends.last().copied().unwrap_or(tail.header_len);
    if peaks.size() < losses.from {
        let cut = bytes.get(len..).is_none_or(tail::is_blank) || (bytes.len() as u64) < head.tail_len;
        let kind = if cut { DamageKind::Truncated } else { DamageKind::Changed };
        return Err(damage(peaks.size(), kind));
    }
    let signature = tail.frames.last().map_or(tail.signature, |frame| frame.signature);
    Ok(Replay { tail, peaks, signature, len: len as u64 })
}

impl Proof<'_> {
    /// The tail with the tree that it begins with.
    fn header<'b>(&self, bytes: &'b [u8]) -> Result<(Tail<'b>, Peaks), Damage> {
        let cut = |length: usize| tail::is_torn(bytes, &(0..length), tail::WHOLE);
        let Some(tail) = Tail::parse(bytes) else {
            let kind = if cut(tail::HEADER_MIN) { DamageKind::Truncated } else { DamageKind::Changed };
            return Err(damage(self.head.tail_first, kind));
        };
        let start = tail.edge.peaks(tail.first).filter(|peaks| signed(self.key, peaks, &tail.signature));
        match start {
            Some(peaks) => self.agree(&peaks).map(|()| (tail, peaks)),
            None if cut(tail.header_len) => Err(damage(self.head.tail_first, DamageKind::Truncated)),
            None => Err(damage(tail.first, DamageKind::Checkpoint)),
        }
    }

    /// Proves the frame `at`, which extends the tree from `peaks` to `next`.
    fn frame(&self, tail: &Tail<'_>, at: usize, peaks: &Peaks, next: &Peaks) -> Result<(), Damage> {
        let Some(frame) = tail.frames.get(at) else { return Ok(()) };
        let (index, size) = (peaks.size(), self.head.size());
        let wrong = |(offset, kind): (usize, DamageKind)| damage(index + offset as u64, kind.shifted(index));
        frame.check().map_err(wrong)?;
        let known = next.size() == size && *next == self.head.peaks && frame.signature == self.head.signature;
        let lost_behind = next.size() >= self.losses.from && next.size() < size;
        let unvouched = self.depth == Depth::Signatures || next.size() > size || lost_behind;
        if !known && unvouched && !signed(self.key, next, &frame.signature) {
            return Err(damage(index, explain(tail, at, peaks, self.head, self.key)));
        }
        self.agree(next)?;
        // The same tree has the same signature.
        let same = next.size() != size || frame.signature == self.head.signature;
        if same { Ok(()) } else { Err(damage(index, DamageKind::Checkpoint)) }
    }

    /// Where the tail passes the size of the head, they must be the same tree.
    fn agree(&self, peaks: &Peaks) -> Result<(), Damage> {
        if peaks.size() == self.head.size() && *peaks != self.head.peaks {
            return Err(damage(self.head.tail_first, DamageKind::Rewritten));
        }
        Ok(())
    }
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
