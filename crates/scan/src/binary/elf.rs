//! ELF files, as far as finding a section or an address of one goes (the generic ABI's chapters 4 and 5).

use crate::content::{Content, Flaw};
use crate::number::{Order, span};

/// The most sections and segments that are looked at; the format has room for 65,535 of each.
const MAX_PARTS: usize = 4096;
/// The largest table of section names, in bytes.
const MAX_NAMES: usize = 1 << 20;

/// Part of a file, and where it is in memory once it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// A section's name; empty for segments.
    pub(super) name: Vec<u8>,
    address: u64,
    offset: u64,
    /// Its bytes in the file.
    pub(super) size: u64,
    writable: bool,
}

/// An ELF file's tables. All in them is as the file claims it.
#[derive(Debug)]
pub(super) struct Elf<'a> {
    content: &'a Content<'a>,
    pub(super) order: Order,
    wide: bool,
    sections: Vec<Part>,
    segments: Vec<Part>,
}

/// Whether a file begins as ELF files do.
pub(super) fn is_elf(content: &Content<'_>) -> Result<bool, Flaw> {
    let mut magic = [0; 4];
    Ok(content.read_at(0, &mut magic)? == 4 && &magic == b"\x7fELF")
}

impl<'a> Elf<'a> {
    /// Reads the tables; a file that begins as ELF files do and has none is one without parts.
    pub(super) fn open(content: &'a Content<'a>) -> Result<Self, Flaw> {
        let mut header = [0; 64];
        content.read_at(0, &mut header)?;
        let order = if header.get(5) == Some(&2) { Order::Big } else { Order::Little };
        let wide = header.get(4) == Some(&2);
        let mut elf = Self { content, order, wide, sections: Vec::new(), segments: Vec::new() };
        // e_phoff, e_shoff; then e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx.
        let (offsets, counts) = if wide { ([32, 40], 54) } else { ([28, 32], 42) };
        let [segments, sections] = offsets.map(|at| elf.address(&header, at).unwrap_or_default());
        let count = |index: usize| order.u16(&header, counts + 2 * index).map_or(0, usize::from);
        for entry in elf.table(segments, count(0), count(1))? {
            elf.segments.extend(elf.segment(&entry));
        }
        for entry in elf.table(sections, count(2), count(3))? {
            elf.sections.extend(elf.section_header(&entry));
        }
        elf.name_sections(count(4))?;
        Ok(elf)
    }

    /// A section by its name.
    pub(super) fn section(&self, name: &str) -> Option<&Part> {
        self.sections.iter().find(|part| part.name == name.as_bytes())
    }

    /// The segments that the program may write, where Go keeps its build information.
    pub(super) fn writable_segments(&self) -> impl Iterator<Item = &Part> {
        self.segments.iter().filter(|part| part.writable)
    }

    /// A part's bytes.
    ///
    /// # Errors
    /// More than `limit` of them, and fewer than the file claims.
    pub(super) fn bytes(&self, part: &Part, limit: u64) -> Result<Vec<u8>, Flaw> {
        if part.size > limit {
            return Err(Flaw::TooLarge { size: part.size, limit });
        }
        self.read(part.offset, part.size)
    }

    /// The first bytes of a part, at most `limit`.
    pub(super) fn beginning(&self, part: &Part, limit: u64) -> Result<Vec<u8>, Flaw> {
        self.read(part.offset, part.size.min(limit))
    }

    /// `length` bytes of a part, `at` bytes from its beginning.
    pub(super) fn slice(&self, part: &Part, at: u64, length: u64) -> Result<Vec<u8>, Flaw> {
        if at.checked_add(length).is_none_or(|end| end > part.size) {
            return Err(malformed("a part of it lies beyond its end"));
        }
        self.read(part.offset.saturating_add(at), length)
    }

    /// `length` bytes at an address; `None` where the file has none there.
    pub(super) fn at(&self, address: u64, length: u64) -> Result<Option<Vec<u8>>, Flaw> {
        let place = self.segments.iter().find_map(|part| {
            let within = address.checked_sub(part.address)?;
            let rest = part.size.checked_sub(within)?;
            part.offset.checked_add(within).filter(|_| length <= rest)
        });
        place.map(|offset| self.read(offset, length)).transpose()
    }

    /// An address or an offset: four or eight bytes.
    pub(super) fn address(&self, bytes: &[u8], at: usize) -> Option<u64> {
        if self.wide { self.order.u64(bytes, at) } else { self.order.u32(bytes, at).map(u64::from) }
    }

