//! Berkeley DB's hash tables, which rpm kept its packages in until 4.16 (Berkeley DB, src/dbinc/db_page.h).

use super::pages::Pages;
use super::{MAX_HEADER, See, malformed};
use crate::content::{Content, Flaw};
use crate::number::{Order, span};

const MAGIC: u32 = 0x0006_1561;
/// What is before the items of a page, or the data of one that overflows.
const PAGE_HEADER: usize = 26;

const HASH_UNSORTED: u8 = 2;
const OVERFLOW: u8 = 7;
const HASH: u8 = 13;

const KEY_OR_DATA: u8 = 1;
const OFF_PAGE: u8 = 3;

/// Passes each package's header to `see`. Buckets do not matter: every page of the table is looked through.
pub(super) fn each_header(content: &Content<'_>, see: &mut See<'_>) -> Result<(), Flaw> {
    let (mut pages, order) = open(content)?;
    for number in 1..pages.count() {
        let kind = pages.beginning(number, PAGE_HEADER)?.last().copied();
        if matches!(kind, Some(HASH | HASH_UNSORTED)) {
            let page = pages.read(number)?;
            Table { pages: &mut pages, order }.page(&page, see)?;
        }
    }
    Ok(())
}

/// The pages, and the order of the bytes of the machine that wrote them.
fn open<'a>(content: &'a Content<'a>) -> Result<(Pages<'a>, Order), Flaw> {
    let mut header = [0; 512];
    content.read_at(0, &mut header)?;
    let order = match Order::Little.u32(&header, 12) {
        Some(MAGIC) => Order::Little,
        _ if Order::Big.u32(&header, 12) == Some(MAGIC) => Order::Big,
        _ => return Err(malformed("it does not begin as hash tables of Berkeley DB do")),
    };
    if header.get(24) != Some(&0) {
        return Err(malformed("it is encrypted"));
    }
    let size = order.size(&header, 20).unwrap_or_default();
    Ok((Pages::new(content, size)?, order))
}

struct Table<'a, 'b> {
    pages: &'a mut Pages<'b>,
    order: Order,
}

impl Table<'_, '_> {
    /// A page's items are keys and their values in turn.
    fn page(&mut self, page: &[u8], see: &mut See<'_>) -> Result<(), Flaw> {
        let count = self.order.u16(page, 20).unwrap_or_default();
        for index in (1..usize::from(count)).step_by(2) {
            let value = self.item(page, index).ok_or_else(|| malformed("a page is damaged"))?;
            match value.first() {
                // A key of zero has the number of the last package for its value.
                Some(&KEY_OR_DATA) if value.len() <= 5 => {}
                Some(&KEY_OR_DATA) => {
                    self.pages.spend(value.len())?;
                    see(value.get(1..).unwrap_or_default())?;
                }
                Some(&OFF_PAGE) => see(&self.elsewhere(value)?)?,
                _ => return Err(malformed("a page has an item that packages do not have")),
            }
        }
        Ok(())
    }

    /// The bytes of an item: they end where those of the item before it begin.
    fn item<'p>(&self, page: &'p [u8], index: usize) -> Option<&'p [u8]> {
        let offset = |index| self.order.u16(page, PAGE_HEADER + 2 * index).map(usize::from);
        page.get(offset(index)?..offset(index.checked_sub(1)?)?)
    }

    /// A value that lies on a chain of pages of its own.
    fn elsewhere(&mut self, item: &[u8]) -> Result<Vec<u8>, Flaw> {
        let damaged = || malformed("a chain of pages is damaged");
        let mut next = self.order.u32(item, 4).ok_or_else(damaged)?;
        let length = self.order.size(item, 8).ok_or_else(damaged)?;
        if length > MAX_HEADER {
            return Err(Flaw::TooLarge { size: length as u64, limit: MAX_HEADER as u64 });
        }
        self.pages.spend(length)?;
        let mut value = Vec::new();
        while value.len() < length {
            self.pages.claim(next.into())?;
            let page = self.pages.read(next.into())?;
            if page.get(PAGE_HEADER - 1) != Some(&OVERFLOW) {
                return Err(damaged());
            }
            let amount = self.order.u16(&page, 22).map_or(0, usize::from).min(length - value.len());
            value.extend_from_slice(span(&page, PAGE_HEADER, amount).ok_or_else(damaged)?);
            next = self.order.u32(&page, 16).ok_or_else(damaged)?;
        }
        Ok(value)
    }
}
