//! A blob on its way out: hashed as it goes, so that one that is not what its descriptor says never arrives.

use std::io::{self, Read};

use model::digest::Hasher;
use model::oci::Descriptor;

use super::{ClientError, Opener, Result};

/// What is to be sent, over however many requests that takes.
pub(crate) struct Outgoing<'a, 's> {
    pub(crate) blob: &'a Descriptor,
    pub(crate) what: String,
    source: &'a Opener<'s>,
    advanced: &'a mut dyn FnMut(u64),
    hasher: Hasher,
    /// Bytes that have gone through the hasher: all that were ever sent.
    hashed: u64,
}

impl<'a, 's> Outgoing<'a, 's> {
    pub(crate) fn new(
        blob: &'a Descriptor,
        what: String,
        source: &'a Opener<'s>,
        advanced: &'a mut dyn FnMut(u64),
    ) -> Self {
        Self { blob, what, source, advanced, hasher: Hasher::new(), hashed: 0 }
    }

    /// How far it has been sent at best.
    pub(crate) fn sent(&self) -> u64 {
        self.hashed
    }

    /// So many bytes from an offset on that is not beyond what was sent.
    pub(crate) fn part(&mut self, from: u64, length: u64) -> Result<Part<'_, 'a, 's>> {
        let open = (self.source)(from);
        let stream = open.map_err(|cause| ClientError::Source { what: self.what.clone(), cause })?;
        Ok(Part { stream, at: from, end: from + length, outgoing: self })
    }

    /// Hashes what is new of bytes at an offset; the whole has to be the blob.
    fn pass(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        let known = usize::try_from(self.hashed.saturating_sub(at)).unwrap_or(usize::MAX);
        let Some(fresh) = bytes.get(known..).filter(|fresh| !fresh.is_empty()) else { return Ok(()) };
        self.hasher.update(fresh);
        self.hashed += fresh.len() as u64;
        if self.hashed == self.blob.size {
            let digest = self.hasher.clone().finish();
            let confirmed = self.blob.digest.confirm(digest);
            confirmed.map_err(|mismatch| ClientError::Digest {
                what: self.what.clone(),
                mismatch,
                evidence: None,
            })?;
        }
        (self.advanced)(fresh.len() as u64);
        Ok(())
    }

    fn of_another_size(&self, found: u64) -> ClientError {
        ClientError::Size { what: self.what.clone(), claimed: self.blob.size, found }
    }
}

/// What one request sends. The last piece is held back if anything is wrong with the whole.
pub(crate) struct Part<'p, 'a, 's> {
    stream: Box<dyn Read + Send + 's>,
    at: u64,
    end: u64,
    outgoing: &'p mut Outgoing<'a, 's>,
}

impl Part<'_, '_, '_> {
    fn next(&mut self, room: &mut [u8]) -> Result<usize> {
        let source = |what: &str, cause| ClientError::Source { what: what.to_owned(), cause };
        let amount = self.stream.read(room).map_err(|cause| source(&self.outgoing.what, cause))?;
        if amount == 0 {
            return Err(self.outgoing.of_another_size(self.at));
        }
        let after = self.at + amount as u64;
        if after == self.outgoing.blob.size {
            let more = self.stream.read(&mut [0; 1]).map_err(|cause| source(&self.outgoing.what, cause))?;
            if more > 0 {
                return Err(self.outgoing.of_another_size(after + 1));
            }
        }
        self.outgoing.pass(self.at, room.get(..amount).unwrap_or_default())?;
        self.at = after;
        Ok(amount)
    }
}

impl Read for Part<'_, '_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buffer.len());
        match buffer.get_mut(..left) {
            Some(room) if !room.is_empty() => self.next(room).map_err(io::Error::other),
            _ => Ok(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::digest::Digest;

    use super::*;

    fn sent(claimed: &[u8], found: &'static [u8]) -> (io::Result<usize>, u64) {
        let blob = Descriptor::new("", Digest::of(claimed).into(), claimed.len() as u64);
        let open =
            move |from: u64| -> io::Result<Box<dyn Read + Send>> { Ok(Box::new(&found[from as usize..])) };
        let (mut sum, mut bytes) = (0, Vec::new());
        let mut advanced = |more| sum += more;
        let mut outgoing = Outgoing::new(&blob, "it".into(), &open, &mut advanced);
        let mut result = Ok(0);
        // As after a connection that broke at 2.
        for (from, length) in [(0, 2), (0, 3), (2, blob.size - 2)] {
            result = outgoing.part(from, length).unwrap().read_to_end(&mut bytes);
        }
        (result, sum)
    }

    #[test]
    fn every_byte_counts_once_and_the_whole_has_to_be_the_blob() {
        let (result, sum) = sent(b"cofferdam", b"cofferdam");
        assert_eq!((result.unwrap(), sum), (7, 9));
        for found in [b"cofferdan".as_slice(), b"cofferda", b"cofferdams"] {
            let (result, sum) = sent(b"cofferdam", found);
            let error = result.unwrap_err().downcast::<ClientError>().unwrap();
            assert!(error.is_forgery(), "{error}");
            assert!(sum < 9);
        }
    }
}
