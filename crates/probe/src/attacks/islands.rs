//! The programs of the image themselves: overwritten, or joined by new ones in their directories.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process;

use rustix::fs::{Access, access};

use super::SELF;
use crate::outcome::{Attack, Class, Options, Outcome, errno_name, stopped_by};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "overwrite-island",
        class: Class::DroppedCode,
        tries: "open the image's programs for writing",
        run: overwrite,
    },
    Attack {
        name: "add-to-island",
        class: Class::DroppedCode,
        tries: "make a new file beside the image's programs",
        run: add,
    },
    Attack {
        name: "proc-self-exe-write",
        class: Class::RuntimeBinary,
        tries: "write to the program that runs, or that pid 1 is",
        run: |_| Outcome::worst([SELF, "/proc/1/exe"].map(|path| writable(Path::new(path)))),
    },
];

/// Where images keep programs and shared objects.
const PROGRAMS: [&str; 8] =
    ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/lib", "/lib", "/lib64", "/usr/local/bin"];

fn overwrite(_: &Options) -> Outcome {
    let files = PROGRAMS.into_iter().filter_map(first_file);
    Outcome::worst(std::iter::once(PathBuf::from(SELF)).chain(files).map(|path| writable(&path)))
}

/// By access(2), which answers for a program that is running too; open(2) says ETXTBSY to everybody.
fn writable(path: &Path) -> Outcome {
    match access(path, Access::WRITE_OK) {
        Ok(()) => Outcome::succeeded(format!("{} is writable", path.display())),
        Err(errno) => Outcome::stopped(errno_name(errno)),
    }
}

fn first_file(directory: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(directory).ok()?.filter_map(Result::ok);
    entries.map(|entry| entry.path()).find(|path| path.is_file() && !path.is_symlink())
}

fn add(_: &Options) -> Outcome {
    let own = fs::read_link(SELF).ok().and_then(|path| path.parent().map(Path::to_owned));
    let directories = PROGRAMS.into_iter().filter(|path| Path::new(path).is_dir()).map(PathBuf::from);
    // The root itself may hold the probe and yet be no island.
    let islands = own.into_iter().filter(|path| path != Path::new("/")).chain(directories);
    Outcome::worst(islands.map(|island| add_to(&island)))
}

fn add_to(island: &Path) -> Outcome {
    let path = island.join(format!(".coffer-probe-{}", process::id()));
    match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(_) => {
            let _gone = fs::remove_file(&path);
            Outcome::succeeded(format!("made a file in {}", island.display()))
        }
        Err(error) => stopped_by(&error),
    }
}
