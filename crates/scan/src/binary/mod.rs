//! Programs and libraries: what their own tables say they were built from, and, where no package manager knows of
//! them, what the strings in them say.

mod elf;
mod go;
mod rust;
mod known;

use self::elf::Elf;
use crate::catalog::{Candidate, Cataloger, Found};
use crate::content::{Content, Flaw};

/// Those of this module.
pub(crate) const CATALOGERS: &[Cataloger] = &[
    Cataloger { name: "binary", wants: is_binary, read },
    Cataloger { name: "known-software", wants: known::wants, read: known::read },
];

/// Shorter files have no room for what is looked for.
const SHORTEST: u64 = 256;

fn is_binary(file: &Candidate<'_>) -> bool {
    let is_library = || file.name().ends_with(".so") || file.name().contains(".so.");
    file.size >= SHORTEST && (file.executable || is_library())
}

fn read(_: &Candidate<'_>, content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    if !elf::is_elf(content)? {
        return Ok(());
    }
    let elf = Elf::open(content)?;
    if let Some(section) = elf.section(".dep-v0") {
        rust::read(&elf, section, found)?;
    }
    go::read(&elf, found)
}

#[cfg(test)]
mod tests;
