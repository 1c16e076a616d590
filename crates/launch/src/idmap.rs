//! Writing the id maps of a new user namespace.

use std::fmt::Write as _;

use model::spec::IdMapping;
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::error::LaunchError;

/// Writes both maps of the process `pid`, group map first as the kernel's rules for one-user maps want.
///
/// # Errors
/// [`LaunchError::Host`].
pub(crate) fn write(pid: i32, uids: &[IdMapping], gids: &[IdMapping]) -> Result<(), LaunchError> {
    write_file(pid, "gid_map", &text(gids))?;
    write_file(pid, "uid_map", &text(uids))
}

/// user_namespaces(7): one line for each range, all of them in one write.
pub(crate) fn text(maps: &[IdMapping]) -> String {
    maps.iter().fold(String::new(), |mut text, map| {
        let _infallible = writeln!(text, "{} {} {}", map.container_id, map.host_id, map.size);
        text
    })
}

pub(crate) fn write_file(pid: i32, name: &str, content: &str) -> Result<(), LaunchError> {
    let path = format!("/proc/{pid}/{name}");
    let written = rustix::fs::openat(CWD, &path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())
        .and_then(|file| rustix::io::write(&file, content.as_bytes()));
    match written {
        Ok(length) if length == content.len() => Ok(()),
        Ok(_) => Err(LaunchError::host("write", path)(Errno::IO)),
        Err(errno) => Err(LaunchError::host("write", path)(errno)),
    }
}
