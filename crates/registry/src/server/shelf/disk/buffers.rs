//! Buffers that go round: a piece of a blob is read into one, sent, and the buffer used again.

use std::fmt;
use std::sync::{Arc, Mutex};

use bytes::Bytes;

/// How much is read at once. Small enough to be in the processor's cache when it is sent.
pub(super) const PIECE: usize = 256 * 1024;

/// How many idle ones are kept.
const IDLE: usize = 64;

/// Idle buffers.
#[derive(Clone, Default)]
pub(super) struct Buffers(Arc<Mutex<Vec<Box<[u8]>>>>);

/// A buffer that goes back when it is dropped.
pub(super) struct Buffer {
    bytes: Box<[u8]>,
    length: usize,
    home: Buffers,
}

impl Buffers {
    pub(super) fn take(&self) -> Buffer {
        let idle = self.0.lock().ok().and_then(|mut idle| idle.pop());
        let bytes = idle.unwrap_or_else(|| vec![0; PIECE].into_boxed_slice());
        Buffer { bytes, length: 0, home: self.clone() }
    }
}

impl Buffer {
    /// Where to read to, at most `limit` bytes.
    pub(super) fn room(&mut self, limit: u64) -> &mut [u8] {
        let room = usize::try_from(limit).unwrap_or(PIECE).min(self.bytes.len());
        self.bytes.get_mut(..room).unwrap_or_default()
    }

    /// The first `length` bytes, without copying them.
    pub(super) fn into_bytes(mut self, length: usize) -> Bytes {
        self.length = length;
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Ok(mut idle) = self.home.0.lock()
            && idle.len() < IDLE
        {
            idle.push(std::mem::take(&mut self.bytes));
        }
    }
}

impl fmt::Debug for Buffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Buffers")
    }
}
