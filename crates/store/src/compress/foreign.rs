//! How archives are packed that come from elsewhere and are no layers: as layers are, and with xz and bzip2.

use std::io::{self, BufReader, Read};

use super::{BUFFER, Bomb, Compression, decoder, guarded};
use crate::limits::Limits;

/// Memory that unpacking xz may take, in KiB: a header may ask for a window of 4 GiB. `xz -9` asks for 64 MiB, and zstd
/// gets 128, too.
const XZ_MEMORY: u32 = (128 << 10) + (1 << 10);

/// How an archive is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrapping {
    /// As a layer is, or not at all.
    Layer(Compression),
    Xz,
    Bzip2,
}

impl Wrapping {
    /// Bytes that tell.
    pub(crate) const MAGIC: u64 = 6;

    /// The .xz file format, section 2.1.1.1; what bzip2 writes before its first block.
    pub(crate) fn of(magic: &[u8]) -> Self {
        match magic {
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            _ => Self::Layer(Compression::of(magic)),
        }
    }

    pub(crate) fn is_none(self) -> bool {
        self == Self::Layer(Compression::Plain)
    }

    /// The unpacked bytes of `source`, bounded by `limits`.
    pub(crate) fn decoder<'a>(
        self,
        source: impl Read + Send + 'a,
        limits: &Limits,
    ) -> io::Result<Box<dyn Read + Send + 'a>> {
        match self {
            Self::Layer(compression) => decoder(source, compression, limits),
            Self::Xz => guarded(BufReader::with_capacity(BUFFER, source), limits, |source| {
                Ok(Xz(lzma_rust2::XzReader::new_mem_limit(source, true, XZ_MEMORY)))
            }),
            Self::Bzip2 => guarded(BufReader::with_capacity(BUFFER, source), limits, |source| {
                Ok(bzip2::bufread::MultiBzDecoder::new(source))
            }),
        }
    }
}

/// A decoder for xz that names its limit, and takes a read of nothing for no end.
struct Xz<R: Read>(lzma_rust2::XzReader<R>);

impl<R: Read> Read for Xz<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.0.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::OutOfMemory => {
                let limit = "bytes of memory to be unpacked";
                io::Error::other(Bomb { limit, allowed: u64::from(XZ_MEMORY) << 10 })
            }
            _ => error,
        })
    }
}

#[cfg(test)]
mod tests;
