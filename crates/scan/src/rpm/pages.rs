//! A database file as the pages that it consists of.

use super::malformed;
use crate::content::{Content, Flaw};

/// The largest database that is read, in bytes.
const MAX_DATABASE: u64 = 2 << 30;

/// The pages of a database. A sound one has each page in one place and each row in bytes of its own; a crafted
/// one would have its readers go round in circles.
pub(super) struct Pages<'a> {
    content: &'a Content<'a>,
    size: usize,
    count: u64,
    /// One bit for each page that was claimed.
    claimed: Vec<u64>,
    /// How many bytes of rows may still come.
    rest: u64,
}

impl<'a> Pages<'a> {
    /// The pages of `content`, `size` bytes each.
    pub(super) fn new(content: &'a Content<'a>, size: usize) -> Result<Self, Flaw> {
        if !(512..=65536).contains(&size) || !size.is_power_of_two() {
            return Err(malformed("its pages have no size that pages may have"));
        }
        check_size(content)?;
        let count = content.size() / size as u64;
        let words = usize::try_from(count / 64 + 1).unwrap_or(usize::MAX);
        Ok(Self { content, size, count, claimed: vec![0; words], rest: content.size() })
    }

    /// How many whole pages there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Takes a page, counted from zero, for the one place that it may have.
    pub(super) fn claim(&mut self, number: u64) -> Result<(), Flaw> {
        if number >= self.count {
            return Err(malformed("it points beyond its last page"));
        }
        let word = usize::try_from(number / 64).ok().and_then(|word| self.claimed.get_mut(word));
        let bit = 1 << (number % 64);
        match word {
            Some(word) if *word & bit == 0 => *word |= bit,
            _ => return Err(malformed("it points to a page twice")),
        }
        Ok(())
    }

    /// Counts a row, or a part of one, against the size of the whole.
    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), Flaw> {
        // An empty row is a step, too.
        let bytes = bytes.max(8) as u64;
        self.rest = self.rest.checked_sub(bytes).ok_or_else(|| malformed("its rows lie upon each other"))?;
        Ok(())
    }

    /// The bytes of a page, counted from zero.
    pub(super) fn read(&self, number: u64) -> Result<Vec<u8>, Flaw> {
        self.beginning(number, self.size)
    }

    /// The first `length` bytes of a page, counted from zero.
    pub(super) fn beginning(&self, number: u64, length: usize) -> Result<Vec<u8>, Flaw> {
        let mut page = vec![0; length];
        let read = self.content.read_at(number.saturating_mul(self.size as u64), &mut page)?;
        if read == length { Ok(page) } else { Err(malformed("it points beyond its last page")) }
    }
}

/// Refuses a database that is too large to be one of packages.
pub(super) fn check_size(content: &Content<'_>) -> Result<(), Flaw> {
    match content.size() {
        size if size > MAX_DATABASE => Err(Flaw::TooLarge { size, limit: MAX_DATABASE }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_one_place_and_rows_have_bytes_of_their_own() {
        let bytes = vec![7; 3 * 512];
        let content = Content::Bytes(&bytes);
        let mut pages = Pages::new(&content, 512).unwrap();
        assert_eq!((pages.count(), pages.read(2).unwrap().len()), (3, 512));
        pages.claim(2).unwrap();
        assert!(pages.claim(2).unwrap_err().to_string().ends_with("it points to a page twice"));
        assert!(pages.claim(3).unwrap_err().to_string().ends_with("it points beyond its last page"));
        pages.spend(1500).unwrap();
        assert!(pages.spend(100).unwrap_err().to_string().ends_with("its rows lie upon each other"));
        assert!(Pages::new(&content, 1000).is_err() && Pages::new(&content, 256).is_err());
    }
}
