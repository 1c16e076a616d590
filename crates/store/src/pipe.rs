//! Bytes from one thread to the next, in buffers that go round.

use std::io::{self, BufRead, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use model::digest::{Digest, Hasher};

use crate::archive::Input;
use crate::compress::BUFFER;

/// Buffers in flight between a thread and its reader.
const IN_FLIGHT: usize = 4;

/// The near end of a pipe from a thread that reads and hashes.
pub(crate) struct Piped {
    full: Receiver<io::Result<Vec<u8>>>,
    empty: SyncSender<Vec<u8>>,
    current: Vec<u8>,
    at: usize,
    ended: bool,
}

/// The far end; [`Feeder::run`] belongs in a thread.
pub(crate) struct Feeder {
    full: SyncSender<io::Result<Vec<u8>>>,
    empty: Receiver<Vec<u8>>,
}

/// A pipe whose buffers go round.
pub(crate) fn pipe() -> (Feeder, Piped) {
    let (full_in, full_out) = sync_channel(IN_FLIGHT);
    let (empty_in, empty_out) = sync_channel(IN_FLIGHT + 2);
    for _ in 0..IN_FLIGHT {
        let _room = empty_in.try_send(Vec::new());
    }
    let piped = Piped { full: full_out, empty: empty_in, current: Vec::new(), at: 0, ended: false };
    (Feeder { full: full_in, empty: empty_out }, piped)
}

impl Feeder {
    /// A buffer to fill, or `None` once nobody reads any more.
    pub(crate) fn buffer(&self) -> Option<Vec<u8>> {
        self.empty.recv().ok()
    }

    /// Passes on a buffer that is not empty, or the error that ends the stream.
    pub(crate) fn send(&self, piece: io::Result<Vec<u8>>) {
        let _nobody_reads = self.full.send(piece);
    }

    /// Reads `source` to its end, into the pipe; returns the digest and the length of what went in.
    /// A reader that went away ends it early, and then nobody looks at the digest.
    pub(crate) fn run(self, mut source: impl Read) -> (Digest, u64) {
        let mut hasher = Hasher::new();
        let mut total = 0;
        while let Some(mut buffer) = self.buffer() {
            let read = fill(&mut source, &mut buffer);
            let last = read.is_err() || buffer.is_empty();
            hasher.update(&buffer);
            total += buffer.len() as u64;
            // What was read before an error is of no use: the layer is lost.
            if self.full.send(read.map(|()| buffer)).is_err() || last {
                break;
            }
        }
        (hasher.finish(), total)
    }
}

/// Reads what a buffer has room for: less only at the end, and before an error. A buffer that was full before is
/// written over as it is, without being made zeros first.
pub(crate) fn fill(source: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<()> {
    buffer.resize(BUFFER, 0);
    let mut filled = 0;
    let ended = loop {
        let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) else { break Ok(()) };
        match source.read(room) {
            Ok(0) => break Ok(()),
            Ok(length) => filled += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    buffer.truncate(filled);
    ended
}

impl Piped {
    /// Reads to the end, so that the far end hashes everything.
    pub(crate) fn drain(&mut self) -> io::Result<()> {
        loop {
            let length = self.fill_buf()?.len();
            if length == 0 {
                return Ok(());
            }
            self.consume(length);
        }
    }
}

impl Read for Piped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Piped {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.current.len() && !self.ended {
            let next = self.full.recv().unwrap_or_else(|_| Err(io::ErrorKind::UnexpectedEof.into()));
            self.ended = next.as_ref().map_or(true, Vec::is_empty);
            let used = std::mem::replace(&mut self.current, next?);
            self.at = 0;
            let _gone = self.empty.try_send(used);
        }
        Ok(self.current.get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.at = self.current.len().min(self.at + amount);
    }
}

impl Input for Piped {}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::compress::{Compression, decoder};
    use crate::limits::Limits;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_pipe_carries_and_hashes_everything() {
        let bytes: Vec<u8> = (0..1_000_003_u32).map(|n| (n % 251) as u8).collect();
        let packed = gzip(&bytes);
        let (feeder, mut piped) = pipe();
        std::thread::scope(|scope| {
            let source = decoder(&packed[..], Compression::of(&packed), &Limits::default()).unwrap();
            let far = scope.spawn(|| feeder.run(source));
            let mut out = Vec::new();
            piped.read_to_end(&mut out).unwrap();
            assert_eq!(out, bytes);
            assert_eq!(far.join().unwrap(), (Digest::of(&bytes), bytes.len() as u64));
        });
    }

    /// A byte at a time, an interruption before each, and in the end an error.
    struct Halting(u8, bool);

    impl Read for Halting {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            match (self.0, self.1) {
                (_, true) => Err(io::ErrorKind::Interrupted.into()),
                (0, _) => Err(io::ErrorKind::ConnectionReset.into()),
                (left, _) => {
                    buffer[0] = left;
                    self.0 -= 1;
                    Ok(1)
                }
            }
        }
    }

    #[test]
    fn what_came_before_an_error_is_in_the_buffer() {
        let mut buffer = vec![9; BUFFER];
        let error = fill(&mut Halting(3, false), &mut buffer).unwrap_err();
        assert_eq!((error.kind(), buffer.as_slice()), (io::ErrorKind::ConnectionReset, &[3, 2, 1][..]));
        fill(&mut io::repeat(7), &mut buffer).unwrap();
        assert!(buffer.len() == BUFFER && buffer.iter().all(|byte| *byte == 7));
        fill(&mut io::empty(), &mut buffer).unwrap();
        assert!(buffer.is_empty());
    }

    #[test]
    fn a_truncated_stream_is_an_error_at_the_near_end() {
        let packed = gzip(&(0..100_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
        let (feeder, mut piped) = pipe();
        std::thread::scope(|scope| {
            let half = &packed[..packed.len() / 2];
            let source = decoder(half, Compression::Gzip, &Limits::default()).unwrap();
            scope.spawn(|| feeder.run(source));
            assert_eq!(piped.drain().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        });
    }
}
