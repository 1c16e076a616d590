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

/// Ends of names that programs do not have, whoever may execute them: texts, and what others make of them.
const OTHERS: [&str; 30] = [
    "c", "cc", "cjs", "cmake", "css", "gz", "h", "hpp", "htm", "html", "inc", "ipp", "js", "json", "map",
    "md", "mjs", "mo", "pl", "pm", "png", "py", "pyc", "pyi", "rb", "rst", "svg", "ts", "txt", "xml",
];

fn is_binary(file: &Candidate<'_>) -> bool {
    let name = file.name();
    let is_library = || name.ends_with(".so") || name.contains(".so.");
    let is_other = || name.rsplit_once('.').is_some_and(|(_, end)| OTHERS.contains(&end));
    file.size >= SHORTEST && (file.executable || is_library()) && !is_other()
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
