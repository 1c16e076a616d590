//! One source's advisories in one file, of which a look-up reads a few cache lines.
//!
//! ```text
//! header    magic, format, check of the rest | length | sections | ecosystems | counts
//! tables    packages, names, remarks: a hash of a name, and where its record is
//! records   check u32, length u32, and a body
//! texts     what records have in common
//! ```
//!
//! What is read is checked when it is read, and nothing is before: opening costs one look at the header. Nothing is
//! compressed either, because matching would wait for it.

use std::fmt;

use sys::memory::Mapped;

use super::bytes::{Cursor, number_at};
use super::details::Details;
use super::error::{Damage, DatabaseError};
use super::hash::{check, hash, joined};
use super::head::{Head, texts};
use super::package::{Claim, Ends, Package};
use super::remark::Remarks;
use super::strings::Strings;
use super::table::Table;

/// The version of the format, which the keys of versions are a part of.
pub(super) const FORMAT: u32 = 2;

pub(super) const MAGIC: &[u8; 8] = b"coffadv\n";

/// Where the tables begin.
pub(super) const HEADER: usize = 128;

/// What the check in the header is of.
const CHECKED: std::ops::Range<usize> = 16..HEADER;

/// The most that a record may be long, in bytes.
pub(super) const MAX_RECORD: usize = 64 << 20;

/// Bytes that do not change.
enum Bytes {
    Mapped(Mapped),
    Owned(Vec<u8>),
}

/// One source's advisories.
pub struct Shard {
    bytes: Bytes,
}

/// How much a shard holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Advisories.
    pub advisories: u32,
    /// Packages of each ecosystem and release that they are about.
    pub packages: u32,
    /// Vulnerabilities that something is known of beside: exploited, likely to be.
    pub remarks: u32,
}

/// The parts of a shard, in the order in which its header has them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Section {
    Strings,
    Records,
    Packages,
    Names,
    Remarks,
}

impl fmt::Debug for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shard({} bytes)", self.bytes().len())
    }
}

impl Shard {
    /// A shard that is a file.
    ///
    /// # Errors
    /// As [`of_bytes`](Self::of_bytes).
    pub(super) fn of_file(file: Mapped, path: &str) -> Result<Self, DatabaseError> {
        Self { bytes: Bytes::Mapped(file) }.opened(path)
    }

    /// A shard in memory; `path` is for errors.
    ///
    /// # Errors
    /// A header that is damaged, or of another format.
    pub fn of_bytes(bytes: Vec<u8>, path: &str) -> Result<Self, DatabaseError> {
        Self { bytes: Bytes::Owned(bytes) }.opened(path)
    }

