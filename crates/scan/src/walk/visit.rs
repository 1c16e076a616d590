//! The files of a tree, one after the other, for whoever wants their bytes and nothing else.

use std::fs::File;
use std::os::fd::BorrowedFd;

use model::inventory::Gap;
use rustix::io::Errno;

use super::survey::Survey;
use super::{place, work};
use crate::text;

/// Opens every file of a surveyed tree. What cannot be opened or listed is a gap, and so is what the caller cannot
/// read of a file.
pub(crate) fn visit(
    root: BorrowedFd<'_>,
    survey: Survey,
    each: &mut dyn FnMut(&str, &File, u64) -> Result<(), String>,
) -> Vec<Gap> {
    let mut gaps = survey.gaps;
    let mut gap = |path: &[u8], reason: String| gaps.push(Gap { location: text::path(path), reason });
    let unreadable = |errno: Errno| format!("it cannot be read: {}", std::io::Error::from(errno));
    for directory in &survey.directories {
        let opened = match place::enter(root, &directory.path) {
            Ok(opened) => opened,
            Err(errno) => {
                gap(&directory.path, unreadable(errno));
                continue;
            }
        };
        for name in &directory.files {
            let path = place::join(&directory.path, name);
            let seen = match work::open(&opened, name) {
                Ok(Some((file, stat))) => {
                    each(&text::path(&path), &file, u64::try_from(stat.st_size).unwrap_or_default())
                }
                Ok(None) => Ok(()),
                Err(errno) => Err(unreadable(errno)),
            };
            if let Err(reason) = seen {
                gap(&path, reason);
            }
        }
    }
    gaps.into_list()
}
