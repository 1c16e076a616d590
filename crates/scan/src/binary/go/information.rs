//! Where a Go program keeps its build information (Go, src/debug/buildinfo).

use super::super::elf::Elf;
use super::malformed;
use crate::content::Flaw;
use crate::number::span;

const MAGIC: &[u8] = b"\xff Go buildinf:";
/// The most bytes of it; a program of a thousand modules has a tenth.
const MAX_INFORMATION: u64 = 4 << 20;
/// How much of a program's data is searched for it, where no section says where it is. It comes first.
const SEARCHED: u64 = 1 << 20;
/// What it is aligned to, and the size of what precedes its strings.
const ALIGNMENT: usize = 16;
const HEADER: usize = 32;

/// What the linker wrote.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Information {
    /// `go1.22.3`.
    pub(super) compiler: String,
    /// The modules, as `go version -m` prints them; empty for programs that were built without any.
    pub(super) modules: String,
}

/// Reads it; `None` where the file is no Go program.
pub(super) fn read(elf: &Elf<'_>) -> Result<Option<Information>, Flaw> {
    let Some(bytes) = locate(elf)? else { return Ok(None) };
    let information = if bytes.get(15).is_some_and(|flags| flags & 2 != 0) {
        within(&bytes)
    } else {
        by_pointers(elf, &bytes)?
    };
    information.map(Some).ok_or_else(|| malformed("its build information is damaged"))
}

fn locate(elf: &Elf<'_>) -> Result<Option<Vec<u8>>, Flaw> {
    if let Some(section) = elf.section(".go.buildinfo") {
        let bytes = elf.bytes(section, MAX_INFORMATION)?;
        return Ok(bytes.starts_with(MAGIC).then_some(bytes));
    }
    for segment in elf.writable_segments() {
        let bytes = elf.beginning(segment, SEARCHED)?;
        let place = bytes.chunks(ALIGNMENT).position(|chunk| chunk.starts_with(MAGIC));
        if let Some(place) = place {
            return Ok(bytes.get(place * ALIGNMENT..).map(<[u8]>::to_vec));
        }
    }
    Ok(None)
}

/// Both strings follow the header, each after its length (since Go 1.18).
fn within(bytes: &[u8]) -> Option<Information> {
    let (compiler, rest) = counted(bytes.get(HEADER..)?)?;
    let (modules, _) = counted(rest)?;
    Some(Information { compiler: text(compiler), modules: text(unframed(modules)) })
}

/// The header points to two strings of Go, which are pointers and lengths themselves.
fn by_pointers(elf: &Elf<'_>, bytes: &[u8]) -> Result<Option<Information>, Flaw> {
    let mut strings = Vec::new();
    for index in 0..2 {
        let address = elf.address(bytes, ALIGNMENT + index * elf.width());
        let string = address.map(|address| string(elf, address)).transpose()?.flatten();
        strings.push(string.unwrap_or_default());
    }
    let [compiler, modules] = strings.as_slice() else { return Ok(None) };
    if compiler.is_empty() {
        return Ok(None);
    }
    Ok(Some(Information { compiler: text(compiler), modules: text(unframed(modules)) }))
}

fn string(elf: &Elf<'_>, address: u64) -> Result<Option<Vec<u8>>, Flaw> {
    let Some(header) = elf.at(address, 2 * elf.width() as u64)? else { return Ok(None) };
    let length = elf.address(&header, elf.width()).filter(|length| *length <= MAX_INFORMATION);
    match (elf.address(&header, 0), length) {
        (Some(address), Some(length)) => elf.at(address, length),
        _ => Ok(None),
    }
}

/// A string after its length, seven bits in each byte; and what follows it.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length = 0_usize;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return bytes.get(index + 1..)?.split_at_checked(length);
        }
    }
    None
}

/// The list of modules stands between two marks of sixteen bytes.
fn unframed(bytes: &[u8]) -> &[u8] {
    let framed = bytes.len().checked_sub(33).and_then(|length| span(bytes, 16, length + 1));
    framed.filter(|list| list.ends_with(b"\n")).unwrap_or_default()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
