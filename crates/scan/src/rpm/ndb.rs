//! rpm's own "new database" format: slots that point to blobs (rpm, lib/backend/ndb/rpmpkg.c).

use super::pages::check_size;
use super::{MAX_HEADER, See, malformed};
use crate::content::{Content, Flaw};
use crate::number::Order;

const PAGE: u64 = 4096;
const HEADER: usize = 32;
const SLOT: usize = 16;
/// What blobs are counted in, and what their own headers have.
const BLOCK: u64 = 16;
/// Slots for more packages than there may be.
const MAX_SLOTS: usize = 8 << 20;

/// Passes each package's header to `see`.
pub(super) fn each_header(content: &Content<'_>, see: &mut See<'_>) -> Result<(), Flaw> {
    check_size(content)?;
    let slots = slots(content)?;
    // A blob for each slot, and none twice.
    let mut rest = content.size();
    for slot in slots.chunks_exact(SLOT) {
        let package = Order::Little.u32(slot, 4).unwrap_or_default();
        if !slot.starts_with(b"Slot") || package == 0 {
            continue;
        }
        let blob = blob(content, slot, package)?;
        rest = rest
            .checked_sub(blob.len() as u64 + BLOCK)
            .ok_or_else(|| malformed("its rows lie upon each other"))?;
        see(&blob)?;
    }
    Ok(())
}

/// All slots, those that are free among them.
fn slots(content: &Content<'_>) -> Result<Vec<u8>, Flaw> {
    let mut header = [0; HEADER];
    content.read_at(0, &mut header)?;
    if !header.starts_with(b"RpmP") {
        return Err(malformed("it does not begin as rpm's databases do"));
    }
    let pages = Order::Little.u32(&header, 12).unwrap_or_default();
    let length = (u64::from(pages) * PAGE).min(content.size()).saturating_sub(HEADER as u64);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > MAX_SLOTS {
        return Err(Flaw::TooMany { what: "slots", limit: MAX_SLOTS / SLOT });
    }
    let mut slots = vec![0; length];
    content.read_at(HEADER as u64, &mut slots)?;
    Ok(slots)
}

fn blob(content: &Content<'_>, slot: &[u8], package: u32) -> Result<Vec<u8>, Flaw> {
    let offset = u64::from(Order::Little.u32(slot, 8).unwrap_or_default()) * BLOCK;
    let mut header = [0; 16];
    content.read_at(offset, &mut header)?;
    if !header.starts_with(b"BlbS") || Order::Little.u32(&header, 4) != Some(package) {
        return Err(malformed("a slot points to no package"));
    }
    let length = Order::Little.size(&header, 12).unwrap_or_default();
    if length > MAX_HEADER {
        return Err(Flaw::TooLarge { size: length as u64, limit: MAX_HEADER as u64 });
    }
    if length as u64 > content.size() {
        return Err(malformed("a package ends beyond its end"));
    }
    let mut blob = vec![0; length];
    let read = content.read_at(offset + BLOCK, &mut blob)?;
    if read == length { Ok(blob) } else { Err(malformed("a package ends beyond its end")) }
}
