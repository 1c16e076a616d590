//! Go's modules: what the linker writes into each program about how it was built, and which functions are in it.

mod information;
mod modules;
mod functions;

use model::inventory::{PackageKind, Symbols};

use self::functions::Functions;
use self::modules::Modules;
use super::elf::Elf;
use crate::catalog::Found;
use crate::content::Flaw;

/// What the standard library is called.
const STANDARD: &str = "stdlib";

/// Adds the modules of a Go program; nothing where the file is none.
pub(super) fn read(elf: &Elf<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let Some(information) = information::read(elf)? else { return Ok(()) };
    let modules = Modules::parse(&information.modules)?;
    let first = found.len();
    if let Some(version) = modules::standard(&information.compiler) {
        found.push(Found::new(PackageKind::Go, STANDARD, version));
    }
    let named = modules.list.iter().filter(|module| !module.name.is_empty());
    found.extend(named.map(|module| Found::new(PackageKind::Go, &module.name, &module.version)));
    let Some(mut functions) = Functions::read(elf, &modules)? else { return Ok(()) };
    for package in found.get_mut(first..).unwrap_or_default() {
        package.symbols = Symbols::Known(functions.take(&package.name));
    }
    Ok(())
}

fn malformed(reason: &'static str) -> Flaw {
    Flaw::Malformed { what: "sound Go program", reason: reason.into() }
}

#[cfg(test)]
mod tests;
