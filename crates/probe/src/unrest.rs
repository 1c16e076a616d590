//! Files that do not stay as they are, for tests that look at them meanwhile.

use std::fs::OpenOptions;
use std::io::Write as _;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::{Ended, Failure, print};

/// Makes a directory with a file in it and a link to `target`, says `ready`, and exchanges the two for ever.
pub(crate) fn swap(directory: &str, link: &str, target: &str) -> Ended {
    std::fs::create_dir_all(directory).map_err(Failure::io(directory))?;
    let inside = format!("{directory}/inside");
    std::fs::write(&inside, "of the container").map_err(Failure::io(&inside))?;
    std::os::unix::fs::symlink(target, link).map_err(Failure::io(link))?;
    print("ready\n")?;
    loop {
        renameat_with(CWD, directory, CWD, link, RenameFlags::EXCHANGE)
            .map_err(std::io::Error::from)
            .map_err(Failure::io(link))?;
    }
}

/// Says `ready`, and makes the file longer and shorter again for ever; it is never longer than 16 MiB.
pub(crate) fn breathe(path: &str) -> Ended {
    const LONGEST: usize = 16 << 20;
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(Failure::io(path))?;
    print("ready\n")?;
    let piece = [b'x'; 4096];
    loop {
        for _ in 0..LONGEST / piece.len() {
            file.write_all(&piece).map_err(Failure::io(path))?;
        }
        file.set_len(0).map_err(Failure::io(path))?;
    }
}

/// Removes files, and directories with all that they hold.
pub(crate) fn remove(path: &str) -> Ended {
    let meta = std::fs::symlink_metadata(path).map_err(Failure::io(path))?;
    let removed = if meta.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    removed.map_err(Failure::io(path))?;
    Ok(0)
}
