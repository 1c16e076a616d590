//! Bytes that a layer may not have, looked for while its archive is written.

use std::io::BufReader;
use std::path::Path;

use memchr::memmem::Finder;

use crate::archive::{Reader, Seeking};
use crate::limits::Limits;
use crate::unpack::{printable, tar_limits};

/// Looks at a stream that comes in pieces.
pub(super) struct Search<'a> {
    finders: Vec<Finder<'a>>,
    longest: usize,
    /// The end of what was seen: what is looked for may go on in the next piece.
    tail: Vec<u8>,
    seen: u64,
    found: Option<Found>,
}

/// What was found first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// Which of the things that were looked for.
    pub(super) which: usize,
    /// Bytes of the stream before it.
    pub(super) at: u64,
}

impl<'a> Search<'a> {
    pub(super) fn new(unwanted: &'a [&'a [u8]]) -> Self {
        let longest = unwanted.iter().map(|bytes| bytes.len()).max().unwrap_or_default();
        let finders = unwanted.iter().map(|bytes| Finder::new(*bytes)).collect();
        Self { finders, longest, tail: Vec::new(), seen: 0, found: None }
    }

    pub(super) fn found(&self) -> Option<Found> {
        self.found
    }

    pub(super) fn piece(&mut self, bytes: &[u8]) {
        if self.longest == 0 || self.found.is_some() {
            return;
        }
        let reach = self.longest - 1;
        let before = self.seen - self.tail.len() as u64;
        let seam = [self.tail.as_slice(), bytes.get(..reach).unwrap_or(bytes)].concat();
        self.found = self.within(&seam, before).or_else(|| self.within(bytes, self.seen));
        self.seen += bytes.len() as u64;
        self.tail.extend_from_slice(bytes.get(bytes.len().saturating_sub(reach)..).unwrap_or_default());
        let over = self.tail.len().saturating_sub(reach);
        self.tail.drain(..over);
    }

    fn within(&self, bytes: &[u8], before: u64) -> Option<Found> {
        let one = |(which, finder): (usize, &Finder<'_>)| {
            finder.find(bytes).map(|at| Found { which, at: before + at as u64 })
        };
        self.finders.iter().enumerate().find_map(one)
    }
}

/// The path of the entry that has a byte of an archive, in its header or its content.
pub(super) fn entry_at(archive: &Path, at: u64, limits: &Limits) -> Option<String> {
    let file = std::fs::File::open(archive).ok()?;
    let mut reader = Reader::new(Seeking(BufReader::new(file)), tar_limits(limits));
    while let Ok(Some(entry)) = reader.next_entry() {
        if at < reader.position().saturating_add(entry.size) {
            return Some(printable(&entry.path));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn search(stream: &[&[u8]], unwanted: &[&[u8]]) -> Option<Found> {
        let mut search = Search::new(unwanted);
        stream.iter().for_each(|piece| search.piece(piece));
        search.found()
    }

    #[test]
    fn what_comes_in_two_pieces_is_found_where_it_begins() {
        assert_eq!(search(&[b"xse", b"cr", b"etx"], &[b"other", b"secret"]), Some(Found { which: 1, at: 1 }));
        assert_eq!(search(&[b"secre", b"xsecret"], &[b"secret"]), Some(Found { which: 0, at: 6 }));
        assert_eq!(search(&[b"secre", b"", b"secre"], &[b"secret"]), None);
        assert_eq!(search(&[b"anything"], &[]), None);
    }

    proptest! {
        /// However a stream is cut, it is found or not as in the whole.
        #[test]
        fn pieces_are_as_good_as_the_whole(
            stream in prop::collection::vec(prop::sample::select(vec![b'a', b'b']), 0..60),
            needle in prop::collection::vec(prop::sample::select(vec![b'a', b'b']), 1..7),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]).collect();
            let expected = memchr::memmem::find(&stream, &needle).map(|at| at as u64);
            prop_assert_eq!(search(&pieces, &[&needle]).map(|found| found.at), expected);
        }
    }
}
