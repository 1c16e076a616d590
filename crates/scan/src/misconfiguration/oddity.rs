//! What is odd about one file, by its name and mode alone.

use serde::{Deserialize, Serialize};

use super::catalogue::{self as rules, Rule};
use super::tables;

const SETUID: u32 = 0o4000;
const SETGID: u32 = 0o2000;
const STICKY: u32 = 0o1000;
const GROUP_WRITE: u32 = 0o020;
const OTHERS_READ: u32 = 0o004;
const OTHERS_WRITE: u32 = 0o002;
const EXECUTE: u32 = 0o111;

/// What a directory entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device; whiteouts are none.
    Device,
    /// A pipe or a socket.
    Other,
}

/// An entry of a layer.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Where it is, without a leading slash.
    pub path: &'a str,
    /// What it is.
    pub kind: Kind,
    /// Its mode; the bits of its type do not matter.
    pub mode: u32,
    /// Whose it is, as the image has it.
    pub uid: u32,
    /// Whose group's it is, as the image has it.
    pub gid: u32,
    /// Its size, in bytes.
    pub size: u64,
}

/// Something odd about a file of one layer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Oddity {
    /// The rule, by its id in the catalogue.
    pub rule: String,
    /// The file, without a leading slash.
    pub path: String,
    /// The line, counted from one; 0 for the file as a whole.
    pub line: u32,
    /// Whom or what exactly it is about, where the path does not say.
    pub detail: String,
}

impl Oddity {
    pub(super) fn new(rule: &Rule, path: &str) -> Self {
        Self { rule: rule.id.to_owned(), path: path.to_owned(), line: 0, detail: String::new() }
    }
}

/// The gravest that is odd about an entry, if anything; cheap enough to be asked about each.
#[must_use]
pub fn observe(entry: &Entry<'_>) -> Option<Oddity> {
    let rule = match entry.kind {
        Kind::File => by_mode(entry).or_else(|| by_name(entry)),
        Kind::Directory => of_directory(entry),
        Kind::Link => tool(entry),
        Kind::Device => Some(&rules::DEVICE_FILE),
        Kind::Other => None,
    };
    rule.map(|rule| Oddity::new(rule, entry.path))
}

fn name<'a>(entry: &Entry<'a>) -> &'a str {
    entry.path.rsplit('/').next().unwrap_or(entry.path)
}

fn by_mode(entry: &Entry<'_>) -> Option<&'static Rule> {
    let has = |bits: u32| entry.mode & bits != 0;
    let runs = has(EXECUTE);
    if runs && has(SETUID | SETGID) && has(OTHERS_WRITE) {
        Some(&rules::SETUID_WRITABLE)
    } else if tables::ACCOUNTS.contains(&entry.path) && writable_by_others_than_root(entry) {
        Some(&rules::WRITABLE_ACCOUNTS)
    } else if runs && has(SETUID) {
        Some(if tables::SETUID.contains(&name(entry)) { &rules::SETUID_KNOWN } else { &rules::SETUID_FILE })
    } else if runs && has(SETGID) {
        Some(if tables::SETGID.contains(&name(entry)) { &rules::SETGID_KNOWN } else { &rules::SETGID_FILE })
    } else if has(OTHERS_WRITE) {
        Some(&rules::WRITABLE_FILE)
    } else {
        None
    }
}

fn writable_by_others_than_root(entry: &Entry<'_>) -> bool {
    entry.mode & OTHERS_WRITE != 0 || (entry.mode & GROUP_WRITE != 0 && entry.gid != 0) || entry.uid != 0
}

fn by_name(entry: &Entry<'_>) -> Option<&'static Rule> {
    if entry.size == 0 {
        return None;
    }
    let name = name(entry);
    if tables::is_key(name) && entry.mode & OTHERS_READ != 0 {
        return Some(&rules::READABLE_KEY);
    }
    let by_name = tables::NAMES.iter().find(|(names, _)| names.contains(&name)).map(|(_, rule)| *rule);
    let cached = || tables::is_cached(entry.path).then_some(&rules::PACKAGE_CACHE);
    by_name.or_else(|| like(entry.path, name)).or_else(cached).or_else(|| tool(entry))
}

/// Names that have a part of their own making.
fn like(path: &str, name: &str) -> Option<&'static Rule> {
    if tables::is_environment(name) {
        Some(&rules::ENV_FILE)
    } else if tables::is_dump(name) {
        Some(&rules::CORE_DUMP)
    } else if tables::is_backup(path, name) {
        Some(&rules::BACKUP_FILE)
    } else {
        None
    }
}

/// A program that a service has no need of, in a directory of programs; links count, because `apk` and `sh` may be
/// nothing else.
fn tool(entry: &Entry<'_>) -> Option<&'static Rule> {
    let (directory, name) = entry.path.rsplit_once('/')?;
    let programs = tables::PROGRAMS.contains(&directory);
    let tool = || tables::TOOLS.iter().find(|(names, _)| names.contains(&name)).map(|(_, rule)| *rule);
    (programs && (entry.kind == Kind::Link || entry.mode & EXECUTE != 0)).then(tool).flatten()
}

fn of_directory(entry: &Entry<'_>) -> Option<&'static Rule> {
    if entry.mode & OTHERS_WRITE != 0 && entry.mode & STICKY == 0 {
        Some(&rules::WRITABLE_DIRECTORY)
    } else if name(entry) == ".git" {
        Some(&rules::GIT_DIRECTORY)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