    /// How many bytes an address has.
    pub(super) fn width(&self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>, Flaw> {
        let cut = || malformed("a part of it lies beyond its end");
        if offset.checked_add(length).is_none_or(|end| end > self.content.size()) {
            return Err(cut());
        }
        let mut bytes = vec![0; usize::try_from(length).map_err(|_| cut())?];
        let read = self.content.read_at(offset, &mut bytes)?;
        if read == bytes.len() { Ok(bytes) } else { Err(cut()) }
    }

    fn table(&self, offset: u64, size: usize, count: usize) -> Result<Vec<Vec<u8>>, Flaw> {
        if count == 0 || offset == 0 || size == 0 {
            return Ok(Vec::new());
        }
        if count > MAX_PARTS {
            return Err(Flaw::TooMany { what: "sections or segments", limit: MAX_PARTS });
        }
        // No entry of either table has more than 64 bytes.
        let size =
            if size > 64 { return Err(malformed("its tables have entries that are too long")) } else { size };
        let bytes = self.read(offset, (size * count) as u64)?;
        Ok(bytes.chunks_exact(size).map(<[u8]>::to_vec).collect())
    }

    fn segment(&self, entry: &[u8]) -> Option<Part> {
        const LOAD: u32 = 1;
        const WRITE: u32 = 2;
        let [flags, offset, address, size] = if self.wide { [4, 8, 16, 32] } else { [24, 4, 8, 16] };
        self.order.u32(entry, 0).filter(|kind| *kind == LOAD)?;
        Some(Part {
            name: Vec::new(),
            address: self.address(entry, address)?,
            offset: self.address(entry, offset)?,
            size: self.address(entry, size)?,
            writable: self.order.u32(entry, flags)? & WRITE != 0,
        })
    }

    /// A section, its name's offset in place of the name.
    fn section_header(&self, entry: &[u8]) -> Option<Part> {
        const NO_BITS: u32 = 8;
        const WRITE: u64 = 1;
        let [address, offset, size] = if self.wide { [16, 24, 32] } else { [12, 16, 20] };
        let empty = self.order.u32(entry, 4)? == NO_BITS;
        Some(Part {
            name: span(entry, 0, 4)?.to_vec(),
            address: self.address(entry, address)?,
            offset: self.address(entry, offset)?,
            size: if empty { 0 } else { self.address(entry, size)? },
            writable: self.address(entry, 8)? & WRITE != 0,
        })
    }

    fn name_sections(&mut self, index: usize) -> Result<(), Flaw> {
        let names = match self.sections.get(index) {
            Some(table) => self.bytes(table, MAX_NAMES as u64)?,
            None => Vec::new(),
        };
        for section in &mut self.sections {
            let offset = self.order.size(&section.name, 0).unwrap_or(usize::MAX);
            let rest = names.get(offset..).unwrap_or_default();
            // The longest name that anybody asks for is shorter; a crafted table would have each name as long as
            // itself.
            section.name = rest.iter().copied().take(64).take_while(|byte| *byte != 0).collect();
        }
        Ok(())
    }
}

fn malformed(reason: &'static str) -> Flaw {
    Flaw::Malformed { what: "sound ELF file", reason: reason.into() }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Where the one segment of [`written`] begins in memory.
    pub(crate) const BASE: u64 = 0x40_0000;

    /// A 64-bit little-endian ELF file of the sections given, all within one writable segment that is the file
    /// itself from its first byte on.
    pub(crate) fn written(sections: &[(&str, &[u8])]) -> Vec<u8> {
        let mut body = vec![0; 64 + 56];
        let (mut names, mut headers) = (vec![0], vec![0; 64]);
        let add = |headers: &mut Vec<u8>, name: usize, offset: usize, size: usize| {
            let mut entry = [0; 64];
            entry[..4].copy_from_slice(&(name as u32).to_le_bytes());
            entry[4] = 1;
            for (at, value) in [(16, BASE + offset as u64), (24, offset as u64), (32, size as u64)] {
                entry[at..at + 8].copy_from_slice(&value.to_le_bytes());
            }
            headers.extend(entry);
        };
        for (name, bytes) in sections {
            body.resize(body.len().next_multiple_of(16), 0);
            add(&mut headers, names.len(), body.len(), bytes.len());
            names.extend([name.as_bytes(), b"\0"].concat());
            body.extend(*bytes);
        }
        add(&mut headers, 0, body.len(), names.len());
        body.extend(names);
        let table = body.len();
        body.extend(&headers);
        let size = body.len() as u64;
        body[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        for (at, value) in [(32, 64), (40, table as u64), (64 + 16, BASE), (64 + 32, size), (64 + 40, size)] {
            body[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        let count = (headers.len() / 64) as u16;
        for (at, value) in [(54, 56), (56, 1), (58, 64), (60, count), (62, count - 1), (64, 1), (68, 6)] {
            body[at..at + 2].copy_from_slice(&value.to_le_bytes());
        }
        body
    }

    #[test]
    fn sections_by_name_and_bytes_by_address() {
        let file = written(&[(".one", b"first"), (".two", b"second")]);
        let content = Content::Bytes(&file);
        let elf = Elf::open(&content).unwrap();
        let two = elf.section(".two").unwrap();
        assert_eq!(elf.bytes(two, 6).unwrap(), b"second");
        assert!(matches!(elf.bytes(two, 5), Err(Flaw::TooLarge { size: 6, limit: 5 })));
        assert_eq!(elf.at(two.address, 3).unwrap(), Some(b"sec".to_vec()));
        assert_eq!(elf.at(BASE - 1, 1).unwrap(), None);
        assert_eq!(elf.at(u64::MAX, 8).unwrap(), None);
        assert!(elf.section(".three").is_none());
    }

    #[test]
    fn tables_that_lie() {
        let sound = written(&[(".one", b"first")]);
        let flaw = |at: usize, bytes: &[u8]| {
            let mut file = sound.clone();
            file[at..at + bytes.len()].copy_from_slice(bytes);
            Elf::open(&Content::Bytes(&file)).unwrap_err().to_string()
        };
        assert!(flaw(40, &[0xff; 8]).ends_with("a part of it lies beyond its end"));
        assert_eq!(flaw(60, &[0xff; 2]), "it has more than 4096 sections or segments");
        assert!(flaw(58, &[0xff; 2]).ends_with("its tables have entries that are too long"));
        let short = Content::Bytes(b"\x7fELF");
        assert!(is_elf(&short).unwrap() && Elf::open(&short).unwrap().section(".one").is_none());
    }
}
