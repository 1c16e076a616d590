//! For tests of the confinement: any work in the place of a scan.

use std::os::fd::{BorrowedFd, OwnedFd};

use crate::child::{Scanner, read_only, start};
use crate::error::ScanError;

/// What `work` says from within a process that is confined as one that reads files is.
///
/// # Errors
/// As [`Scanner::scan`].
pub fn within(
    scanner: &Scanner,
    tree: OwnedFd,
    work: impl Fn(BorrowedFd<'_>) -> Vec<u8>,
) -> Result<Vec<u8>, ScanError> {
    let confined = |tree: BorrowedFd<'_>, _: &_| read_only().ok().map(|()| work(tree));
    start(scanner, "the trial", tree, &confined)?.answer(&mut || {})
}
