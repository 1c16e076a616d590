//! gzip and zstd, unpacked in a thread of their own, with a bound on what comes out.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use model::digest::{Digest, Hasher};

use crate::archive::Input;
use crate::limits::Limits;

/// Bytes per buffer: fits the second-level cache, so that hashing and writing find it warm.
pub(crate) const BUFFER: usize = 256 << 10;
/// Buffers in flight between the decoder and its reader.
const IN_FLIGHT: usize = 4;
/// log2 of the largest zstd window accepted: 128 MiB, what zstd itself allows without being asked.
const ZSTD_WINDOW: u32 = 27;
/// What a stream may hold beyond its files' contents: headers and padding.
const OVERHEAD: u64 = 1 << 30;

/// How a stream is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    Plain,
    Gzip,
    Zstd,
}

impl Compression {
    /// RFC 1952 section 2.3.1, RFC 8878 section 3.1.1.
    pub(crate) fn of(magic: &[u8]) -> Self {
        match magic {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

/// A stream whose unpacked size passes a limit; travels inside an [`io::Error`].
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("unpacks to more than {allowed} {limit}")]
pub(crate) struct Bomb {
    pub(crate) limit: &'static str,
    pub(crate) allowed: u64,
}

/// The unpacked bytes of `source`, bounded by `limits`.
pub(crate) fn decoder<'a>(
    source: impl Read + Send + 'a,
    compression: Compression,
    limits: &Limits,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    let packed = Arc::new(AtomicU64::new(0));
    let source = BufReader::with_capacity(BUFFER, Counting { source, count: Arc::clone(&packed) });
    let decoder: Box<dyn Read + Send + 'a> = match compression {
        Compression::Plain => return Ok(Box::new(source)),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(source)),
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(source)?;
            decoder.window_log_max(ZSTD_WINDOW)?;
            Box::new(decoder)
        }
    };
    Ok(Box::new(Guarded { decoder, packed, unpacked: 0, limits: *limits }))
}

struct Counting<R> {
    source: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.count.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

struct Guarded<R> {
    decoder: R,
    packed: Arc<AtomicU64>,
    unpacked: u64,
    limits: Limits,
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.decoder.read(buffer)?;
        self.unpacked = self.unpacked.saturating_add(length as u64);
        let limits = &self.limits;
        let packed = self.packed.load(Ordering::Relaxed);
        if self.unpacked > limits.ratio_floor && self.unpacked > packed.saturating_mul(limits.ratio) {
            let limit = "bytes unpacked per byte packed";
            return Err(io::Error::other(Bomb { limit, allowed: limits.ratio }));
        }
        if self.unpacked > limits.layer_bytes.saturating_add(OVERHEAD) {
            let limit = "unpacked bytes";
            return Err(io::Error::other(Bomb { limit, allowed: limits.layer_bytes }));
        }
        Ok(length)
    }
}

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
    /// Reads `source` to its end, into the pipe; returns the digest and the length of what went in.
    /// A reader that went away ends it early, and then nobody looks at the digest.
    pub(crate) fn run(self, mut source: impl Read) -> (Digest, u64) {
        let mut hasher = Hasher::new();
        let mut total = 0;
        while let Ok(mut buffer) = self.empty.recv() {
            buffer.clear();
            buffer.reserve_exact(BUFFER);
            let read = source.by_ref().take(BUFFER as u64).read_to_end(&mut buffer);
            let last = read.as_ref().map_or(true, |length| *length == 0);
            hasher.update(&buffer);
            total += buffer.len() as u64;
            // What was read before an error is of no use: the layer is lost.
            if self.full.send(read.map(|_| buffer)).is_err() || last {
                break;
            }
        }
        (hasher.finish(), total)
    }
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

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_bomb_stops_at_the_ratio_and_not_at_its_end() {
        let limits = Limits { ratio_floor: 1 << 20, ..Limits::default() };
        let bomb = gzip(&vec![0; 64 << 20]);
        let mut stream = decoder(&bomb[..], Compression::Gzip, &limits).unwrap();
        let error = io::copy(&mut stream, &mut io::sink()).unwrap_err();
        let bomb = error.into_inner().unwrap().downcast::<Bomb>().unwrap();
        assert_eq!(bomb.allowed, 200);
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
