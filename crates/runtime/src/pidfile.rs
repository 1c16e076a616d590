//! The file in which an engine finds the number of a process.

use std::path::Path;

use crate::error::Failure;

/// Writes it beside its place and renames it: who sees it sees a number.
pub(crate) fn write(path: Option<&str>, pid: i32) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let place = Path::new(path);
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let draft = place.with_file_name(format!(".{name}"));
    let fault = |error| Failure::io("write the pid file", path)(error);
    std::fs::write(&draft, pid.to_string()).map_err(fault)?;
    std::fs::rename(&draft, place).map_err(fault)
}
