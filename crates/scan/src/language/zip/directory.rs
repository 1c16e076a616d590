//! The list at an archive's end: APPNOTE.TXT 4.3.7, 4.3.12, 4.3.14 to 4.3.16 and 4.5.3.

use super::window::Window;
use super::{Member, Method, WHAT, malformed};
use crate::content::Flaw;

/// How far from the end the end record may begin: 22 bytes and a comment of 65535.
const FARTHEST_END: u64 = 22 + 65_535;
/// Longest list that is read, in bytes.
const MOST_DIRECTORY_BYTES: u64 = 64 << 20;

/// What an archive lists.
pub(super) struct Listed {
    /// Those that are wanted.
    pub(super) members: Vec<Member>,
    /// How many there are.
    pub(super) all: usize,
}

/// Where the list is.
struct Place {
    start: u64,
    size: u64,
    /// What stands before the archive, such as a shell script that runs it: no offset counts it.
    prefix: u64,
}

/// The members whose names are wanted, after all were judged: none may overlap another, as they do in bombs.
pub(super) fn listed(window: &Window<'_>, wanted: fn(&str) -> bool) -> Result<Listed, Flaw> {
    let place = place(window)?;
    if place.size > MOST_DIRECTORY_BYTES {
        return Err(Flaw::TooLarge { size: place.size, limit: MOST_DIRECTORY_BYTES });
    }
    let bytes = window.read(place.start, place.size)?.ok_or_else(|| malformed(WHAT, "it ends early"))?;
    let mut members = Vec::new();
    let mut spans = Vec::new();
    let mut rest = bytes.as_slice();
    while let Some((record, after)) = Record::first(rest) {
        let header = record.header.saturating_add(place.prefix);
        spans.push((header, header.saturating_add(record.packed)));
        if let Some(name) = std::str::from_utf8(record.name).ok().filter(|name| wanted(name)) {
            members.push(record.member(name, header));
        }
        rest = after;
    }
    if !rest.is_empty() && spans.is_empty() {
        return Err(malformed(WHAT, "its list of members is none"));
    }
    spans.sort_unstable();
    let overlap = spans.windows(2).any(|pair| matches!(pair, [(_, end), (start, _)] if start < end));
    if overlap {
        Err(malformed(WHAT, "its members overlap"))
    } else {
        Ok(Listed { members, all: spans.len() })
    }
}

/// Where a member's bytes begin: after its own header, whose name and extra field may differ from the list's.
pub(super) fn data(window: &Window<'_>, header: u64) -> Result<u64, Flaw> {
    let bytes = window.read(header, 30)?.unwrap_or_default();
    let lengths = bytes.strip_prefix(b"PK\x03\x04").and_then(|rest| Some((half(rest, 22)?, half(rest, 24)?)));
    let (name, extra) = lengths.ok_or_else(|| malformed(WHAT, "a member is not where the list says"))?;
    Ok(header.saturating_add(30 + u64::from(name) + u64::from(extra)))
}

fn place(window: &Window<'_>) -> Result<Place, Flaw> {
    let none = || malformed(WHAT, "it has no list of members");
    let length = window.size().min(FARTHEST_END);
    let from = window.size() - length;
    let tail = window.read(from, length)?.ok_or_else(none)?;
    let at = last_end(&tail).ok_or_else(none)?;
    let end = tail.get(at..).ok_or_else(none)?;
    let (size, offset) = (word(end, 12).ok_or_else(none)?, word(end, 16).ok_or_else(none)?);
    let at = from + at as u64;
    let large = if size == u32::MAX || offset == u32::MAX { large_end(window, at)? } else { None };
    let (size, offset, before) = large.unwrap_or((u64::from(size), u64::from(offset), at));
    let start = before.checked_sub(size).ok_or_else(none)?;
    let prefix = start.checked_sub(offset).ok_or_else(none)?;
    Ok(Place { start, size, prefix })
}

/// The last end record whose comment reaches just to the end, or the last one at all.
fn last_end(tail: &[u8]) -> Option<usize> {
    let is_end = |at: &usize| tail.get(*at..).is_some_and(|rest| rest.starts_with(b"PK\x05\x06"));
    let reaches = |at: &usize| {
        let comment = tail.get(*at..).and_then(|rest| half(rest, 20)).map(usize::from);
        comment.is_some_and(|comment| at + 22 + comment == tail.len())
    };
    let ends = || (0..tail.len().saturating_sub(21)).rev().filter(is_end);
    ends().find(reaches).or_else(|| ends().next())
}

/// Size and offset of the list and where it ends, as the 64-bit end record before the other gives them.
fn large_end(window: &Window<'_>, end: u64) -> Result<Option<(u64, u64, u64)>, Flaw> {
    let Some(at) = end.checked_sub(20) else { return Ok(None) };
    let locator = window.read(at, 20)?.unwrap_or_default();
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok(None);
    }
    // What stands before the archive shifts the record too, so where it should be is tried, and right before.
    let claimed = long(&locator, 8).unwrap_or(u64::MAX);
    for at in [Some(claimed), at.checked_sub(56)].into_iter().flatten() {
        let record = window.read(at, 56)?.unwrap_or_default();
        if let (true, Some(size), Some(offset)) =
            (record.starts_with(b"PK\x06\x06"), long(&record, 40), long(&record, 48))
        {
            return Ok(Some((size, offset, at)));
        }
    }
    Ok(None)
}

/// One member's record in the list.
struct Record<'a> {
    flags: u16,
    method: u16,
    packed: u64,
    size: u64,
    header: u64,
    name: &'a [u8],
}

impl<'a> Record<'a> {
    /// The first record and what follows it.
    fn first(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (fixed, rest) = bytes.split_at_checked(46)?;
        if !fixed.starts_with(b"PK\x01\x02") {
            return None;
        }
        let (name, rest) = rest.split_at_checked(half(fixed, 28)?.into())?;
        let (extra, rest) = rest.split_at_checked(half(fixed, 30)?.into())?;
        let (_comment, rest) = rest.split_at_checked(half(fixed, 32)?.into())?;
        let mut large = large_fields(extra);
        let mut number = |at| {
            let small = word(fixed, at)?;
            if small == u32::MAX {
                Some(large.next().unwrap_or(u64::from(small)))
            } else {
                Some(u64::from(small))
            }
        };
        let (size, packed, header) = (number(24)?, number(20)?, number(42)?);
        let (flags, method) = (half(fixed, 8)?, half(fixed, 10)?);
        Some((Self { flags, method, packed, size, header, name }, rest))
    }

    fn member(&self, name: &str, header: u64) -> Member {
        let method = match self.method {
            0 => Method::Stored,
            8 => Method::Deflated,
            other => Method::Other(other),
        };
        let encrypted = self.flags & 1 != 0;
        Member { name: name.to_owned(), method, packed: self.packed, size: self.size, header, encrypted }
    }
}

/// The numbers of a 64-bit extra field, in their order: those that are all ones in the record.
fn large_fields(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut field: &[u8] = &[];
    while let (Some(id), Some(size)) = (half(extra, 0), half(extra, 2)) {
        let body = extra.get(4..).unwrap_or_default();
        let Some((data, rest)) = body.split_at_checked(size.into()) else { break };
        if id == 1 {
            field = data;
            break;
        }
        extra = rest;
    }
    field.chunks_exact(8).filter_map(|chunk| long(chunk, 0))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_le_bytes)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes)
}
