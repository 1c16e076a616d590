//! A database in one file, to carry it to where there is no network: a zstd stream of the index in its envelope and
//! the shards that it names, in its order.

use std::fs::File;
use std::io::{self, Read, Write};

use super::envelope::{Publisher, Trust, countersign};
use super::error::DatabaseError;
use super::index::{Index, MAX_INDEX};
use super::library::Library;
use super::update::Age;

const MAGIC: &[u8; 8] = b"coffadx\n";

/// How hard is compressed: what takes more time saves little.
const LEVEL: i32 = 12;

/// The largest window, as a power of two: what a stranger's file may make us keep in memory.
const WINDOW: u32 = 26;

/// What errors call such a file.
const NAME: &str = "the exported advisories";

impl Library {
    /// Writes all of it, signed by a publisher more, if one is given.
    ///
    /// # Errors
    /// As [`index`](Self::index); what cannot be signed, read or written.
    pub fn export(
        &self,
        trust: &Trust,
        publisher: Option<&Publisher<'_>>,
        out: impl Write,
    ) -> Result<Index, DatabaseError> {
        let (envelope, index) = self.envelope(trust)?;
        let envelope = match publisher {
            Some(publisher) => countersign(&envelope, publisher, "the present index")?,
            None => envelope,
        };
        let io = |error| DatabaseError::io("write", NAME)(error);
        let mut out = zstd::Encoder::new(out, LEVEL).map_err(io)?;
        let length = u32::try_from(envelope.len()).unwrap_or(u32::MAX).to_le_bytes();
        for part in [MAGIC.as_slice(), &length, &envelope] {
            out.write_all(part).map_err(io)?;
        }
        for entry in &index.shards {
            let path = self.shard_path(entry).display().to_string();
            let mut file = File::open(&path).map_err(DatabaseError::io("open", path.as_str()))?;
            let copied = io::copy(&mut file, &mut out).map_err(DatabaseError::io("read", path.as_str()))?;
            if copied != entry.size {
                return Err(DatabaseError::damaged(path, "it has another size than the index says"));
            }
        }
        out.finish().map_err(io)?;
        Ok(index)
    }

    /// Takes over what was exported elsewhere. Nothing is replaced before all of it is here and what it should be.
    ///
    /// # Errors
    /// As [`adopt`](Self::adopt); a file that is cut off, or none of the kind.
    pub fn import(&self, from: impl Read, trust: &Trust, age: Age) -> Result<Index, DatabaseError> {
        let damaged = |error: io::Error| DatabaseError::damaged(NAME, error);
        let mut from = zstd::Decoder::new(from).map_err(damaged)?;
        from.window_log_max(WINDOW).map_err(damaged)?;
        let envelope = read_envelope(&mut from).map_err(damaged)?;
        let mut adoption = self.adopt(&envelope, trust, age)?;
        for entry in adoption.index().shards.clone() {
            let mut bytes = (&mut from).take(entry.size);
            if adoption.missing().contains(&entry) {
                adoption.receive(&entry, &mut bytes)?;
            }
            io::copy(&mut bytes, &mut io::sink()).map_err(damaged)?;
        }
        if from.read(&mut [0]).map_err(damaged)? != 0 {
            return Err(DatabaseError::damaged(NAME, "something follows it"));
        }
        adoption.finish()
    }
}

fn read_envelope(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let malformed = |what| io::Error::new(io::ErrorKind::InvalidData, what);
    let (mut magic, mut length) = ([0; 8], [0; 4]);
    from.read_exact(&mut magic)?;
    if &magic != MAGIC {
        return Err(malformed("it does not begin as such a file"));
    }
    from.read_exact(&mut length)?;
    let length = u64::from(u32::from_le_bytes(length));
    if length > MAX_INDEX {
        return Err(malformed("its index is too long"));
    }
    let mut envelope = Vec::new();
    from.take(length).read_to_end(&mut envelope)?;
    Ok(envelope)
}

#[cfg(test)]
#[path = "library_tests.rs"]
mod tests;
