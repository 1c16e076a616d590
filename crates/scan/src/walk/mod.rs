//! The walk over a tree: what is where, and what its files say.

mod place;
mod kept;
mod sources;
mod queue;
mod survey;
mod readers;
mod examine;
mod work;
mod visit;

pub(crate) use place::reachable;
pub(crate) use survey::survey;
pub(crate) use visit::visit;
pub(crate) use work::learn;

use crate::scope::Scope;

/// Whether lock files say what is in a tree. An image has them by chance, beside or without what they name; of a
/// source tree they are all there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockFiles {
    /// Only what is installed counts.
    Ignored,
    /// What they name counts as well.
    Counted,
}

/// How much of a tree is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Files and directories. An unpacked layer has at most 500,000, a large machine some millions.
    pub entries: usize,
    /// Bytes of all names, because they are held in memory.
    pub name_bytes: usize,
    /// Directories above an entry.
    pub depth: usize,
    /// Packages of one layer.
    pub packages: usize,
    /// Bytes of all that is said of them.
    pub package_bytes: usize,
    /// What kind of tree it is.
    pub lock_files: LockFiles,
    /// What is looked for.
    pub scope: Scope,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            entries: 4_000_000,
            name_bytes: 256 << 20,
            depth: 256,
            packages: 500_000,
            package_bytes: 128 << 20,
            lock_files: LockFiles::Ignored,
            scope: Scope::Everything,
        }
    }
}

#[cfg(test)]
mod tests;
