//! gzip and zstd, with a bound on what comes out.

pub(crate) mod foreign;

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::limits::Limits;

/// Bytes per buffer: fits the second-level cache, so that hashing and writing find it warm.
pub(crate) const BUFFER: usize = 256 << 10;
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
    buffered_decoder(BufReader::with_capacity(BUFFER, source), compression, limits)
}

/// The same of what is in buffers already, without another copy of it.
pub(crate) fn buffered_decoder<'a>(
    source: impl BufRead + Send + 'a,
    compression: Compression,
    limits: &Limits,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    match compression {
        Compression::Plain => Ok(Box::new(source)),
        Compression::Gzip => {
            guarded(source, limits, |source| Ok(flate2::bufread::MultiGzDecoder::new(source)))
        }
        Compression::Zstd => guarded(source, limits, |source| {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(source)?;
            decoder.window_log_max(ZSTD_WINDOW)?;
            Ok(decoder)
        }),
    }
}

/// What a decoder makes of `source`, as long as that is not too much.
fn guarded<'a, R: BufRead + Send + 'a, D: Read + Send + 'a>(
    source: R,
    limits: &Limits,
    decoder: impl FnOnce(Counting<R>) -> io::Result<D>,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    let packed = Arc::new(AtomicU64::new(0));
    let decoder = decoder(Counting { source, count: Arc::clone(&packed) })?;
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

impl<R: BufRead> BufRead for Counting<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.source.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.count.fetch_add(amount as u64, Ordering::Relaxed);
        self.source.consume(amount);
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
}