    fn opened(self, path: &str) -> Result<Self, DatabaseError> {
        let bytes = self.bytes();
        let damaged = |reason| DatabaseError::damaged(path, reason);
        if !bytes.starts_with(MAGIC) {
            return Err(damaged("it does not begin as such a file"));
        }
        let header = bytes.get(CHECKED).ok_or_else(|| damaged("it is too short"))?;
        match number_at(bytes, 8) {
            Some(FORMAT) => {}
            found => {
                let (path, found) = (path.to_owned(), found.unwrap_or_default());
                return Err(DatabaseError::Format { path, found, expected: FORMAT });
            }
        }
        if number_at(bytes, 12) != Some(check(header)) {
            return Err(damaged("its header is not what was written"));
        }
        if number_at(bytes, 16).map(|length| length as usize) != Some(bytes.len()) {
            return Err(damaged("it is cut off"));
        }
        Ok(self)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Mapped(mapped) => mapped.bytes(),
            Bytes::Owned(bytes) => bytes,
        }
    }

    fn section(&self, section: Section) -> Result<&[u8], Damage> {
        let at = 24 + section as usize * 8;
        let number = |at| number_at(self.bytes(), at).map(|number| number as usize);
        let range = number(at).zip(number(at + 4)).map(|(start, length)| start..start.saturating_add(length));
        range.and_then(|range| self.bytes().get(range)).ok_or(Damage("a part of it is missing"))
    }

    fn strings(&self) -> Result<Strings<'_>, Damage> {
        self.section(Section::Strings).map(Strings)
    }

    /// How much it holds.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let count = |at| number_at(self.bytes(), at).unwrap_or_default();
        Counts { advisories: count(68), packages: count(72), remarks: count(76) }
    }

    /// The ecosystems and releases that it has packages of, sorted.
    ///
    /// # Errors
    /// [`Damage`].
    pub fn ecosystems(&self) -> Result<Vec<&str>, Damage> {
        let offset = number_at(self.bytes(), 64).ok_or(Damage("it is too short"))?;
        texts(&mut self.record(offset)?)
    }

    fn record(&self, offset: u32) -> Result<Cursor<'_>, Damage> {
        let records = self.section(Section::Records)?;
        let record = records.get(offset as usize..).ok_or(Damage("there is no such record"))?;
        let length = number_at(record, 4).ok_or(Damage("there is no such record"))? as usize;
        let body = record.get(8..).and_then(|rest| rest.get(..length)).filter(|_| length <= MAX_RECORD);
        let body = body.ok_or(Damage("a record is longer than the file"))?;
        if number_at(record, 0) == Some(check(body)) {
            Ok(Cursor(body))
        } else {
            Err(Damage("a record is not what was written"))
        }
    }

    fn table(&self, section: Section) -> Result<Table<'_>, Damage> {
        Table::of(self.section(section)?)
    }

    /// What is said of a package, by its name in the spelling of its ecosystem.
    ///
    /// # Errors
    /// [`Damage`].
    pub fn package(&self, ecosystem: &str, name: &str) -> Result<Option<Package<'_>>, Damage> {
        self.package_by(hash(ecosystem.as_bytes()), ecosystem, name)
    }

    /// The same where the ecosystem's hash is known already.
    pub(crate) fn package_by(
        &self,
        ecosystem_hash: u64,
        ecosystem: &str,
        name: &str,
    ) -> Result<Option<Package<'_>>, Damage> {
        self.table(Section::Packages)?.find(joined(ecosystem_hash, name), |offset| {
            let package = Package::read(self.record(offset)?)?;
            Ok((package.ecosystem == ecosystem && package.name == name).then_some(package))
        })
    }

    /// The advisories that go by a name: `CVE-...`, `GHSA-...`, their own.
    ///
    /// # Errors
    /// [`Damage`].
    pub(crate) fn named(&self, name: &str) -> Result<Vec<u32>, Damage> {
        let found = self.table(Section::Names)?.find(hash(name.as_bytes()), |offset| {
            let mut body = self.record(offset)?;
            if body.text()? != name {
                return Ok(None);
            }
            (0..body.count()?).map(|_| body.number()).collect::<Result<Vec<_>, _>>().map(Some)
        });
        found.map(Option::unwrap_or_default)
    }

    /// The heads of the advisories that go by a name.
    ///
    /// # Errors
    /// [`Damage`].
    pub fn find(&self, name: &str) -> Result<Vec<Head<'_>>, Damage> {
        self.named(name)?.into_iter().map(|offset| self.head(offset)).collect()
    }

    /// What is known of a CVE beside advisories.
    ///
    /// # Errors
    /// [`Damage`].
    pub fn remarks(&self, cve: &str) -> Result<Option<Remarks>, Damage> {
        self.table(Section::Remarks)?.find(hash(cve.as_bytes()), |offset| {
            let mut body = self.record(offset)?;
            if body.text()? == cve { Remarks::read(body).map(Some) } else { Ok(None) }
        })
    }

    pub(crate) fn head(&self, offset: u32) -> Result<Head<'_>, Damage> {
        Head::read(self.record(offset)?, self.strings()?)
    }

    pub(crate) fn details<'a>(&'a self, package: &Package<'a>, claim: Claim) -> Result<Details<'a>, Damage> {
        Details::read(package.details_at(claim)?, self.strings()?)
    }

    pub(crate) fn ends<'a>(
        &'a self,
        package: &Package<'a>,
        interval: (u32, u32),
    ) -> Result<Ends<'a>, Damage> {
        package.ends(interval, self.strings()?)
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// The first thing that is not what was written.
    pub fn verify(&self) -> Result<(), Damage> {
        self.ecosystems()?;
        for offset in self.table(Section::Packages)?.offsets() {
            let package = Package::read(self.record(offset?)?)?;
            package.verify(self.strings()?)?;
            package.claims(
                |_, _| true,
                |claim| {
                    self.head(claim.advisory)?;
                    self.details(&package, claim).map(|_| ())
                },
            )?;
        }
        for offset in self.table(Section::Names)?.offsets() {
            let name = self.record(offset?)?.text()?;
            self.find(name)?;
        }
        for offset in self.table(Section::Remarks)?.offsets() {
            let cve = self.record(offset?)?.text()?;
            self.remarks(cve)?.ok_or(Damage("a remark is not where it should be"))?;
        }
        Ok(())
    }
}

/// `bytes` with a header whose length and checks hold, as far as there is one: for those who look for what is wrong
/// behind it.
pub(crate) fn mended(bytes: &[u8]) -> Vec<u8> {
    let mut mended = bytes.to_vec();
    mended.resize(mended.len().max(HEADER), 0);
    let length = u32::try_from(mended.len()).unwrap_or(u32::MAX).to_le_bytes();
    let rest = mended.split_off(HEADER);
    let fields = mended.split_off(20);
    let checked = [length.as_slice(), &fields].concat();
    [MAGIC.as_slice(), &FORMAT.to_le_bytes(), &check(&checked).to_le_bytes(), &checked, &rest].concat()
}

#[cfg(test)]
#[path = "shard_tests.rs"]
mod tests;
