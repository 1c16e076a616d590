//! SQLite databases, as far as one table of blobs needs them (<https://www.sqlite.org/fileformat2.html>).

use super::pages::Pages;
use super::{MAX_HEADER, See, malformed};
use crate::content::{Content, Flaw};
use crate::number::{Order, span};

const INTERIOR: u8 = 0x05;
const LEAF: u8 = 0x0d;
/// The bytes before the first page's own header.
const FILE_HEADER: usize = 100;

/// Passes the blob of each row of the table `Packages` to `see`.
pub(super) fn each_header(content: &Content<'_>, see: &mut See<'_>) -> Result<(), Flaw> {
    let mut database = Database::open(content)?;
    let mut root = None;
    database.each_row(1, &mut |row| {
        if column(row, 0) == Some(b"table") && column(row, 1) == Some(b"Packages") {
            root = column(row, 3).and_then(number);
        }
        Ok(())
    })?;
    let root = root.ok_or_else(|| malformed("it has no table of packages"))?;
    database.each_row(root, &mut |row| match column(row, 1) {
        Some(blob) => see(blob),
        None => Err(malformed("a row is damaged")),
    })
}

struct Database<'a> {
    pages: Pages<'a>,
    /// Bytes of a page that hold something.
    usable: usize,
}

/// A page, and where its own header begins.
struct Page {
    bytes: Vec<u8>,
    start: usize,
}

impl<'a> Database<'a> {
    fn open(content: &'a Content<'a>) -> Result<Self, Flaw> {
        let mut header = [0; FILE_HEADER];
        content.read_at(0, &mut header)?;
        if !header.starts_with(b"SQLite format 3\0") {
            return Err(malformed("it does not begin as SQLite databases do"));
        }
        let size = match Order::Big.u16(&header, 16) {
            Some(1) => 65536,
            size => usize::from(size.unwrap_or_default()),
        };
        let pages = Pages::new(content, size)?;
        let reserved = header.get(20).copied().map_or(0, usize::from);
        // The least that the format allows.
        let usable = size.checked_sub(reserved).filter(|usable| *usable >= 480);
        Ok(Self { pages, usable: usable.ok_or_else(|| malformed("its pages have no room"))? })
    }

    /// Passes each row of the table at page `root` to `see`, in its order.
    fn each_row(&mut self, root: u32, see: &mut See<'_>) -> Result<(), Flaw> {
        self.claim(root)?;
        let mut waiting = vec![root];
        while let Some(number) = waiting.pop() {
            let page = self.page(number)?;
            match page.bytes.get(page.start) {
                Some(&LEAF) => self.leaf(&page, see)?,
                Some(&INTERIOR) => self.interior(&page, &mut waiting)?,
                _ => return Err(malformed("a page is of no kind that tables have")),
            }
        }
        Ok(())
    }

    /// Pages are counted from one.
    fn claim(&mut self, number: u32) -> Result<(), Flaw> {
        self.pages.claim(u64::from(number).wrapping_sub(1))
    }

    fn page(&self, number: u32) -> Result<Page, Flaw> {
        let bytes = self.pages.read(u64::from(number).wrapping_sub(1))?;
        Ok(Page { bytes, start: if number == 1 { FILE_HEADER } else { 0 } })
    }

    /// What lies below a page; the last comes first off the stack's end.
    fn interior(&mut self, page: &Page, waiting: &mut Vec<u32>) -> Result<(), Flaw> {
        let damaged = || malformed("a page is damaged");
        let first = waiting.len();
        for cell in page.cells(12) {
            waiting.push(cell.and_then(|cell| Order::Big.u32(&page.bytes, cell)).ok_or_else(damaged)?);
        }
        waiting.push(Order::Big.u32(&page.bytes, page.start + 8).ok_or_else(damaged)?);
        let below = waiting.get_mut(first..).unwrap_or_default();
        below.reverse();
        below.iter().try_for_each(|number| self.claim(*number))
    }

    fn leaf(&mut self, page: &Page, see: &mut See<'_>) -> Result<(), Flaw> {
        for cell in page.cells(8) {
            let row =
                cell.and_then(|cell| page.bytes.get(cell..)).ok_or_else(|| malformed("a page is damaged"))?;
            let row = self.row(row)?;
            see(&row)?;
        }
        Ok(())
    }

    /// A row whose cell begins `cell`, with what lies on pages of its own.
    fn row(&mut self, cell: &[u8]) -> Result<Vec<u8>, Flaw> {
        let damaged = || malformed("a row is damaged");
        let (length, rest) = variable(cell).ok_or_else(damaged)?;
        let (_, rest) = variable(rest).ok_or_else(damaged)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > MAX_HEADER {
            return Err(Flaw::TooLarge { size: length as u64, limit: MAX_HEADER as u64 });
        }
        self.pages.spend(length)?;
        let here = self.here(length);
        let mut row = span(rest, 0, here).ok_or_else(damaged)?.to_vec();
        let mut next = if here < length { Order::Big.u32(rest, here) } else { None };
        while row.len() < length {
            let number = next.ok_or_else(damaged)?;
            self.claim(number)?;
            let page = self.page(number)?;
            next = Order::Big.u32(&page.bytes, 0);
            let amount = (length - row.len()).min(self.usable - 4);
            row.extend_from_slice(span(&page.bytes, 4, amount).ok_or_else(damaged)?);
        }
        Ok(row)
    }

    /// How much of a row of `length` bytes lies within its leaf ("B-tree Cell Format").
    fn here(&self, length: usize) -> usize {
        let most = self.usable - 35;
        if length <= most {
            return length;
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let even = least + (length - least) % (self.usable - 4);
        if even <= most { even } else { least }
    }
}

impl Page {
    /// Where each of its cells begins; their pointers follow a header of `length` bytes.
    fn cells(&self, length: usize) -> impl Iterator<Item = Option<usize>> {
        let count = Order::Big.u16(&self.bytes, self.start + 3).unwrap_or_default();
        let pointer = move |index| self.start + length + 2 * usize::from(index);
        (0..count).map(move |index| Order::Big.u16(&self.bytes, pointer(index)).map(usize::from))
    }
}

/// A number of up to nine bytes, and what follows it.
fn variable(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (index, byte) in bytes.iter().enumerate().take(9) {
        if index == 8 {
            return Some(((number << 8) | u64::from(*byte), bytes.get(9..)?));
        }
        number = (number << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(index + 1..)?));
        }
    }
    None
}

/// A value of a row as the bytes it has ("Record Format").
fn column(row: &[u8], index: usize) -> Option<&[u8]> {
    let (header, _) = variable(row)?;
    let (header, mut body) = row.split_at_checked(usize::try_from(header).ok()?)?;
    let (_, mut kinds) = variable(header)?;
    for at in 0..=index {
        let (kind, rest) = variable(kinds)?;
        let (value, after) = body.split_at_checked(length(kind)?)?;
        if at == index {
            return Some(value);
        }
        (kinds, body) = (rest, after);
    }
    None
}

fn length(kind: u64) -> Option<usize> {
    match kind {
        0 | 8 | 9 => Some(0),
        1..=4 => usize::try_from(kind).ok(),
        5 => Some(6),
        6 | 7 => Some(8),
        10 | 11 => None,
        _ => usize::try_from((kind - 12) / 2).ok(),
    }
}

/// A number of a page; those are never negative.
fn number(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0_u32, |number, byte| number.checked_mul(256)?.checked_add(u32::from(*byte)))
}
