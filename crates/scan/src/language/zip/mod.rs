//! Zip archives: the list at their end, and those members that somebody wants.
//!
//! Only what is asked for is read. All that is inflated for one outer file, however deep archives lie within each
//! other, is counted in one budget, so that no nesting multiplies.

mod directory;
mod window;

use std::io::Read as _;

use flate2::read::DeflateDecoder;

use self::directory::{Listed, listed};
pub(super) use self::window::Window;
use super::malformed;
use crate::content::{Content, Flaw};

/// What the format calls itself in messages.
const WHAT: &str = "zip archive";
/// Most bytes that are inflated for one outer file.
const MOST_INFLATED: u64 = 1 << 30;
/// Most archives within archives that are opened for one outer file.
const MOST_ARCHIVES: usize = 4096;
/// Most members that are listed for one outer file.
const MOST_MEMBERS: usize = 1 << 20;

/// What may still be spent on an outer file.
#[derive(Debug)]
pub(super) struct Budget {
    inflated: u64,
    archives: usize,
    members: usize,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { inflated: MOST_INFLATED, archives: MOST_ARCHIVES, members: MOST_MEMBERS }
    }

    fn open(&mut self, members: usize) -> Result<(), Flaw> {
        let archives = Flaw::TooMany { what: "nested archives", limit: MOST_ARCHIVES };
        self.archives = self.archives.checked_sub(1).ok_or(archives)?;
        let too_many = Flaw::TooMany { what: "members", limit: MOST_MEMBERS };
        self.members = self.members.checked_sub(members).ok_or(too_many)?;
        Ok(())
    }

    fn inflate(&mut self, bytes: u64) -> Result<(), Flaw> {
        self.inflated = self.inflated.checked_sub(bytes).ok_or_else(|| {
            malformed(WHAT, format!("its members have more than {MOST_INFLATED} bytes, one within another"))
        })?;
        Ok(())
    }
}

/// How a member is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Stored,
    Deflated,
    Other(u16),
}

/// A file in an archive, as the archive's list describes it.
#[derive(Debug)]
pub(super) struct Member {
    /// Its path in the archive, as written.
    pub(super) name: String,
    method: Method,
    /// Its size in the archive.
    packed: u64,
    /// Its size once inflated, if the list tells the truth.
    size: u64,
    /// Where its own header begins.
    header: u64,
    encrypted: bool,
}

impl Member {
    /// How large it is once inflated, if the archive's list tells the truth.
    pub(super) fn size(&self) -> u64 {
        self.size
    }
}

/// An open archive.
#[derive(Debug)]
pub(super) struct Archive<'a> {
    window: Window<'a>,
    members: Vec<Member>,
}

impl<'a> Archive<'a> {
    /// Lists the members of a file whose names are wanted.
    pub(super) fn open(
        content: &'a Content<'a>,
        wanted: fn(&str) -> bool,
        budget: &mut Budget,
    ) -> Result<Self, Flaw> {
        Self::within(Window::of(content), wanted, budget)
    }

    /// Lists the members of an archive that is a part of a file.
    pub(super) fn within(
        window: Window<'a>,
        wanted: fn(&str) -> bool,
        budget: &mut Budget,
    ) -> Result<Self, Flaw> {
        let Listed { members, all } = listed(&window, wanted)?;
        budget.open(all)?;
        Ok(Self { window, members })
    }

    /// The wanted members, in the order of the list.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    /// A member's bytes.
    pub(super) fn read(&self, member: &Member, limit: u64, budget: &mut Budget) -> Result<Vec<u8>, Flaw> {
        let packed = self.packed(member)?;
        let mut bytes = Vec::new();
        let limit_and_one = limit.saturating_add(1);
        match member.method {
            Method::Stored => packed.reader().take(limit_and_one).read_to_end(&mut bytes)?,
            Method::Deflated => {
                let mut inflated = DeflateDecoder::new(packed.reader()).take(limit_and_one);
                inflated.read_to_end(&mut bytes).map_err(|error| malformed(WHAT, error.to_string()))?
            }
            Method::Other(method) => return Err(unknown(method)),
        };
        let size = bytes.len() as u64;
        budget.inflate(size)?;
        if size > limit { Err(Flaw::TooLarge { size: member.size.max(size), limit }) } else { Ok(bytes) }
    }

    /// Where a member's bytes are, if they are kept as they are.
    pub(super) fn stored(&self, member: &Member) -> Option<Window<'a>> {
        if member.method == Method::Stored { self.packed(member).ok() } else { None }
    }

    fn packed(&self, member: &Member) -> Result<Window<'a>, Flaw> {
        if member.encrypted {
            return Err(malformed(WHAT, format!("its member `{}` is encrypted", member.name.escape_debug())));
        }
        let start = directory::data(&self.window, member.header)?;
        self.window.part(start, member.packed).ok_or_else(|| malformed(WHAT, "a member lies beyond its end"))
    }
}

fn unknown(method: u16) -> Flaw {
    malformed(WHAT, format!("a member is compressed by method {method}, which is not known here"))
}

#[cfg(test)]
pub(super) mod tests;
